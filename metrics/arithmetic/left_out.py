"""Precision, recall, density and coverage without one image at a time, as `metrics.prdc` computes them of all.

Without an image of a set, the balls around those that have it among their k nearest neighbours grow to their next one,
and its own ball is gone. So two radii of each ball are enough, that of the k-th and of the next neighbour. What leaving
an image out changes is its influence; the sum of the squares is the delete-one jackknife's estimate of the variance,
which is too large on average and never too small (Efron and Stein 1981, doi 10.1214/aos/1176345462).

Cost: distances as for the metrics twice, and k n m additions. Memory: a few blocks of 64 MiB.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genbench.shapes import Float64, Num
from metrics.arithmetic.nearest import nearest, recompute, row_slices, squared_distances
from metrics.arithmetic.products import squared_norms
from metrics.types import Moved

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class _Balls:
    """Around each of n images: the squared radii to its k-th and to its next neighbour [n], and who the k are, [n, n]
    with a 1 for each."""

    centres: Num[np.ndarray, "n d"]
    radii: Float64[np.ndarray, " n"]
    grown: Float64[np.ndarray, " n"]
    neighbours: "csr_matrix"

    @classmethod
    def of(cls, features: Num[np.ndarray, "n d"], k: int) -> "_Balls":
        from scipy.sparse import csr_matrix  # 0.1 s that a board can do without

        rows, distances = nearest(features, features, k + 1, of_itself=True)
        places = (np.repeat(np.arange(len(rows)), k), rows[:, :k].ravel())
        neighbours = csr_matrix((np.ones(len(rows) * k), places), shape=(len(rows), len(rows)))
        return cls(features, distances[:, k - 1], distances[:, k], neighbours)

    def lost(self, counts: Float64[np.ndarray, " n"], gained: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """The sum of the balls' `counts` without each image: less its own ball's, more what those gain that grow."""
        return np.asarray(counts.sum() - counts + self.neighbours.T @ gained)


def moved(real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"], k: int) -> dict[str, Moved]:
    """All four with their influences, of sets of at least k + 2 images; the keys are those of the metric."""
    of_real, of_generated = (_Balls.of(one, k) for one in (real, generated))
    precision, density, coverage = _inside(generated, of_real, k)
    recall, _, _ = _inside(real, of_generated, k)
    by_generated = Moved(recall.value, recall.moves[::-1])
    return {"precision": precision, "recall": by_generated, "density": density, "coverage": coverage}


def _inside(points: Num[np.ndarray, "m d"], balls: _Balls, k: int) -> tuple[Moved, Moved, Moved]:
    """Of points in balls: the share in any of them; how many they are in, over k; the share of balls that hold any.
    Influences of the balls' images first."""
    n, m = len(balls.centres), len(points)
    covered, pairs = np.zeros(m), np.zeros(m)  # of each point: the balls that reach it, edge included and not
    without = np.zeros(n)  # covered points without the image of each ball
    held, gained, last = np.zeros(n), np.zeros(n), np.zeros(n, np.int64)  # of each ball: points, without and with more
    norms, centre_norms = squared_norms(points), squared_norms(balls.centres)
    for rows in row_slices(m, n):
        squared, error = squared_distances(points[rows], balls.centres, norms[rows], centre_norms)
        close = np.abs(squared - balls.radii) <= error[:, None]
        close |= np.abs(squared - balls.grown) <= error[:, None]
        recompute(squared, close, points[rows], balls.centres)
        reached = squared <= balls.radii
        more = (squared <= balls.grown) & ~reached
        covered[rows] = reached.sum(axis=1)
        grown = np.asarray((balls.neighbours.T @ more.T.astype(np.float64)).T)
        without += (covered[rows, None] - reached + grown > 0).sum(axis=0)
        inside = squared < balls.radii
        pairs[rows] = inside.sum(axis=1)
        held += inside.sum(axis=0)
        gained += ((squared < balls.grown) & ~inside).sum(axis=0)
        last = np.where(inside.any(axis=0), rows.start + inside.argmax(axis=0), last)
    alone = np.bincount(last[held == 1], minlength=m)  # how many balls hold this point and no other one
    hit = (held > 0).astype(np.float64)
    return (
        _of_shares((covered > 0).astype(np.float64), without / m),
        _of_shares(pairs / k, balls.lost(held, gained) / (k * m)),
        _left_out(hit.mean(), balls.lost(hit, ((held == 0) & (gained > 0)) * 1.0) / (n - 1), (hit.sum() - alone) / n),
    )


def _of_shares(each: Float64[np.ndarray, " m"], without: Float64[np.ndarray, " n"]) -> Moved:
    """A mean over the points, and what it is without each ball's image."""
    return _left_out(each.mean(), without, (each.sum() - each) / (len(each) - 1))


def _left_out(value: float, *without: np.ndarray) -> Moved:
    """A number with its values without each image: the delete-one jackknife's variance is (n - 1) / n of their squared
    deviations."""
    moves = tuple((one.mean() - one) * np.sqrt((len(one) - 1) / len(one)) for one in without)
    return Moved(float(value), moves)
