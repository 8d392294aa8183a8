"""Metrics class by class: the same features, one class at a time, and the mean over the classes.

Distances of two sets of features, and whatever reads the classes of images. Images of two classes are different images,
so the classes are independent: the standard error of the mean of K values is (sum of se^2)^(1/2) / K. What an interval
reaches beyond 1.96 standard errors stands for a bias that more classes do not average out, so its mean stays.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np

from bench.measuring.classes import check_labelled, plain
from bench.measuring.comparing import Comparison
from bench.measuring.refusing import keys_of, not_computed, passing
from bench.measuring.scoring import Options, Scores, least_images, score_pair, score_set
from bench.measuring.sets import MeasuredSet
from metrics.arithmetic.quantiles import Z95
from metrics.errors import InputError
from metrics.types import Metric, Output

LETTERS = ("a", "b")
MOST_NAMED = 3  # classes in a message
MOST_DIGITS = 20  # of a number that is sorted by its size
MOST_SAID = 5  # warnings of single classes in a result
NUMBER = re.compile(r"\d[\d,.]*")
OPTION = "--by-class"

Row = dict[str, Any]
Rows = tuple[np.ndarray, ...]  # of one class in each set


@dataclass(frozen=True)
class ByClass:
    """A comparison and where each class lies in its sets; of the metrics of a class some may be `refused`."""

    opened: Comparison
    classes: Mapping[str, Rows]
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that are computed class by class."""
        return tuple(one for one in self.opened.chosen if one.by_class and one.name not in self.refused)

    def scores(self, before: Collection[str] = ()) -> tuple[dict[str, Any], list[str]]:
        """`by_class` with a row for each class and `class_mean`; and warnings that were not said `before`."""
        found: list[Row] = []
        missing = self._missing()
        said: dict[str, list[tuple[str, str]]] = {}  # lines that are alike but for their numbers, with their classes
        for name, rows in self.classes.items():
            counts = {f"n_{letter}": len(here) for letter, here in zip(LETTERS, rows, strict=False)}
            scores = [self._of_class(metric, rows) for metric in self.metrics]
            values = {key: value for one in scores for key, value in one.values.items()}
            warnings = list(dict.fromkeys(line for one in scores for line in one.warnings))
            found.append({"class": name, **missing, **values, **counts, "warnings": warnings})
            for line in (line for line in warnings if line not in before):
                said.setdefault(NUMBER.sub("#", line), []).append((name, line))
        refused = [f"class by class, {not_computed(name, reason)}" for name, reason in self.refused.items()]
        values = {"by_class": found, "class_mean": {**missing, **self._mean(found)}}
        return values, [*refused, *_in_short(said, len(found))]

    def _missing(self) -> Row:
        """None for each number that cannot be computed of every class."""
        lacking = [one for one in self.opened.asked if one.name in self.refused]
        letters = LETTERS[: len(self.opened.sets)]
        return {
            key + end: None
            for metric in lacking
            for key in (keys_of(metric) if metric.arity == "pair" else _kept(metric))
            for end in ([""] if metric.arity == "pair" else [f"_{letter}" for letter in letters])
        }

    def _of_class(self, metric: Metric, rows: Rows) -> Scores:
        options = self.opened.options
        parts = [one.taken(here, one.name) for one, here in zip(self.opened.of(metric), rows, strict=False)]
        if metric.arity == "pair":
            return score_pair(parts[0], parts[1], metric, options)
        return _of_sets(metric, parts, options)

    def _mean(self, rows: Sequence[Row]) -> Row:
        found: Row = {}
        for metric in self.metrics:
            ends = [""] if metric.arity == "pair" else [f"_{letter}" for letter in LETTERS]
            outputs = metric.outputs if metric.arity == "pair" else filter(None, (metric.main,))
            for output in outputs:
                for end in ends:
                    found |= mean_of(output, rows, end)
        return found


def mean_of(output: Output, rows: Sequence[Row], end: str = "") -> Row:
    """The mean of a number over classes, with its interval where the number has a standard error and no room to one
    side only; None where a class has none, nothing where no class was asked."""
    key = output.name + end
    if any(key not in row for row in rows):
        return {}
    if any(row[key] is None for row in rows):
        return {key: None}
    found: Row = {key: float(np.mean([row[key] for row in rows]))}
    at = output.interval
    if not at or not (at.even or at.leans) or not at.se:
        return found
    se = np.array([row[at.se + end] for row in rows], np.float64)
    of_mean = math.sqrt(float(np.square(se).sum())) / len(rows)
    # Room for a bias stays; what leans in a class is noise, of which the mean over classes has less.
    room = float(np.mean([_room(output, row, end) for row in rows]))
    middle, reach = found[key], room + Z95 * of_mean
    ends = {at.se: of_mean, at.low: middle - reach, at.high: middle + reach, **({at.room: room} if at.room else {})}
    return {**found, **{name + end: value for name, value in ends.items()}}


