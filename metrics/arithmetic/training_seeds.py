"""A score of one model that was trained with several seeds: its mean, and how much of the spread training brings.

Seed i of k scores

    x_i = mu + b_i + c_i + e_i

b_i is what this training brought, e_i what its generated images did, c_i what the one set of real images did, which all
seeds are measured against. This is the random-effects model of DerSimonian and Laird (1986, Controlled Clinical Trials
7(3)), whose studies have sampling errors in common here. With V the covariance matrix of c + e, the variance s^2 of the
k scores is on average

    E s^2 = tau^2 + a,    a = mean of V_ii - mean of V_ij (i != j),

so that tau^2 = max(0, s^2 - a) is the method-of-moments estimate of the variance between seeds. What all c_i have in
common moves no score away from another one, is not in s^2, and so is not taken from it: a holds only the part of the
sampling errors that differs from seed to seed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from metrics.arithmetic.quantiles import t95

SHARED = 0.5  # of a sampling variance that is the real set's, where that is not known: 0.4 to 0.9 in published entries


@dataclass(frozen=True)
class SeedMean:
    """The mean of a score over `count` training seeds.

    `low` and `high` are the ends of its 95 % t-interval with count - 1 degrees of freedom, `spread` is the standard
    deviation of the scores, `sampling` the root mean square of their standard errors. `between` is the standard
    deviation between seeds, which is what training alone brings, `between_low` and `between_high` the ends of its 95 %
    interval. Each is None where it is not known: of one seed all but the mean and the sampling error, without standard
    errors the sampling error and what lies between.

    The t-interval covers the mean over all seeds of training, each with fresh generated images, on these real images:
    the spread holds both kinds of randomness. It does not cover what other real images would give, nor a bias of the
    metric, which all seeds have alike; and it takes the scores of seeds for normal.
    """

    count: int
    mean: float
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    sampling: float | None = None
    between: float | None = None
    between_low: float | None = None
    between_high: float | None = None


def over_seeds(
    values: Sequence[float] | np.ndarray,
    errors: Sequence[float] | np.ndarray | None = None,
    apart: float | None = None,
) -> SeedMean:
    """The mean of scores [k] over k >= 1 training seeds, whose standard errors are `errors` [k], None if not known.

    `apart` is the variance of the sampling errors that differs from seed to seed, see `differing`. Where it is not
    known, the share SHARED of the sampling variance is taken for the real set's, and the interval of `between` holds
    for any share.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"values have the shape {x.shape}; expected one for each seed")
    variance = None if errors is None else float(np.mean(np.square(np.asarray(errors, dtype=np.float64))))
    sampling = None if variance is None else math.sqrt(variance)
    if len(x) == 1:
        return SeedMean(1, float(x[0]), sampling=sampling)
    spread = float(np.std(x, ddof=1))
    reach = t95(len(x) - 1) * spread / math.sqrt(len(x))
    mean = float(x.mean())
    found = SeedMean(len(x), mean, mean - reach, mean + reach, spread, sampling)
    if variance is None:
        return found
    least, usual, most = (0.0, (1 - SHARED) * variance, variance) if apart is None else (max(apart, 0.0),) * 3
    low, high = _between_ends(spread**2, len(x), least, most)
    return replace(found, between=_without(spread**2, usual), between_low=low, between_high=high)


def differing(covariance: np.ndarray) -> float:
    """The variance of sampling errors with this covariance matrix [k, k] that differs from seed to seed."""
    count = len(covariance)
    own = float(np.trace(covariance)) / count
    return own - (float(covariance.sum()) - own * count) / (count * (count - 1))


def _between_ends(variance: float, count: int, least: float, most: float) -> tuple[float, float]:
    """The 95 % interval of the standard deviation between seeds, from the variance of k scores.

    (k - 1) s^2 / (tau^2 + a) is chi-squared with k - 1 degrees of freedom where all seeds have one sampling error
    (the Q-profile interval of Viechtbauer 2007, Statistics in Medicine 26(1)). `least` and `most` are what a may be.
    """
    from scipy.special import chdtri

    degrees = count - 1
    ends = [degrees * variance / float(chdtri(degrees, tail)) for tail in (0.025, 0.975)]
    return _without(ends[0], most), _without(ends[1], least)


def _without(variance: float, part: float) -> float:
    return math.sqrt(max(variance - part, 0.0))
