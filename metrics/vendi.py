"""Vendi score: how many different images a set is worth, from the directions of their features.

Friedman and Dieng 2023 (arXiv 2210.02410): with the kernel k(x, y) = x.y / |x||y| and the eigenvalues l_i of K / n,
which are at least 0 and add up to 1,

    vendi = exp(-sum_i l_i log l_i)

It is 1 where all features point one way and n where all are at right angles. Nothing real is needed. The eigenvalues
that are not 0 are also those of the d x d matrix of second moments, which is the smaller one where n > d.

What it cannot see: whether the images look real. Noise is varied too. It grows with n, so only sets of one size
compare; no interval is claimed.
"""

import numpy as np

from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_matrix
from metrics.arithmetic.directions import directions
from metrics.arithmetic.gaussian import RANK_TOLERANCE
from metrics.types import Metric, Moved, Output


@numpy_defaults()
def compute(features: Given) -> dict[str, float]:
    """The Vendi score of features [n, d], from 1 to min(n, d); higher is more varied.

    InputError for fewer than 2 images, NaN, and an image whose features are all 0.
    """
    values = check_matrix(features, "the features", least=2)
    n, d = values.shape
    rows = directions(values, "set's")
    kernel = rows.T @ rows if n > d else rows @ rows.T
    from scipy.linalg import eigvalsh

    shares = eigvalsh(kernel / n, check_finite=False)
    shares = shares[shares > 0]
    return {"vendi": float(np.exp(-np.sum(shares * np.log(shares))))}


@numpy_defaults()
def moved(features: Given) -> dict[str, Moved]:
    """The Vendi score with the influence of each image: log vendi rises by -(x' log S x) less its mean, over n, where S
    is the matrix of second moments of the features x of length 1."""
    rows = directions(check_matrix(features, "the features", least=2), "set's")
    n, d = rows.shape
    from scipy.linalg import eigh

    values, vectors = eigh((rows.T @ rows if n > d else rows @ rows.T) / n, check_finite=False)
    kept = values > RANK_TOLERANCE * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    squared = (rows @ vectors) ** 2 if n > d else n * values * vectors**2  # how much of each row lies in a direction
    each = -squared @ np.log(values)
    value = float(np.exp(each.mean()))
    return {"vendi": Moved(value, (value * (each - each.mean()) / n,))}


METRIC = Metric(
    name="vendi",
    title="Vendi score",
    source="Friedman and Dieng 2023, arXiv 2210.02410",
    feature="pool",
    arity="set",
    outputs=(
        Output(
            *("vendi", "Vendi score", "higher"),
            says="how many different images the set is worth; only sets of one size compare",
            least=1,
            shown="table",
            column="Vendi",
            decimals=2,
            looks_at="variety",
        ),
    ),
    moved=moved,
    compute=compute,
    least=2,
)
