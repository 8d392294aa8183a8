"""Entries of one model that was trained with several seeds: which ones belong together, and what they share.

Entries are of one model where the tool itself sampled a checkpoint, so that the training seed is on record; where
submitter, model, settings, training images, number of steps and track are the same, and the names but for an end such
as `, seed 3`.
"""

import json
import re
from collections.abc import Mapping, Sequence

import numpy as np

from bench.leaderboard.differences import Estimate, estimate
from bench.leaderboard.entries import Entry
from bench.storage.records import Numbers
from bench.tables.columns import Number
from bench.tables.seed_means import seed_mean
from metrics.arithmetic.training_seeds import SHARED, differing

SEED = re.compile(r"[\s,_(-]*seed[\s_=-]*\d+\)?\s*$", re.IGNORECASE)
Scores = Mapping[str, Numbers]
Family = tuple[str | int | None, ...]


def stem_of(name: str) -> str:
    """A name without the training seed at its end."""
    return SEED.sub("", name)


def family_of(entry: Entry) -> Family | None:
    """What the entries of one model have in common; None where the training seed is not known, and for controls."""
    origin = entry.origin
    if origin.training_seed is None or origin.control:
        return None
    settings = json.dumps(origin.settings, sort_keys=True)
    return (
        *(entry.track_id, entry.about.authors, stem_of(entry.about.name)),
        *(origin.model, settings, origin.train_split, origin.training_steps),
    )


def mean_scores(numbers: Sequence[Number], scores: Sequence[Scores]) -> dict[str, Numbers]:
    """The means of these numbers over the seeds whose scores these are, each with its t-interval where the number has
    room for one."""
    found: dict[str, Numbers] = {}
    for number in numbers:
        mean, at = seed_mean(number, scores), number.output.interval
        if mean:
            ends = {at.low: mean.low, at.high: mean.high} if at else {}
            found.setdefault(number.metric.name, {}).update({number.key: mean.mean, **ends})
    return found


def mean_estimate(number: Number, seeds: Sequence[tuple[Scores, np.ndarray | None]]) -> Estimate | None:
    """The mean of a number over seeds for the ranking, from the scores of each and what it keeps of its influence; None
    where one has no interval.

    Its variance is that of the mean over seeds, and what the real images bring, which all seeds share: as it is kept,
    else the usual share of the sampling variance.
    """
    each = [estimate(number, scores, influence) for scores, influence in seeds]
    known = [one for one in each if one is not None]
    if len(known) < len(each):
        return None
    values = np.array([one.value for one in known])
    rest, count = float(values.var(ddof=1)) / len(known), len(known)
    down, up = (float(np.mean([getattr(one, side) for one in known])) for side in ("down", "up"))
    moves = [one.influence for one in known if one.influence is not None]
    if len(moves) == count:
        moved = np.mean(moves, axis=0)
        variance = rest + float(moved @ moved)
        return Estimate(float(values.mean()), variance, down, up, moved, rest, count - 1)
    shared = SHARED * float(np.mean([one.variance for one in known])) if number.metric.arity == "pair" else 0.0
    return Estimate(float(values.mean()), rest + shared, down, up, None, rest, count - 1)


def apart_of(influences: Sequence[np.ndarray | None]) -> float | None:
    """The variance of the sampling errors of one number that differs from seed to seed, from what each entry keeps of
    it: the row that `bench.leaderboard.influence.influences` makes; None where one keeps nothing."""
    rows = [one.astype(np.float64) for one in influences if one is not None]
    if len(rows) < len(influences) or len(rows) < 2:
        return None
    own, moves = np.array([row[0] for row in rows]), np.stack([row[1:] for row in rows])
    return differing(moves @ moves.T + np.diag(own**2))
