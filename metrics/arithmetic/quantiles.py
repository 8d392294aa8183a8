"""Ends of two-sided 95 % intervals: as multiples of a standard error, and where that error grows with the truth."""

import math

Z95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


def t95(degrees: int | float) -> float:
    """97.5 % quantile of Student's t with so many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def growing_ends(value: float, still: float, growing: float) -> tuple[float, float]:
    """The ends of the 95 % interval of an unbiased squared distance, whose variance grows with the truth.

    `still` is the variance where the truth is 0, `growing` what is added to it where the truth is `value`. Between, the
    variance is a line: v(t) = still + t growing / value. The ends are the t at which |value - t| is 1.96 roots of v(t):
    the score interval of Wilson (1927, JASA 22(158)) for such a variance. It reaches further up than down, as the
    estimate leans to the right. Near 0 the slope is not known, and half a standard error stands for the value in it.
    """
    positive = max(value, 0.0)
    variance = still + growing
    if variance <= 0:
        return value, value
    slope = growing / (positive + math.sqrt(variance) / 2)
    shift = Z95**2 * slope / 2
    reach = math.sqrt(Z95**2 * (still + slope * positive) + shift**2)
    return value + shift - reach, value + shift + reach


def growing_most(value: float, variance: float) -> float:
    """The highest upper end that `growing_ends` gives of a value with this variance: all of it grows."""
    return growing_ends(value, 0.0, variance)[1]
