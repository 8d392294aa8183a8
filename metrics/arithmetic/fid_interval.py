"""Corrected FIDs and their intervals: split halves (the default), the delete-group jackknife, and FID-infinity.

Split halves. Let T(A, B) be the overlap tr (S_A S_B)^(1/2) of two samples. On average it is too small. How much is lost
is known where both samples are halves of ONE set, whose overlap is tr S: of the halves A, A' of the real set and B, B'
of the generated one (all of one size) the losses are

    l_A = tr S_A - T(A, A')        l_B = tr S_B - T(B, B')

To first order in 1 / n, the loss of two Gaussian samples is Lambda / (2 n) + T / (4 n) with, over the singular values s
of their overlap,

    Lambda = sum over i and j of s_i s_j / (s_i + s_j)

(the second derivative of T, with var S_ij = s_i s_j / n and twice that where i = j, whose second half is T / (4 n)).
Where many directions vary, Lambda is far more than T, and stands for all. Few images, heavy tails and n < d make the
loss larger than that, but those of one size alike. So there are two estimates of the loss across the sets,

    as within       sqrt(l_A l_B)
    by its values   sqrt(l_A l_B) q        q = Lambda(A, B) / sqrt(Lambda(A, A') Lambda(B, B'))

and of the covariance term tr S1 + tr S2 - 2 (T(A, B) + loss). Where both sets come from one distribution, q is near 1,
and the first has expectation 0, at ANY n and d. Where they differ, fewer directions are common to both than to the
halves of one, and the first is too small. The second is right where n is some times d, and mostly too large far below.
The corrected value lies two thirds of the way from the first to the second, averaged over random splits, plus the
unbiased mean term |m1 - m2|^2 - tr S1 / n - tr S2 / m.

Its variance. The influence of the single images, I, is of first order, but its own noise makes it hold what is of
second order twice. Of the mean term that is M = 2 tr (S1 / n + S2 / m)^2, which the halves give without bias. Of the
covariance term it is v, the spread between random splits: with A, A' = S1 + a + d, S1 + a - d, and B, B' likewise with
b and e, the term is near |a - b|^2 - |d + e|^2, and over splits the second varies as the first does over samples.
The fewer images, the less of v the influence holds (`_twice`). So, with a variance that stands still and one that grows
with the distance,

    still = v + M + v / splits        growing = max(0, I - twice v - M - (v + M))

The interval is that of `metrics.arithmetic.quantiles.growing_ends`, and beyond it a third of the way between both
estimates on either side, since no one place between them is right for all features: so it reaches to the second. They
meet as n grows. docs/fid.md says how often it covers.

Delete-group jackknife (Quenouille, Tukey; both sets lose one of G groups at a time) removes the 1 / n part of the bias
only: enough for n > d, not below. FID-infinity (Chong and Forsyth 2020, arXiv 1911.07023) fits a line in 1 / n to
smaller samples and has the same limit.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from genbench.shapes import Float64, Int64, Num
from metrics.arithmetic.arrays import canonical_order, chosen_blocks
from metrics.arithmetic.frechet import Pair, Side, fid_of, gaussian_distance
from metrics.arithmetic.gaussian import (
    GaussianStats,
    centred_root,
    nuclear_norm,
    overlap_values,
    quick_singular_values,
)
from metrics.arithmetic.quantiles import growing_ends

T19 = 2.093024054408263  # 97.5 % quantile of Student's t with GROUPS - 1 degrees of freedom
GROUPS = 20
PLACE = 2 / 3  # of the corrected value on the way from the first estimate to the second
ROOM = 1 / 3  # of that way, on either side
NO_OVERLAP = 1e-12  # of the traces: what rounding leaves of halves that share no direction
ROUNDING = 1e-7  # of the largest singular value: below it is nothing but rounding
Rows = Num[np.ndarray, "_ d"]
Half = Any  # the statistics of a half, or a root of its covariance; both halves of a set are of one kind
Parts = list[Int64[np.ndarray, " _"]]


@dataclass(frozen=True)
class Interval:
    """A corrected value, its standard deviation, and the ends of its 95 % interval, `room` of which on either side is
    for a bias that is not known."""

    value: float
    sd: float
    low: float
    high: float
    room: float = 0.0


# ----- split halves


def split_half(real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"], *, seed: int) -> Interval:
    """The corrected FID of two sets of at least 4 images each; see the head of this file."""
    return split_half_of(Pair(Side(real), Side(generated)), seed=seed)


def split_half_of(pair: Pair, *, seed: int) -> Interval:
    """As `split_half`, of two sets of which something may be computed already."""
    draw, a, b = np.random.default_rng(seed), pair.a, pair.b
    counts = len(a.features), len(b.features)
    # The halves are drawn by content, so that the order of the files does not move the value.
    orders = [canonical_order(side.features) for side in (a, b)]
    # All four halves have one size, or their overlaps would not be too small by one factor.
    size = min(counts) // 2
    splits = []
    for _ in range(splits_of(size, len(a.mean))):
        half_a, half_b = (
            _halves(side, order[draw.permutation(len(order))[: 2 * size]])
            for side, order in zip((a, b), orders, strict=True)
        )
        splits.append(of_split(half_a, half_b, counts))
    as_within, by_values, kept, of_mean = np.array(splits).T
    terms, room = between(as_within, by_values)
    # E |mean_a - mean_b|^2 is larger than |m1 - m2|^2 by the variances of the two means.
    step = a.mean - b.mean
    value = float(step @ step) - a.trace / counts[0] - b.trace / counts[1] + float(terms.mean())
    spread, second = float(terms.var(ddof=1)), max(float(of_mean.mean()), 0.0)
    of_images = sum(float(one @ one) for one in pair.influence)
    twice = _twice(float(np.sqrt(kept.mean()))) * spread + second
    # The mean over few random splits keeps some of their own spread.
    still = spread + second + spread / len(terms)
    growing = max(of_images - twice - spread - second, 0.0)
    low, high = growing_ends(value, still, growing)
    return Interval(value, float(np.sqrt(still + growing)), low - room, high + room, room)


def between(
    as_within: Float64[np.ndarray, " s"], by_values: Float64[np.ndarray, " s"]
) -> tuple[Float64[np.ndarray, " s"], float]:
    """The covariance term of each split, from both estimates of it, and the room on either side of their mean."""
    way = by_values - as_within
    return as_within + PLACE * way, ROOM * abs(float(way.mean()))


def _twice(left: float) -> float:
    """How much of the spread between splits the influence counts twice, where this share of the overlap is left."""
    return min(max(2.5 * (left - 0.38), 0.0), 1.0)


def splits_of(size: int, dims: int) -> int:
    """How often halves of this size are drawn: more of them steady the value, and each costs the cube of the smaller of
    size and d.
    """
    cost = min(size, dims)
    return 16 if cost <= 64 else 8 if cost <= 512 else 4 if cost <= 1024 else 2


def _halves(side: Side, rows: Int64[np.ndarray, " k"]) -> tuple[Half, ...]:
    """These rows in two halves; what is left of the whole set is had by taking one half out of it."""
    size = len(rows) // 2
    first = half_of(side.features, rows[:size])
    if isinstance(first, GaussianStats) and len(rows) == len(side.features):
        return first, side.stats.without(first)
    return first, half_of(side.features, rows[size:])


def half_of(features: Num[np.ndarray, "n d"], rows: Int64[np.ndarray, " k"]) -> Half:
    """These rows as a root of their covariance or, with more of them than features, as their statistics."""
    if len(rows) > features.shape[1]:
        return GaussianStats.of_blocks(chosen_blocks(features, np.sort(rows)))
    return centred_root(features[np.sort(rows)])


def of_split(
    real: tuple[Half, ...], generated: tuple[Half, ...], counts: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Of one split: both estimates of the covariance term, the square of the share of the overlap that is left, and M
    (see above)."""
    n, m = counts
    # The losses within and across are alike on average; two pairs of halves make the latter steadier.
    # One half of each set comes first in both of its overlaps, and is decomposed once.
    (first_a, other_a), (first_b, other_b) = real, generated
    (within_a, lambda_a, square_a), (within_b, lambda_b, square_b) = (
        _overlap(first_a, other_a),
        _overlap(other_b, first_b),
    )
    across, lambda_ab, square_ab = np.mean([_overlap(first_a, first_b), _overlap(other_b, other_a)], axis=0).tolist()
    # Those of the halves vary with their overlaps, so that what is left over varies less.
    trace_a, trace_b = ((_trace(first) + _trace(other)) / 2 for first, other in (real, generated))
    loss = _geometric_mean(max(trace_a - within_a, 0.0), max(trace_b - within_b, 0.0))
    within, whole = _geometric_mean(within_a, within_b), _geometric_mean(trace_a, trace_b)
    # Halves that share no direction cannot tell.
    share = lambda_ab / _geometric_mean(lambda_a, lambda_b) if within > NO_OVERLAP * whole else 1.0
    as_within = trace_a + trace_b - 2 * (across + loss)
    return (
        as_within,
        as_within + 2 * loss * (1 - share),
        (within / whole) ** 2 if whole > 0 else 1.0,
        2 * (square_a / n**2 + 2 * square_ab / (n * m) + square_b / m**2),
    )


