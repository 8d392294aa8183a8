"""How curves and pictures look: one style for all models. No global state: figures are made without pyplot."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reference_models.loop.files import whole

COLOURS = ("#3366aa", "#dd6633", "#339966", "#aa3377", "#887733", "#55bbcc")
INK, FAINT = "#222222", "#dddddd"
GAP = 2  # pixels between images
PRESSED = 0.2  # of an axis
USUAL = (2, 98)  # percentiles between which values are not single ones
FURTHER = 1.3  # room beyond the end of a logarithmic axis


class Range(NamedTuple):
    """Values from `low` to `high` with room on both sides; `linear` is where an axis that shows them starts to be
    logarithmic, None where it is linear throughout."""

    low: float
    high: float
    linear: float | None = None


def plot_curves(path: Path, curve: Mapping[str, np.ndarray], names: Sequence[str], title: str, label: str) -> None:
    """PNG of the named columns over the step; see `curves_figure`."""
    save_png(curves_figure(curve, names, title, label), path)


def curves_figure(curve: Mapping[str, np.ndarray], names: Sequence[str], title: str, label: str) -> Any:
    """A figure of the named columns over the step: each value faintly, a running mean over a fiftieth of the run on
    top."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    found = draw_curves(axes, curve, names)
    show_range(axes, found)
    _frame(axes, title, label if found.linear is None else f"{label}\n(logarithmic beyond {found.linear:.3g})")
    if len(names) > 1:  # one curve is named by the title
        figure.legend(frameon=False, ncols=4, fontsize=9, loc="outside lower center")
    return figure


def draw_curves(axes: Any, curve: Mapping[str, np.ndarray], names: Sequence[str]) -> Range:
    """Draw the named columns, and say from where to where an axis has to go that cuts none of them."""
    for name, colour in zip(names, _colours(len(names)), strict=True):
        known = ~np.isnan(curve[name])
        steps, values = curve["step"][known], curve[name][known]
        window = max(1, len(steps) // 50)
        shown = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 2000)).astype(int))
        if window > 1:
            axes.plot(steps[shown], values[shown], color=colour, alpha=0.18, linewidth=0.7)
        axes.plot(steps[shown], running_mean(values, window)[shown], color=colour, linewidth=1.6, label=name)
    return range_of(np.concatenate([curve[name] for name in names]))


def range_of(values: np.ndarray) -> Range:
    """The range of values [n], NaN left out: where a few of them would press all others into a fifth of the axis, it is
    logarithmic beyond these others."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    usual = np.nanpercentile(values, USUAL)
    linear = float(np.abs(usual).max())
    if usual[1] - usual[0] < PRESSED * (high - low) and linear:
        room = 0.05 * linear
        low, high = (end * FURTHER if abs(end) > linear else end + way * room for end, way in ((low, -1), (high, 1)))
        return Range(low, high, linear)
    margin = 0.05 * (high - low) or 0.05 * max(abs(high), 1.0)
    return Range(low - margin, high + margin)


def show_range(axes: Any, *ranges: Range) -> None:
    """Give an axis one range that holds all of these."""
    bends = [one.linear for one in ranges if one.linear is not None]
    if bends:
        axes.set_yscale("symlog", linthresh=max(bends), linscale=3)
    axes.set_ylim(min(one.low for one in ranges), max(one.high for one in ranges))


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of the last `window` values at every place; of those that there are at the start."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(stop - window, 0)
    return (sums[stop] - sums[start]) / (stop - start)


def _frame(axes: Any, title: str, label: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel("step", color=INK)
    axes.set_ylabel(label, color=INK)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.ticklabel_format(axis="x", style="plain")
    axes.margins(x=0.01)


def _colours(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """uint8 [n, c, h, w] as one uint8 picture [H, W, 3], row by row, white between; missing places stay white."""
    count, _, height, width = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for place, image in enumerate(images.transpose(0, 2, 3, 1)):
        top, left = (place // columns) * (height + GAP), (place % columns) * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def plot_sheets(
    path: Path,
    sheets: Sequence[tuple[str, np.ndarray]],
    title: str,
    columns: Sequence[str] = (),
    rows: Sequence[str] = (),
) -> None:
    """PNG of pictures; see `sheets_figure`."""
    save_png(sheets_figure(sheets, title, columns, rows), path)


def sheets_figure(
    sheets: Sequence[tuple[str, np.ndarray]], title: str, columns: Sequence[str] = (), rows: Sequence[str] = ()
) -> Any:
    """A figure of pictures [H, W, 3] side by side, each under its caption, enlarged by a whole factor.

    `columns` are written over the columns and `rows` beside the rows of the first picture.
    """
    from matplotlib.figure import Figure

    dpi = 100
    height = max(sheet.shape[0] for _, sheet in sheets)
    narrowest = min(sheet.shape[1] for _, sheet in sheets) / max(1, len(columns))
    words = max(map(len, [*columns, *(caption for caption, _ in sheets)]))
    scale = max(420 // height, ceil((words * 6 + 6) / narrowest))
    left = 12 + (max(map(len, rows)) * 7 + 8 if rows else 0)
    words_above = bool(columns or any(caption for caption, _ in sheets))
    top, between, edge = (34 if title else 12) + (18 if words_above else 0), 18, 12
    total_width = left + sum(sheet.shape[1] * scale for _, sheet in sheets) + between * (len(sheets) - 1) + edge
    total_width = max(total_width, left + edge + 8 * len(title))
    total_height = top + height * scale + edge
    figure = Figure(figsize=(total_width / dpi, total_height / dpi), dpi=dpi, facecolor="white")
    figure.text(12 / total_width, 1 - 12 / total_height, title, fontsize=10, color=INK, va="top")
    x = left
    for caption, sheet in sheets:
        wide, high = sheet.shape[1] * scale, sheet.shape[0] * scale
        box = (x / total_width, 1 - (top + high) / total_height, wide / total_width, high / total_height)
        axes = figure.add_axes(box)
        axes.imshow(sheet, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        for place, word in enumerate([caption] if caption else columns):
            share = 0.5 if caption else (place + 0.5) / len(columns)
            axes.text(share, 1 + 5 / high, word, transform=axes.transAxes, ha="center", fontsize=8.5, color=INK)
        if x == left:
            for place, word in enumerate(rows):
                share = 1 - (place + 0.5) / len(rows)
                axes.text(
                    -6 / wide, share, word, transform=axes.transAxes, ha="right", va="center", fontsize=8.5, color=INK
                )
        x += wide + between
    return figure


def save_png(figure: Any, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    with whole(path) as unfinished:
        figure.savefig(unfinished, format="png", metadata={"Software": None})
