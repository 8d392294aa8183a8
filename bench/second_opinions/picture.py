"""The ratios as a picture: one line for each metric, a point with its interval for each extractor, real images at 1.

Distances stand above, scores of which higher is better below, each on a logarithmic axis of its own that says on which
side of 1 is worse. Colours are those of Okabe and Ito, which colour-blind people tell apart; each extractor has a mark
of its own too. Nothing is drawn that the table does not say.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.names import shown
from bench.second_opinions.ratios import Opinion
from bench.storage.files import whole
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import place

if TYPE_CHECKING:
    from bench.second_opinions.result import Opinions

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = "osD^vPX"
INK, FAINT = "#222222", "#dddddd"
KINDS = (".png", ".webp", ".svg", ".pdf")
INCHES, ROW_INCHES, HEAD_INCHES = 7.4, 0.34, 0.75
BEYOND = 3  # times as far as the furthest value is drawn
FINE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)  # numbers on an axis that is less than 4 times as long as 1
SIDES = {  # title, and what stands at the ends of the axis
    "lower": ("Distances, over that of real 2", "nearer than real", "further than real"),
    "higher": ("Scores, over those of real 2", "lower than real", "higher than real"),
}


def check_picture(path: str | Path) -> Path:
    """Where a picture goes; InputError for a kind of file that cannot be drawn, and a folder that is not there."""
    target = expanded(place(path, "the picture"))
    if target.suffix.lower() not in KINDS:
        raise InputError(f"{target} cannot be drawn; expected a name that ends in {', '.join(KINDS)}")
    if not target.parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.parent}; make it first")
    return target


def draw(found: "Opinions", path: str | Path) -> Path:
    """The picture of a result; InputError as `check_picture`, and where there is no ratio to draw."""
    from matplotlib.figure import Figure

    target = check_picture(path)
    blocks = {side: [one for one in found.opinions if one.better == side and one.ratio] for side in SIDES}
    blocks = {side: rows for side, rows in blocks.items() if rows}
    if not blocks:
        raise InputError(f"no ratio of {found.generated} can be drawn, since all of them are 0 or not known")
    heights = [HEAD_INCHES + ROW_INCHES * len({one.key for one in rows}) for rows in blocks.values()]
    figure = Figure(figsize=(INCHES, sum(heights) + 0.9), layout="constrained", facecolor="white")
    axes = figure.subplots(len(blocks), 1, squeeze=False, height_ratios=heights)[:, 0]
    looks = {name: (COLOURS[i % len(COLOURS)], MARKS[i % len(MARKS)]) for i, name in enumerate(found.extractors)}
    for one, (side, rows) in zip(axes, blocks.items(), strict=True):
        _block(one, side, rows, looks)
    figure.suptitle(shown(found.table.title), x=0.01, ha="left", fontsize=11, color=INK, wrap=True)
    figure.legend(*_legend(looks), loc="outside lower center", ncols=min(3, len(looks) + 1), frameon=False, fontsize=9)
    with whole(target) as unfinished:
        figure.savefig(unfinished, format=target.suffix[1:].lower(), dpi=150)
    return target


def _block(axes: Any, side: str, rows: Sequence[Opinion], looks: dict[str, tuple[str, str]]) -> None:
    keys = list(dict.fromkeys(one.key for one in rows))
    names = list(dict.fromkeys(one.extractor for one in rows))
    for one in rows:
        colour, mark = looks[one.extractor]
        shift = (names.index(one.extractor) - (len(names) - 1) / 2) * 0.6 / max(len(names), 2)
        height = keys.index(one.key) + shift
        if one.low is not None and one.high is not None:
            axes.plot([one.low, one.high], [height, height], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([one.ratio], [height], mark, color=colour, markersize=5)
    titles = {one.key: f"{one.title} ({one.looks_at})" for one in rows}
    axes.set_yticks(range(len(keys)), [titles[key] for key in keys])
    axes.set_ylim(len(keys) - 0.5, -0.5)
    _scale(axes, [one.ratio for one in rows if one.ratio], [end for one in rows for end in (one.low, one.high) if end])
    title, left, right = SIDES[side]
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    label = axes.set_xlabel(f"← {left}", color=INK, fontsize=9, loc="left")
    at_right = {"ha": "right", "va": "bottom", "color": INK, "fontsize": 9}
    axes.annotate(f"{right} →", (1, 0), xycoords=("axes fraction", label), **at_right)


def _scale(axes: Any, values: Sequence[float], ends: Sequence[float]) -> None:
    """A logarithmic axis with 1 on it, and numbers that people read; the `ends` of an interval that lie far beyond all
    values, as of a share near 0, are cut off."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    least, most = min(*values, 1.0), max(*values, 1.0)
    low = max(min([*ends, least]), least / BEYOND) / 1.1
    high = min(max([*ends, most]), most * BEYOND) * 1.1
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    wide = high / low
    steps: tuple[float, ...] = FINE if wide < 4 else (1, 2, 5) if wide < 200 else (1,)
    ticks = [step * 10.0**power for power in range(-9, 10) for step in steps]
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.axvline(1, color=INK, linewidth=1)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _legend(looks: dict[str, tuple[str, str]]) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=colour, marker=mark, linewidth=2) for colour, mark in looks.values()]
    return [*lines, Line2D([], [], color=INK, linewidth=1)], [*map(shown, looks), "1: as real images are to each other"]
