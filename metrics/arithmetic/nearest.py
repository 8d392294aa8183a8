"""Nearest neighbours by Euclidean distance, with ties decided exactly.

Distances come from matrix products whose rounding error has a known bound; wherever a comparison is closer than that
bound, the squared distance is summed anew in float64 from the differences, which gives identical bits for identical
pairs of rows. So the distance of a copy is exactly 0, whatever the block size.

The products that only say which pairs are close (`screen`) are made in the features' own type: float32 is twice as fast
as float64, and of photographs a few pairs in ten thousand have to be summed anew. The centre is taken off first, which
changes no distance and makes the bound small.

Cost: n m d multiplications for n rows against m, half of it for a set against itself; memory beyond the features: a
copy of them and a few blocks of 4 MiB.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from genbench.shapes import Bool, Float, Float64, Int64, Num
from metrics.arithmetic.products import COLUMNS, centred, product, roundoff, squared_norms, tiles

BLOCK_VALUES = 1 << 20  # distances looked at at once: few page faults
PAIR_BLOCK = 1 << 17  # differences held at once, few enough for the processor's cache
GROUPS = 128  # of the columns of a tile: enough of them have their nearest row apart

_Pairs = tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]


@dataclass(frozen=True, eq=False)
class Screened:
    """Rows of a set, made ready for products: as they are, less a common centre, and the squared norms of that."""

    rows: Num[np.ndarray, "n d"]
    centred: Float[np.ndarray, "n d"]
    norms: Float[np.ndarray, " n"]

    def errors(self, other: "Screened") -> Float[np.ndarray, " n"]:
        """How far the squared distance of each row to any of the other set may be off by rounding."""
        share = roundoff(self.centred.dtype, self.centred.shape[1])
        return (share * (self.norms + other.norms.max())).astype(self.norms.dtype)


def screened(*sets: Num[np.ndarray, "_ d"]) -> tuple[Screened, ...]:
    """Sets whose rows will be compared with each other."""
    _, around = centred(*sets)
    return tuple(
        Screened(rows, values, squared_norms(values).astype(values.dtype))
        for rows, values in zip(sets, around, strict=True)
    )


def screen(x: Screened, y: Screened) -> Iterator[tuple[slice, slice, Float[np.ndarray, "a b"]]]:
    """Some rows of x and of y at a time, and their squared distances, which may be off by `x.errors(y)`.

    Of a set and itself each two tiles come once.
    """
    for a in tiles(len(x.rows)):
        for b in tiles(len(y.rows)):
            if x is not y or a.start <= b.start:
                yield a, b, _squared(x, y, a, b)


def _squared(x: Screened, y: Screened, a: slice, b: slice) -> Float[np.ndarray, "a b"]:
    squared = product(x.centred[a], y.centred[b])
    squared *= -2
    squared += x.norms[a, None]
    squared += y.norms[b]
    return squared


def pairs_where(close: Bool[np.ndarray, "a b"]) -> _Pairs:
    """Rows and columns of what is true, row by row: np.nonzero takes 10 times as long."""
    return np.divmod(np.flatnonzero(close), close.shape[1])


def row_slices(rows: int, columns: int) -> list[slice]:
    """Slices of the rows of a matrix [rows, columns] that may be held at once."""
    step = max(1, BLOCK_VALUES // columns)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def squared_distances(
    x: Num[np.ndarray, "a d"],
    y: Num[np.ndarray, "b d"],
    x_norms: Float64[np.ndarray, " a"],
    y_norms: Float64[np.ndarray, " b"],
) -> tuple[Float64[np.ndarray, "a b"], Float64[np.ndarray, " a"]]:
    """|x - y|^2 by a matrix product, and how far each row's values may be off by rounding."""
    rows = x.astype(np.float64)
    squared = np.empty((len(x), len(y)))
    for start in range(0, len(y), COLUMNS):
        part = slice(start, start + COLUMNS)
        squared[:, part] = rows @ (-2.0 * y[part].astype(np.float64).T)
    squared += x_norms[:, None]
    squared += y_norms
    # d products and d + 3 sums, each off by eps relative to |x||y| <= (|x|^2 + |y|^2) / 2; twice that for safety
    error = 4 * (x.shape[1] + 4) * np.finfo(np.float64).eps * (x_norms + y_norms.max())
    return squared, error


def recompute(
    squared: Float64[np.ndarray, "a b"],
    close: Bool[np.ndarray, "a b"],
    x: Num[np.ndarray, "a d"],
    y: Num[np.ndarray, "b d"],
) -> None:
    """Replace the marked values by sums over differences: the same bits for the same two rows, in either order."""
    i, j = np.nonzero(close)
    squared[i, j] = exact(x, i, y, j)


