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

from bench.measuring.flags import flags
from bench.storage.records import Numbers
from bench.submissions._values import Problem

SHARES = {  # how far one image of n moves each, times n
    **dict.fromkeys(("precision", "recall", "density", "coverage", "train_share", "near_duplicates", "near_copies"), 1),
    **dict.fromkeys(("near_duplicates_expected", "near_copies_expected", "exact_copies", "exact_copies_expected"), 1),
    **dict.fromkeys(("held_out_copies", "duplicates"), 1),
    "authpct": 100,
}
TESTS = {  # that count such images
    **dict.fromkeys(("c_t", "train_share_z"), 0.2),
    **dict.fromkeys(("train_share_p", "held_out_p", "near_duplicates_p", "near_copies_p"), 0.05),
}
SD_OF = {"fid": "fid_sd", "inception-score": "inception_score_se", "kid": "kid_sd"}
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
        sd = numbers.get(SD_OF.get(metric, "")) or 0.0
        for key, value in numbers.items():
            claimed = stored.get(metric, {}).get(key)
            if value is None or claimed is None:
                if value is not claimed:
                    yield Problem("recomputed", f"{metric}: {key} is {claimed}, the {allowed.who} give {value}")
                continue
            slack = _slack(key, value, sd, count, allowed)
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


def _slack(key: str, value: float, sd: float, count: int, allowed: Tolerance) -> float:
    """How far a score may be off; see the module's table."""
    if key in SHARES:
        return SHARES[key] * allowed.images / count
    if key in TESTS:
        return TESTS[key] * allowed.tests
    return max(allowed.relative * abs(value), allowed.of_sd * sd)


def arrays_differ(
    name: str, claimed: np.ndarray, value: np.ndarray, allowed: Tolerance = MEASURED
) -> Iterator[Problem]:
    """A file whose values are not what was found."""
    if claimed.shape != value.shape or np.abs(claimed - value).max() > OF_LARGEST * np.abs(value).max():
        yield Problem("recomputed", f"{name} is not what the {allowed.who} give")
