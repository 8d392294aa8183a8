"""What is known of two sets that are not independent: one was made from the other, or both have images in common.

Every estimate of what unlimited images would give, and every interval, takes the sets for independent. Where they are
known not to be, the plain values stand and those are None, with a warning that says why. What is seen and what is not:
`metrics.arithmetic.dependence` and docs/fid.md.
"""

from collections.abc import Mapping, Sequence
from posixpath import splitext
from typing import Any, NamedTuple

import numpy as np

from metrics.arithmetic.dependence import Links, links
from metrics.types import Metric

NOT_INDEPENDENT = "the sets are not independent"
WITHOUT = f"{NOT_INDEPENDENT}, so there is no corrected value and no interval"
SHARED = 0.01  # of the images of a set: with no more of them in common the intervals still cover as they should


class Member(NamedTuple):
    """One of two sets: its name, the names and the hashes of its images (empty where they are not known), and their
    features [n, d]."""

    name: str
    keys: Sequence[str]
    hashes: Sequence[str]
    features: np.ndarray


def about_dependence(a: Member, b: Member) -> tuple[bool, list[str]]:
    """Whether two sets are known not to be independent, and what is to be said about that."""
    shared = about_shared(a.name, a.hashes, b.name, b.hashes)
    if shared and _share(a.hashes, b.hashes) > SHARED:
        return True, [*shared, WITHOUT]
    small, large = sorted((a, b), key=lambda one: len(one.features))
    what = _in_words(links(small.features, large.features, partners(small, large)), small.name, large.name)
    if not what:
        return False, shared
    return True, [*shared, f"{what}: {WITHOUT}; compare with other images, from which neither set was made"]


def about_shared(name_a: str, hashes_a: Sequence[str], name_b: str, hashes_b: Sequence[str]) -> list[str]:
    """A warning where two sets have images in common: no metric of two sets means what it says then."""
    shared = len(_shared(hashes_a, hashes_b))
    if not shared:
        return []
    return [
        f"{shared:,} of {len(hashes_b):,} images of {name_b} are also in {name_a}: {NOT_INDEPENDENT}, so "
        "the distance comes out too small; remove them from one of the two"
    ]


def _shared(a: Sequence[str], b: Sequence[str]) -> list[str]:
    known = set(a)
    return [content for content in b if content in known]


def _share(a: Sequence[str], b: Sequence[str]) -> float:
    """The share of the images of a set that the other one has, of the one with the larger share."""
    return max(len(_shared(a, b)) / len(b), len(_shared(b, a)) / len(a))


def without_estimates(metric: Metric, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a metric, None for all that takes the sets for independent."""
    return {key: None if key in metric.estimates else value for key, value in values.items()}


def partners(a: Member, b: Member) -> np.ndarray:
    """The row of b for each row of a, -1 where there is none: of the same name but for its suffix, where at least half
    of the images of a have such a one, and in the same place otherwise, where both are as many."""
    places = {_without_suffix(key): place for place, key in enumerate(b.keys)}
    named = np.array([places.get(_without_suffix(key), -1) for key in a.keys], np.int64)
    if len(named) and 2 * (named >= 0).sum() >= len(named):
        return named
    return np.arange(len(a.features)) if len(a.features) == len(b.features) else np.full(len(a.features), -1)


def _without_suffix(key: str) -> str:
    return splitext(key)[0]


def _in_words(found: Links, small: str, large: str) -> str:
    looked_at = f"of {found.looked_at:,} images of {small} that were looked at"
    if found.copies:
        return f"{found.isolated:,} {looked_at} have a copy or near copy in {large}"
    if found.in_order:
        return f"{found.matched:,} {looked_at} are nearest to the image of the same name or place in {large}"
    return ""
