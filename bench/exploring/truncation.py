"""Truncation against quality and variety: FID, Inception Score, precision and recall of noise within smaller bounds.

CSC413 (2020) assignment 4, part 3, after Brock et al. 2019, section 3.1 and appendix D: noise whose numbers fall
outside [-t, t] is drawn again. A smaller t trades variety (recall) for the quality of single images (precision): the
Inception Score rises, and the FID falls at first and rises again when variety is lost. Any model that takes noise can
be truncated; one that was trained without it in mind may gain nothing.

Measured as `bench run` measures: the data set's protocol, its sampling seed, as many images as real 1 has. Without a
bound it is the plain sampling, and the numbers are those of the run's record. FID and Inception Score carry their own
intervals. Precision and recall have none of one set (docs/metrics.md); theirs is Student's, over `repeats` disjoint
tables of noise, and says how much the noise matters for this model and this real set.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.exploring._opening import Opened, require
from bench.exploring._pictures import Line, Panel, plot_panels, strip
from bench.exploring._types import Explored, Picture
from bench.measuring.evaluation import REAL_1, REAL_2, SAMPLING_SEED, Evaluation, array_source
from bench.measuring.scoring import Scores, score_pair, score_set
from bench.measuring.sets import MeasuredSet, measure_set
from bench.options import Progress
from bench.runs.samples import asked_labels
from bench.sources import ImageSource
from bench.tables.set_tables import FID_COLUMNS, is_columns
from bench.tables.table import Cell, Column, Table
from metrics.arithmetic.quantiles import t95
from metrics.errors import InputError
from reference_models.loop import sample
from reference_models.loop.plots import plot_sheets
from reference_models.types import Model

BOUNDS = (math.inf, 2.0, 1.5, 1.0, 0.75, 0.5, 0.25)
METRICS = ("fid", "inception-score", "prdc")
SHOWN = 10  # samples of each bound in the picture
CLOSE = 0.06  # of an axis: words of points that are closer would lie over each other


@dataclass(frozen=True)
class Point:
    """What was measured within one bound: scores by metric of the first table of noise, prdc of each."""

    bound: float
    scores: Mapping[str, Scores]
    prdc: tuple[Scores, ...]
    shown: np.ndarray

    @property
    def word(self) -> str:
        return "∞" if math.isinf(self.bound) else f"{self.bound:g}"


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
    model = copy.deepcopy(opened.model)
    real = _measured(evaluation, evaluation.known[REAL_1, ""])
    points = []
    wanted = sorted(set(bounds), reverse=True)
    for number, bound in enumerate(wanted):
        points.append(_point(model, evaluation, real, bound, repeats))
        if report:
            images = repeats * evaluation.count()
            report("truncated samples", (number + 1) * images, len(wanted) * images)
    floor = _scores(evaluation, real, _measured(evaluation, evaluation.known[REAL_2, ""]))
    table = _table(opened, evaluation, points, floor, repeats)
    pictures: dict[str, Picture] = {
        "curve": partial(_draw_curve, title=opened.name, points=points, floor=floor),
        "samples": partial(_draw_samples, title=opened.name, points=points),
    }
    about = {
        **opened.about(),
        "protocol_id": evaluation.protocol.id,
        "sampling_seed": SAMPLING_SEED,
        "repeats": repeats,
    }
    return Explored("truncation", about, (table,), pictures)


def _point(model: Model, evaluation: Evaluation, real: MeasuredSet, bound: float, repeats: int) -> Point:
    """Truncate the model and measure it on `repeats` tables of noise, the first of them the protocol's own."""
    if model.truncation != bound:
        model.truncate(bound)
    count, scores, shown = evaluation.count(), [], np.empty(0)
    for repeat in range(repeats):
        rows = repeat * count, (repeat + 1) * count
        labels = asked_labels(model, evaluation.protocol.labels, SAMPLING_SEED, *rows)
        images = sample(model, SAMPLING_SEED, *rows, labels=labels)
        made = _measured(evaluation, array_source(images, f"generated within {bound:g}"), keep=False)
        scores.append(_scores(evaluation, real, made, ("prdc",) if repeat else METRICS))
        shown = shown if repeat else images[:SHOWN]
    return Point(bound, scores[0], tuple(one["prdc"] for one in scores), shown)


def _measured(evaluation: Evaluation, source: ImageSource, keep: bool = True) -> MeasuredSet:
    measure = evaluation.measure if keep else replace(evaluation.measure, cache=None)
    return measure_set(source, measure, [one for one in evaluation.metrics if one.name in METRICS])


def _scores(
    evaluation: Evaluation, real: MeasuredSet, other: MeasuredSet, names: Sequence[str] = METRICS
) -> dict[str, Scores]:
    chosen = [one for one in evaluation.metrics if one.name in names]
    return {
        one.name: score_set(other, one, evaluation.options)
        if one.arity == "set"
        else score_pair(real, other, one, evaluation.options)
        for one in chosen
    }


# ----- tables and pictures


