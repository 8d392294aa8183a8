"""The figure of an explanation: what each factor takes away, what the directions hold, which groups differ."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

from bench.explaining._equalising import WIDE, Effect
from bench.explaining._groups import Grouping
from metrics.arithmetic.frechet import Directions, Frechet
from reference_models.loop.plots import COLOURS, FAINT, INK, save_png

PANEL = (5.0, 3.9)  # inches
SHOWN_GROUPS = 8
BEFORE, AFTER = "#999999", COLOURS[0]


def draw_overview(
    path: Path, title: str, distance: Frechet, floor: float, found: Sequence[Effect],
    directions: Directions, grouping: Grouping,
) -> None:  # fmt: skip
    """PNG of three panels: what each factor takes away, what the first directions hold, which groups differ."""
    from matplotlib.figure import Figure

    width, height = PANEL
    lines = wrap(title, 150)
    figure = Figure(figsize=(3 * width, height + 0.28 * len(lines)), layout="constrained", facecolor="white")
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=11, color=INK)
    factors, terms, groups = figure.subplots(1, 3)
    _draw_effects(factors, found, floor)
    _draw_terms(terms, distance, directions)
    _draw_groups(groups, grouping)
    save_png(figure, path)


def _draw_effects(axes: Any, found: Sequence[Effect], floor: float) -> None:
    for place, one in enumerate(found):
        axes.barh(place - 0.19, one.before, 0.34, color=BEFORE)
        if one.after is None:
            axes.text(0, place + 0.19, f"  {one.instead}", va="center", fontsize=8, color=INK)
            continue
        axes.barh(place + 0.19, one.after, 0.34, color=AFTER)
        axes.errorbar(one.after, place + 0.19, xerr=WIDE * (one.se or 0.0), color=INK, linewidth=1, capsize=2)
    axes.axvline(floor, color=INK, linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(found)), [one.name for one in found])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(left=0)
    _frame(axes, "FID as it is (grey) and made equal (blue)", "FID; dashed: two sets of one distribution")


def _draw_terms(axes: Any, distance: Frechet, directions: Directions) -> None:
    steps = np.arange(len(directions.total) + 1)
    spread = directions.total - directions.mean
    terms = (("mean term", directions.mean, distance.mean_term), ("covariance term", spread, distance.covariance_term))
    for (name, values, whole), colour in zip(terms, COLOURS, strict=False):
        held = np.concatenate([[0.0], np.cumsum(values)])
        axes.plot(steps, held, marker="o", markersize=4, color=colour, linewidth=1.6, label=name)
        axes.axhline(whole, color=colour, linewidth=0.8, linestyle="--")
    axes.set_ylim(bottom=0)
    axes.set_xticks(steps)
    axes.legend(frameon=False, fontsize=8.5)
    _frame(axes, "How much of each term the first directions hold", "directions; dashed: the whole term")


def _draw_groups(axes: Any, grouping: Grouping) -> None:
    shown = grouping.groups[:SHOWN_GROUPS]
    for place, one in enumerate(shown):
        colour = COLOURS[1] if one.differs else BEFORE
        axes.plot([100 * one.low, 100 * one.high], [place, place], color=colour, linewidth=2.2)
        axes.plot(100 * (one.share_b - one.share_a), place, "o", color=colour, markersize=6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(shown)), [f"{grouping.kind} {one.name}" for one in shown])
    axes.invert_yaxis()
    _frame(axes, "Too few and too many in B (orange: beyond chance)", "share of B less share of A, in points")


def _frame(axes: Any, title: str, words: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(words, color=INK, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
