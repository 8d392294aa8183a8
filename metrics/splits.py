"""Disjoint sets of images: by index AND by content, so that no image is compared with itself.

A distance between two real sets is the floor that a generator is measured against. It only means that where no image
stands in both, and data sets do hold byte-identical files under different names. So the unit that is drawn here is a
content (the sha256 of an image), not an index:

- each content is drawn at most once, represented by its first index; its further copies stand in no set;
- contents are put in the order of their hashes and then shuffled by RandomState(seed), so that the same images are
  drawn however the files are named or ordered.

This module is a tool and no metric.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Int64

from metrics.errors import InputError
from metrics.options import check_seed, shown, text, whole_number


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
    ends = np.cumsum([0, *counts])
    sets = [first[start:end] for start, end in pairwise(ends)]
    duplicates = tuple(tuple(group) for group in indices.values() if len(group) > 1)
    return sets, SplitReport(len(hashes), len(indices), duplicates, len(indices) - sum(counts))


def overlap(hashes_a: Sequence[str], hashes_b: Sequence[str]) -> list[tuple[int, int]]:
    """All pairs (i, j) where image i of the first set is byte-identical to image j of the second, in order of i, j."""
    indices_b = _indices_by_content(_hashes(hashes_b))
    return [(i, j) for i, content in enumerate(_hashes(hashes_a)) for j in indices_b.get(content, [])]
