"""Pairs of entries that are ordered one way by one number and the other way by another one.

A pair is disputed where the difference of one number is clear of 0 in favour of one entry, and that of another number
in favour of the other: two 95 % intervals (`bench.leaderboard.differences`), paired where both entries keep their
influences. Numbers of another extractor count too: those that the same images have on another track of the same real
images. Entries that are not ranked by themselves, the means of several training seeds among them, are in no pair.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.leaderboard.board import Board, influences_of, read_board, tracks_with_entries
from bench.leaderboard.differences import differences, estimate
from bench.leaderboard.influence import rows_of
from bench.leaderboard.standing import Standing
from bench.tables.columns import Number, of_board
from bench.tables.table import Cell, Column, Table
from metrics.arithmetic.quantiles import Z95
from metrics.errors import InputError

MOST = 100  # pairs that are told; of a thousand entries there may be half a million
COLUMNS = (
    Column("a", "Ranked before"),
    Column("for_a", "Better by"),
    Column("b", "Ranked after"),
    Column("for_b", "Better by"),
)
NOTE = (
    "a pair is disputed where each entry is better by some number, and both differences are clear of 0 by their 95 % "
    "intervals. With many pairs and numbers, some are disputed by chance"
)


@dataclass(frozen=True)
class Dispute:
    """Two entries by name, the one that ranks first first, and the numbers by which each is better for sure."""

    a: str
    b: str
    for_a: tuple[str, ...]
    for_b: tuple[str, ...]


@dataclass(frozen=True)
class Disputes:
    """How many pairs are disputed, and the first MOST of them in the order of the board."""

    count: int
    pairs: tuple[Dispute, ...]


def disputes(results: Path, board: Board) -> Disputes:
    """The disputed pairs among the ranked entries of a board."""
    return disputes_of(board, verdicts_by_number(results, board))


def disputes_of(board: Board, verdicts: Sequence[tuple[str, np.ndarray]]) -> Disputes:
    """The same, from the verdicts of each number."""
    if not verdicts:
        return Disputes(0, ())
    titles, wins = [title for title, _ in verdicts], np.stack([won for _, won in verdicts])
    disputed = np.triu((wins > 0).any(axis=0) & (wins < 0).any(axis=0))
    names = [one.name for one in single(board)]

    def better(i: int, j: int) -> tuple[str, ...]:
        return tuple(title for title, won in zip(titles, wins, strict=True) if won[i, j] > 0)

    places = np.argwhere(disputed).tolist()
    pairs = (Dispute(names[i], names[j], better(i, j), better(j, i)) for i, j in places[:MOST])
    return Disputes(len(places), tuple(pairs))


def table_of(board: Board, found: Disputes) -> Table | None:
    """The disputed pairs as a table; None where there are none."""
    if not found.count:
        return None
    track = board.record.track
    rows = tuple(
        (Cell(one.a), Cell("; ".join(one.for_a)), Cell(one.b), Cell("; ".join(one.for_b))) for one in found.pairs
    )
    first = () if len(rows) == found.count else (f"these are the first {len(rows):,} pairs",)
    pairs = f"{found.count:,} disputed {'pair' if found.count == 1 else 'pairs'}"
    return Table(f"{track}-disputed", f"{track}: {pairs}", COLUMNS, rows, (NOTE, *first))


def verdicts_by_number(results: Path, board: Board) -> list[tuple[str, np.ndarray]]:
    """Of each number that has an interval: its title, and [k, k] of the `single` entries, 1 where the row is better, -1
    where the column is, 0 where they cannot be told apart."""
    return list(_verdicts(results, board))


def single(board: Board) -> list[Standing]:
    """The entries that are ranked by themselves."""
    return [one for one in board.ranked if not one.seeds]


def _verdicts(results: Path, board: Board) -> Iterator[tuple[str, np.ndarray]]:
    kept = [_kept(results, one) for one in single(board)]
    for number in _numbers(board):
        yield number.output.title, _told_apart(number, single(board), kept)
    digests = [one.entry.manifest.digest for one in single(board)]
    for other in _other_eyes(results, board):
        there = {one.entry.manifest.digest: one for one in single(other)}
        places = np.array([place for place, digest in enumerate(digests) if digest in there], int)
        standings = [there[digests[place]] for place in places]
        moves = [_kept(results, one) for one in standings]
        for number in _numbers(other) if len(standings) > 1 else ():
            found = np.zeros((len(digests), len(digests)), int)
            found[np.ix_(places, places)] = _told_apart(number, standings, moves)
            yield f"{number.output.title} by {other.record.rules.protocol.extractor}", found


def _kept(results: Path, one: Standing) -> np.ndarray | None:
    return influences_of(results, one.entry) if one.kept is None else one.kept


def _numbers(board: Board) -> list[Number]:
    return [one for one in of_board(board.record.rules.protocol) if one.ranked and one.output.interval]


def _told_apart(number: Number, standings: Sequence[Standing], kept: Sequence[np.ndarray | None]) -> np.ndarray:
    """Which entry is better by one number, [k, k]."""
    wins = np.zeros((len(standings), len(standings)), int)
    estimates = [
        estimate(number, one.entry.scores, _row(number, one, moves)) for one, moves in zip(standings, kept, strict=True)
    ]
    places = np.array([place for place, one in enumerate(estimates) if one], int)
    if len(places) > 1:
        found = differences([one for one in estimates if one])
        above = (found.least - Z95 * found.se > 0).astype(int) - (found.most + Z95 * found.se < 0)
        wins[np.ix_(places, places)] = -above if number.output.better == "lower" else above
    return wins


def _row(number: Number, one: Standing, moves: np.ndarray | None) -> np.ndarray | None:
    """What an entry keeps of a number for paired comparisons."""
    rows = rows_of(one.entry.rules.protocol)
    if moves is None or not number.paired or number.metric not in rows:
        return None
    row: np.ndarray = moves[rows.index(number.metric)]
    return row


def _other_eyes(results: Path, board: Board) -> Iterator[Board]:
    """The boards of other extractors with the same real images."""
    own = board.record.rules.protocol
    for track in tracks_with_entries(results):
        if track == board.record.track:
            continue
        with suppress(InputError):  # a damaged track is told by whoever asks for it
            other = read_board(results, track)
            protocol = other.record.rules.protocol
            if (protocol.dataset, protocol.real) == (own.dataset, own.real) and protocol.extractor != own.extractor:
                yield other
