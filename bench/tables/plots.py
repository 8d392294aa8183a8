"""Figures of results: the runs of one protocol by their FID, with intervals, between real 2 and noise.

Made from a table's values, so a figure never says anything that its table does not. No global state: no pyplot.
"""

import textwrap
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.storage.files import whole
from bench.tables.columns import RANKED_BY
from bench.tables.table import ARROWS, Table

LANDMARK, RUN, INK, FAINT = "#999999", "#3366aa", "#222222", "#dddddd"
ROW_INCHES, LINE_INCHES = 0.36, 0.17
NAME_LETTERS = 36  # of a line; a model with many settings has several lines


def plot_intervals(path: Path, table: Table, key: str, landmarks: tuple[int, ...]) -> None:
    """Lossless WebP of one column: a dot per row with its interval, the table's first column beside it.

    The rows `landmarks` are grey, and rows without a value are left out. Raises InputError where it cannot be written.
    """
    from matplotlib.figure import Figure

    place = [column.key for column in table.columns].index(key)
    rows = [number for number, row in enumerate(table.rows) if row[place].value is not None]
    names = [textwrap.wrap(str(table.rows[number][0].value), NAME_LETTERS) for number in rows]
    talls = [ROW_INCHES + LINE_INCHES * (len(lines) - 1) for lines in names]
    heights = [end - tall / 2 for end, tall in zip(accumulate(talls), talls, strict=True)]
    figure = Figure(figsize=(6.4, 1.15 + sum(talls)), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for height, number in zip(heights, rows, strict=True):
        cell = table.rows[number][place]
        assert isinstance(cell.value, int | float)
        colour = LANDMARK if number in landmarks else RUN
        if cell.low is not None and cell.high is not None:
            axes.plot([cell.low, cell.high], [height, height], color=colour, linewidth=2.2, solid_capstyle="butt")
        axes.plot([cell.value], [height], "o", color=colour, markersize=6)
    _frame(axes, heights, ["\n".join(lines) for lines in names])
    axes.set_ylim(sum(talls), 0)
    column = table.columns[place]
    axes.set_title(table.title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(f"FID, {column.title}{ARROWS[column.better]}" if key == RANKED_BY else column.title, color=INK)
    _save(figure, path)


def _frame(axes: Any, heights: list[float], names: list[str]) -> None:
    axes.set_yticks(heights, names)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _save(figure: Any, path: Path) -> None:
    with whole(path) as unfinished:
        figure.savefig(unfinished, format="webp", dpi=100, pil_kwargs={"lossless": True})
