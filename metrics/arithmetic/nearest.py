"""Nearest neighbours by Euclidean distance, with ties decided exactly.

Distances come from matrix products in float64, whose rounding error has a known bound; wherever a comparison is closer
than that bound, the squared distance is summed anew from the differences, which gives identical bits for identical
pairs of rows. So the distance of a copy is exactly 0, whatever the block size.

Cost: n m d multiplications for n rows against m; memory beyond the features: a few blocks of 64 MiB.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int64, Num

BLOCK_VALUES = 1 << 23  # distances held at once: 64 MiB
COLUMNS = 4096  # features turned into float64 at once


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
    step = max(1, BLOCK_VALUES // x.shape[1])
    for start in range(0, len(i), step):
        a, b = i[start : start + step], j[start : start + step]
        difference = x[a].astype(np.float64) - y[b].astype(np.float64)
        squared[a, b] = np.square(difference, out=difference).sum(axis=1)


def nearest(
    x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"], k: int, *, of_itself: bool = False
) -> tuple[Int64[np.ndarray, "n k"], Float64[np.ndarray, "n k"]]:
    """For each row of x the k nearest rows of y, the nearest first, and their squared distances.

    Of rows equally far off the first ones count. With `of_itself` the two are one set, and no row is its own
    neighbour. Needs m >= k, or m > k of itself.
    """
    rows_of = np.empty((len(x), k), np.int64)
    distances = np.empty((len(x), k))
    x_norms = squared_norms(x)
    y_norms = x_norms if of_itself else squared_norms(y)
    for rows in row_slices(len(x), len(y)):
        squared, error = squared_distances(x[rows], y, x_norms[rows], y_norms)
        if of_itself:
            squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = np.inf
        furthest = np.partition(squared, k - 1, axis=1)[:, k - 1 : k]
        close = squared <= furthest + 2 * error[:, None]  # the true k nearest are among these
        recompute(squared, close, x[rows], y)
        no_more = close.sum(axis=1) == k  # nearly all rows: their candidates are sorted at once
        found = np.nonzero(close[no_more])[1].reshape(-1, k)
        away = np.take_along_axis(squared[no_more], found, axis=1)
        order = np.argsort(away, axis=1, kind="stable")
        places = rows.start + np.flatnonzero(no_more)
        rows_of[places] = np.take_along_axis(found, order, axis=1)
        distances[places] = np.take_along_axis(away, order, axis=1)
        for row in np.flatnonzero(~no_more):
            there = np.flatnonzero(close[row])
            order = there[np.argsort(squared[row, there], kind="stable")[:k]]
            rows_of[rows.start + row], distances[rows.start + row] = order, squared[row, order]
    return rows_of, distances


def nearest_counts(x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"]) -> Float64[np.ndarray, " m"]:
    """How many rows of x have each row of y as their nearest; rows of y that are equally near share one equally."""
    counts = np.zeros(len(y))
    x_norms, y_norms = squared_norms(x), squared_norms(y)
    for rows in row_slices(len(x), len(y)):
        squared, error = squared_distances(x[rows], y, x_norms[rows], y_norms)
        close = squared <= squared.min(axis=1, keepdims=True) + 2 * error[:, None]  # the true nearest is among these
        recompute(squared, close, x[rows], y)
        squared[~close] = np.inf
        tied = squared == squared.min(axis=1, keepdims=True)
        counts += (tied / tied.sum(axis=1, keepdims=True)).sum(axis=0)
    return counts