def _overlap(a: Any, b: Any) -> tuple[float, float, float]:
    """Of two halves of one kind, see `half_of`: their overlap tr (S1 S2)^(1/2), its Lambda, and tr S1 S2."""
    if isinstance(a, GaussianStats):
        values, square = overlap_values(a, b), float(np.vdot(a.cov, b.cov))
    else:
        product = a @ b.T
        values, square = quick_singular_values(product, len(product) - 1), float(np.vdot(product, product))
    return float(values.sum()), lambda_of(values), square


def lambda_of(values: Float64[np.ndarray, " r"]) -> float:
    """The sum of s_i s_j / (s_i + s_j) over all pairs, and of each value with itself."""
    values = values[values > ROUNDING * values.max(initial=0)]
    # s_i s_j / (s_i + s_j) is 1 / (1 / s_i + 1 / s_j)
    inverse = 1 / values
    return float((1 / (inverse[:, None] + inverse)).sum())


def _geometric_mean(a: float, b: float) -> float:
    """Of numbers whose product may vanish."""
    return math.sqrt(a) * math.sqrt(b)


def _trace(half: Any) -> float:
    """Of the covariance of a half."""
    return float(np.trace(half.cov)) if isinstance(half, GaussianStats) else float(np.vdot(half, half))


# ----- delete-group jackknife


