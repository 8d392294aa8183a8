"""One figure with a column per checkpoint: what each makes of the same input, and its curves below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.exploring._pictures import LEAST_SIDE
from reference_models.loop.plots import FAINT, INK, Range, draw_curves, save_png, show_range

DPI = 100
EDGE, GAP, TITLE, WORDS, BLOCK_WORDS = 12, 16, 40, 34, 18  # pixels
CURVE_HEIGHT, CURVE_ABOVE, AXIS_LEFT, AXIS_BELOW = 150, 14, 40, 44
NARROWEST = 210  # pixels of a column with curves
LETTER = 5.6  # pixels of a letter over a column


@dataclass(frozen=True)
class Column:
    """A column under its name: a picture uint8 [h, w, 3] for each block or None, and curves with their figures.

    `figures` says which losses share a pair of axes: {title: names}. `curve` are the columns of losses.csv.
    """

    name: str
    blocks: Sequence[np.ndarray | None]
    curve: Mapping[str, np.ndarray] = field(default_factory=dict)
    figures: Mapping[str, Sequence[str]] = field(default_factory=dict)


def plot_columns(path: Path, title: str, columns: Sequence[Column], blocks: Sequence[str]) -> None:
    """PNG of the columns; `blocks` are written over their rows of pictures. Curves of one title share their axis."""
    from matplotlib.figure import Figure

    titles = list(dict.fromkeys(one for column in columns for one in _shown(column)))
    widths = [_width(column) for column in columns]
    heights = [
        max(column.blocks[place].shape[0] for column in columns if column.blocks[place] is not None)  # type: ignore[union-attr]
        for place in range(len(blocks))
    ]
    words = BLOCK_WORDS if any(blocks) else 0
    images_high = sum(heights) + len(blocks) * (words + GAP)
    wide = 2 * EDGE + sum(widths) + GAP * (len(columns) - 1) + (AXIS_LEFT if titles else 0)
    wide = max(wide, 2 * EDGE + 7 * len(title))
    high = TITLE + WORDS + images_high + CURVE_ABOVE + len(titles) * (CURVE_HEIGHT + AXIS_BELOW) + EDGE
    figure = Figure(figsize=(wide / DPI, high / DPI), dpi=DPI, facecolor="white")
    page = _Page(figure, wide, high)
    page.text(EDGE, 14, title, fontsize=10, va="top")
    drawn: dict[str, list[tuple[Any, Range]]] = {name: [] for name in titles}
    left = EDGE + (AXIS_LEFT if titles else 0)
    for column, width in zip(columns, widths, strict=True):
        page.text(
            left + width / 2, TITLE + WORDS - 8, _wrapped(column.name, width), fontsize=9, ha="center", va="bottom"
        )
        top = TITLE + WORDS
        for picture, block, tall in zip(column.blocks, blocks, heights, strict=True):
            if block and column is columns[0]:
                page.text(left, top + words - 5, block, fontsize=8.5, va="bottom")
            if picture is not None:
                page.image(left + (width - picture.shape[1]) // 2, top + words, picture)
            top += tall + words + GAP
        for place, name in enumerate(titles):
            if name in _shown(column):
                below = top + CURVE_ABOVE + place * (CURVE_HEIGHT + AXIS_BELOW)
                axes = page.axes(left, below, width, CURVE_HEIGHT)
                drawn[name].append((axes, draw_curves(axes, column.curve, column.figures[name])))
        left += width + GAP
    for name, ones in drawn.items():
        _share(name, ones)
    save_png(figure, path)


class _Page:
    """A figure in pixels from its upper left corner."""

    def __init__(self, figure: Any, wide: float, high: float) -> None:
        self.figure, self.wide, self.high = figure, wide, high

    def text(self, x: float, y: float, words: str, **how: Any) -> None:
        self.figure.text(x / self.wide, 1 - y / self.high, words, color=INK, **how)

    def axes(self, x: float, y: float, width: float, height: float) -> Any:
        box = (x / self.wide, 1 - (y + height) / self.high, width / self.wide, height / self.high)
        return self.figure.add_axes(box)

    def image(self, x: float, y: float, picture: np.ndarray) -> None:
        axes = self.axes(x, y, picture.shape[1], picture.shape[0])
        axes.imshow(picture, interpolation="nearest", aspect="auto")
        axes.set_axis_off()


def _shown(column: Column) -> list[str]:
    """The figures of which a column has curves."""
    return [title for title, names in column.figures.items() if all(name in column.curve for name in names)]


def _width(column: Column) -> int:
    pictures = [picture.shape[1] for picture in column.blocks if picture is not None]
    return max([*pictures, NARROWEST if _shown(column) else LEAST_SIDE])


def _wrapped(name: str, width: int) -> str:
    """A name in lines that fit a column, broken between its settings."""
    lines = [""]
    for part in name.split(", "):
        if lines[-1] and (len(lines[-1]) + len(part) + 2) * LETTER > width:
            lines.append(part)
        else:
            lines[-1] = f"{lines[-1]}, {part}" if lines[-1] else part
    return "\n".join(lines)


def _share(name: str, drawn: Sequence[tuple[Any, Range]]) -> None:
    """One range of steps and values, and one legend, for the axes of a figure in all columns."""
    from matplotlib.ticker import MaxNLocator

    last = max(axes.dataLim.x1 for axes, _ in drawn)
    for number, (axes, _) in enumerate(drawn):
        axes.set_xlim(0, last)
        show_range(axes, *(one for _, one in drawn))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, prune="upper"))
        axes.grid(color=FAINT, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7.5, labelleft=number == 0)
        axes.set_xlabel("step", fontsize=8, color=INK, labelpad=1)
        if number == 0:
            axes.set_title(name, loc="left", fontsize=9, color=INK, pad=3)
            if len(axes.get_legend_handles_labels()[1]) > 1:
                axes.legend(frameon=False, fontsize=7.5, ncols=2, loc="upper right", handlelength=1.2, columnspacing=1)
