"""Ranks with intervals, and groups that cannot be told apart.

An entry's rank among k is 1 + the number of entries that are better. Which of the k - 1 others are better is known up
to noise only; so each is compared with the entry by a paired difference (`bench.leaderboard.differences`), and Holm's
step-down procedure (Holm 1979) keeps the probability that any of these k - 1 verdicts is wrong at 5 %, whatever the
dependence among them. With L others told to be better and W told to be worse, the rank is in

    1 + L   to   k - W

with 95 % confidence: the marginal confidence set for a rank of Mogstad, Romano, Shaikh and Wilhelm 2024 (Review of
Economic Studies 91(1), "Inference for ranks"), with Holm's critical values for their bootstrapped ones. It holds for
each entry by itself, for all its comparisons at once; not for all entries at once.

A group is a run of neighbours in the ranking: its first entry and all that follow, up to the first that can be told
apart from that one. Whoever stands lower in a group than another may well be better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bench.leaderboard.differences import Differences

LEVEL = 0.05


@dataclass(frozen=True)
class Rank:
    """A place in a ranking: its number, the ranks that the data allow, the group; `first` and `last` are None where
    there is no interval to tell scores apart by."""

    number: int
    first: int | None
    last: int | None
    group: int | None


def verdicts(found: Differences, *, lower_is_better: bool) -> np.ndarray:
    """What each entry's own comparisons say, int8 [k, k]: 1 where the row is better than the column, -1 where it is
    worse, 0 where they cannot be told apart. A row holds by itself, so two rows may differ about one pair."""
    apart = -found.apart() if lower_is_better else found.apart()  # above 0: the row is better than the column
    told = _told_apart(np.abs(apart))
    return np.where(told, np.sign(apart), 0).astype(np.int8)


def ranks(said: np.ndarray) -> list[Rank]:
    """The ranks of entries that are in their order already, the best first, from their `verdicts` [k, k]."""
    count = len(said)
    better, worse = (said < 0).sum(axis=1), (said > 0).sum(axis=1)
    groups, leader = [1] * count, 0
    for place in range(1, count):
        if said[leader, place]:
            leader = place
        groups[place] = groups[place - 1] + (leader == place)
    return [Rank(place + 1, 1 + int(better[place]), count - int(worse[place]), groups[place]) for place in range(count)]


def by_value(values: Sequence[float | None]) -> list[Rank]:
    """The ranks of values in their order, without an interval to tell them apart by; equal values have one rank."""
    numbers: list[Rank] = []
    for place, value in enumerate(values):
        same = place and value == values[place - 1]
        numbers.append(Rank(numbers[-1].number if same else place + 1, None, None, None))
    return numbers


def _told_apart(z: np.ndarray) -> np.ndarray:
    """Holm's procedure in each row of |z| [k, k], two-sided, over all columns but the row's own."""
    count = len(z)
    if count < 2:
        return np.zeros(z.shape, bool)
    normal = NormalDist()
    bounds = np.array([normal.inv_cdf(1 - LEVEL / (2 * left)) for left in range(count - 1, 0, -1)])
    order = np.argsort(-z, axis=1, kind="stable")
    steps = np.take_along_axis(z, order, axis=1)[:, : count - 1]  # z is 0 on the diagonal, which so comes last
    passed = np.cumprod(steps > bounds, axis=1).astype(bool)
    told = np.zeros(z.shape, bool)
    np.put_along_axis(told, order[:, : count - 1], passed, axis=1)
    return told
