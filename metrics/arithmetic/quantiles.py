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
    variance is a line: v(t) = still + t growing / value. The upper end is the t from which `value` is 1.96 roots of
    v(t) away, as in the score interval of Wilson (1927, JASA 22(158)): such an estimate leans to the right. Near 0 the
    slope is not known, and half a standard error stands for the value in it. The lower end is 1.96 standard errors of
    `value` below it: that of v(t) would be nearer, and was missed in up to 16 % of the cases with a truth of 0.
    """
    positive, variance = max(value, 0.0), still + growing
    if variance <= 0:
        return value, value
    error = math.sqrt(variance)
    slope = growing / (positive + error / 2)
    shift = Z95**2 * slope / 2
    return value - Z95 * error, value + shift + math.sqrt(Z95**2 * (still + slope * positive) + shift**2)


def growing_most(value: float, variance: float) -> float:
    """The highest upper end that `growing_ends` gives of a value with this variance: all of it grows."""
    return growing_ends(value, 0.0, variance)[1]
