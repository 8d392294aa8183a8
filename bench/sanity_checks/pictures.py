"""Pictures of what was found: curves as in figure 3 of Heusel et al. 2017, and one image under every damage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.sanity_checks.checks import CHECKS, Check
from bench.sanity_checks.damages import DAMAGES, damaged
from bench.sanity_checks.measuring import Finding
from bench.sources import ImageSource
from metrics.types import Output
from reference_models.loop.plots import FAINT, INK, plot_sheets, save_png, tile

PANEL_INCHES = (4.4, 1.75)
SHOWN = (0.1, 1000.0)  # what is beyond is drawn at the edge
STYLES = {"": "-", "both": "-", "fidelity": "--", "variety": ":", "copies": "-."}


def plot_curves(path: Path, title: str, found: Sequence[Finding]) -> None:
    """PNG of the findings of one extractor: a row for each check, a column for each n, a line for each number.

    A line says how far the mean is from the usual value of real against real: 1 is as far as the worst of those.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    checks = [one for name, one in CHECKS.items() if any(finding.check.name == name for finding in found)]
    counts = sorted({one.n for one in found})
    corrected = {one.output.corrects for one in found}
    outputs = [one for one in dict.fromkeys(one.output for one in found) if one.name not in corrected]
    size = (PANEL_INCHES[0] * len(counts), PANEL_INCHES[1] * len(checks) + 1)
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, color=INK)
    panels = figure.subplots(len(checks), len(counts), squeeze=False)
    for row, check in zip(panels, checks, strict=True):
        for axes, n in zip(row, counts, strict=True):
            for number, output in enumerate(outputs):
                own = next(o for o in found if (o.check.name, o.n, o.output) == (check.name, n, output))
                _draw(axes, own, output, colormaps["tab20"](number % 20))
            _frame(axes, check, n)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower left", ncols=3 * len(counts), fontsize=8.5, frameon=False)
    save_png(figure, path)


def _draw(axes: Any, finding: Finding, output: Output, colour: Any) -> None:
    curve = finding.curve
    places = [0, *(1 + place for place, values in enumerate(curve.values) if values)]
    distances = [apart(values, curve.real, output.better) for values in (curve.real, *curve.values) if values]
    if not curve.real:
        places, distances = [], []
    shown = np.clip(distances, *SHOWN)
    style = STYLES[output.looks_at]
    axes.plot(places, shown, style, color=colour, linewidth=1.5, marker="o", markersize=3, label=output.title)


def apart(values: Sequence[float], real: Sequence[float], better: str) -> float:
    """How far on the worse side of the usual value the mean is, as a multiple of how far the worst real one is."""
    sign = 1 if better == "lower" else -1
    usual = sum(real) / len(real)
    far = sign * (sum(values) / len(values) - usual)
    worst = max(sign * (one - usual) for one in real)
    return far / worst if worst > 0 else float("inf") if far > 0 else 0.0


def _frame(axes: Any, check: Check, n: int) -> None:
    axes.set_title(f"{check.title}, n = {n:,}", loc="left", fontsize=9, color=INK)
    axes.set_xticks(range(len(check.strengths) + 1), ["real", *(f"{one:g}" for one in check.strengths)], fontsize=8)
    axes.set_xlim(-0.2, len(check.strengths) + 0.2)
    axes.set_yscale("log")
    axes.set_ylim(SHOWN[0] * 0.8, SHOWN[1] * 1.25)
    axes.tick_params(axis="y", labelsize=8)
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def plot_damages(path: Path, source: ImageSource, seed: int) -> None:
    """PNG of the first image under every damage, the weakest strength at the left."""
    most = max(len(one.strengths) for one in DAMAGES.values())
    shown = []
    for damage in DAMAGES.values():
        row = [source.read(0), *(damaged(source, damage, strength, seed).read(0) for strength in damage.strengths)]
        shown += row + [np.full_like(row[0], 255)] * (1 + most - len(row))
    columns = ("real", *map(str, range(1, most + 1)))
    sheet = tile(np.stack(shown), 1 + most)
    plot_sheets(path, [("", sheet)], "damages, from weak to strong", columns, [one.title for one in DAMAGES.values()])
