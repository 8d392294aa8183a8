"""The corrected FID of sets that are no two samples of independent draws, where it is known what they are instead.

The estimate is that of `fid_interval`, with halves, the noise of the means and the variance as the sets call for:

`of_pairs`  Row i of one set belongs to row i of the other (a translation and its partner, a photo and its restoration),
            and pairs are independent of each other. Everything that meets across the sets comes from different pairs:
            the overlap of both is that of one half of the pairs in the real set with the OTHER half in the generated
            one, so that where both distributions are one the difference has expectation 0 however close partners are;
            and |m1 - m2|^2 is the mean of z_i.z_j over i != j, with z = x - y. An image and its partner move the
            distance together, so that their influences are added before they are squared.
`of_strata` The numbers of images of each class were fixed and not left to chance (0, 1, ..., 9 in turn). The mean of
            such a set has the noise within the classes only, tr W / n instead of tr S / n; both halves have the same
            share of each class, or they would be less alike than two such sets; and an image's influence counts by
            how far it is from the mean of its class.

Of two independent sets both agree with `fid_interval` but for chance. docs/fid.md says how often the intervals cover.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genbench.shapes import Float64, Int64, Num
from metrics.arithmetic.arrays import canonical_order
from metrics.arithmetic.designs import Classes, Design
from metrics.arithmetic.fid_interval import Interval, between, half_of, of_split, splits_of
from metrics.arithmetic.frechet import Side, influence
from metrics.arithmetic.quantiles import Z95

Rows = Int64[np.ndarray, " _"]
Halves = tuple[tuple[Rows, Rows], tuple[Rows, Rows]]


@dataclass(frozen=True)
class _Terms:
    """What the estimate is made of, beside the halves: the squared distance of the means without its noise, and the
    variance of first order."""

    mean_term: float
    variance: float


def of_design(
    real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"], design: Design, *, seed: int
) -> Interval:
    """The corrected FID of two sets that were drawn in this way."""
    if design.pairs:
        return of_pairs(real, generated, seed=seed)
    return of_strata(real, generated, *design.classes, seed=seed)


def of_pairs(real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "n d"], *, seed: int) -> Interval:
    """The corrected FID of n >= 4 pairs: row i of one belongs to row i of the other."""
    draw, count = np.random.default_rng(seed), len(real)
    order = canonical_order(np.hstack([real, generated]))
    step = real.astype(np.float64) - generated
    noise = float(step.var(axis=0, ddof=1).sum()) / count
    moves = np.add(*influence(real, generated))
    terms = _Terms(_squared(step.mean(axis=0)) - noise, float(moves @ moves))

    def halves() -> Halves:
        rows = order[draw.permutation(count)]
        first, second = rows[: count // 2], rows[count // 2 : count // 2 * 2]
        return (first, second), (first, second)

    return _estimate(real, generated, terms, halves)


def of_strata(
    real: Num[np.ndarray, "n d"],
    generated: Num[np.ndarray, "m d"],
    classes_a: Classes,
    classes_b: Classes,
    *,
    seed: int,
) -> Interval:
    """The corrected FID of two independent sets; the classes of one are given where their numbers were fixed, and None
    where they were left to chance."""
    draw = np.random.default_rng(seed)
    sides = (real, classes_a), (generated, classes_b)
    noise = sum(_noise_of_mean(side, classes) for side, classes in sides)
    moves = influence(real, generated)
    variance = sum(_squares_within(one, classes) for one, (_, classes) in zip(moves, sides, strict=True))
    step = real.mean(axis=0, dtype=np.float64) - generated.mean(axis=0, dtype=np.float64)
    terms = _Terms(_squared(step) - noise, variance)
    orders = [canonical_order(side) for side, _ in sides]
    size = min(len(real), len(generated)) // 2

    def halves() -> Halves:
        first, second = (
            _even_halves(order[draw.permutation(len(order))], classes, size, draw)
            for order, (_, classes) in zip(orders, sides, strict=True)
        )
        return first, second

    return _estimate(real, generated, terms, halves)


def _estimate(
    real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"], terms: _Terms, halves: Callable[[], Halves]
) -> Interval:
    splits = []
    for _ in range(splits_of(min(len(real), len(generated)) // 2, real.shape[1])):
        (a, other_a), (b, other_b) = (
            [half_of(side, rows) for rows in both] for side, both in zip((real, generated), halves(), strict=True)
        )
        # Each half of one set meets the half of the other that has not its partners.
        splits.append(of_split((a, other_a), (other_b, b), (len(real), len(generated)))[:2])
    found, room = between(*np.array(splits).T)
    value = terms.mean_term + float(found.mean())
    sd = float(np.sqrt(terms.variance + found.var(ddof=1) / len(found)))
    reach = room + Z95 * sd
    return Interval(value, sd, value - reach, value + reach, room)


def _squared(step: Float64[np.ndarray, " d"]) -> float:
    return float(step @ step)


def _trace(features: Num[np.ndarray, "n d"]) -> float:
    return Side(features).trace


# ----- classes whose numbers were fixed


def _noise_of_mean(features: Num[np.ndarray, "n d"], classes: Classes) -> float:
    """E |mean - m|^2: tr S / n and, with fixed numbers, the sum of n_k tr W_k / n^2 over the classes."""
    if classes is None:
        return _trace(features) / len(features)
    groups = [features[classes == one] for one in range(classes.max() + 1)]
    return sum(len(group) * _trace(group) for group in groups) / len(features) ** 2


def _squares_within(moves: Float64[np.ndarray, " n"], classes: Classes) -> float:
    """The variance that images with these influences bring."""
    if classes is None:
        return float(moves @ moves)
    groups = [moves[classes == one] for one in range(classes.max() + 1)]
    return sum(len(group) * float(group.var(ddof=1)) for group in groups)


def _even_halves(rows: Rows, classes: Classes, size: int, draw: np.random.Generator) -> tuple[Rows, Rows]:
    """Two halves of `size` of these shuffled rows; with fixed numbers, each holds every class by its share, but for
    the image by which a number may be odd."""
    if classes is not None:
        ranks = draw.permutation(classes.max() + 1)  # the odd images of the classes are dealt out in another order
        rows = rows[np.argsort(ranks[classes[rows]], kind="stable")]
        rows = rows[(np.arange(2 * size) * len(rows)) // (2 * size)]
        return rows[::2], rows[1::2]
    return rows[:size], rows[size : 2 * size]
