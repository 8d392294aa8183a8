"""What was given for a set and needs no image to be measured: saved statistics, features, an accumulator.

| given                                              | taken as                                                    |
|----------------------------------------------------|-------------------------------------------------------------|
| .npz with an array named `features`                | features [n, d]: the name is the mark, whatever is asked    |
| array, tensor, .npy, .npz of one array, `features` | features [n, d], where the option `features` says so        |
| .npz with `mu` and `sigma`                         | saved statistics; `mu_s`, `sigma_s` are those for the sFID  |
| an object of the class `Measured`                  | what it has measured                                        |

A .npy has no place for a mark, and its shape is none: images of one row are [n, d] too.
"""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench import registry
from bench.measuring.feature_files import REMEDY, check_features, holds_features, is_array, read_features
from bench.measuring.measure import Measure
from bench.measuring.sets import NEEDED, MeasuredSet, about_repeated, saved_gaussians, taps_of
from bench.measuring.setup import Images, Setup
from bench.measuring.statistics import QUESTION, check_compatible, is_statistics, read_statistics
from bench.sources.arrays import load_array, load_labels
from bench.sources.listings import path_of
from bench.sources.opening import check_path
from bench.storage.cache import digest_of
from metrics.arithmetic.arrays import row_blocks
from metrics.arithmetic.gaussian import GaussianStats
from metrics.errors import InputError


@dataclass(frozen=True, eq=False)
class Ready:
    """A set that is measured already: `what` it is, and how it was `made`, as far as it says so (keys of QUESTION).

    `is_file` where it is a file of statistics, `with_images` where that holds images too, which its statistics need not
    be of.
    """

    measured: MeasuredSet
    what: str
    made: Mapping[str, Any] | None
    measure: Measure | None = None
    is_file: bool = False
    with_images: bool = False

    def fitting(self, measure: Measure) -> MeasuredSet:
        """The set, to stand beside what is measured so; InputError where it was made otherwise."""
        plugin = measure.extractor
        for kind, tap in taps_of(measure).items():
            dims, width = self.measured.dims(kind), plugin.taps[tap]  # 0 of a network that has not seen an image yet
            if dims and width and width != dims:
                raise InputError(
                    f"{self.measured.name}: {self.what} has {dims} {NEEDED[kind]}, and {plugin.name} has "
                    f"{width}; choose the extractor and the tap that it was made with"
                )
        said = check_compatible(self.made, plugin, measure.weights.sha256, measure.resize, plugin.pool, self.what)
        notes = (f"{self.measured.name}: {note}" for note in said)
        return replace(self.measured, warnings=(*self.measured.warnings, *notes))


class Measured(ABC):
    """An object that can be given for a set, and has measured it itself."""

    @abstractmethod
    def ready(self) -> Ready:
        """What it has measured; InputError where that is not enough for a number."""


def ready_set(given: Images, setup: Setup) -> Ready | None:
    """What is given, if it is measured already.

    A file that holds images and statistics, as ADM's reference batches do, has those of Inception: it is nothing but a
    set of images where another extractor, tap or resize is asked for.
    """
    if isinstance(given, Measured):
        return given.ready()
    asked = setup.settings["features"]
    if not isinstance(given, str | os.PathLike):
        return _of_features(given, "features", setup) if asked and is_array(given) else None
    check_path(given)
    path = path_of(given)
    if path.suffix.lower() not in (".npy", ".npz") or not path.is_file():
        return None
    if holds_features(path):
        return _of_features(read_features(path), path.name, setup, path)
    if not is_statistics(path):
        return _of_features(load_array(path, REMEDY)[0], path.name, setup, path) if asked else None
    ready = _of_file(path)
    return ready if not ready.with_images or _usual_inception(setup) else None


def check_network(known: Iterable[Ready], extractor: Any) -> None:
    """InputError where a set says that another network than `extractor` made it: before weights of this one are asked
    for. Both are compared if they are names."""
    for one in known:
        made = (one.made or {}).get("extractor")
        if made != extractor and {made, extractor} <= set(registry.names("extractors")):
            raise InputError(
                f"{one.measured.name}: {one.what} was made by {made!r}, asked for {extractor!r}. "
                f"Give --extractor {made}, or make it again by {extractor}"
            )


def _of_features(given: Any, name: str, setup: Setup, path: Path | None = None) -> Ready:
    made_by = setup.settings["made_by"]
    told = f"made by {made_by}, as was said" if made_by else "extractor unknown"
    about = f"{name}: features given, {told}: compare only with numbers of the same features"
    values = check_features(given, name)
    labels, unfit = load_labels(path, len(values)) if path else ((), [])
    hashes = tuple(hashlib.sha256(np.ascontiguousarray(row).data).hexdigest() for row in values)
    measured = MeasuredSet(
        name,
        digest_of({"features": hashes, "dtype": str(values.dtype)}),
        len(values),
        tuple(map(str, range(len(values)))),
        hashes,
        labels,
        arrays={"pool": values},
        statistics={"pool": lambda: GaussianStats.of_blocks(row_blocks(values))},
        warnings=(about, *(f"{name}: {note}" for note in unfit), *about_repeated(name, hashes)),
    )
    return Ready(measured, "the array of features", {"extractor": made_by} if made_by else None)


def _of_file(path: Path) -> Ready:
    saved = read_statistics(path)
    digest = (saved.provenance or {}).get("source_digest")
    measured = MeasuredSet(path.name, digest, saved.count, statistics=saved_gaussians(saved), warnings=saved.notes)
    return Ready(measured, "the statistics file", saved.provenance, is_file=True, with_images=saved.with_images)


def _usual_inception(setup: Setup) -> bool:
    name = setup.settings["extractor"]
    if not isinstance(name, str):
        return False
    plugin = registry.load("extractors", name)
    usual = setup.settings["tap"] in (None, "pool") and setup.settings["resize"] in (None, plugin.resize[0])
    return bool(plugin.family == "fid-inception" and usual)


def common_question(sets: Sequence[Ready]) -> dict[str, Any]:
    """What made these sets, as far as they say it: extractor, its version and sha256, resize, tap.

    Raises InputError where two of them say it and differ.
    """
    told: dict[str, Any] = {}
    for one in sets:
        made = one.made or {}
        differing = [name for name in QUESTION if name in told and name in made and told[name] != made[name]]
        if differing:
            said = "; ".join(f"{name} {told[name]!r} and {made[name]!r}" for name in differing)
            raise InputError(
                f"{sets[0].measured.name} and {one.measured.name} cannot be compared: {said}. Make one of them again "
                "with the settings of the other"
            )
        told = {**told, **made}
    return {("extractor_sha256" if name == "weights_sha256" else name): told.get(name) for name in QUESTION}
