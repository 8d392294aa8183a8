"""Feature Likelihood Divergence: how likely held-out images are around the generated ones, copies punished.

Jiralerspong et al. 2023 (arXiv 2302.04440). Features are scaled by the held-out set's mean and standard deviation. A
mixture with one round Gaussian around each generated image is fitted to the training set: only the m widths are free,
and a copy of a training image gets a tiny one, so that it explains nothing held out. Then

    fld = 100 (nll(held-out | generated) - nll(held-out | half of the training set))

where nll is the mean negative log-likelihood per dimension. It is 0 for a generator as good as new training images,
higher for worse ones, and high for copies. `fld_gap` is 100 (nll(training) - nll(held-out)), both around the generated
images: well below 0, the training set is fitted better than what was held out, a sign of copies.

The fit follows the authors' code (github.com/marcojira/fld): log-variances start at the distance to the nearest
training image, 50 steps of Adam with rate 0.5, and an additional Gaussian around the training mean, which keeps the
likelihood of outliers finite while fitting and is left out afterwards. What differs: float64, all training images in
every step, and halves of the training set drawn by numpy.

What it cannot see: it is a comparison within one feature space, like all of these. No interval is claimed.

Cost: 50 steps of n m exponentials; memory: about 40 n m bytes, 4 GB for 10,000 against 10,000.
"""

import math

import numpy as np

from genbench.shapes import Float64
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, canonical_order, check_matrix
from metrics.arithmetic.nearest import recompute, squared_distances
from metrics.arithmetic.products import squared_norms
from metrics.errors import InputError
from metrics.options import SEED, check_seed
from metrics.types import Metric, Output

STEPS, RATE = 50, 0.5
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's own
ORIGIN = 0.9**2  # the squared distance to the training mean is taken this much smaller
LEAST_LOG, MOST_LOG = -40.0, 20.0  # of the variances: copies would have 0
NEAREST = 1e-3  # added to the squared distance at the start


def _distances(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "n m"]:
    """Squared distances; that of a copy is exactly 0, as its width depends on it."""
    squared, error = squared_distances(x, y, squared_norms(x), squared_norms(y))
    recompute(squared, squared <= 2 * error[:, None], x, y)
    return squared


def _log_densities(squared: Float64[np.ndarray, "n m"], logs: np.ndarray, d: int) -> Float64[np.ndarray, "n m"]:
    """log N(x | y, exp(logs) I) of round Gaussians in d dimensions at these squared distances."""
    return -0.5 * squared * np.exp(-logs) - 0.5 * d * (logs + math.log(2 * math.pi))


def _log_sum(values: Float64[np.ndarray, "n m"]) -> Float64[np.ndarray, " n"]:
    top = values.max(axis=1)
    return top + np.log(np.exp(values - top[:, None]).sum(axis=1))


def fitted(x: Float64[np.ndarray, "n d"], centres: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, " m"]:
    """The log-variances of Gaussians around `centres` that make x likely."""
    n, d = x.shape
    squared = np.hstack([_distances(x, centres), ORIGIN * _distances(x, x.mean(axis=0, keepdims=True))])
    logs = np.log((squared.min(axis=0) + NEAREST) / d)
    logs[-1] = 0.0
    weights = np.full(len(logs), -math.log(len(centres)))
    weights[-1] = 0.0
    first, second = np.zeros_like(logs), np.zeros_like(logs)
    for step in range(1, STEPS + 1):
        joint = _log_densities(squared, logs, d) + weights
        shares = np.exp(joint - _log_sum(joint)[:, None])
        # d log N / d log-variance = |x - y|^2 / 2 variance - d / 2, weighted by how much of x each Gaussian explains
        slope = -(0.5 * (shares * squared).sum(axis=0) * np.exp(-logs) - 0.5 * d * shares.sum(axis=0)) / (n * d)
        first = BETA_1 * first + (1 - BETA_1) * slope
        second = BETA_2 * second + (1 - BETA_2) * slope**2
        logs -= RATE * (first / (1 - BETA_1**step)) / (np.sqrt(second / (1 - BETA_2**step)) + EPSILON)
        logs[:-1] = logs[:-1].clip(LEAST_LOG, MOST_LOG)
    return logs[:-1]


def _nll(x: Float64[np.ndarray, "n d"], centres: Float64[np.ndarray, "m d"], logs: Float64[np.ndarray, " m"]) -> float:
    d = x.shape[1]
    joint = _log_densities(_distances(x, centres), logs, d) - math.log(len(centres))
    return float(-_log_sum(joint).mean() / d)


@numpy_defaults()
def compute(train: Given, generated: Given, held_out: Given, *, seed: int = SEED) -> dict[str, float]:
    """FLD of generated [m, d] features, given those of the training set [n, d] and of held-out real images [k, d].

    Lower is better; 0 is as good as new training images.

    `seed` draws the half of the training set that stands for a good generator. InputError for fewer than 4 images,
    other shapes, NaN, and where the held-out images do not vary at all.
    """
    sets = [("training", train), ("generated", generated), ("held-out", held_out)]
    checked = [check_matrix(given, f"the {name} features", least=4).astype(np.float64) for name, given in sets]
    widths = {values.shape[1] for values in checked}
    if len(widths) > 1:
        raise InputError(f"the features have {sorted(widths)} dimensions; expected the same of all three sets")
    train, generated, held_out = _scaled(*checked)
    order = canonical_order(train)[np.random.RandomState(check_seed(seed)).permutation(len(train))]
    half = min(len(generated), len(train) // 2)
    logs = fitted(train, generated)
    own, others = train[order[:half]], train[order[half:]]
    good = _nll(held_out, own, fitted(others, own))
    found = _nll(held_out, generated, logs)
    return {"fld": 100 * (found - good), "fld_gap": 100 * (_nll(train, generated, logs) - found)}


def _scaled(
    train: Float64[np.ndarray, "n d"], generated: Float64[np.ndarray, "m d"], held_out: Float64[np.ndarray, "k d"]
) -> tuple[Float64[np.ndarray, "n e"], Float64[np.ndarray, "m e"], Float64[np.ndarray, "k e"]]:
    """All three with the held-out set's means at 0 and its standard deviations at 1; features that do not vary there
    are left out, which no number could scale."""
    varies = held_out.std(axis=0) > 0
    if not varies.any():
        raise InputError("the held-out images have all the same features; expected different images")
    mean, sd = held_out[:, varies].mean(axis=0), held_out[:, varies].std(axis=0, ddof=1)
    scaled = [(values[:, varies] - mean) / sd for values in (train, generated, held_out)]
    return scaled[0], scaled[1], scaled[2]


METRIC = Metric(
    name="fld",
    title="Feature Likelihood Divergence",
    source="Jiralerspong et al. 2023, arXiv 2302.04440",
    feature="pool",
    arity="triplet",
    outputs=(
        Output(
            *("fld", "FLD", "lower"),
            says="how unlikely held-out images are around the generated ones; copies of training images count as bad",
            shown="table",
            decimals=2,
            looks_at="copies",
        ),
        Output(
            *("fld_gap", "FLD, training less held-out", "neither"),
            says="well below 0 if training images are closer to the generated ones than held-out images are",
            shown="entry",
            decimals=2,
        ),
    ),
    compute=compute,
)
