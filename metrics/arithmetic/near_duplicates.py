"""Near duplicates: images that lie far nearer to one training image than to any other.

With d1 and d2 the distances of an image to its nearest training image and to the next one, its ratio is d1 / d2. A copy
that was moved, noised or compressed has d1 near 0 and a small ratio. A blurred or an average image is near to many
training images, d1 about d2, and has none: unlike d1 alone, the ratio does not take blur for copying (Lowe 2004,
section 7.1, for matching key points; Carlini et al. 2023, arXiv 2301.13188, section 5.1, relative to 50 neighbours).

What counts as small is read off real images: a near duplicate has a smaller ratio than 99 % of those held-out images
that are no exact copies of a training image. An honest generator has about as many of them as the held-out images have,
or fewer: the expected share. The probability of the observed share, or a larger one, is by Fisher's exact test, in
which generated images near to one and the same training image count as one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from metrics.arithmetic.agreement import WHOLE, agree
from metrics.arithmetic.chance import effective_number, more_often

QUANTILE = 0.01  # of the held-out images: the share of them that counts as nearly the same as a training image


@dataclass(frozen=True)
class NearDuplicates:
    """The share of near duplicates in [0, 1], the share that is expected without copying, and the probability of so
    large a share by chance."""

    share: float
    expected: float
    p: float


def near_duplicates(
    generated: Float64[np.ndarray, "n 2"], originals: Int64[np.ndarray, " n"], held_out: Float64[np.ndarray, "m 2"]
) -> NearDuplicates:
    """From squared distances to the two nearest training images; `originals` are the numbers of the nearest ones."""
    ratios, real = _ratios(generated), _ratios(held_out)
    apart = np.sort(real[real > 0])
    place = max(1, int(QUANTILE * (len(apart) + 1))) - 1
    bound = float(apart[place]) if len(apart) else 0.0
    share = float((ratios < bound).mean())
    usual = int((real < bound).sum()) + 1  # of held-out images and one more: the chance of the next one
    drawn = effective_number(np.bincount(originals))
    return NearDuplicates(share, usual / (len(real) + 1), more_often(int(share * drawn), drawn, usual, len(real) + 1))


def _ratios(squared: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, " n"]:
    """d1^2 / d2^2; 0 for a copy, also one of several equal training images."""
    first, second = squared[:, 0], squared[:, 1]
    return np.divide(first, second, out=np.zeros(len(squared)), where=first > 0)


def contradiction(key: str, values: Mapping[str, Any], count: int, real: int) -> Iterator[str]:
    """Where a stored share `key` of `count` images, what is expected of `real` held-out ones (`_expected`), and the
    probability of so many (`_p`) cannot be of one set. How many draws the images are worth is not stored, so the
    probability must be the one that some number of them gives."""
    share, expected, p = (values.get(name) for name in (key, f"{key}_expected", f"{key}_p"))
    if share is None or expected is None or p is None:
        return
    usual = round(expected * (real + 1))
    if usual < 1 or abs(usual - expected * (real + 1)) > WHOLE:
        yield f"{key}_expected is {expected:.6g}; it is a whole number, from 1, of {real + 1}"
        return
    if not any(agree(p, more_often(int(share * many), many, usual, real + 1)) for many in range(count, 0, -1)):
        yield f"{key}_p is {p:.6g}; no number of independent images gives it for a share of {share:.6g}"
