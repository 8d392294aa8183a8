"""The values that describe a metric. A metric is one module of this package with one constant `METRIC`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Output:
    """One number of a metric: its key in every result, its title in tables, and which direction is better."""

    name: str
    title: str
    better: Literal["lower", "higher", "neither"]


@dataclass(frozen=True)
class Metric:
    """A metric: what it reads, what it returns, and where it comes from.

    `compute(a, ...)` for a set metric, `compute(real, generated, ...)` for a pair metric, `compute(train, generated,
    held_out, ...)` for a triplet, whose real sets are what a generator has seen and what it has not; arrays are [n, d]
    features, [n, c] logits or [n, c, h, w] images as `feature` says. Options are keyword-only with defaults. The result
    is a dict with at least the keys of `outputs`. Each set needs `least` images; an option `splits` or `k` may ask for
    more. `version` goes up when a published number changes.
    """

    name: str
    title: str
    source: str
    feature: Literal["pool", "logits", "images"]
    arity: Literal["set", "pair", "triplet"]
    outputs: tuple[Output, ...]
    compute: Callable[..., dict]
    least: int = 4
    version: int = 1
