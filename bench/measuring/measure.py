"""How images become features: one extractor with its weights, its resize, a device and a cache.

The device, batch size and workers move a feature by rounding only; everything else is part of what a number means and
stands in `Measure.question`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import registry, weights
from bench.measuring.batches import Engine
from bench.measuring.feature_table import FeatureTable
from bench.measuring.features import Pass, extract
from bench.measuring.own_extractor import is_module, own_extractor, sized
from bench.measuring.placing import placed
from bench.measuring.spreading import HERE, Spread
from bench.measuring.worker import Network
from bench.options import Done
from bench.settings.shared import BATCH_SIZE, WORKERS
from bench.sources import ImageSource
from bench.storage.cache import Cache, open_cache
from metrics.errors import InputError
from metrics.extractors.types import Extractor


@dataclass(frozen=True)
class Measure:
    """One extractor, ready to be used; made by `measure`."""

    extractor: Extractor
    weights: weights.Weights
    resize: str
    device: str = "cpu"
    workers: int = WORKERS
    batch_size: int = BATCH_SIZE
    cache: Cache | None = None
    progress: Done | None = None
    spread: Spread = HERE

    @property
    def question(self) -> dict[str, str | int]:
        """What two numbers must share to be compared: extractor, its version and weights, the resize."""
        return {
            "extractor": self.extractor.name,
            "extractor_version": self.extractor.version,
            "extractor_sha256": self.weights.sha256,
            "resize": self.resize,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What belongs beside every number of this measure."""
        found = []
        if not self.weights.official:
            of_name = f"the published ones of {self.extractor.name}"
            about = (
                f"weights {self.weights.path} are not {of_name}"
                if weights.are_on_record(self.extractor)
                else f"it is not known whether the weights {self.weights.path} are {of_name}"
            )
            found.append(f"{about} (sha256 {self.weights.sha256[:12]}): compare only with numbers of the same sha256")
        return (*found, *about_extractor(self.extractor))

    def features(self, source: ImageSource, taps: Iterable[str]) -> FeatureTable:
        """The features of a set of images, from the cache where they are known."""
        return self.features_each(source, taps, (self.resize,))[self.resize]

    def features_each(
        self, source: ImageSource, taps: Iterable[str], resizes: Iterable[str]
    ) -> dict[str, FeatureTable]:
        """The same with each of these resizes, by its name, in one pass over the images."""
        return extract(source, self.how(source), taps, resizes)

    def how(self, source: ImageSource) -> Pass:
        """How the features of a set are computed."""
        extractor, of = sized(self.extractor, source), self.weights
        engine = Engine(extractor, of.path, of.sha256, self.device, self.batch_size, self.workers)
        return Pass(engine, self.cache, self.progress, self.spread)


def about_extractor(plugin: Extractor) -> tuple[str, ...]:
    """A warning for all but the pool features of the Inception of papers."""
    if plugin.exact:
        said = f"made with {plugin.name!r}, in bfloat16: never compare it with a number in float32"
        return (*about_extractor(replace(plugin.exact, pool=plugin.pool)), said)
    if plugin.is_inception:
        if plugin.pool == "pool":
            return ()
        return (f"features of tap {plugin.pool!r}, not the ones of papers: compare only with numbers of the same tap",)
    return (
        f"made with extractor {plugin.name!r}, not with Inception: never compare it with an Inception FID, IS or KID",
    )


def measure(
    extractor: str | Callable[..., Any] = "inception",
    *,
    resize: str | None = None,
    tap: str | None = None,
    logits: str | None = None,
    weights_file: Path | None = None,
    offline: bool = False,
    trust_code: bool = False,
    device: str = "auto",
    workers: int = WORKERS,
    batch_size: int = BATCH_SIZE,
    cache: bool = True,
    progress: Done | None = None,
    spread: Spread = HERE,
) -> Measure:
    """An extractor by name, its weights found and checked before anything expensive; or a network of the caller's
    (`bench.measuring.own_extractor`).

    `resize` None takes the extractor's default, and so do `tap` (the layer whose features are compared) and `logits`
    (the class predictions of the Inception Score); `device` "auto" takes a GPU where there is one. Weights that are
    missing are fetched, unless `offline`; TorchScript runs where `trust_code` says so. `spread` says which processes
    compute. Raises InputError for an unknown extractor, resize, tap or device, weights that are neither here nor to be
    had, a GPU that is not there, and a network of the caller's that other processes are to run.
    """
    named = isinstance(extractor, str)
    if isinstance(extractor, str):
        own, sha256 = registry.load("extractors", extractor).opened(trust_code), ""
    else:
        own, sha256 = own_extractor(extractor)
    plugin = _at_taps(own, tap, logits)
    chosen = resize or plugin.resize[0]
    if chosen not in plugin.resize:
        raise InputError(f"extractor {plugin.name!r} has no resize {chosen!r}; it has {', '.join(plugin.resize)}")
    place = placed("auto" if spread.is_cluster else device)
    found = weights.ready(plugin, weights_file, offline)
    found = found if named else replace(found, sha256=sha256)
    store = open_cache() if cache and (named or is_module(extractor)) else None
    if isinstance(extractor, str):
        path = found.path and found.path.absolute()
        spread = replace(spread, network=Network(extractor, plugin.version, path, found.sha256, device, trust_code))
    elif spread != HERE:
        raise InputError(f"{plugin.name} has no name by which other processes find it; leave processes out")
    return Measure(plugin, found, chosen, place, workers, batch_size, store, progress, spread)


def _at_taps(plugin: Extractor, tap: str | None, logits: str | None) -> Extractor:
    known = {"tap": list(plugin.taps), "logits": [name for name in plugin.taps if name.startswith("logits")]}
    for word, asked in (("tap", tap), ("logits", logits)):
        if asked is not None and asked not in known[word]:
            there = ", ".join(known[word]) or "none"
            raise InputError(f"extractor {plugin.name!r} has no {word} {asked!r}; there are: {there}")
    return replace(plugin, pool=tap or plugin.pool, logits=logits or plugin.logits)
