"""The quantiles of two-sided 95 % intervals: how many standard errors an end lies from the middle."""

Z95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


def t95(degrees: int | float) -> float:
    """97.5 % quantile of Student's t with so many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))
