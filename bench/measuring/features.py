"""The features of sets of images: taken from the cache, or computed tile by tile, here or by other processes.

Each tap is a cache entry of its own, so asking for `logits` after `pool` computes the logits only, and asking for
either of them again computes nothing and imports no engine. Rows are in the order of the source and do not depend on
batch size, workers, processes or image sizes. A pass that ends early leaves the tiles that it has finished.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from bench.measuring.batches import Computed, Engine, Which, compute
from bench.measuring.feature_table import FeatureTable
from bench.measuring.machines import Machine, differing, this_machine
from bench.measuring.spreading import HERE, Spread
from bench.measuring.tiles import Kept, Tiles
from bench.options import Done
from bench.sources import ImageSource, iterate
from bench.sources.values import Extremes, as_stored, joined, of_image
from bench.storage.cache import Cache, digest_of
from genbench.names import did_you_mean
from metrics.errors import InputError
from metrics.extractors.types import Extract

VALUES_VERSION = 1  # goes up when the extremes of the same files become others


@dataclass(frozen=True)
class Pass:
    """How the features of sets are computed, kept and told of; `progress(done, total)` is called after every batch."""

    engine: Engine
    cache: Cache | None = None
    progress: Done | None = None
    spread: Spread = HERE


@dataclass(frozen=True)
class Filled:
    """How many images of a set were measured just now, and how many were before."""

    computed: int
    there: int
    warnings: tuple[str, ...]


def extract(source: ImageSource, how: Pass, taps: Iterable[str], resizes: Iterable[str]) -> dict[str, FeatureTable]:
    """The features of all images of a source at the given taps with each of these resizes, by the name of the resize.

    What is in the cache is taken from there. What is missing is computed in one pass, in which every image is decoded
    once; with a cache its tiles go there one by one, so memory does not grow with the number of images. A cache that
    cannot be written costs a warning, never the result. Raises InputError for an unknown tap or resize, an empty
    source, features that are not finite (naming the images), and those of several machines where `exact` forbids it.
    """
    asked, warnings = _asked(source, how.engine, taps, resizes), list[str]()
    known = {resize: _nothing_yet(source, how.engine, resize) for resize, _ in asked}
    found: dict[Which, Kept] = {}
    for resize, tap in asked:
        if how.cache and (entry := how.cache.entry(known[resize].key(tap), warnings.append)):
            found[resize, tap] = Kept.of_entry(entry)
    missing = [which for which in asked if which not in found]
    seen: list[Extremes] = []
    if missing:
        tiles, _ = _filled(source, how, missing, warnings)
        found |= {which: tiles.whole(which) for which in missing}
        seen = tiles.extremes()
    warnings += _about_machines(source, found.values(), how.spread.exact)
    if note := _extremes(source, seen, how.engine.workers, how.cache).note:
        warnings.append(f"{source.name}: {note}")
    said = tuple(dict.fromkeys(warnings))
    tables = {}
    for resize, table in known.items():
        of_it = {tap: kept for (one, tap), kept in found.items() if one == resize}
        arrays, shares = {tap: kept.array for tap, kept in of_it.items()}, next(iter(of_it.values())).shares
        tables[resize] = replace(table, arrays=arrays, shares=shares, warnings=said)
    return tables


def fill(source: ImageSource, how: Pass, taps: Iterable[str], resizes: Iterable[str]) -> Filled:
    """Computes those tiles of a set, or of a part of it that begins with a tile, that are not in the cache."""
    warnings: list[str] = []
    _, computed = _filled(source, how, _asked(source, how.engine, taps, resizes), warnings, True)
    return Filled(computed, source.count - computed, tuple(dict.fromkeys(warnings)))


def _filled(
    source: ImageSource, how: Pass, wanted: Sequence[Which], said: list[str], must_keep: bool = False
) -> tuple[Tiles, int]:
    """All tiles, and the number of images that were measured for it. What cannot be kept costs a warning, or an
    InputError where nothing else is wanted of it."""
    here = _Here(how.engine)
    tiles = Tiles(source, how.engine, wanted, how.cache, said.append, here.compute)
    absent = tiles.absent()
    todo = sum(len(tiles.rows[number]) for number in absent)
    done = there = source.count - todo

    def keep(number: int, computed: Computed, machine: Machine) -> None:
        tiles.put(number, computed, machine)
        if must_keep and tiles.memory:
            raise InputError(f"tile {number} of {source.name} was {said[-1]}")

    def tell(count: int) -> None:
        if how.progress:
            how.progress(done + count, source.count)

    if how.spread.is_useful(len(absent)):
        parts = {number: (tiles.part(number), lacking) for number, lacking in absent.items()}
        for number, computed, machine in how.spread.compute(parts, how.engine):
            keep(number, computed, machine)
            done += len(tiles.rows[number])
            tell(0)
    else:
        for number, lacking in absent.items():
            keep(number, here.compute(tiles.part(number), lacking, tell), this_machine(how.engine.device))
            done += len(tiles.rows[number])
    return tiles, source.count - there


class _Here:
    """Computes in this process; networks stay built for the next tile."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.networks: dict[tuple[Which, ...], Mapping[str, Extract]] = {}

    def compute(
        self, part: ImageSource, wanted: Sequence[Which], done: Callable[[int], None] = lambda count: None
    ) -> Computed:
        if tuple(wanted) not in self.networks:
            self.networks[tuple(wanted)] = self.engine.networks(wanted)
        return compute(part, self.engine, self.networks[tuple(wanted)], wanted, done)