def jackknife(
    real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"], *, seed: int, groups: int = GROUPS
) -> Interval:
    """The jackknife-corrected FID with its standard deviation and 95 % interval (Student's t for 20 groups).

    Where a set has at most d images everything is read off one matrix of inner products; otherwise each group's
    statistics are taken out of the whole's.
    """
    groups = min(groups, len(real), len(generated))
    draw = np.random.default_rng(seed)
    parts = [np.array_split(canonical_order(side)[draw.permutation(len(side))], groups) for side in (real, generated)]
    leave_out = _gram_leave_out if min(len(real), len(generated)) <= real.shape[1] else _moment_leave_out
    values = np.array(list(leave_out(real, generated, *parts)))
    # A bias of c / n grows to c / n G / (G - 1) without a group: this combination of the two takes it away.
    value = groups * fid_of(real, generated).fid - (groups - 1) * values.mean()
    # The G values share nearly all images and vary G - 1 times too little: (G - 1)^2 var / (G - 1) is that of a mean.
    sd = float(np.sqrt((groups - 1) * values.var()))
    return Interval(float(value), sd, float(value - T19 * sd), float(value + T19 * sd))


def _gram_leave_out(real: Rows, generated: Rows, parts_a: Parts, parts_b: Parts) -> Iterator[float]:
    a, b = real.astype(np.float64), generated.astype(np.float64)
    step = a.mean(axis=0) - b.mean(axis=0)
    a -= a.mean(axis=0)
    b -= b.mean(axis=0)
    # The overlap is the nuclear norm of the centred inner products, so that one product serves all groups.
    gram, squares_a, squares_b = a @ b.T, (a**2).sum(axis=1), (b**2).sum(axis=1)
    for part_a, part_b in zip(parts_a, parts_b, strict=True):
        kept_a, kept_b = np.delete(np.arange(len(a)), part_a), np.delete(np.arange(len(b)), part_b)
        # Without a group the means move: by these shifts, and the inner products are centred anew.
        shift_a, shift_b = -a[part_a].sum(axis=0) / len(kept_a), -b[part_b].sum(axis=0) / len(kept_b)
        moved = step + shift_a - shift_b
        block = gram[np.ix_(kept_a, kept_b)]
        block = block - block.mean(axis=0)
        block -= block.mean(axis=1, keepdims=True)
        scale = np.sqrt((len(kept_a) - 1.0) * (len(kept_b) - 1.0))
        trace_a = (squares_a[kept_a].sum() - len(kept_a) * (shift_a @ shift_a)) / (len(kept_a) - 1)
        trace_b = (squares_b[kept_b].sum() - len(kept_b) * (shift_b @ shift_b)) / (len(kept_b) - 1)
        yield float(moved @ moved + trace_a + trace_b - 2 * nuclear_norm(block) / scale)


def _moment_leave_out(real: Rows, generated: Rows, parts_a: Parts, parts_b: Parts) -> Iterator[float]:
    whole_a, whole_b = GaussianStats.of(real), GaussianStats.of(generated)
    for part_a, part_b in zip(parts_a, parts_b, strict=True):
        rest_a = _without(real, whole_a, part_a)
        yield gaussian_distance(rest_a, _without(generated, whole_b, part_b)).fid


def _without(features: Rows, whole: GaussianStats, rows: Int64[np.ndarray, " k"]) -> GaussianStats:
    if len(rows) == 1:
        rest = np.delete(np.arange(len(features)), rows)
        return GaussianStats.of_blocks(chosen_blocks(features, rest))
    return whole.without(GaussianStats.of_blocks(chosen_blocks(features, np.sort(rows))))


# ----- extrapolation in 1 / n


def infinity(real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"], *, seed: int, points: int = 10) -> float:
    """FID-infinity: plain FIDs of random subsets, a fifth of the images to all, and a line in 1 / n at 1 / n = 0."""
    draw = np.random.default_rng(seed)
    orders = [canonical_order(side) for side in (real, generated)]
    shares = np.linspace(0.2, 1.0, points)
    values = []
    for share in shares:
        rows = [np.sort(order[draw.permutation(len(order))[: max(2, round(share * len(order)))]]) for order in orders]
        values.append(fid_of(real[rows[0]], generated[rows[1]]).fid)
    # The line is in 1 / share = n / images, whose 0 is an infinite sample too.
    return float(np.polyfit(1 / shares, values, 1)[1])
