"""What has to agree, and how closely, where scores are computed again.

| what                         | MEASURED: images or their model, maybe on another machine      | STORED: features     |
|------------------------------|----------------------------------------------------------------|----------------------|
| a share of images            | 3 images: who is the nearest may change where two are as near  | equal                |
| tests that count such images | 0.2 of a z, 0.05 of a probability; and the same flags          | a thousandth of that |
| any other score              | 1e-4 of its value, or 1 % of its standard deviation, if more   | 1e-6, 0.1 %          |
| influence, moments, features | 1e-4 of their largest value                                    | the same             |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.measuring.declared import declared
from bench.measuring.flags import flags
from bench.storage.records import Numbers
from bench.submissions._values import Problem
from metrics.types import Kind

MOVES = {"share": 1, "percent": 100}  # how far one image of n moves a value of this kind, times n
TESTS = {"z": 0.2, "probability": 0.05}  # of values that count such images
OF_LARGEST = 1e-4


@dataclass(frozen=True)
class Tolerance:
    """How far off a score may be: relative to its value, to its standard deviation, in images, in parts of TESTS; `who`
    gives the scores."""

    who: str
    relative: float
    of_sd: float
    images: float
    tests: float


MEASURED = Tolerance("images", 1e-4, 0.01, 3, 1)
STORED = Tolerance("stored features", 1e-6, 0.001, 1e-6, 0.001)


def scores_differ(
    stored: Mapping[str, Numbers], found: Mapping[str, Numbers], count: int, allowed: Tolerance = MEASURED
) -> Iterator[Problem]:
    """The scores that are not what was found, but for rounding; `count` is that of the images."""
    for metric, numbers in found.items():
        known = declared(metric)
        kinds = {one.name: one.kind for one in known.values} if known else {}
        sd = numbers.get(known.interval.se) if known and known.interval else None
        for key, value in numbers.items():
            claimed = stored.get(metric, {}).get(key)
            if value is None or claimed is None:
                if value is not claimed:
                    yield Problem("recomputed", f"{metric}: {key} is {claimed}, the {allowed.who} give {value}")
                continue
            slack = _slack(kinds.get(key, "score"), value, sd or 0.0, count, allowed)
            if abs(claimed - value) > slack * (1 + 1e-9):
                given = f"{value:.9g} (within {slack:.3g} expected)"
                yield Problem("recomputed", f"{metric}: {key} is {claimed:.9g}, the {allowed.who} give {given}")
    yield from _flags_differ(stored, found, allowed)


def _flags_differ(stored: Mapping[str, Numbers], found: Mapping[str, Numbers], allowed: Tolerance) -> Iterator[Problem]:
    """A probability may be off by more than what a flag hangs on."""
    both = {metric: {**stored.get(metric, {}), **found.get(metric, {})} for metric in {*stored, *found}}
    claimed, again = (bool(flags(one.get("memorisation", {}), one.get("copies", {}))) for one in (stored, both))
    if claimed != again:
        words = {True: "flagged for copying", False: "not flagged"}
        yield Problem(
            "recomputed", f"the entry is {words[claimed]}; by what the {allowed.who} give it is {words[again]}"
        )


def _slack(kind: Kind, value: float, sd: float, count: int, allowed: Tolerance) -> float:
    """How far off a score may be; see the module's table."""
    if kind in MOVES:
        return MOVES[kind] * allowed.images / count
    if kind in TESTS:
        return TESTS[kind] * allowed.tests
    return max(allowed.relative * abs(value), allowed.of_sd * sd)


def arrays_differ(
    name: str, claimed: np.ndarray, value: np.ndarray, allowed: Tolerance = MEASURED
) -> Iterator[Problem]:
    """A file whose values are not what was found."""
    if claimed.shape != value.shape or np.abs(claimed - value).max() > OF_LARGEST * np.abs(value).max():
        yield Problem("recomputed", f"{name} is not what the {allowed.who} give")
