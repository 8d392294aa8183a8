"""Near duplicates: images that lie far nearer to one training image than to any other.

With d1 and d2 the distances of an image to its nearest training image and to the next one, its ratio is d1 / d2. A copy
that was moved, noised or compressed has d1 near 0 and a small ratio. A blurred or an average image is near to many
training images, d1 about d2, and has none: unlike d1 alone, the ratio does not take blur for copying (Lowe 2004,
section 7.1, for matching key points; Carlini et al. 2023, arXiv 2301.13188, section 5.1, relative to 50 neighbours).

What counts as small is read off real images: a near duplicate has a smaller ratio than 99 % of those held-out images
that are no exact copies of a training image, and one of the strict rule than 99.9 %. An honest generator has about as
many of them as the held-out images have, or fewer: the expected share. The first rule sees many copies that were
changed much, the second few ones that were changed little: of 1,000 honest images 10 are below the first bound, and 20
copies hide beside them; below the second there is 1.

The probability of the observed share, or a larger one, is by Fisher's exact test, in which generated images near to one
and the same training image count as one. That the bound is itself estimated is part of it: of n honest images and m
held-out ones, in any order with equal probability, k or more lie below the r-th smallest of the held-out ones where
the first k + r - 1 of all hold at least k of the n, which is hypergeometric. `level` sums it up for a rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genbench.shapes import Float64, Int64
from metrics.arithmetic.agreement import TINY, WHOLE, agree
from metrics.arithmetic.chance import effective_number, hypergeometric_tail, more_often
from metrics.types import Value

QUANTILES = {"": 0.01, "_strict": 0.001}  # of the held-out images: which of them count, by the ending of a key


@dataclass(frozen=True)
class NearDuplicates:
    """The share of near duplicates in [0, 1], the share that is expected without copying, and the probability of so
    large a share by chance."""

    share: float
    expected: float
    p: float


def near_duplicates(
    generated: Float64[np.ndarray, "n 2"],
    originals: Int64[np.ndarray, " n"],
    held_out: Float64[np.ndarray, "m 2"],
    quantile: float = QUANTILES[""],
) -> NearDuplicates:
    """From squared distances to the two nearest training images; `originals` are the numbers of the nearest ones."""
    ratios, real = _ratios(generated), _ratios(held_out)
    apart = np.sort(real[real > 0])
    bound = float(apart[_place(quantile, len(apart)) - 1]) if len(apart) else 0.0
    share = float((ratios < bound).mean())
    usual = int((real < bound).sum()) + 1  # of held-out images and one more: the chance of the next one
    drawn = effective_number(np.bincount(originals))
    return NearDuplicates(share, usual / (len(real) + 1), more_often(int(share * drawn), drawn, usual, len(real) + 1))


def near_numbers(
    key: str,
    generated: Float64[np.ndarray, "n 2"],
    originals: Int64[np.ndarray, " n"],
    held_out: Float64[np.ndarray, "m 2"],
) -> dict[str, float]:
    """By both rules: `key`, `key`_expected and `key`_p, and `key`_strict, `key`_strict_expected, `key`_strict_p."""
    found: dict[str, float] = {}
    for end, quantile in QUANTILES.items():
        near = near_duplicates(generated, originals, held_out, quantile)
        found |= {key + end: near.share, f"{key}{end}_expected": near.expected, f"{key}{end}_p": near.p}
    return found


def near_values(key: str) -> tuple[Value, ...]:
    """What is known of these numbers, without the first."""
    return (
        Value(f"{key}_expected", kind="share", least=0, most=1),
        Value(f"{key}_p", kind="probability", least=0, most=1),
        Value(f"{key}_strict", kind="share", least=0, most=1, counted="generated", since=2),
        Value(f"{key}_strict_expected", kind="share", least=0, most=1, since=2),
        Value(f"{key}_strict_p", kind="probability", least=0, most=1, since=2),
    )


def level(count: int, real: int, quantile: float, chance: float, times: float) -> float:
    """How probable it is that `count` honest images, each near to another training image, have a probability below
    `chance` and more than `times` the expected share, by the quantile of `real` held-out images: exact where all of
    them are independent draws of one distribution without ties."""
    below = _place(quantile, real)
    for hits in range(int(times * count * below / (real + 1)) + 1, count + 1):
        if more_often(hits, count, below, real + 1) < chance:
            return hypergeometric_tail(hits, hits + below - 1, count, count + real)
    return 0.0


def _place(quantile: float, count: int) -> int:
    """Which of the held-out images is the bound, from 1 for the smallest ratio."""
    return max(1, int(quantile * (count + 1)))


def _ratios(squared: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, " n"]:
    """d1^2 / d2^2; 0 for a copy, also one of several equal training images."""
    first, second = squared[:, 0], squared[:, 1]
    return np.divide(first, second, out=np.zeros(len(squared)), where=first > 0)


def contradiction(key: str, values: Mapping[str, Any], count: int, real: int) -> Iterator[str]:
    """Where the numbers of `near_numbers`, of `count` images and `real` held-out ones, cannot be of one set."""
    for end in QUANTILES:
        yield from _test_contradicts(key + end, values, count, real)
    usual, strict = values.get(key), values.get(f"{key}_strict")
    if usual is not None and strict is not None and strict > usual + TINY:
        yield f"{key}_strict is {strict:.6g} and {key} {usual:.6g}; what is near by the strict rule is near"


def _test_contradicts(key: str, values: Mapping[str, Any], count: int, real: int) -> Iterator[str]:
    """Where a stored share `key`, what is expected (`_expected`), and the probability of so many (`_p`) contradict each
    other. How many draws the images are worth is not stored, so the probability must be the one that some number of
    them gives."""
    share, expected, p = (values.get(name) for name in (key, f"{key}_expected", f"{key}_p"))
    if share is None or expected is None or p is None:
        return
    usual = round(expected * (real + 1))
    if usual < 1 or abs(usual - expected * (real + 1)) > WHOLE:
        yield f"{key}_expected is {expected:.6g}; it is a whole number, from 1, of {real + 1}"
        return
    if not any(agree(p, more_often(int(share * many), many, usual, real + 1)) for many in range(count, 0, -1)):
        yield f"{key}_p is {p:.6g}; no number of independent images gives it for a share of {share:.6g}"
