"""Numbers of generated images beside those of real ones, and their ratio with a 95 % interval.

A distance is divided by that of real 2 to the same real 1: 1 is as near as real images are to each other. A score of
higher is better is that of the generated images over that of real 2. Sets of one size have the same bias in both.

The interval is of log(a / b), with the influence of each image on it: real 1 moves both a and b, the generated images
only a, real 2 only b. So the variance is the sum over the images of all three sets of (da / a - db / b)^2. A share of 0
has no logarithm, and is the worst that there is: its interval ends at Clopper and Pearson's bound for none of n images,
over the lower end of the share of real 2. How often the interval covers is in docs/metrics.md
(benchmarks/coverage_opinions.py counts it).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.measuring.declared import FIRST, all_declared
from bench.storage.records import Numbers
from metrics.arithmetic.quantiles import Z95
from metrics.classifier_agreement import interval
from metrics.types import Aspect, Metric, Moved, Output

Scores = Mapping[str, Numbers]  # by metric, then by key
Verdict = Literal["worse", "better", "like real"]
ASPECTS = ("both", "fidelity", "variety", "copies")  # in the order of rows


@dataclass(frozen=True)
class Opinion:
    """One number by one extractor: of the generated images (`value`), of real images (`real`), and what it is of real
    (`ratio`) with its 95 % interval; None where there is none."""

    extractor: str
    metric: str
    key: str
    title: str
    better: Literal["lower", "higher", "neither"]
    looks_at: Aspect
    value: float | None
    real: float | None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> Verdict | None:
        """On which side of 1 the whole interval is; None without one."""
        if self.low is None or self.high is None:
            return None
        if self.low <= 1 <= self.high:
            return "like real"
        return "worse" if (self.low > 1) == (self.better == "lower") else "better"


def opinion(extractor: str, metric: Metric, output: Output, value: float | None, real: float | None) -> Opinion:
    """A number with that of real images, and no ratio: signs of copying are 0 of images without."""
    return Opinion(extractor, metric.name, output.name, output.title, output.better, output.looks_at, value, real)


def in_order(opinions: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """By what they look at, then what stands first in every table; what several extractors say of one number stays
    together."""
    keys = list(dict.fromkeys(one.key for one in opinions))

    def place(one: Opinion) -> tuple[int, int, int]:
        first = FIRST.index(one.metric) if one.metric in FIRST else len(FIRST)
        return ASPECTS.index(one.looks_at), first, keys.index(one.key)

    return tuple(sorted(opinions, key=place))


def plain_numbers(scores: Scores, real_2: Scores) -> Iterator[tuple[Metric, Output, float, float]]:
    """The numbers of stored scores that are asked for a second opinion, with those of real 2, where both are there and
    real images have more than 0; signs of copying are none."""
    for metric in all_declared(scores):
        for output in metric.opinions if metric.arity != "triplet" else ():
            value, real = (one.get(metric.name, {}).get(output.name) for one in (scores, real_2))
            if value is not None and real is not None and value >= 0 and real > 0:
                yield metric, output, float(value), float(real)


def ratio_of(a: Moved, b: Moved) -> tuple[float | None, float | None, float | None]:
    """a over b with the ends of its interval; a of two sets shares the first one with b. None where a logarithm is."""
    if b.value <= 0:
        return None, None, None
    if a.value <= 0:
        return 0.0, None, None
    of_a, of_b = ([moves / one.value for moves in one.moves] for one in (a, b))
    apart = [of_a[0] - of_b[0], of_a[1], of_b[1]] if len(of_a) > 1 else [of_a[0], of_b[0]]
    reach = Z95 * math.sqrt(sum(float(np.vdot(moves, moves)) for moves in apart))
    ratio = a.value / b.value
    return ratio, ratio * math.exp(-reach), ratio * math.exp(reach)


def ratio_of_none(real: Moved, count: int) -> tuple[float, float, float] | None:
    """The same of a share of 0 of `count` images over that of real 2; None where that is 0 too."""
    if real.value <= 0:
        return None
    reach = Z95 * math.sqrt(sum(float(np.vdot(moves, moves)) for moves in real.moves)) / real.value
    _, most = interval(0, count)
    return 0.0, 0.0, most / real.value * math.exp(reach)
