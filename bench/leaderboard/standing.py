"""An entry on its board, and one for all training seeds of a model that was submitted with several."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.leaderboard.differences import Estimate, estimate
from bench.leaderboard.entries import Entry, Level
from bench.leaderboard.ranking import Rank
from bench.leaderboard.seeds import family_of, mean_estimate, mean_scores, stem_of
from bench.leaderboard.way import Scores
from bench.tables.columns import Number


@dataclass(frozen=True, eq=False)
class Standing:
    """An entry on its board: its scores, with what rules of several of them make of it, what was verified of it, as a
    number and in words, why it is flagged (() where it is not), what it shares with other entries, its rank, None where
    it has none, and what it keeps for paired comparisons of the score that the board is sorted by; `kept` is all of
    that, if it was read.

    A model that was submitted with several training seeds is one standing with their means: `seeds` are its entries,
    `entry` is the first of them, `tried` how many seeds of it there are, those that are flagged among them."""

    entry: Entry
    scores: Scores
    level: Level
    level_word: str
    flags: tuple[str, ...]
    twins: tuple[str, ...] = ()
    rank: Rank | None = None
    influence: np.ndarray | None = None
    kept: np.ndarray | None = None
    seeds: tuple["Standing", ...] = ()
    tried: int = 1

    @property
    def name(self) -> str:
        """The name of the entry, or of the model where several seeds stand together."""
        if not self.seeds:
            return self.entry.about.name
        of = f"{len(self.seeds)} seeds" if self.tried == len(self.seeds) else f"{len(self.seeds)} of {self.tried} seeds"
        return f"{stem_of(self.entry.about.name)}, mean of {of}"


def by_model(honest: list[Standing], flagged: Sequence[Standing], numbers: Sequence[Number]) -> list[Standing]:
    """The standings, with one for all seeds of a model where there are several."""
    found: dict[object, dict[int, Standing]] = {}
    for one in honest:
        seed = one.entry.origin.training_seed or 0
        found.setdefault(family_of(one.entry) or one.entry.slug, {}).setdefault(seed, one)
    several = {family: [seeds[seed] for seed in sorted(seeds)] for family, seeds in found.items() if len(seeds) > 1}
    inside = {one.entry.slug for seeds in several.values() for one in seeds}
    return [one for one in honest if one.entry.slug not in inside] + [
        _mean(seeds, sum(family_of(one.entry) == family for one in flagged), numbers)
        for family, seeds in several.items()
    ]


def _mean(seeds: Sequence[Standing], flagged: int, numbers: Sequence[Number]) -> Standing:
    least = min(seeds, key=lambda one: one.level)
    scores = mean_scores(numbers, [one.scores for one in seeds])
    tried = len(seeds) + flagged
    return Standing(seeds[0].entry, scores, least.level, least.level_word, (), seeds=tuple(seeds), tried=tried)


def estimate_of(number: Number, one: Standing) -> Estimate | None:
    """A number of an entry, or of the mean over its seeds, as the ranking compares it."""
    if one.seeds:
        return mean_estimate(number, [(seed.scores, seed.influence) for seed in one.seeds])
    return estimate(number, one.scores, one.influence)
