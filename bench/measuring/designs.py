"""Sets that are no independent draws, and what is known of how they were drawn: pairs of images, or classes of fixed
numbers. Metrics with an estimate for that (`Metric.of_design`) are asked for it, and a line beside the number names it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.measuring.dependence import NOT_INDEPENDENT, SHARED, Member, partners
from bench.measuring.sets import MeasuredSet
from metrics.arithmetic.dependence import links
from metrics.arithmetic.designs import Design, is_even
from metrics.types import Metric


class Known(NamedTuple):
    """The values that an estimate for such sets gives, and the line beside them."""

    values: dict[str, Any]
    said: str


def known_design(
    metric: Metric, sets: tuple[MeasuredSet, MeasuredSet], dependent: bool, options: Mapping[str, Any]
) -> Known | None:
    """What a metric makes of two sets by what is known of how they were drawn; `dependent` ones only as pairs. None
    where it has no such estimate, and where nothing is known."""
    if metric.of_design is None:
        return None
    a, b = (Member(one.name, one.keys, one.hashes, one.features(metric.feature)) for one in sets)
    if not dependent:
        return _of_classes(metric, a, b, (_even(sets[0].labels), _even(sets[1].labels)), options)
    rows = pairs_of(a, b)
    if rows is None:
        return None
    found = metric.of_design(a.features, b.features[rows], Design(pairs=True), **options)
    said = (
        f"{metric.name}: {NOT_INDEPENDENT}, but {len(rows):,} pairs of images, of the same name or place in {a.name} "
        f"and in {b.name}; {_titles(metric, found)} and the interval are those of pairs, all else takes the sets for "
        "independent or is left out"
    )
    return Known({**found, f"{metric.name}_pairs": len(rows)}, said)


def pairs_of(a: Member, b: Member) -> np.ndarray | None:
    """The row of b for each row of a, of sets that depend on each other in pairs: each image has its partner, of the
    same name or in the same place. None of any others, and where both sets share images, so that one of them is a
    mistake."""
    rows = partners(a, b)
    if len(rows) != len(b.features) or not np.array_equal(np.sort(rows), np.arange(len(rows))):
        return None
    same = int((a.features == b.features[rows]).all(axis=1).sum())
    if max(same, len(set(a.hashes) & set(b.hashes))) > SHARED * len(rows):
        return None
    return rows if links(a.features, b.features, rows).in_order else None


def _of_classes(
    metric: Metric,
    a: Member,
    b: Member,
    classes: tuple[np.ndarray | None, np.ndarray | None],
    options: Mapping[str, Any],
) -> Known | None:
    even = [f"{one.name} ({given.max() + 1})" for one, given in zip((a, b), classes, strict=True) if given is not None]
    if not even or metric.of_design is None:
        return None
    found = metric.of_design(a.features, b.features, Design(classes=classes), **options)
    said = (
        f"{metric.name}: as many images of each class, more evenly than independent draws: {' and '.join(even)}; "
        f"{_titles(metric, found)} and the interval are those of such sets"
    )
    return Known({**found, f"{metric.name}_even_sets": len(even)}, said)


def _titles(metric: Metric, found: Mapping[str, Any]) -> str:
    return ", ".join(one.title for one in metric.outputs if one.name in found)


def _even(labels: Sequence[str]) -> np.ndarray | None:
    """The number of each image's class, of a set with even numbers of them; None of any other."""
    if not labels:
        return None
    _, classes, counts = np.unique(list(labels), return_inverse=True, return_counts=True)
    return classes.astype(np.int64) if is_even(counts) else None