def _nothing_yet(source: ImageSource, engine: Engine, resize: str) -> FeatureTable:
    """The table of a set before any of its features are known."""
    return FeatureTable(
        arrays={},
        source_digest=source.digest,
        source_name=source.name,
        count=source.count,
        extractor=engine.extractor.name,
        version=engine.extractor.version,
        weights_sha256=engine.weights_sha256,
        resize=resize,
        hashes=source.hashes,
    )


def _about_machines(source: ImageSource, found: Iterable[Kept], exact: bool) -> list[str]:
    """What to say of features that were computed on machines that differ; InputError where they must not."""
    for kept in found:
        if len(kept.shares) < 2:
            continue
        others = sum(count for _, count in kept.shares[1:])
        said = (
            f"{source.name}: the features of {others:,} of {source.count:,} images were computed on another machine "
            f"({differing(kept.shares)})"
        )
        if exact:
            raise InputError(f"{said}, and --exact forbids it; measure again with --no-cache on machines of one kind")
        if kept.moved > 0:
            return [f"{said}, which moves features by up to {kept.moved:.1g} (relative); --exact refuses that"]
    return []


def _extremes(source: ImageSource, seen: list[Extremes], workers: int, cache: Cache | None) -> Extremes:
    """The extremes of a set: as they are kept, as they were `seen` while features were computed, or out of a look at
    all images. Kept by content and not with the features, of which there may be some without them."""
    key = digest_of({"values_version": VALUES_VERSION, "source": source.digest})
    entry = cache.get(key) if cache else None
    if entry is not None:
        return Extremes(*entry["extremes"].tolist())
    if not seen:
        seen = [of_image(image) for batch in iterate(source, workers) for image in batch]
    found = as_stored(source, joined(seen))
    if cache:  # where it cannot be kept, the features have said so
        about = {"what": f"lowest and highest value of {source.count} images", "source": source.name}
        cache.put(key, {"extremes": np.array([found.low, found.high, found.top])}, about)
    return found


def _asked(source: ImageSource, engine: Engine, taps: Iterable[str], resizes: Iterable[str]) -> list[Which]:
    """Every tap with every resize; InputError for what there is none of."""
    taps, resizes = tuple(dict.fromkeys(taps)), tuple(dict.fromkeys(resizes))
    extractor = engine.extractor
    for tap in taps:
        if tap not in extractor.taps:
            raise InputError(f"{extractor.name} has no tap {tap!r}. {did_you_mean(tap, extractor.taps)}")
    for resize in resizes:
        if resize not in extractor.resize:
            raise InputError(f"{extractor.name} has no resize {resize!r}. {did_you_mean(resize, extractor.resize)}")
    if engine.batch_size < 1 or engine.workers < 0:
        raise InputError(f"batch size {engine.batch_size} with {engine.workers} workers: expected at least 1 and 0")
    if source.count == 0:
        raise InputError(f"{source.name} holds no images; features need at least one")
    return list(product(resizes, taps))
