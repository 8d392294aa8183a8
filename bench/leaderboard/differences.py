"""Differences of two entries on the same real images, with a 95 % interval, and whether they can be told apart.

A score has an interval with room for a bias that is not known, `down` and `up` (the corrected FID of few images, the
Inception Score of many classes), beside its noise. The difference of two has the standard error of
`bench.leaderboard.influence` where both are distances to the same real 1, the root of the sum of both squares
elsewhere. The room of both sides does not add up: the bias is of one kind, so both scores are wrong in one direction
and by one share t of their room. The difference of the truths then is within

    value_a - value_b + t (up_a - up_b)   or   value_a - value_b - t (down_a - down_b)   for t from 0 to 1

and 1.96 se beyond. docs/leaderboard.md says how often that covers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.storage.records import Numbers
from bench.tables.columns import Number
from metrics.arithmetic.quantiles import Z95


@dataclass(frozen=True, eq=False)
class Estimate:
    """One score with its variance and its room below and above; where it is a distance to real 1 whose influences are
    known, these [n] and the variance of all the rest. `degrees` are the degrees of freedom of the rest: k - 1 of a mean
    over k training seeds, whose spread is itself an estimate."""

    value: float
    variance: float
    down: float
    up: float
    influence: np.ndarray | None = None
    rest: float = 0.0
    degrees: float = math.inf


@dataclass(frozen=True, eq=False)
class Differences:
    """Of each estimate from each, [k, k]: row less column, its standard error, the ends of its interval without the
    noise (`least`, `most`), whether it is paired, and the degrees of freedom where a standard error is uncertain."""

    value: np.ndarray
    se: np.ndarray
    least: np.ndarray
    most: np.ndarray
    paired: np.ndarray
    degrees: np.ndarray | None = None

    def apart(self) -> np.ndarray:
        """By how many standard errors each difference is away from 0, [k, k]: above 0 where the row is larger, 0 where
        its room reaches 0."""
        clear = np.maximum(self.least, 0) + np.minimum(self.most, 0)
        found = np.divide(clear, self.se, out=np.zeros_like(clear), where=self.se > 0)
        return found if self.degrees is None else _as_normal(found, self.degrees)


@dataclass(frozen=True)
class Difference:
    """a less b with its standard error and 95 % interval; `told_apart` where that does not hold 0."""

    value: float
    se: float
    low: float
    high: float
    paired: bool

    @property
    def told_apart(self) -> bool:
        return self.low > 0 or self.high < 0


def estimate(number: Number, scores: Mapping[str, Numbers], influence: np.ndarray | None) -> Estimate | None:
    """A number with what the entry keeps of its influence: a row as `bench.leaderboard.influence.influences` makes
    them, or None.

    None where the scores do not hold the number with its interval and standard error.
    """
    found, at = scores.get(number.metric.name, {}), number.output.interval
    if at is None:
        return None
    value, se, low, high = (found.get(key) for key in (number.key, at.se, at.low, at.high))
    if value is None or se is None or low is None or high is None:
        return None
    down, up = at.rooms(value, se, (low, high), found.get(at.room))
    if influence is None:
        return Estimate(value, se**2, down, up)
    own, *_ = row = influence.astype(np.float64)
    moves = row[1:]
    rest = float(own**2)
    if at.noisy:  # what its random splits add is in the standard error, and belongs to neither side
        rest = max(rest, se**2 - float(moves @ moves))
    return Estimate(value, se**2, down, up, moves, rest)


def differences(estimates: Sequence[Estimate]) -> Differences:
    """All differences of k estimates of one score, paired where both have influences."""
    value, variance, down, up, rest = (
        np.array([getattr(one, name) for one in estimates]) for name in ("value", "variance", "down", "up", "rest")
    )
    # Independent scores: the variances add up.
    squares = variance[:, None] + variance
    known = np.array([one.influence is not None for one in estimates])
    paired = known[:, None] & known
    if known.any():
        # Two distances to one real set move together with its images: |u_a - u_b|^2 instead of |u_a|^2 + |u_b|^2, and
        # what each side has of its own, the generated images and the random splits, adds up as before.
        moves = np.stack([one.influence for one in estimates if one.influence is not None])
        products = moves @ moves.T
        own = np.diag(products) + rest[known]
        squares[np.ix_(known, known)] = np.maximum(own[:, None] + own - 2 * products, 0)
    step, upward, downward = (one[:, None] - one for one in (value, up, down))
    moved = np.stack([np.zeros_like(step), upward, -downward])
    ends = step + moved.min(axis=0), step + moved.max(axis=0)
    return Differences(step, np.sqrt(squares), *ends, paired, _degrees(estimates, squares))


def _degrees(estimates: Sequence[Estimate], squares: np.ndarray) -> np.ndarray | None:
    """Of each difference (Satterthwaite 1946), from the parts whose variance is uncertain; None where none is."""
    uncertain = np.array([one.rest**2 / one.degrees for one in estimates])
    if not uncertain.any():
        return None
    both = uncertain[:, None] + uncertain
    return np.divide(squares**2, both, out=np.full_like(squares, np.inf), where=both > 0)


def _as_normal(t: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """The standard normal values that are as rare as these of Student's t."""
    from scipy.special import ndtri, stdtr

    known = np.isfinite(degrees)
    tail = stdtr(np.where(known, degrees, 1.0), -np.abs(t))
    return np.where(known, -np.sign(t) * ndtri(np.maximum(tail, np.finfo(float).tiny)), t)


def difference(a: Estimate, b: Estimate) -> Difference:
    """The first less the second."""
    found = differences((a, b))
    value, se, least, most = (float(part[0, 1]) for part in (found.value, found.se, found.least, found.most))
    return Difference(value, se, least - Z95 * se, most + Z95 * se, bool(found.paired[0, 1]))