def exact(
    x: Num[np.ndarray, "a d"], i: Int64[np.ndarray, " p"], y: Num[np.ndarray, "b d"], j: Int64[np.ndarray, " p"]
) -> Float64[np.ndarray, " p"]:
    """|x_i - y_j|^2 of pairs of rows, summed over their differences."""
    squared = np.empty(len(i))
    step = max(1, PAIR_BLOCK // x.shape[1])
    for start in range(0, len(i), step):
        part = slice(start, start + step)
        difference = x[i[part]].astype(np.float64) - y[j[part]].astype(np.float64)
        squared[part] = np.square(difference, out=difference).sum(axis=1)
    return squared


def nearest(
    x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"], k: int, *, of_itself: bool = False
) -> tuple[Int64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """For each row of x the k nearest rows of y, the nearest first, and their squared distances.

    Of rows equally far off the first ones count. With `of_itself` the two are one set, and no row is its own
    neighbour. Needs m >= k, or m > k of itself.
    """
    one, other = (screened(x) * 2) if of_itself else screened(x, y)
    return nearest_screened(one, other, k)


def nearest_screened(x: Screened, y: Screened, k: int) -> tuple[Int64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """As `nearest`, of sets that are ready: of a set itself, if they are one and the same."""
    errors = x.errors(y)
    closest = {a.start: _Closest(a.stop - a.start, k, errors[a]) for a in tiles(len(x.rows))}
    for a, b, squared in screen(x, y):
        if x is y and a == b:
            np.fill_diagonal(squared, np.inf)
        closest[a.start].look(squared, b.start)
        if x is y and a != b:
            closest[b.start].look(squared, a.start, of_columns=True)
    rows_of, distances = np.empty((len(x.rows), k), np.int64), np.empty((len(x.rows), k))
    for a in tiles(len(x.rows)):
        i, j, away = closest[a.start].candidates(x.rows[a], y.rows)
        taken = np.searchsorted(i, np.arange(a.stop - a.start))[:, None] + np.arange(k)
        rows_of[a], distances[a] = j[taken], away[taken]
    return rows_of, distances


class _Closest:
    """Which rows of y may be among the k nearest of some rows of x, as the distances come in tile by tile."""

    def __init__(self, count: int, k: int, errors: Float[np.ndarray, " a"]) -> None:
        self.k, self.errors = k, errors
        self.most = np.full(count, np.inf, errors.dtype)  # what no k-th nearest is further off than, by its product
        self.i, self.j = np.empty(0, np.int64), np.empty(0, np.int64)
        self.values = np.empty(0, errors.dtype)

    def look(self, squared: Float[np.ndarray, "a b"], first: int, *, of_columns: bool = False) -> None:
        """Squared distances to the rows of y from `first` on; `of_columns`: the columns are the rows of x."""
        limit = np.minimum(self.most, self._most_in(squared, 0 if of_columns else 1)) + 2 * self.errors
        i, j = pairs_where(squared <= (limit if of_columns else limit[:, None]))
        values = squared[i, j]
        if of_columns:
            i, j = j, i
        self.i, self.j = np.concatenate([self.i, i]), np.concatenate([self.j, j + first])
        self.values = np.concatenate([self.values, values])
        self._drop()

    def _most_in(self, squared: Float[np.ndarray, "_ _"], axis: int) -> Float[np.ndarray, " a"]:
        """A distance within which each row has k of these: the k-th of the least ones of groups."""
        if np.isfinite(self.most).all():  # it is about as low already
            return self.most
        values = squared if axis == 1 else squared.T
        if values.shape[1] < self.k:
            return self.most
        groups = min(max(GROUPS, 2 * self.k), values.shape[1])
        least = values[:, :groups].copy()
        for start in range(groups, values.shape[1], groups):
            part = values[:, start : start + groups]
            np.minimum(least[:, : part.shape[1]], part, out=least[:, : part.shape[1]])
        return np.partition(least, self.k - 1, axis=1)[:, self.k - 1]

    def _drop(self) -> None:
        """Keep what may still be among the k nearest."""
        order = np.lexsort((self.values, self.i))
        i, values = self.i[order], self.values[order]
        kth = np.searchsorted(i, np.arange(len(self.most))) + self.k - 1
        enough = np.append(i, -1)[np.minimum(kth, len(i))] == np.arange(len(self.most))
        self.most[enough] = values[kth[enough]]
        kept = order[values <= self.most[i] + 2 * self.errors[i]]
        self.i, self.j, self.values = self.i[kept], self.j[kept], self.values[kept]

    def candidates(
        self, x: Num[np.ndarray, "a d"], y: Num[np.ndarray, "m d"]
    ) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"], Float64[np.ndarray, " p"]]:
        """Rows of x and of y, and their squared distances summed anew: by row of x, the nearest first."""
        away = exact(x, self.i, y, self.j)
        order = np.lexsort((self.j, away, self.i))
        return self.i[order], self.j[order], away[order]


def nearest_counts(x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"]) -> Float64[np.ndarray, " m"]:
    """How many rows of x have each row of y as their nearest; rows of y that are equally near share one equally."""
    one, other = screened(x, y)
    counts, errors = np.zeros(len(y)), one.errors(other)
    for a in tiles(len(x)):
        closest = _Closest(a.stop - a.start, 1, errors[a])
        for b in tiles(len(y)):
            closest.look(_squared(one, other, a, b), b.start)
        i, j, away = closest.candidates(x[a], y)
        tied = away == away[np.searchsorted(i, np.arange(a.stop - a.start))][i]
        shares = 1 / np.bincount(i[tied], minlength=a.stop - a.start)
        counts += np.bincount(j[tied], shares[i[tied]], minlength=len(y))
    return counts
