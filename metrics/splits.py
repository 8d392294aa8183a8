"""Disjoint sets of images: by index AND by content, so that no image is compared with itself.

A distance between two real sets is the floor that a generator is measured against. It only means that where no image
stands in both, and data sets do hold byte-identical files under different names. So the unit that is drawn here is a
content (the sha256 of an image), not an index:

- each content is drawn at most once, represented by its first index; its further copies stand in no set;
- contents are put in the order of their hashes and then shuffled by RandomState(seed), so that the same images are
  drawn however the files are named or ordered.

The evaluation sets of the data sets have published orders of their own. `in_turn` is the one rule by which every set is
taken out of an order, theirs and that of `disjoint`.

This module is a tool and no metric.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genbench.shapes import Int64
from metrics.errors import InputError
from metrics.options import check_seed, shown, text, whole_number

BLOCK = 256  # images compared at a time

Rows = Int64[np.ndarray, " _"]
Contents = Callable[[str, Rows], Sequence[Hashable]]


@dataclass(frozen=True)
class SplitReport:
    """What `disjoint` found: `images` given, `distinct` contents among them, and each group of identical images.

    `duplicates` holds one tuple of ascending indices for each content that occurs more than once, in the order of
    their first index; the first of a group can be drawn, the rest are `dropped`. `unused` contents were in no set.
    """

    images: int
    distinct: int
    duplicates: tuple[tuple[int, ...], ...]
    unused: int

    @property
    def dropped(self) -> int:
        return self.images - self.distinct


def _hashes(given: Any) -> list[str]:
    """Content hashes, one per image; InputError for anything but texts."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(f"the hashes are {shown(given)}; expected a list of texts, one per image")
    return [text(one, "the hash of an image") for one in given]


def _indices_by_content(hashes: Sequence[str]) -> dict[str, list[int]]:
    indices = defaultdict(list)
    for index, content in enumerate(hashes):
        indices[content].append(index)
    return dict(indices)


def disjoint(
    hashes: Sequence[str], counts: Sequence[int], seed: int
) -> tuple[list[Int64[np.ndarray, " _"]], SplitReport]:
    """Draws sets of `counts` images that share no index and no content, and reports the duplicates.

    `hashes[i]` is the content hash of image i. Returns one array of indices per count, in the order drawn (so that the
    start of a set is itself a random set), the same for the same contents, counts and seed. InputError for counts that
    are negative, are no whole numbers or exceed the number of distinct images.
    """
    hashes, seed = _hashes(hashes), check_seed(seed)
    if isinstance(counts, str) or not isinstance(counts, Iterable):
        raise InputError(f"the counts are {shown(counts)}; expected a list of whole numbers, one per set")
    counts = [whole_number(count, "a count of images", 0) for count in counts]
    indices = _indices_by_content(hashes)
    if sum(counts) > len(indices):
        copies = len(hashes) - len(indices)
        raise InputError(
            f"disjoint sets of {' + '.join(map(str, counts))} = {sum(counts)} images cannot be drawn from "
            f"{len(indices)} distinct images ({len(hashes)} with {copies} byte-identical copies); "
            "ask for fewer or add images"
        )
    contents = sorted(indices)
    drawn = np.random.RandomState(seed).permutation(len(contents))
    first = np.array([indices[contents[position]][0] for position in drawn], dtype=np.int64)
    wanted = {str(place): ("", count) for place, count in enumerate(counts)}
    sets = [rows for _, rows in in_turn(wanted, lambda part: first)]  # each content is in `first` once
    duplicates = tuple(tuple(group) for group in indices.values() if len(group) > 1)
    return sets, SplitReport(len(hashes), len(indices), duplicates, len(indices) - sum(counts))


def in_turn(
    sets: Mapping[str, tuple[str, int]], order: Callable[[str], Rows], contents: Contents | None = None
) -> Iterator[tuple[str, Rows]]:
    """Yields the name and the rows of one set after the other; a set is (the part that it is taken from, its count).

    `order(part)` is the order in which a part hands out its rows, asked for once. The sets take theirs from it in turn,
    so that no two share a row. With `contents`, which has a key for each row of a part, a row is passed over where an
    earlier set has its content, also one of another part. A set is shorter than its count where its part runs out.
    """
    left: dict[str, Rows] = {}
    seen: set[Hashable] = set()
    for name, (part, count) in sets.items():
        if part not in left:
            left[part] = order(part)
        rows, used = _unseen(left[part], count, part, contents if seen else None, seen)
        yield name, rows
        left[part] = left[part][used:]
        if contents is not None:
            seen.update(contents(part, rows))


def _unseen(order: Rows, count: int, part: str, contents: Contents | None, seen: set[Hashable]) -> tuple[Rows, int]:
    """The first `count` rows of an order whose contents were not seen, and how far that went."""
    if contents is None:
        return order[:count], min(count, len(order))
    rows: list[int] = []
    used = 0
    while len(rows) < count and used < len(order):
        block = order[used : used + min(count - len(rows), BLOCK)]
        used += len(block)
        rows += [int(row) for row, key in zip(block, contents(part, block), strict=True) if key not in seen]
    return np.array(rows, np.int64), used


def overlap(hashes_a: Sequence[str], hashes_b: Sequence[str]) -> list[tuple[int, int]]:
    """All pairs (i, j) where image i of the first set is byte-identical to image j of the second, in order of i, j."""
    indices_b = _indices_by_content(_hashes(hashes_b))
    return [(i, j) for i, content in enumerate(_hashes(hashes_a)) for j in indices_b.get(content, [])]


def drawn(count: int, number: int, seed: int) -> Int64[np.ndarray, " number"]:
    """So many of `count` rows, drawn without replacement by numpy's RandomState(seed), in rising order: what `--limit`
    takes of a set."""
    return np.sort(np.random.RandomState(seed).choice(count, number, replace=False))
