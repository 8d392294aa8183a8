"""How a ranked entry compares with each of the others: better, worse, or not to be told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bench.leaderboard.board import Board
from bench.leaderboard.standing import Standing


@dataclass(frozen=True)
class Relations:
    """The ranked entries that one is better than, those that it cannot be told apart from, and those that it is worse
    than; each the nearest in the ranking first."""

    better: tuple[Standing, ...]
    alike: tuple[Standing, ...]
    worse: tuple[Standing, ...]

    @property
    def words(self) -> str:
        """`better than 11, not told apart from 6, worse than 3`."""
        return (
            f"better than {len(self.better):,}, not told apart from {len(self.alike):,}, worse than {len(self.worse):,}"
        )


def place_of(board: Board, one: Standing) -> int | None:
    """Where an entry stands among the ranked ones, from 0; a seed of a model where the mean of its seeds stands; None
    of what is not ranked."""
    return _places(board).get(one)


@lru_cache(maxsize=1)  # of the board whose entries are asked for
def _places(board: Board) -> Mapping[Standing, int]:
    return {one: place for place, ranked in enumerate(board.ranked) for one in (ranked, *ranked.seeds)}


def relations(board: Board, place: int) -> Relations | None:
    """The verdicts of the ranked entry at a place, from 0; None where the board has none."""
    if board.verdicts is None:
        return None
    said = board.verdicts[place]
    better, alike, worse = (_nearest(np.flatnonzero(said == verdict), place) for verdict in (1, 0, -1))
    return Relations(*(tuple(map(board.ranked.__getitem__, others)) for others in (better, alike, worse)))


def _nearest(others: np.ndarray, place: int) -> list[int]:
    """Places without the one itself, the nearest first."""
    others = others[others != place]
    found: list[int] = others[np.argsort(np.abs(others - place), kind="stable")].tolist()
    return found
