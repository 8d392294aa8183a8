"""The submissions of one name: this one and those that it has replaced, with their scores where these were kept."""

from dataclasses import dataclass

from bench.leaderboard.board import Board, with_orders
from bench.leaderboard.orders import ORDERS
from bench.leaderboard.standing import Standing
from bench.site.numbers import measured
from bench.tables.table import ARROWS


@dataclass(frozen=True)
class Submissions:
    """The titles of the columns, and a row of each submission, the newest first: when, and its numbers as text."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def submissions(board: Board, one: Standing) -> Submissions | None:
    """None where nothing was replaced. What was measured by other rules has no numbers here."""
    entry, found = one.entry, measured(board)
    if not entry.earlier:
        return None
    numbers = [number for number in found.numbers if number == board.sorted_by or number.output.shown == "top"]
    scored = [(old.created_utc, old.scores if old.track_id == entry.track_id else None) for old in entry.earlier]
    rows = []
    for time, scores in (*scored, (entry.created_utc, entry.scores)):
        known = with_orders(scores or {}, board.record, ORDERS)
        rows.append((time, tuple(found.show(number, known).words for number in numbers)))
    titles = (measured(board).titles[number.key] + ARROWS[number.output.better] for number in numbers)
    return Submissions(tuple(titles), tuple(reversed(rows)))
