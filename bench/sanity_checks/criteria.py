"""When a number passes a check on synthetic data.

The criteria for fidelity and for variety are those of Räisä, van Breugel and van der Schaar 2025 (arXiv 2505.22450), as
the code beside the paper states them: a score in [0, 1] is close to 1 or to 0 within 0.05, and a shape has a rise or a
fall of at least 0.2 and wrong ways of at most 0.1. `best_where_equal` is ours, for numbers that the paper is not about,
such as distances.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

CLOSE, MOVES, WRONG_WAY = 0.05, 0.2, 0.1
OTHER = "other"  # than fidelity and variety

Where = float | Literal["min", "max"]
Passes = Callable[[np.ndarray, np.ndarray], bool]  # x [p], values [p, repeats]


@dataclass(frozen=True)
class Criterion:
    """One criterion, and what it asks of a number that looks at `fidelity` or `variety`, or of an `other` one (a
    distance, turned so that higher is worse); `about` is the paper's desideratum."""

    name: str
    about: str
    asks: Mapping[str, Passes]


def close_to(target: float, where: Where) -> Passes:
    """The mean at one place is the target."""
    return lambda x, values: abs(_at(x, values.mean(axis=1), where) - target) <= CLOSE


def near_1_or_0(where: Where) -> Passes:
    """The paper leaves open what variety is of a set that is too wide: all is covered, or nothing densely."""
    return lambda x, values: any(close_to(target, where)(x, values) for target in (0.0, 1.0))


def bell(middle: float) -> Passes:
    """High in the middle, low at both ends."""

    def passes(x: np.ndarray, values: np.ndarray) -> bool:
        y = values.mean(axis=1)
        top, ends = _at(x, y, middle), (y[0], y[-1])
        high = min(top - end for end in ends) >= MOVES and y.max() - top <= WRONG_WAY
        return bool(high and min(ends) - y.min() <= WRONG_WAY)

    return passes


def rising(x: np.ndarray, values: np.ndarray) -> bool:
    """Low at the left end, high at the right one."""
    y = values.mean(axis=1)
    return bool(y[-1] - y[0] >= MOVES and y[0] - y.min() <= WRONG_WAY and y.max() - y[-1] <= WRONG_WAY)


def falling(x: np.ndarray, values: np.ndarray) -> bool:
    """High at the left end, low at the right one."""
    return rising(x[::-1], values[::-1])


def falling_by(quantile: float) -> Passes:
    """Falling, by 0.1 at this quantile of x already."""

    def passes(x: np.ndarray, values: np.ndarray) -> bool:
        y = values.mean(axis=1)
        there = float(np.quantile(x, quantile, method="nearest"))
        return falling(x, values) and y[0] - _at(x, y, there) >= WRONG_WAY

    return passes


def level(x: np.ndarray, values: np.ndarray) -> bool:
    """Nowhere 0.05 from anywhere."""
    y = values.mean(axis=1)
    return bool(y.max() - y.min() <= CLOSE)


def settled(x: np.ndarray, values: np.ndarray) -> bool:
    """Level from the median of x on."""
    late = x >= np.quantile(x, 0.5)
    return level(x[late], values[late])


def any_of(*ways: Passes) -> Passes:
    """One of several ways to pass."""
    return lambda x, values: any(one(x, values) for one in ways)


def best_where_equal(place: float) -> Passes:
    """Ours, of values of which higher is worse: every value at the ends is worse than every value where both
    distributions are equal, and no mean is better than the best value there."""

    def passes(x: np.ndarray, values: np.ndarray) -> bool:
        equal = np.isclose(x, place)
        ends = [row for row, same in ((values[0], equal[0]), (values[-1], equal[-1])) if not same]
        own = values[equal]
        return bool(all(end.min() > own.max() for end in ends) and values.mean(axis=1).min() >= own.min())

    return passes


def _at(x: np.ndarray, y: np.ndarray, where: Where) -> float:
    ends = {"min": 0, "max": -1}
    place = ends[where] if isinstance(where, str) else int(np.argmin(np.abs(x - where)))
    return float(y[place])
