"""Monge Inception Distance: what it costs to carry one set of features into the other, along random lines.

Berthet et al. 2026 (arXiv 2605.06797): the squared 2-Wasserstein distance of both sets projected to a line u_i, which
on a line is that of sorted values, averaged over M random directions and scaled by alpha = 3 d:

    mind = alpha / M  sum_i  W2^2(u_i^T X, u_i^T Y)

Unlike the FID it assumes no Gaussian. Sets of different sizes are compared by their quantile functions; the public
implementation (torch-fidelity's development branch) draws as many from the larger one instead. With equal sizes and the
same directions both agree.

`mind_directions_sd` is the standard error that the directions bring, and nothing else: it goes down with M. The images
bring more, and a bias that falls with their number: compare with real against real of the same size.

Cost: (n + m) d M multiplications and M sorts; memory beyond the features: a block of directions.
"""

import math

import numpy as np

from genbench.shapes import Float64, Num
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_pair, row_blocks
from metrics.options import SEED, check_seed, whole_number
from metrics.types import Metric, Moved, Option, Output, Value

AT_ONCE = 64  # directions whose projections are held
DIRECTIONS, MOST_DIRECTIONS = 1_000, 1_000_000


def _projected(values: Num[np.ndarray, "n d"], directions: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "k n"]:
    """Sorted values along each direction."""
    along = np.concatenate([block.astype(np.float64) @ directions.T for block in row_blocks(values)])
    return np.sort(along.T, axis=1)


def _steps(n: int, m: int) -> tuple[np.ndarray, np.ndarray, Float64[np.ndarray, " s"]]:
    """Where two quantile functions of n and m values are constant together: which value each has, and for how long."""
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # in units of 1 / (n m), which are exact
    starts = np.concatenate([[0], ends[:-1]])
    return starts // m, starts // n, (ends - starts) / (n * m)


def squared_distances(
    x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"], directions: Float64[np.ndarray, "k d"]
) -> Float64[np.ndarray, " k"]:
    """The squared 2-Wasserstein distance of both sets along each direction."""
    of_x, of_y, lengths = _steps(len(x), len(y))
    found = []
    for start in range(0, len(directions), AT_ONCE):
        lines = directions[start : start + AT_ONCE]
        found.append(np.square(_projected(x, lines)[:, of_x] - _projected(y, lines)[:, of_y]) @ lengths)
    return np.concatenate(found)


def _drawn(count: int, dims: int, seed: int) -> Float64[np.ndarray, "k d"]:
    """Directions of length 1."""
    drawn = np.random.RandomState(seed).standard_normal((count, dims))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


@numpy_defaults()
def compute(real: Given, generated: Given, *, directions: int = DIRECTIONS, seed: int = SEED) -> dict[str, float]:
    """MIND of real [n, d] against generated [m, d] features, at least 0; lower is better.

    InputError for fewer than 2 images, other shapes, NaN, or fewer than 2 directions.
    """
    real, generated = check_pair(real, generated, least=2)
    count = whole_number(directions, "the number of directions", 2, MOST_DIRECTIONS)
    drawn = _drawn(count, real.shape[1], check_seed(seed))
    each = 3 * real.shape[1] * squared_distances(real, generated, drawn)
    return {"mind": float(each.mean()), "mind_directions_sd": float(each.std(ddof=1) / math.sqrt(count))}


@numpy_defaults()
def moved(real: Given, generated: Given) -> dict[str, Moved]:
    """MIND of as many generated as real images, with the influence of each.

    The derivative of a transport cost by the weight of a value is its dual potential. On a line it is a sum of steps:
    from one sorted value x to the next x', whose partners are y and y', (x' - x) (x' + x - y' - y), the middle of what
    the weights of finitely many values leave open.
    """
    real, generated = check_pair(real, generated, least=2)
    drawn = _drawn(DIRECTIONS, real.shape[1], SEED)
    moves = np.zeros((2, len(real)))
    total = 0.0
    for start in range(0, len(drawn), AT_ONCE):
        along = [one.astype(np.float64) @ drawn[start : start + AT_ONCE].T for one in (real, generated)]
        orders = [np.argsort(one, axis=0, kind="stable") for one in along]
        x, y = (np.take_along_axis(one, order, axis=0) for one, order in zip(along, orders, strict=True))
        total += float(np.square(x - y).mean(axis=0).sum())
        for side, (one, other, order) in enumerate(((x, y, orders[0]), (y, x, orders[1]))):
            steps = np.diff(one, axis=0) * (one[1:] + one[:-1] - other[1:] - other[:-1])
            np.add.at(moves[side], order[1:], np.cumsum(steps, axis=0))
    scale = 3 * real.shape[1] / len(drawn)
    moves -= moves.mean(axis=1, keepdims=True)
    return {"mind": Moved(scale * total, tuple(scale * moves / len(real)))}


METRIC = Metric(
    name="mind",
    title="Monge Inception Distance",
    source="Berthet et al. 2026, arXiv 2605.06797",
    feature="pool",
    arity="pair",
    outputs=(
        Output(
            *("mind", "MIND", "lower"),
            says="the cost of carrying one set of features into the other along random lines; no Gaussian is assumed",
            least=0,
            shown="table",
            decimals=2,
            looks_at="both",
        ),
    ),
    beside=(Value("mind_directions_sd", least=0),),
    options=(Option("directions", DIRECTIONS, "Random lines.", least=2),),
    moved=moved,
    compute=compute,
    least=2,
)
