"""Which entries have images that are nearly those of another one: saved as JPEG, moved by a pixel, with a little noise.

An image of A is nearly one of B where it lies far nearer to one image of B than to any other of B, by the ratio of
`metrics.arithmetic.near_duplicates`. What counts as far is read off B itself, each image against the others: of honest
images of the same model, as many lie below that bound as of B. A pair is told where there are more than TIMES as many,
with a probability below CHANCE, in one of both directions. Features are compared where both entries keep them, and
thumbnails (`bench.leaderboard.small_pictures`) where both have these.

First PROBES images of each entry look into all others; pairs of which more are near than HITS says are compared in
whole, by MOST_IMAGES images. Of more than MOST_ENTRIES entries only those are looked at whose means lie together. How
often honest pairs are told, and changed copies: benchmarks/shared_images.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from genbench.shapes import Float32, Float64, Int64
from metrics.arithmetic.near_duplicates import NearDuplicates, near_duplicates

PROBES = 32
HITS = {0.01: 1, 0.05: 5}  # of PROBES: what honest pairs rarely exceed, by the quantile of own images
QUANTILES = (0.05, 0.01, 0.001)  # of own images: the first sees changes that move far, the last one few images
MOST_IMAGES = 256
MOST_ENTRIES = 150
CHANCE = 1e-5  # for each of six tests of a pair by one kind of rows
TIMES = 2.0

Pair = tuple[int, int]


@dataclass(frozen=True)
class Near:
    """Of `compared` images of an entry, how many are nearly images of another one, and how many are by chance."""

    count: int
    compared: int
    expected: float
    told: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """The images of an entry as rows that are compared: features, or thumbnails."""

    rows: Float32[np.ndarray, "n d"]

    @cached_property
    def norms(self) -> Float32[np.ndarray, " n"]:
        return np.einsum("ij,ij->i", self.rows, self.rows)

    @cached_property
    def own(self) -> Float64[np.ndarray, "n 2"]:
        """The squared distances of each image to the two nearest others."""
        return _two_nearest(self.some(MOST_IMAGES), self, np.arange(len(self.rows))[self._places(MOST_IMAGES)])[1]

    @cached_property
    def ratios(self) -> Float64[np.ndarray, " n"]:
        """Of each image among its own, in order."""
        return np.sort(_ratios(self.own))

    def some(self, most: int) -> "Rows":
        """At most so many of them, evenly spread."""
        return Rows(self.rows[self._places(most)])

    def _places(self, most: int) -> Int64[np.ndarray, " k"]:
        count = len(self.rows)
        return np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)


def near_pairs(given: Mapping[int, np.ndarray], asked: Iterable[Pair] | None = None) -> dict[Pair, tuple[Near, Near]]:
    """The pairs of entries that share nearly equal images, by their numbers, and what is near of either; of few entries
    all pairs are looked at, of many ones those that are `asked` for."""
    if len(given) < 2 or min(map(len, given.values())) < 4:
        return {}
    centre = np.mean([rows.mean(axis=0, dtype=np.float64) for rows in given.values()], axis=0)
    sets = {number: Rows((rows - centre).astype(np.float32)) for number, rows in given.items()}
    looked = _suspects(sets) if len(sets) <= MOST_ENTRIES else [pair for pair in asked or () if set(pair) <= set(sets)]
    found = {(a, b): (_near(sets[a], sets[b]), _near(sets[b], sets[a])) for a, b in looked}
    return {pair: both for pair, both in found.items() if both[0].told or both[1].told}


def _suspects(sets: Mapping[int, Rows]) -> Iterator[Pair]:
    """The pairs of which some of PROBES images of one are near to the other."""
    numbers = sorted(sets)
    parts = [sets[number].some(PROBES) for number in numbers]
    starts = np.cumsum([0, *(len(part.rows) for part in parts)])[:-1]
    probes = Rows(np.concatenate([part.rows for part in parts]))
    ratios = [_ratios(_two_nearest(probes, sets[number])[1]) for number in numbers]
    suspected = np.zeros((len(numbers), len(numbers)), bool)
    for quantile, most in HITS.items():
        bounds = [np.quantile(sets[number].ratios, quantile) for number in numbers]
        near = np.stack([one < bound for one, bound in zip(ratios, bounds, strict=True)])
        suspected |= np.add.reduceat(near, starts, axis=1, dtype=int) > most
    for i, j in combinations(range(len(numbers)), 2):
        if suspected[i, j] or suspected[j, i]:
            yield numbers[i], numbers[j]


def _near(mine: Rows, other: Rows) -> Near:
    """What of one entry is near to another one, by the quantile at which it is the least probable."""
    some = mine.some(MOST_IMAGES)
    originals, squared = _two_nearest(some, other)
    tests = [near_duplicates(squared, originals, other.own, quantile) for quantile in QUANTILES]
    told = [one for one in tests if one.p < CHANCE and one.share > TIMES * one.expected]
    shown: NearDuplicates = min(told or tests, key=lambda one: one.p)
    count = len(some.rows)
    return Near(round(shown.share * count), count, shown.expected * count, bool(told))


def _two_nearest(
    x: Rows, y: Rows, itself: Int64[np.ndarray, " n"] | None = None
) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, "n 2"]]:
    """The number of the nearest row of y for each of x, and the squared distances to it and to the next one; `itself`
    are the rows of y that are left out, one for each."""
    squared = x.norms[:, None] + y.norms - 2 * (x.rows @ y.rows.T)
    each = np.arange(len(squared))
    if itself is not None:
        squared[each, itself] = np.inf
    nearest = squared.argmin(axis=1)
    first = squared[each, nearest]
    squared[each, nearest] = np.inf
    distances = np.stack([first, squared.min(axis=1)], axis=1).astype(np.float64)
    return nearest, np.maximum(distances, 0.0)


def _ratios(squared: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, " n"]:
    first, second = squared[:, 0], squared[:, 1]
    return np.divide(first, second, out=np.zeros(len(squared)), where=first > 0)
