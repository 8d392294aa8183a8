"""The orders of a board that are made of several numbers: each is described as a metric is, and has a name for --sort.

`usual` is the one that nobody has to ask for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.leaderboard import way
from bench.measuring.evaluation import REAL_2
from bench.protocol import Protocol
from bench.second_opinions import mean_ratio
from bench.storage.records import Numbers
from bench.tables.columns import RANKED_BY, Number
from metrics.types import Metric


@dataclass(frozen=True)
class Order:
    """A rule of several numbers. `numbers(scores, landmarks)` are what it makes of them, under the keys of `metric`;
    `row(scores, landmarks, influences by metric)` what it makes of what an entry keeps for paired comparisons."""

    metric: Metric
    numbers: Callable[[way.Scores, way.Landmarks], Numbers]
    row: Callable[[way.Scores, way.Landmarks, Mapping[str, np.ndarray]], np.ndarray | None] | None = None

    @property
    def number(self) -> Number:
        """What is sorted by."""
        return Number(self.metric, self.metric.outputs[0])


def _mean_ratio(scores: way.Scores, landmarks: way.Landmarks) -> Numbers:
    return mean_ratio.mean_log_ratio(scores, landmarks.get(REAL_2, {}))


ORDERS = (Order(way.METRIC, way.way, way.way_row), Order(mean_ratio.METRIC, _mean_ratio))


def order_of(number: Number) -> Order | None:
    """The rule that makes a number; None for a number of one metric."""
    return next((one for one in ORDERS if one.metric is number.metric), None)


def usual(protocol: Protocol, landmarks: way.Landmarks) -> str:
    """The key that a board is sorted by where nobody asks: the way to noise, and the corrected FID where the extractor
    predicts no classes."""
    return way.KEY if protocol.logits and way.scales(landmarks) else RANKED_BY
