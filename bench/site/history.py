"""The best over time: every ranked entry at its day, and the steps by which the best value of the track got better."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.leaderboard.board import Board
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import REAL_2
from bench.site.axes import even_ticks, fitting
from bench.site.numbers import measured, of_order
from bench.site.places import entry_href
from bench.site.svg import Scale, Tick
from bench.storage.provenance import time_of

WIDTH, HEIGHT = 400.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 12.0, 34.0
DAYS = (1, 2, 5, 7, 14, 28, 61, 91, 182, 365)  # between two ticks
TICKS = 4
MARKS = 60  # entries, from the first of the ranking, with a title and a link; later ones are dots


@dataclass(frozen=True)
class Day:
    """An entry at its place; `best` where it was better than all before it. What is said of it, and in parts."""

    x: float
    y: float
    best: bool
    title: str
    slug: str
    href: str
    name: str
    date: str
    shown: str


@dataclass(frozen=True)
class History:
    """A drawing: `days` are entries with a title and a link, `dots` the places of the others; `path` are the steps of
    the best value; `real` is the height of real 2, None where it lies outside."""

    title: str
    days: tuple[Day, ...]
    dots: tuple[tuple[float, float], ...]
    path: str
    real: float | None
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]

    @property
    def bests(self) -> tuple[Day, ...]:
        """Those that were the best in their time, the oldest first."""
        return tuple(day for day in self.days if day.best)


def history(board: Board) -> History | None:
    """None where all entries are of one day, so that there is nothing to draw."""
    known = sorted(filter(None, (_timed(board, one) for one in board.ranked)), key=lambda found: found[0])
    if len({time.date() for time, *_ in known}) < 2:
        return None
    first, last = known[0][0], known[-1][0]
    x = Scale(0.0, (last - first) / timedelta(days=1), LEFT, WIDTH - RIGHT)
    y = fitting((value for _, value, _ in known), HEIGHT - BOTTOM, TOP)
    best = math.inf
    sign = -1 if board.sorted_by.output.better == "higher" else 1
    days, dots = [], []
    for time, value, one in known:
        better = sign * value < best
        best = min(best, sign * value)
        place = x.place((time - first) / timedelta(days=1)), y.place(value)
        if better or (one.rank and one.rank.number <= MARKS):
            days.append(_day(board, one, *place, better))
        else:
            dots.append(place)
    real = of_order(board, REAL_2).value
    return History(
        title=measured(board).titles[board.sort],
        days=tuple(days),
        dots=tuple(dots),
        path=_steps([day for day in days if day.best]),
        real=y.place(real) if real is not None and y.low <= real <= y.high else None,
        x_ticks=_day_ticks(x, first, last),
        y_ticks=even_ticks(y),
    )


def _timed(board: Board, one: Standing) -> tuple[datetime, float, Standing] | None:
    """When it was complete, and its value; the mean of several seeds is as old as the newest of them."""
    times = [time_of(seed.entry.created_utc) for seed in one.seeds or (one,)]
    value = of_order(board, one).value
    known = [time for time in times if time]
    return (max(known), value, one) if len(known) == len(times) and value is not None else None


def _day(board: Board, one: Standing, x: float, y: float, best: bool) -> Day:
    date = max(seed.entry.created_utc for seed in one.seeds or (one,))[:10]
    shown = of_order(board, one).words
    title = f"{date}: {one.name}, {shown}"
    return Day(x, y, best, title, one.entry.slug, entry_href(one.entry), one.name, date, shown)


def _steps(bests: Sequence[Day]) -> str:
    """A line that stays at a value until the next better one."""
    path = f"M{bests[0].x} {bests[0].y}"
    for day in bests[1:]:
        path += f"H{day.x}V{day.y}"
    return f"{path}H{WIDTH - RIGHT}"


def _day_ticks(x: Scale, first: datetime, last: datetime) -> tuple[Tick, ...]:
    """A few days, whole ones."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=1)
    whole = (last - start).days
    step = next((days for days in DAYS if whole / days < TICKS), math.ceil((whole + 1) / TICKS))
    days = [start + timedelta(days=number) for number in range(0, whole + 1, step)] or [start]
    return tuple(Tick(x.place((day - first) / timedelta(days=1)), day.strftime("%Y-%m-%d")) for day in days)
