"""What the files beside an entry allow its scores to be, where no features are kept from which to compute them again.

| score           | exact                                 | by rule of thumb                                           |
|-----------------|---------------------------------------|------------------------------------------------------------|
| `fid_sd`        | SD_LEAST of the influences' length    | at most SD_MOST times that length                          |
| `kid_sd`        |                                       | within SD_FREE times the length of the influences          |
| `fid_corrected` |                                       | the correction is LEAST to MOST of what is expected        |
| `kid`           |                                       | at least what the moments of first and second order give   |

The variance of the corrected FID is that of the images' influences, less what they count twice, and of the random
splits (`metrics.arithmetic.fid_interval`). The correction is about the bias of the plain FID. For Gaussian features
that is tr S1 / n + tr S2 / m + (1/n + 1/m) / 4 sum_ij s_i s_j / (s_i + s_j) with the values s_i of the overlap of both
sets: few, where the images are all alike. Versions 1 and 2 of the FID took more off, about what the eigenvalues of the
mean covariance give in place of s_i. The least is LEAST of the former, the most is MOST of the latter. Features have
heavier tails; how much that matters real 2 says, whose correction stands in the track's record. So scaled, what 51
entries of `digits` have was 0.97 to 1.06 of the former by version 3, and 0.75 to 0.98 of the latter by version 2. With
fewer images than features there is no such rule, and it is compared with that of real 2 alone.

KID is a sum over the orders 1 to 3 of the differences of moments, squared and weighted, each of which is above 0 but
for noise; the third cannot be had from what is stored.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from bench.leaderboard.moments import Moments
from bench.submissions._values import Problem, StoredScores
from genbench.shapes import Float64
from metrics.arithmetic.fid_interval import lambda_of
from metrics.arithmetic.gaussian import overlap_values
from metrics.types import Metric

SD_LEAST, SD_MOST = 0.7, 2.0  # half of the influences' variance is the least that is left of what they count twice
SD_FREE = 3.0
LEAST, MOST = 0.5, 1.75  # of the expected correction; both by more than SLACK standard deviations
SLACK = 0.25
FEW_LEAST, FEW_MOST = 0.0, 3.0  # of that of real 2
REACHES = 4.0  # standard deviations
HEAVY = 3.0  # times the bias of Gaussian features
ROUNDING = 1e-5  # of float32 influences


def within_bounds(
    scores: StoredScores, scale: float | None, real: Moments, made: Moments, influence: Mapping[Metric, np.ndarray]
) -> Iterator[Problem]:
    """What the influences, by metric, and the moments of an entry do not allow; `scale` is that of `expected_scale`."""
    for what in (
        *_influences(scores, influence),
        *_correction(scores, scale, real, made),
        *_kid(scores, real, made),
    ):
        yield Problem("bounds", what)


def _influences(scores: StoredScores, influence: Mapping[Metric, np.ndarray]) -> Iterator[str]:
    rows = {metric: row.astype(np.float64) for metric, row in influence.items()}
    for metric, row in rows.items():
        if row[0] < 0 or abs(row[1:].sum()) > ROUNDING * np.abs(row[1:]).sum():
            yield f"influence: those of the {metric.name.upper()} do not add up to 0"
    for metric, row in rows.items():
        at, length = metric.interval, float(np.linalg.norm(row))
        sd = scores.get(metric.name, {}).get(at.se) if at else None
        if at is None or sd is None:
            continue
        if at.noisy and not length * SD_LEAST <= sd <= length * SD_MOST:
            least, most = length * SD_LEAST, length * SD_MOST
            yield f"{metric.name}: {at.se} is {sd:.6g}; the influences give {least:.6g} to {most:.6g}"
        if not at.noisy and not length / SD_FREE <= sd <= length * SD_FREE:
            low, high = length / SD_FREE, length * SD_FREE
            yield f"{metric.name}: {at.se} is {sd:.6g}; the influences give {low:.3g} to {high:.3g}"


def expected_scale(null: StoredScores, real: Moments) -> float | None:
    """How large the correction of real 2, whose scores are `null`, is beside that of Gaussian features with the moments
    of real 1, or as it is where these are not stored; None where real 2 has none."""
    plain, corrected = (null.get("fid", {}).get(key) for key in ("fid", "fid_corrected"))
    if plain is None or corrected is None:
        return None
    return (plain - corrected) / (_bias(real, real, _overlap(real, real)) or 1.0 if real.kind == "covariance" else 1.0)


def _correction(scores: StoredScores, scale: float | None, real: Moments, made: Moments) -> Iterator[str]:
    plain, corrected, sd = (scores.get("fid", {}).get(key) for key in ("fid", "fid_corrected", "fid_sd"))
    if plain is None or corrected is None or sd is None or scale is None:
        return
    if "covariance" == real.kind == made.kind:
        mean = (real.statistics().cov + made.statistics().cov) / 2
        low = LEAST * scale * _bias(real, made, _overlap(real, made))
        high = MOST * scale * _bias(real, made, np.maximum(np.linalg.eigvalsh(mean), 0))
    else:
        low, high = FEW_LEAST * scale, FEW_MOST * scale * max(1.0, (made.trace / real.trace) ** 0.5)
    correction = plain - corrected
    if not low - SLACK * sd <= correction <= high + SLACK * sd:
        yield (
            f"fid: the corrected value is {correction:.6g} below the plain one; the moments and the landmarks allow "
            f"{low:.3g} to {high:.3g}"
        )


def _overlap(a: Moments, b: Moments) -> Float64[np.ndarray, " r"]:
    return overlap_values(a.statistics(), b.statistics())


def _bias(a: Moments, b: Moments, values: Float64[np.ndarray, " r"]) -> float:
    """Of the plain FID of Gaussian features with these moments, by the values of their overlap."""
    return a.trace / a.count + b.trace / b.count + (1 / a.count + 1 / b.count) / 4 * lambda_of(values)


def _kid(scores: StoredScores, real: Moments, made: Moments) -> Iterator[str]:
    kid, sd = (scores.get("kid", {}).get(key) for key in ("kid", "kid_sd"))
    if kid is None or sd is None:
        return
    least = _least_kid(real, made)
    if kid < least - REACHES * sd:
        yield f"kid: kid is {kid:.6g}; the moments give at least {least:.6g}, or {REACHES:g} of its sd less by chance"


def _least_kid(real: Moments, made: Moments) -> float:
    """The share of the moments of first and, where they are stored, second order, less their bias."""
    dims, step = len(real.mean), real.mean - made.mean
    first = 3 / dims * (float(step @ step) - real.trace / real.count - made.trace / made.count)
    if not "covariance" == real.kind == made.kind:
        return first
    second, bias = np.zeros((dims, dims)), 0.0
    for sign, one in ((1, real), (-1, made)):
        cov, mean = one.statistics().cov, one.mean
        second += sign * (cov * (one.count - 1) / one.count + np.outer(mean, mean))
        own = one.trace**2 + float((cov**2).sum()) + 2 * float(mean @ cov @ mean) + 2 * float(mean @ mean) * one.trace
        bias += HEAVY * own / one.count
    return first + 3 / dims**2 * (float((second**2).sum()) - bias)
