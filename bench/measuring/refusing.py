"""Metrics that cannot be computed of what was given: each goes by itself, with its reason, and the others stay."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.measuring.scoring import Scores
from metrics.errors import InputError
from metrics.types import Metric

Places = tuple[int, ...]  # of the sets that a number is of


@dataclass(frozen=True)
class Found:
    """What a metric says of the sets at these places: scores, or why there are none."""

    metric: Metric
    places: Places
    scores: Scores | None = None
    reason: str = ""

    @property
    def values(self) -> Mapping[str, Any]:
        """Its values by key; each None where it could not be computed."""
        return self.scores.values if self.scores else dict.fromkeys(keys_of(self.metric))


def members(metric: Metric, sets: int) -> list[Places]:
    """Of which of so many sets a metric is computed: of each, of the first with each other, or of a, b and train."""
    if metric.arity == "set":
        return [(place,) for place in range(sets)]
    return [(2, 1, 0)] if metric.arity == "triplet" else [(0, place) for place in range(1, sets)]


def keys_of(metric: Metric) -> tuple[str, ...]:
    """The numbers of a metric with the ends of their intervals."""
    return tuple(dict.fromkeys(key for one in metric.outputs for key in (one.name, *one.estimates) if key))


def passing(chosen: Sequence[Metric], check: Callable[[Metric], object], refused: dict[str, str]) -> tuple[Metric, ...]:
    """The metrics that pass a check; the reasons of the others go into `refused`. Where none is left, the first reason
    is an InputError."""
    for metric in chosen:
        try:
            check(metric)
        except InputError as error:
            refused[metric.name] = str(error)
    left = tuple(metric for metric in chosen if metric.name not in refused)
    if chosen and not left:
        raise InputError(next(iter(refused.values())))
    return left


def passing_somewhere(metric: Metric, everywhere: Sequence[Places], check: Callable[[Metric, Places], object]) -> None:
    """The first InputError of a check that the sets pass nowhere."""
    errors = []
    for places in everywhere:
        try:
            check(metric, places)
        except InputError as error:
            errors.append(error)
    if errors and len(errors) == len(everywhere):
        raise errors[0]


def reasons_of(found: Sequence[Found]) -> dict[str, str]:
    """Why metrics could not be computed, by name; several reasons of one metric in one line."""
    said: dict[str, dict[str, None]] = {}
    for one in found:
        if one.reason:
            said.setdefault(one.metric.name, {})[one.reason] = None
    return {name: "; ".join(reasons) for name, reasons in said.items()}


def not_computed(name: str, reason: str) -> str:
    """The line beside the numbers that are there; a reason may name its metric itself."""
    return f"not computed: {reason}" if reason.startswith(f"{name} ") else f"{name} is not computed: {reason}"