def _table(
    opened: Opened, evaluation: Evaluation, points: Sequence[Point], floor: Mapping[str, Scores], repeats: int
) -> Table:
    """One row per bound, and real 2 for comparison; no column of the Inception Score without a classifier."""
    classified = "inception-score" in floor
    columns = (
        Column("bound", "Noise within ±"),
        *FID_COLUMNS,
        *(is_columns(evaluation.protocol.options("inception-score")) if classified else ()),
        Column("precision", "Precision [95 %]" if repeats > 1 else "Precision", "higher", 3),
        Column("recall", "Recall [95 %]" if repeats > 1 else "Recall", "higher", 3),
    )
    rows = [(Cell(point.word), *_cells(point.scores), *_shares(point.prdc)) for point in points]
    rows.append((Cell("real 2"), *_cells(floor), *_shares((floor["prdc"],))))
    spread = f"over {repeats} tables of noise" if repeats > 1 else "without intervals: --repeats 3 gives some"
    notes = [
        f"{evaluation.count():,} images per set, protocol {evaluation.protocol.id}; [ ] are 95 % intervals",
        f"precision and recall {spread}; real 2 is what a perfect generator would reach",
        *evaluation.measure.warnings,
    ]
    return Table("truncation", f"Truncation. {opened.name}", columns, tuple(rows), tuple(notes))


def _cells(scores: Mapping[str, Scores]) -> list[Cell]:
    """FID and, of a classifier, Inception Score: plain, and corrected with the interval."""
    fid = scores["fid"].values
    cells = [Cell(fid["fid"]), Cell(fid["fid_corrected"], fid["fid_low"], fid["fid_high"])]
    if "inception-score" in scores:
        values, key = scores["inception-score"].values, "inception_score"
        cells += [Cell(values[key]), Cell(values[f"{key}_corrected"], values[f"{key}_low"], values[f"{key}_high"])]
    return cells


def _shares(prdc: Sequence[Scores]) -> list[Cell]:
    """Precision and recall: their means over the repeats with Student's interval, clipped to [0, 1]."""
    return [Cell(*_mean_interval([one.values[key] for one in prdc])) for key in ("precision", "recall")]


def _mean_interval(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Mean and the ends of its 95 % interval by Student's distribution; no ends for one value."""
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return mean, None, None
    half = float(t95(count - 1) * np.std(values, ddof=1) / math.sqrt(count))
    return mean, max(0.0, mean - half), min(1.0, mean + half)


def _draw_curve(path: Path, *, title: str, points: Sequence[Point], floor: Mapping[str, Scores]) -> None:
    """FID over the bound, precision and recall over it, and the Inception Score against the FID."""
    x = np.arange(len(points), dtype=float)
    ticks = (x.tolist(), [point.word for point in points])
    cells = [_cells(point.scores) for point in points]
    shares = [_shares(point.prdc) for point in points]
    real = np.full(len(points), _cells(floor)[1].value)
    fid = [_line(x, [row[1] for row in cells], "generated"), Line(x, real, "real 2", landmark=True)]
    share = [_line(x, [row[place] for row in shares], ("precision", "recall")[place], place) for place in (0, 1)]
    panels = [
        Panel("FID, corrected, lower is better", ("noise within ±", "FID"), fid, ticks),
        Panel("precision and recall, higher is better", ("noise within ±", "share"), share, ticks, floor=0),
    ]
    if "inception-score" in floor:
        scores, distances = (np.array([row[place].value for row in cells], dtype=float) for place in (3, 1))
        against = Line(scores, distances, dots=True, marks=_apart(ticks[1], scores, distances))
        words = ("Inception Score, corrected", "FID, corrected")
        panels.append(Panel("towards the lower right is better", words, [against]))
    plot_panels(path, f"Truncation. {title}", panels)


def _line(x: np.ndarray, cells: Sequence[Cell], name: str, colour: int = 0) -> Line:
    def ends(key: str) -> Any:
        values = [getattr(cell, key) for cell in cells]
        return None if None in values else np.array(values, dtype=float)

    return Line(x, ends("value"), name, colour, low=ends("low"), high=ends("high"), dots=True)


def _apart(words: Sequence[str], x: np.ndarray, y: np.ndarray) -> list[str]:
    """The words of those points that are not close to an earlier one that has its word; "" for the others."""
    places = np.stack([(values - values.min()) / (np.ptp(values) or 1) for values in (x, y)], axis=1)
    kept: list[int] = []
    for number, place in enumerate(places):
        if all(np.abs(place - places[other]).max() > CLOSE for other in kept):
            kept.append(number)
    return [word if number in kept else "" for number, word in enumerate(words)]


def _draw_samples(path: Path, *, title: str, points: Sequence[Point]) -> None:
    """The same rows of noise within each bound, the widest at the top."""
    images = np.concatenate([point.shown for point in points])
    rows = [f"±{point.word}" for point in points]
    plot_sheets(path, [("", strip(images, len(points[0].shown)))], f"The same noise, truncated. {title}", rows=rows)
