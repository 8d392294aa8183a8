"""Truncation against quality and variety: FID, Inception Score, precision and recall of noise within smaller bounds.

CSC413 (2020) assignment 4, part 3, after Brock et al. 2019, section 3.1 and appendix D: noise whose numbers fall
outside [-t, t] is drawn again. A smaller t trades variety (recall) for the quality of single images (precision): the
Inception Score rises, and the FID falls at first and rises again when variety is lost. Any model that takes noise can
be truncated; one that was trained without it in mind may gain nothing.

Without a bound it is the plain sampling, and the numbers are those of the run's record.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from bench.exploring._levels import Levels, draw_levels, levels_about, levels_table, measure_levels
from bench.exploring._opening import Opened, require
from bench.exploring._pictures import Line, Panel, plot_panels
from bench.exploring._types import Explored, Picture
from bench.measuring.evaluation import Evaluation
from bench.options import Progress
from bench.tables.table import Column
from metrics.errors import InputError
from reference_models.types import Model

BOUNDS = (math.inf, 2.0, 1.5, 1.0, 0.75, 0.5, 0.25)
CLOSE = 0.06  # of an axis: words of points that are closer would lie over each other


def explore(
    opened: Opened,
    evaluation: Evaluation,
    *,
    bounds: Sequence[float] = BOUNDS,
    repeats: int = 3,
    report: Progress | None = None,
) -> Explored:
    """Measure a model's samples within each bound of its noise, the widest first; `report(name, done, total)`.

    The opened model itself stays as it is. Raises InputError for a model that takes no noise, a bound that is not above
    0, and fewer than 1 repeat.
    """
    require(opened, "makes no images from noise", lambda model: model.noise_dim > 0)
    if not bounds or not all(bound > 0 for bound in bounds) or repeats < 1:
        words = ", ".join(map(str, bounds)) or "none"
        raise InputError(
            f"bounds {words} with {repeats} repeats; expected numbers above 0, inf for none, and 1 or more"
        )
    levels = {_word(bound): _truncated(bound) for bound in sorted(set(bounds), reverse=True)}
    found = measure_levels(opened, evaluation, "noise within ±", levels, repeats=repeats, report=report)
    title, first = f"Truncation. {opened.name}", Column("bound", "Noise within ±")
    table = levels_table("truncation", title, first, found, evaluation, repeats)
    rows = [f"±{word}" for word in levels]
    pictures: dict[str, Picture] = {
        "curve": partial(_draw_curve, title=title, found=found),
        "samples": partial(draw_levels, title=f"The same noise, truncated. {opened.name}", rows=rows, found=found),
    }
    return Explored("truncation", levels_about(opened, evaluation, repeats), (table,), pictures)


def _word(bound: float) -> str:
    return "∞" if math.isinf(bound) else f"{bound:g}"


def _truncated(bound: float) -> Callable[[Model], None]:
    def truncate(model: Model) -> None:
        if model.truncation != bound:
            model.truncate(bound)

    return truncate


def _draw_curve(path: Path, *, title: str, found: Levels) -> None:
    """FID over the bound, precision and recall over it, and the Inception Score against the FID."""
    panels = found.panels()
    if "inception-score" in found.floor:
        scores, distances = found.line(3, "").y, found.line(1, "").y
        marks = _apart([level.word for level in found.levels], scores, distances)
        words = ("Inception Score, corrected", "FID, corrected")
        against = Line(scores, distances, dots=True, marks=marks)
        panels.append(Panel("towards the lower right is better", words, [against]))
    plot_panels(path, title, panels)


def _apart(words: Sequence[str], x: np.ndarray, y: np.ndarray) -> list[str]:
    """The words of those points that are not close to an earlier one that has its word; "" for the others."""
    places = np.stack([(values - values.min()) / (np.ptp(values) or 1) for values in (x, y)], axis=1)
    kept: list[int] = []
    for number, place in enumerate(places):
        if all(np.abs(place - places[other]).max() > CLOSE for other in kept):
            kept.append(number)
    return [word if number in kept else "" for number, word in enumerate(words)]