def _room(output: Output, row: Row, end: str) -> float:
    """How much of the interval of a class, on either side, is for a bias."""
    at = output.interval
    assert at is not None, "asked of a number with an interval"
    ends = (row[at.low + end], row[at.high + end])
    return at.rooms(row[output.name + end], row[at.se + end], ends, row.get(at.room + end))[1]


def _of_sets(metric: Metric, parts: Sequence[MeasuredSet], options: Options) -> Scores:
    """The first number of a metric of one set, and its interval, of each set: in one class the others are the same."""
    values, kept = dict[str, Any](), _kept(metric)
    for letter, one in zip(LETTERS, parts, strict=False):
        scores = score_set(one, metric, options)
        values |= {f"{key}_{letter}": scores.values[key] for key in kept}
    return Scores(values)


def _kept(metric: Metric) -> list[str]:
    output = metric.main
    assert output and output.interval, "what a metric says class by class has an interval"
    return [key for key in (output.name, output.interval.low, output.interval.high, output.interval.se) if key]


def _in_short(said: Mapping[str, Sequence[tuple[str, str]]], count: int) -> list[str]:
    """Warnings of single classes, each kind of line once and no more than a few."""
    lines = []
    for alike in said.values():
        name, line = alike[0]
        example = f", such as {name}" if len({text for _, text in alike}) > 1 else ""
        whose = f"class {name}" if len(alike) == 1 else f"{len(alike)} of {count} classes{example}"
        lines.append(f"{whose}: {line}")
    if len(lines) <= MOST_SAID:
        return lines
    return [*lines[:MOST_SAID], f"{len(lines) - MOST_SAID} more lines are about single classes; --json has them"]


# ----- which classes


def open_classes(opened: Comparison) -> ByClass:
    """The classes of the sets of a comparison.

    InputError where no metric is computed class by class, where a set does not say its classes, where one lacks a class
    that the other has, and where a class has too few images for every metric.
    """
    found = ByClass(opened, {})
    if not found.metrics:
        asked = ", ".join(metric.name for metric in opened.chosen)
        raise InputError(
            f"{OPTION} is for distances of features, such as fid, and for classifier-agreement, not {asked}"
        )
    sets = opened.sets[: len(LETTERS)]
    for each in sets:
        check_labelled(each, f"{OPTION} has nothing to go by")
    places = [_places(each.labels) for each in sets]
    for one, other in permutations(range(len(sets)), 2):
        _check_same(sets[one].name, places[one], sets[other].name, places[other])
    names = {key: sets[0].labels[rows[0]] for key, rows in places[0].items()}
    classes = {names[key]: tuple(each[key] for each in places) for key in sorted(names, key=_order)}
    refused: dict[str, str] = {}
    enough = partial(_check_counts, options=opened.options, names=[each.name for each in sets], classes=classes)
    passing(found.metrics, enough, refused)
    return replace(found, classes=classes, refused=refused)


def _places(labels: Sequence[str]) -> dict[str, np.ndarray]:
    """The rows of each class, by its name without capitals."""
    keys, places = np.unique([plain(label) for label in labels], return_inverse=True)
    return {str(key): np.flatnonzero(places == number) for number, key in enumerate(keys)}


def _order(key: str) -> tuple[bool, str]:
    """Numbers by their size, before names."""
    number = key.isascii() and key.isdigit()
    return not number, key.zfill(MOST_DIGITS) if number else key


def _check_same(name: str, has: Mapping[str, Any], other_name: str, other: Mapping[str, Any]) -> None:
    lacking = sorted(set(has) - set(other), key=_order)
    if lacking:
        more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
        raise InputError(
            f"{other_name} has no image of {', '.join(map(repr, lacking[:MOST_NAMED]))}{more}, which {name} has; "
            f"{OPTION} compares the same classes of both sets"
        )


def _check_counts(metric: Metric, options: Options, names: Sequence[str], classes: Mapping[str, Rows]) -> None:
    least, remedy = least_images(metric, options)
    for label, rows in classes.items():
        for name, here in zip(names, rows, strict=True):
            if len(here) < least:
                images = "image" if len(here) == 1 else "images"
                raise InputError(
                    f"{name} holds {len(here)} {images} of class {label!r}; {metric.name} needs at least {least} of "
                    f"each class with {OPTION}; {remedy}"
                )
