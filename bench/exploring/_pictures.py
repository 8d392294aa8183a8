"""Charts of explorations in the house's style: lines with bands, labelled points. No global state: no pyplot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reference_models.loop.plots import COLOURS, FAINT, INK, save_png, tile

LANDMARK = "#888888"
PANEL_INCHES = (4.6, 3.6)
NAMED_POINTS = 120
LEAST_SIDE = 56  # pixels of an image in a strip


@dataclass(frozen=True)
class Line:
    """One curve. Of those with one `name` and colour only the first stands in the legend; no name, no entry.

    `low` and `high` draw a band, `faint` is one of many, `landmark` a grey one for comparison, `marks` are words at the
    points.
    """

    x: np.ndarray
    y: np.ndarray
    name: str = ""
    colour: int = 0
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    faint: bool = False
    landmark: bool = False
    dots: bool = False
    marks: Sequence[str] = ()


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its lines; `words` are the labels of both axes, `ticks` replace the numbers below."""

    title: str
    words: tuple[str, str]
    lines: Sequence[Line]
    ticks: tuple[Sequence[float], Sequence[str]] | None = None
    floor: float | None = None  # where the vertical axis begins, where that has a meaning


def strip(images: np.ndarray, columns: int) -> np.ndarray:
    """uint8 [n, c, h, w] as one picture, row by row, small images enlarged by a whole factor."""
    factor = -(-LEAST_SIDE // images.shape[2])
    return tile(images, columns).repeat(factor, axis=0).repeat(factor, axis=1)


def plot_panels(path: Path, title: str, panels: Sequence[Panel]) -> None:
    """PNG of panels side by side under one title."""
    from matplotlib.figure import Figure

    width, height = PANEL_INCHES
    figure = Figure(figsize=(width * len(panels), height + 0.3), layout="constrained", facecolor="white")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    for axes, panel in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        named: set[tuple[str, int]] = set()
        for line in panel.lines:
            draw_line(axes, line, in_legend=(line.name, line.colour) not in named)
            named.add((line.name, line.colour))
        frame(axes, panel.title, panel.words)
        if panel.ticks:
            axes.set_xticks(*panel.ticks)
        if panel.floor is not None:
            axes.set_ylim(bottom=panel.floor)
    save_png(figure, path)


def plot_groups(path: Path, title: str, groups: Sequence[tuple[str, np.ndarray]], words: tuple[str, str]) -> None:
    """PNG of points [n, 2] in groups, each of its own colour and with its name in the legend; one group needs none."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.2), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    colours = colormaps["tab10" if len(groups) <= 10 else "tab20"]
    for number, (name, points) in enumerate(groups):
        colour = COLOURS[0] if len(groups) == 1 else colours(number % colours.N)
        axes.scatter(*points.T, s=9, color=colour, alpha=0.75, linewidths=0, label=name or None)
    frame(axes, title, words)
    if len(groups) > 1:
        axes.legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
    save_png(figure, path)


def plot_map(
    path: Path, title: str, places: np.ndarray, names: Sequence[str], links: Sequence[tuple[int, int]]
) -> None:
    """PNG of named points [n, 2] without axes, some of them linked; of many only the linked ones are named."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.6), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    linked = {end for link in links for end in link}
    for number, (a, b) in enumerate(links):
        axes.plot(*places[[a, b]].T, color=COLOURS[number % len(COLOURS)], linewidth=1.4, zorder=1)
    axes.scatter(*places.T, s=16, color=[COLOURS[0] if one in linked else LANDMARK for one in range(len(places))])
    for number, name in enumerate(names):
        if len(names) <= NAMED_POINTS or number in linked:
            axes.annotate(name, places[number], (5, 4), textcoords="offset points", fontsize=8.5, color=INK)
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(0.08)
    axes.spines[:].set_color(FAINT)
    save_png(figure, path)


def draw_line(axes: Any, line: Line, *, in_legend: bool) -> None:
    """A line with its band, dots and words."""
    colour = LANDMARK if line.landmark else COLOURS[line.colour % len(COLOURS)]
    if line.low is not None and line.high is not None:
        axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
    axes.plot(
        line.x,
        line.y,
        color=colour,
        alpha=0.3 if line.faint else 1,
        linewidth=0.8 if line.faint else 1.6,
        linestyle="--" if line.landmark else "-",
        marker="o" if line.dots else None,
        markersize=4,
        label=line.name if line.name and in_legend else None,
    )
    for x, y, word in zip(line.x, line.y, line.marks, strict=False):
        axes.annotate(word, (x, y), (5, 4), textcoords="offset points", fontsize=8.5, color=INK)


def frame(axes: Any, title: str, words: tuple[str, str]) -> None:
    """Title, axis labels, grid and legend as everywhere in this project."""
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(words[0], color=INK)
    axes.set_ylabel(words[1], color=INK)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=8.5)
