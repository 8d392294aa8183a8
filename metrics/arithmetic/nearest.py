"""Nearest neighbours by Euclidean distance, with ties decided exactly.

Distances come from matrix products whose rounding error has a known bound; wherever a comparison is closer than that
bound, the squared distance is summed anew in float64 from the differences, which gives identical bits for identical
pairs of rows. So the distance of a copy is exactly 0, whatever the block size.

The products that only say which pairs are close (`screen`) are made in the features' own type: float32 is twice as fast
as float64, and of photographs a few pairs in ten thousand have to be summed anew. The centre is taken off first, which
changes no distance and makes the bound small.

Cost: n m d multiplications for n rows against m, half of it for a set against itself; memory beyond the features: a
copy of them and a few blocks of 64 MiB.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Num

WHOLE_BLOCK = 1 << 24  # products of a set with itself that are made at once, for half the work: 64 MiB of float32
BLOCK_VALUES = 1 << 20  # distances looked at at once: few page faults
PAIR_BLOCK = 1 << 17  # differences held at once, few enough for the processor's cache
COLUMNS = 4096  # features turned into float64 at once
IN_FLOAT32 = 1e-20, 1e30  # squared norms of which float32 holds the products


@dataclass(frozen=True, eq=False)
class Screened:
    """Rows of a set, made ready for products: as they are, less a common centre, and the squared norms of that."""

    rows: Num[np.ndarray, "n d"]
    centred: Float[np.ndarray, "n d"]
    norms: Float[np.ndarray, " n"]


def screened(*sets: Num[np.ndarray, "_ d"]) -> tuple[Screened, ...]:
    """Sets whose rows will be compared with each other."""
    centre = np.mean([one.mean(axis=0, dtype=np.float64) for one in sets], axis=0)
    single = all(one.dtype == np.float32 for one in sets)
    found = [_screened(one, centre, np.float32 if single else np.float64) for one in sets]
    if single and not all(IN_FLOAT32[0] < one.norms.max() < IN_FLOAT32[1] for one in found):
        found = [_screened(one, centre, np.float64) for one in sets]
    return tuple(found)


def _screened(rows: Num[np.ndarray, "n d"], centre: Float64[np.ndarray, " d"], kind: type[np.floating]) -> Screened:
    with np.errstate(over="ignore"):  # then float64 is taken
        centred: np.ndarray = rows.astype(kind) - centre.astype(kind)
        norms: np.ndarray = squared_norms(centred).astype(kind)
    return Screened(rows, centred, norms)


def screen(x: Screened, y: Screened) -> Iterator[tuple[slice, Float[np.ndarray, "a b"], Float[np.ndarray, " a"]]]:
    """Some rows of x at a time, their squared distances to all of y, and how far each row's may be off by rounding."""
    # A product of d terms is off by d u |x||y| <= d u (|x|^2 + |y|^2) / 2 in any order of summation (Higham 2002,
    # section 3.1), with u half of eps; twice that, and some u for norms, sums and the centre.
    roundoff = np.finfo(x.centred.dtype).eps / 2 * (1.1 * x.centred.shape[1] + 32)
    at_once = x is y and len(x.rows) ** 2 <= WHOLE_BLOCK
    whole = x.centred @ x.centred.T if at_once else None  # BLAS makes one triangle only
    for rows in row_slices(len(x.rows), len(y.rows)):
        squared = x.centred[rows] @ y.centred.T if whole is None else whole[rows]
        squared *= -2
        squared += x.norms[rows, None]
        squared += y.norms
        yield rows, squared, (roundoff * (x.norms[rows] + y.norms.max())).astype(squared.dtype)


def squared_norms(x: Num[np.ndarray, "n d"]) -> Float64[np.ndarray, " n"]:
    blocks = [x[i : i + COLUMNS].astype(np.float64) for i in range(0, len(x), COLUMNS)]
    return np.concatenate([np.einsum("ij,ij->i", block, block) for block in blocks])


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
    return nearest_screened(one, other, k, of_itself=of_itself)


def nearest_screened(
    x: Screened, y: Screened, k: int, *, of_itself: bool = False
) -> tuple[Int64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """As `nearest`, of sets that are ready."""
    rows_of = np.empty((len(x.rows), k), np.int64)
    distances = np.empty((len(x.rows), k))
    for rows, squared, error in screen(x, y):
        if of_itself:
            squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = np.inf
        furthest = np.partition(squared, k - 1, axis=1)[:, k - 1]
        i, j = np.nonzero(squared <= (furthest + 2 * error)[:, None])  # the true k nearest are among these
        away = exact(x.rows[rows], i, y.rows, j)
        order = np.lexsort((j, away, i))
        first = np.searchsorted(i, np.arange(len(squared)))
        taken = order[first[:, None] + np.arange(k)]
        rows_of[rows], distances[rows] = j[taken], away[taken]
    return rows_of, distances


def nearest_counts(x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"]) -> Float64[np.ndarray, " m"]:
    """How many rows of x have each row of y as their nearest; rows of y that are equally near share one equally."""
    counts = np.zeros(len(y))
    for rows, squared, error in screen(*screened(x, y)):
        i, j = np.nonzero(squared <= (squared.min(axis=1) + 2 * error)[:, None])  # the true nearest is among these
        away = exact(x[rows], i, y, j)
        tied = away == np.minimum.reduceat(away, np.searchsorted(i, np.arange(len(squared))))[i]
        shares = 1 / np.bincount(i[tied], minlength=len(squared))
        counts += np.bincount(j[tied], shares[i[tied]], minlength=len(y))
    return counts
