"""The scores of an entry computed again at level 1, from the features, class predictions and pixel hashes beside it.

Nothing is measured: no image, no network. Of the metrics of the rules all are computed whose version is this one's; of
the signs of copying those for which the track keeps the real sets. Near copies need the pixels themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench import registry
from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import INFLUENCE, MOMENTS
from bench.leaderboard.evidence import HELD_OUT, PIXELS, Evidence, hashes_of
from bench.leaderboard.influence import influences, rows_of
from bench.leaderboard.moments import Moments, moments_of
from bench.leaderboard.open_tracks import COPIES, MEMORISATION
from bench.leaderboard.tracks import TRAIN
from bench.measuring.declared import declared
from bench.measuring.dependence import without_estimates
from bench.measuring.evaluation import OPTIONS, REAL_1
from bench.measuring.scoring import compute
from bench.protocol import MetricChoice
from bench.storage.records import Numbers
from bench.submissions._comparing import STORED, arrays_differ, scores_differ
from bench.submissions._values import Problem
from metrics.arithmetic.dependence import links
from metrics.types import Metric

Real = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Stored:
    """What lies beside an entry, read."""

    moments: Moments
    influence: np.ndarray
    evidence: Evidence


def recount(entry: Entry, stored: Stored, real: Real) -> Iterator[Problem]:
    """Where scores, moments and influences are not what the features give, `real` being what the track keeps."""
    found = {**dict(_scores(entry, stored.evidence, real)), COPIES: _copies(stored.evidence, real)}
    yield from scores_differ(entry.scores, found, entry.manifest.count, STORED)
    features = stored.evidence.features
    if features is None:
        return
    yield from arrays_differ(MOMENTS, stored.moments.flat, moments_of(features).flat, STORED)
    again = influences(rows_of(entry.rules.protocol), real[REAL_1], features)
    yield from arrays_differ(INFLUENCE, stored.influence, again, STORED)


def _scores(entry: Entry, evidence: Evidence, real: Real) -> Iterator[tuple[str, Numbers]]:
    for choice in entry.rules.protocol.metrics:
        arrays = _arrays(choice, evidence, real) if _known(choice) else None
        if arrays is not None:
            metric = registry.load("metrics", choice.name)
            values = compute(metric, *arrays, options=OPTIONS)
            apart = metric.arity == "set" or _independent(entry.scores.get(choice.name, {}), metric, arrays)
            yield choice.name, values if apart else without_estimates(metric, values)
    features, rule = evidence.features, entry.rules.memorisation
    if features is not None and _known(rule) and {TRAIN, HELD_OUT} <= set(real):
        metric = registry.load("metrics", MEMORISATION)
        values = compute(metric, real[TRAIN], features, real[HELD_OUT], options=OPTIONS)
        there = metric.known(rule.version)
        yield MEMORISATION, {key: value for key, value in values.items() if key in there}


def _independent(claimed: Numbers, metric: Metric, arrays: tuple[np.ndarray, ...]) -> bool:
    """Whether an entry takes its images for independent of real 1, and the features say nothing else."""
    if not metric.estimates:
        return True
    if all(claimed.get(key) is None for key in metric.estimates):
        return False
    small, large = sorted(arrays, key=len)
    return not links(small, large, np.full(len(small), -1)).copies


def _known(choice: MetricChoice) -> bool:
    """Whether this version of the metric gives the numbers that were asked for, with the options of this version."""
    metric = declared(choice.name)
    if metric is None or OPTIONS.fitting(metric) != dict(choice.options):
        return False
    return (metric.same_since or metric.version) <= choice.version <= metric.version


def _arrays(choice: MetricChoice, evidence: Evidence, real: Real) -> tuple[np.ndarray, ...] | None:
    """What a metric of the protocol is computed from; None where that is not kept, or where images are compared."""
    metric = declared(choice.name)
    made = {"logits": evidence.logits, "pool": evidence.features}.get(metric.feature) if metric else None
    if metric is None or made is None:
        return None
    if metric.arity == "set":
        return (made,)
    return (real[REAL_1], made) if metric.feature == "pool" and REAL_1 in real else None


def _copies(evidence: Evidence, real: Real) -> Numbers:
    """The shares of equal images, as `bench.measuring.copies` counts them, as far as the hashes are kept."""
    made = hashes_of(evidence.pixels)
    found: Numbers = {"duplicates": 1 - len(set(made)) / len(made)}
    if {TRAIN + PIXELS, HELD_OUT + PIXELS} <= set(real):
        train, held_out = (hashes_of(real[name + PIXELS]) for name in (TRAIN, HELD_OUT))
        unseen = set(held_out) - set(train)
        found |= {
            "exact_copies": _share(made, set(train)),
            "exact_copies_expected": _share(held_out, set(train)),
            "held_out_copies": _share(made, unseen),
        }
    return found


def _share(hashes: list[str], known: set[str]) -> float:
    return sum(one in known for one in hashes) / len(hashes)
