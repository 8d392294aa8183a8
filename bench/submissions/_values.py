"""What the scores of an entry can be, and what they cannot: rules that need no image.

Exact rules, broken only by a changed number or a bug: a score lies inside its range and its interval; an interval is as
wide as its standard deviation says; a share is a whole number of images. Which these are, and what the numbers of one
metric cannot be together, each metric declares. The FID is what the stored moments give, exactly or within bounds
(`bench.leaderboard.moments`).

What is only unlikely is in `bench.leaderboard.doubts`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.leaderboard.moments import Distance
from bench.measuring.declared import declared
from bench.storage.records import Numbers
from metrics.arithmetic.agreement import WHOLE
from metrics.arithmetic.quantiles import Z95, growing_most
from metrics.types import Counts, Interval, Metric, Output, Value

ROUNDING = 1e-6  # of tr S1 + tr S2 and the mean term: of singular covariances the FID is exact to about this
EDGE = 1e-9  # of an end of a range or an interval
UNCOMPUTABLE = (ArithmeticError, np.linalg.LinAlgError)  # of numbers of an absurd size: an overflow, 1 / 0
UNCOMPUTABLE_WORDS = "numbers of a size that nothing can be computed with"

StoredScores = Mapping[str, Numbers]
Options = Callable[[str], Mapping[str, Any]]  # of a metric, by its name


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `chance` where it could be so without a fault, though hardly."""

    code: str
    what: str
    chance: bool = False


def possible(scores: StoredScores, counts: Counts, options: Options) -> Iterator[Problem]:
    """What cannot be true of the scores of one set, by what their metrics declare; `options` are those of each."""
    for name, values in scores.items():
        metric = declared(name)
        if metric is None:
            continue
        own = metric.impossible(values, counts, options(name)) if metric.impossible else ()
        for what in (*_ranges(metric, values, counts), *_intervals(metric, values), *own):
            yield Problem("value", f"{name}: {what}")


def fits_moments(scores: StoredScores, found: Distance) -> Iterator[Problem]:
    """Where the FID is not what the stored moments of both sets give."""
    fid = scores.get("fid", {})
    mean_term, covariance_term = fid.get("mean_term"), fid.get("covariance_term")
    if mean_term is None or covariance_term is None:
        return
    slack = ROUNDING * found.scale
    if abs(mean_term - found.mean_term) > slack:
        yield Problem("fid", f"fid: mean_term is {mean_term:.6g}, the moments give {found.mean_term:.6g}")
    if not found.low - slack <= covariance_term <= found.high + slack:
        given = f"{found.low:.6g}" if found.low == found.high else f"{found.low:.6g} to {found.high:.6g}"
        yield Problem("fid", f"fid: covariance_term is {covariance_term:.6g}, the moments give {given}")


def _ranges(metric: Metric, values: Numbers, counts: Counts) -> Iterator[str]:
    for one in metric.values:
        value = values.get(one.name)
        if value is not None:
            yield from _out_of_range(one, value, counts)


def _out_of_range(one: Value, value: float, counts: Counts) -> Iterator[str]:
    """A number that is no count of its set, lies outside of its range, or is a share that is no whole number of
    images."""
    count = getattr(counts, one.counted) if one.counted else 0
    if one.kind == "count":
        if value != count:
            yield f"{one.name} is {value}, the set has {count} images"
        return
    most = getattr(counts, one.most) if isinstance(one.most, str) else one.most
    if not _lies_between(value, one.least, most):
        yield f"{one.name} is {value:.6g}; {_range_in_words(one, most)}"
        return
    share = value / (100 if one.kind == "percent" else 1)
    if count and abs(share * count - round(share * count)) > WHOLE:
        yield f"{one.name} is {value:.9g}; it is not a whole number of {count} images"


def _lies_between(value: float, least: float | None, most: float | None) -> bool:
    """But for rounding."""
    return (least is None or value >= least - EDGE * abs(least)) and (most is None or value <= most + EDGE * abs(most))


def _range_in_words(one: Value, most: float | None) -> str:
    if one.kind in ("share", "probability") and (one.least, most) == (0, 1):
        return "it is a share, in [0, 1]"
    if most is None or one.least is None:
        return f"it is at least {one.least:g}" if most is None else f"it is at most {most:g}"
    named = f", the number of {one.most}" if isinstance(one.most, str) else ""
    return f"it must be in [{one.least:g}, {most:g}]{named}"


def _intervals(metric: Metric, values: Numbers) -> Iterator[str]:
    for one in metric.values:
        if isinstance(one, Output) and one.interval:
            yield from _misfit(one.name, one.interval, values)


def _misfit(key: str, at: Interval, values: Numbers) -> Iterator[str]:
    """An interval that does not hold its value; one that is even, and does not reach as far down as up; and one that is
    not as wide as its standard deviation says."""
    value, low, high, sd = (values.get(name) for name in (key, at.low, at.high, at.se))
    if value is None or low is None or high is None or (sd is None and (at.even or at.leans)):
        return
    slack = EDGE * max(abs(low), abs(high), abs(value))
    if sd is not None and sd < 0:
        yield f"{at.se} is {sd:.6g}; it is at least 0"
    elif not low <= value <= high:
        yield f"{key} {value:.6g} is outside of its interval {low:.6g} to {high:.6g}"
    elif at.even and abs((high - value) - (value - low)) > slack:
        yield f"{key} {value:.9g} is not the middle of its interval {low:.9g} to {high:.9g}"
    elif sd is not None and (at.even or at.leans):
        room = values.get(at.room) if at.room else 0.0
        if high - value < Z95 * sd + (room or 0.0) - slack:
            yield f"the interval of {key} is narrower than its standard deviation {sd:.6g} makes it"
        # Of an even interval, and of an entry that does not say its room, it is not known how much of it is room.
        elif (at.leans and room is not None) and (
            low < value - Z95 * sd - room - slack or high > growing_most(value, sd**2) + room + slack
        ):
            yield f"the interval of {key} is wider than its standard deviation {sd:.6g} makes it"
