"""The scatters of a track: which numbers, which points, what is said of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.leaderboard.board import Board
from bench.leaderboard.standing import Standing
from bench.site.places import entry_href
from bench.site.scatter import Point, Scatter, scatter
from bench.site.words import kind_of
from bench.tables.table import Table, text

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
    board: Board, table: Table, landmarks: Sequence[tuple[str, str]], standings: Sequence[Standing]
) -> tuple[Plot, ...]:
    """The scatters that the metrics of a board declare; the rows of the table are the landmarks, each with the shape of
    its point, and then the standings."""
    titles = {column.key: column.title for column in table.columns}
    metrics = {one.metric.name: one.metric for one in board.numbers}.values()
    found = [(plot.upwards, plot.across, plot.says) for metric in metrics for plot in metric.plots]
    return tuple(
        Plot(f"{y}-{x}", titles[x], titles[y], words, scatter(_points(table, x, y, landmarks, standings)))
        for y, x, words in found
        if x in titles and y in titles
    )


def _points(
    table: Table, x: str, y: str, landmarks: Sequence[tuple[str, str]], standings: Sequence[Standing]
) -> list[Point]:
    keys, titles = [column.key for column in table.columns], {column.key: column.title for column in table.columns}
    points = []
    for number, row in enumerate(table.rows):
        across, up = row[keys.index(x)], row[keys.index(y)]
        if not isinstance(across.value, float) or not isinstance(up.value, float):
            continue
        values = f"{titles[y]} {text(up)}, {titles[x]} {text(across)}"
        if number < len(landmarks):
            name, kind = landmarks[number]
            outside = kind == "noise-set"
            points.append(Point(across.value, up.value, name, f"{name}: {values}", kind, named=True, outside=outside))
            continue
        one, place = standings[number - len(landmarks)], number - len(landmarks)
        kind = "flagged" if one.flags and not one.entry.origin.control else kind_of(one.entry)
        said = (one.name, f"{one.name}: {values}", kind, entry_href(one.entry), one.entry.slug)
        points.append(Point(across.value, up.value, *said, named=place < NAMED and one.rank is not None))
    return points
