"""The grid by which sets are measured: tile k of a set are its images from 1024 k on, in its order.

The features of a tile depend on its images and on the question, and on nothing else: batches, and the grouping of
images by size, stay inside it. So its entry in the cache is that of a set of these images, whichever set it is part of,
and whoever computes it when writes the same bytes. When all tiles of a set are there they become one entry, which says
which ones it is made of.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.measuring.batches import Computed, Engine, Which
from bench.measuring.feature_table import feature_key
from bench.measuring.machines import Machine, Share, this_machine, together
from bench.sources import ImageSource, digest_of
from bench.sources.values import Extremes, joined
from bench.storage.cache import Cache, not_kept
from bench.storage.cache_entry import bytes_of, write_all

TILE = 1024

PROBED = 8  # images of another machine that are computed again, to see by how much the two differ

Recompute = Callable[[ImageSource, Sequence[Which]], Computed]


def tiles(count: int) -> list[range]:
    """The rows of each tile of so many images."""
    return [range(start, min(start + TILE, count)) for start in range(0, count, TILE)]


@dataclass(frozen=True, eq=False)
class Kept:
    """Features float32 [n, d] as they are kept, and where they were computed."""

    array: np.ndarray
    shares: tuple[Share, ...] = ()
    moved: float = 0.0

    @classmethod
    def of_entry(cls, entry: tuple[dict[str, np.ndarray], Mapping[str, Any]]) -> "Kept":
        """An entry of the cache; those of before do not say where they were computed."""
        arrays, meta = entry
        return cls(arrays["features"], _shares(meta), float(meta.get("moved", 0.0)))


class Tiles:
    """The tiles of a set while they are gathered: in the cache, and in memory where they cannot be kept."""

    def __init__(
        self,
        source: ImageSource,
        engine: Engine,
        wanted: Sequence[Which],
        cache: Cache | None,
        warn: Callable[[str], None] = lambda line: None,
        again: Recompute | None = None,
    ) -> None:
        self.source, self.engine, self.wanted = source, engine, tuple(wanted)
        self.cache, self.warn, self.again = cache, warn, again
        self.rows = tiles(source.count)
        self.digests = [digest_of(source.hashes[rows.start : rows.stop]) for rows in self.rows]
        self.memory: dict[tuple[int, Which], tuple[np.ndarray, Machine]] = {}
        self.seen: dict[int, Extremes] = {}
        self._inside = _inside(cache) if cache and len(self.rows) > 1 else {}

    def part(self, number: int) -> ImageSource:
        """A tile as a set of its own; not kept, since all of them together take 50 bytes an image."""
        return self.source.part(self.rows[number])

    def key(self, digest: str, which: Which) -> str:
        """The name in the cache of one kind of features of the set, or of a tile."""
        engine, (resize, tap) = self.engine, which
        name, version = engine.extractor.name, engine.extractor.version
        return feature_key(digest, name, version, engine.weights_sha256, resize=resize, tap=tap)

    def absent(self) -> dict[int, tuple[Which, ...]]:
        """What has to be computed, by the number of the tile."""
        lacking = {
            number: tuple(which for which in self.wanted if not self._is_there(number, which))
            for number in range(len(self.rows))
        }
        return {number: found for number, found in lacking.items() if found}

    def put(self, number: int, computed: Computed, machine: Machine) -> None:
        """Keep what was computed of a tile. Where another worker was first, his rows stay, and must be the same."""
        self.seen[number] = computed.extremes
        for which, rows in computed.arrays.items():
            kept = self._put(number, which, rows, computed.extremes, machine) and self._in_cache(number, which)
            if not kept:
                self.memory[number, which] = rows, machine
            elif not np.array_equal(kept.array, rows):
                self.warn(
                    f"tile {number} of {self.source.name} was computed twice, and its features differ by up to "
                    f"{difference(kept.array, rows):.1g} (relative); those that were there first are used"
                )

    def extremes(self) -> list[Extremes]:
        """Those of all images, in a list of one; [] where they are not known of every tile."""
        return [joined(self.seen.values())] if len(self.seen) == len(self.rows) else []

    def whole(self, which: Which) -> Kept:
        """The features of all images in one array, which is kept instead of the tiles."""
        if len(self.rows) == 1:
            return self._of_tile(0, which)
        kept = self._kept_whole(which)
        if kept:
            return kept
        made: dict[int, tuple[Share, ...]] = {}
        array = np.concatenate(list(self._each(which, made)))
        return Kept(array, _all_shares(made), self._moved(which, made))

    def _kept_whole(self, which: Which) -> Kept | None:
        """All tiles in one entry; None where there can be none."""
        if self.cache is None:
            return None
        made: dict[int, tuple[Share, ...]] = {}
        shape, draft = (self.source.count, self.engine.extractor.taps[which[1]]), None
        try:
            draft = self.cache.draft(self.key(self.source.digest, which), self._meta(self.source, which))
            file = draft.create("features", shape, np.dtype(np.float32))
            for rows in self._each(which, made):
                write_all(file, bytes_of(rows))
            shares, moved = _all_shares(made), self._moved(which, made)
            keys = [self.key(digest, which) for digest in self.digests]
            draft.meta |= {**_of_machines(shares, moved), "tiles": keys}
            array = draft.commit()["features"]
        except OSError as error:
            self.warn(not_kept(error))
            return None
        finally:
            if draft:
                draft.discard()
        self.cache.forget(keys)
        return Kept(array, shares, moved)

    def _each(self, which: Which, made: dict[int, tuple[Share, ...]]) -> Iterator[np.ndarray]:
        for number in range(len(self.rows)):
            kept = self._of_tile(number, which)
            made[number] = kept.shares
            yield kept.array

    def _of_tile(self, number: int, which: Which) -> Kept:
        """One tile, from where it is; computed again where it is damaged or was removed meanwhile."""
        if (number, which) in self.memory:
            rows, machine = self.memory[number, which]
            return Kept(rows, ((machine, len(rows)),))
        kept = self._in_cache(number, which)
        if kept is None:
            assert self.again, "whoever asks for rows can compute them"
            self.put(number, self.again(self.part(number), (which,)), this_machine(self.engine.device))
            return self._of_tile(number, which)
        return kept

    def _in_cache(self, number: int, which: Which) -> Kept | None:
        if self.cache is None:
            return None
        key = self.key(self.digests[number], which)
        if entry := self.cache.entry(key, self.warn):
            if "extremes" in entry[1]:
                self.seen[number] = Extremes(*entry[1]["extremes"])
            return Kept.of_entry(entry)
        if key not in self._inside:
            return None
        whole, start = self._inside[key]
        entry = self.cache.entry(whole, self.warn)
        if entry is None:
            return None
        kept = Kept.of_entry(entry)
        return Kept(kept.array[start : start + len(self.rows[number])], kept.shares)

    def _is_there(self, number: int, which: Which) -> bool:
        if self.cache is None:
            return False
        key = self.key(self.digests[number], which)
        return self.cache.has(key) or key in self._inside

    def _moved(self, which: Which, made: Mapping[int, tuple[Share, ...]]) -> float:
        """By how much the features of other machines differ from what this one computes of the same images."""
        if len(_all_shares(made)) < 2 or self.again is None:
            return 0.0
        largest, looked_at = 0.0, [this_machine(self.engine.device)]
        for number, shares in made.items():
            if any(machine in looked_at for machine, _ in shares):
                continue
            looked_at += [machine for machine, _ in shares]
            few = range(min(PROBED, len(self.rows[number])))
            mine = self.again(self.part(number).part(few), (which,)).arrays[which]
            largest = max(largest, difference(self._of_tile(number, which).array[: len(few)], mine))
        return largest

    def _put(self, number: int, which: Which, rows: np.ndarray, extremes: Extremes, machine: Machine) -> bool:
        """Whether the rows are in the cache now; those of another who was first may be there instead."""
        if self.cache is None:
            return False
        part = self.part(number)
        meta = self._meta(part, which) | _of_machines([(machine, len(rows))], 0.0)
        meta["extremes"] = [extremes.low, extremes.high, extremes.top]
        if warning := self.cache.put(self.key(self.digests[number], which), {"features": rows}, meta):
            self.warn(warning)
            return False
        return True

    def _meta(self, part: ImageSource, which: Which) -> dict[str, Any]:
        resize, tap = which
        extractor = self.engine.extractor
        return {
            "what": f"features {extractor.name} {tap} {resize}, {part.count} x {extractor.taps[tap]}",
            "source": self.source.name,
            "source_digest": part.digest,
            "extractor": extractor.name,
            "extractor_version": extractor.version,
            "weights_sha256": self.engine.weights_sha256,
            "resize": resize,
            "tap": tap,
        }


def missing_rows(source: ImageSource, engine: Engine, wanted: Sequence[Which], cache: Cache | None) -> list[range]:
    """Which rows of a set lack one of these features in the cache; tiles side by side are one range."""
    found = Tiles(source, engine, wanted, cache)
    if cache:
        found.wanted = tuple(which for which in wanted if not cache.has(found.key(source.digest, which)))
    lacking: list[range] = []
    for number in found.absent():
        rows = found.rows[number]
        if lacking and lacking[-1].stop == rows.start:
            rows = range(lacking.pop().start, rows.stop)
        lacking.append(rows)
    return lacking


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest relative difference of the rows of two tables."""
    steps = np.linalg.norm(a.astype(np.float64) - b, axis=1)
    return float((steps / np.maximum(np.linalg.norm(b.astype(np.float64), axis=1), 1e-30)).max())


def _all_shares(made: Mapping[int, tuple[Share, ...]]) -> tuple[Share, ...]:
    return together(share for shares in made.values() for share in shares)


def _of_machines(shares: Iterable[Share], moved: float) -> dict[str, Any]:
    return {"machines": [{"images": count, **machine} for machine, count in shares], "moved": moved}


def _shares(meta: Mapping[str, Any]) -> tuple[Share, ...]:
    return tuple(
        ({name: value for name, value in one.items() if name != "images"}, int(one["images"]))
        for one in meta.get("machines", ())
    )


def _inside(cache: Cache) -> dict[str, tuple[str, int]]:
    """The tiles that are part of an entry of a whole set: its key, and the tile's first row there."""
    try:
        entries = cache.entries()
    except OSError:  # a folder that cannot be read holds nothing
        return {}
    return {
        key: (entry.key, TILE * number) for entry in entries for number, key in enumerate(entry.meta.get("tiles", ()))
    }
