"""Entries of one model that was trained with several seeds: which ones belong together, and what they share.

Entries are of one model where the tool itself sampled a checkpoint, so that the training seed is on record; where
submitter, model, settings, number of steps and track are the same, and the names but for an end such as `, seed 3`.
"""

import json
import re
from collections.abc import Sequence

import numpy as np

from bench.leaderboard.entries import Entry
from metrics.arithmetic.training_seeds import differing

SEED = re.compile(r"[\s,_(-]*seed[\s_=-]*\d+\)?\s*$", re.IGNORECASE)
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
        *(origin.model, settings, origin.training_steps),
    )


def apart_of(influences: Sequence[np.ndarray | None]) -> float | None:
    """The variance of the sampling errors of one number that differs from seed to seed, from what each entry keeps of
    it: the row that `bench.leaderboard.influence.influences` makes; None where one keeps nothing."""
    rows = [one.astype(np.float64) for one in influences if one is not None]
    if len(rows) < len(influences) or len(rows) < 2:
        return None
    own, moves = np.array([row[0] for row in rows]), np.stack([row[1:] for row in rows])
    return differing(moves @ moves.T + np.diag(own**2))
