"""The submissions of one name: this one and those that it has replaced, with their scores where these were kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.leaderboard.board import Board, with_orders
from bench.leaderboard.orders import ORDERS
from bench.leaderboard.standing import Standing
from bench.tables.columns import Number, by_itself
from bench.tables.table import ARROWS, Table, aligned, text


@dataclass(frozen=True)
class Submissions:
    """The titles of the columns, and a row of each submission, the newest first: when, and its numbers as text."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def submissions(board: Board, one: Standing) -> Submissions | None:
    """None where nothing was replaced. What was measured by other rules has no numbers here."""
    entry, numbers = one.entry, _numbers(board)
    if not entry.earlier:
        return None
    scored = [(old.created_utc, old.scores if old.track_id == entry.track_id else None) for old in entry.earlier]
    cells = [
        tuple(number.cell(with_orders(scores or {}, board.record, ORDERS)) for number in numbers)
        for _, scores in (*scored, (entry.created_utc, entry.scores))
    ]
    columns = tuple(by_itself(number) for number in numbers)
    table = aligned(Table("submissions", "", columns, tuple(reversed(cells))))
    times = [entry.created_utc, *(time for time, _ in reversed(scored))]
    rows = tuple((time, tuple(map(text, row))) for time, row in zip(times, table.rows, strict=True))
    return Submissions(tuple(column.title + ARROWS[column.better] for column in columns), rows)


def _numbers(board: Board) -> Sequence[Number]:
    """The one that the board is sorted by, and those at the top of a page."""
    return tuple(one for one in board.numbers if one == board.sorted_by or one.output.shown == "top")
