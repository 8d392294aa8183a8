"""The scatters of a track: which numbers, which points, what is said of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.leaderboard.board import Board
from bench.leaderboard.standing import Standing
from bench.site.numbers import measured
from bench.site.places import entry_href
from bench.site.rows import Head
from bench.site.scatter import Point, Scatter, scatter
from bench.site.words import kind_of

NAMED = 5  # entries, from the first of the ranking, whose names stand beside their points
SHAPES = (
    ("submission", "submission"),
    ("reference", "reference model"),
    ("control", "control"),
    ("flagged", "flagged"),
    ("real-2", "real 2: the values of real images"),
    ("noise-set", "noise; an arrow where it lies outside"),
)


@dataclass(frozen=True)
class Plot:
    """One scatter."""

    id: str
    x_title: str
    y_title: str
    words: str
    drawn: Scatter


def plots(
    board: Board, heads: Sequence[Head], landmarks: Sequence[tuple[str, str]], standings: Sequence[Standing]
) -> tuple[Plot, ...]:
    """The scatters that the metrics of a board declare, of landmarks, each with the shape of its point, and standings;
    `heads` are the columns of its tables."""
    known = {head.key: head for head in heads}
    metrics = {one.metric.name: one.metric for one in board.numbers}.values()
    found = [(plot.upwards, plot.across, plot.says) for metric in metrics for plot in metric.plots]
    return tuple(
        Plot(
            id=f"{y}-{x}",
            x_title=known[x].title,
            y_title=known[y].title,
            words=words,
            drawn=scatter(list(_points(board, known[x], known[y], landmarks, standings))),
        )
        for y, x, words in found
        if x in known and y in known
    )


def _points(
    board: Board, x: Head, y: Head, landmarks: Sequence[tuple[str, str]], standings: Sequence[Standing]
) -> Iterator[Point]:
    for name, kind in landmarks:
        yield from _point(board, x, y, name, name, kind, named=True, outside=kind == "noise-set")
    first = board.ranked[:NAMED]
    for one in standings:
        kind = "flagged" if one.flags and not one.entry.origin.control else kind_of(one.entry)
        where = {"href": entry_href(one.entry), "slug": one.entry.slug, "named": one in first}
        yield from _point(board, x, y, one, one.name, kind, **where)


def _point(board: Board, x: Head, y: Head, who: Standing | str, name: str, kind: str, **others: Any) -> Iterator[Point]:
    """Nothing where one of its numbers is absent."""
    across, up = (measured(board).of[who][head.key] for head in (x, y))
    if across.value is not None and up.value is not None:
        said = f"{name}: {y.title} {up.words}, {x.title} {across.words}"
        yield Point(across.value, up.value, name, said, kind, **others)
