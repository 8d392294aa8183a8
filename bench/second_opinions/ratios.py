"""Numbers of generated images beside those of real ones, and their ratio with a 95 % interval.

A distance is divided by that of real 2 to the same real 1: 1 is as near as real images are to each other. A score of
higher is better is that of the generated images over that of real 2. Sets of one size have the same bias in both.

The interval is of log(a / b), with the influence of each image on it: real 1 moves both a and b, the generated images
only a, real 2 only b. So the variance is the sum over the images of all three sets of (da / a - db / b)^2. How often
the interval covers is in docs/metrics.md (benchmarks/coverage_opinions.py counts it).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrics.arithmetic.quantiles import Z95
from metrics.types import Aspect, Metric, Moved, Output

Verdict = Literal["worse", "better", "like real"]
APART: tuple[Verdict, ...] = ("worse", "better")


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
