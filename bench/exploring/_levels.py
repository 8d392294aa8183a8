"""Samples of one model at several levels of one thing of its sampling, each measured as `bench run` measures.

The data set's protocol, its sampling seed, as many images as real 1 has. FID and Inception Score carry their own
intervals. Precision and recall have none of one set (docs/metrics.md); theirs is Student's, over `repeats` disjoint
tables of noise, and says how much the noise matters for this model and this real set.
"""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.exploring._opening import Opened
from bench.exploring._pictures import Line, Panel, strip
from bench.measuring.evaluation import REAL_1, REAL_2, SAMPLING_SEED, Evaluation, array_source
from bench.measuring.scoring import Scores, score_pair, score_set
from bench.measuring.sets import MeasuredSet, measure_set
from bench.options import Progress
from bench.runs.samples import asked_labels
from bench.sources import ImageSource
from bench.tables.set_tables import FID_COLUMNS, is_columns
from bench.tables.table import Cell, Column, Table
from metrics.arithmetic.quantiles import t95
from reference_models.loop import sample
from reference_models.loop.plots import plot_sheets
from reference_models.types import Model

METRICS = ("fid", "inception-score", "prdc")
SHOWN = 10  # samples of each level in the picture


@dataclass(frozen=True)
class Level:
    """What was measured at one level: scores by metric of the first table of noise, prdc of each."""

    word: str
    scores: Mapping[str, Scores]
    prdc: tuple[Scores, ...]
    shown: np.ndarray

    def cells(self) -> list[Cell]:
        return [*score_cells(self.scores), *share_cells(self.prdc)]


@dataclass(frozen=True)
class Levels:
    """All levels of one thing, in the order that they are shown in, and what real 2 scores."""

    of: str  # the words below the axis
    levels: Sequence[Level]
    floor: Mapping[str, Scores]

    def line(self, place: int, name: str, colour: int = 0) -> Line:
        """One column of the table over the levels, with its interval."""
        cells = [level.cells()[place] for level in self.levels]

        def ends(key: str) -> Any:
            values = [getattr(cell, key) for cell in cells]
            return None if None in values else np.array(values, dtype=float)

        x = np.arange(len(cells), dtype=float)
        return Line(x, ends("value"), name, colour, low=ends("low"), high=ends("high"), dots=True)

    def panels(self) -> list[Panel]:
        """The corrected FID, with that of real 2, and precision and recall."""
        x = np.arange(len(self.levels), dtype=float)
        ticks = (x.tolist(), [level.word for level in self.levels])
        real = Line(x, np.full(len(x), score_cells(self.floor)[1].value), "real 2", landmark=True)
        shares = [self.line(number - 2, name, number) for number, name in enumerate(("precision", "recall"))]
        words = "precision and recall, higher is better"
        return [
            Panel("FID, corrected, lower is better", (self.of, "FID"), [self.line(1, "generated"), real], ticks),
            Panel(words, (self.of, "share"), shares, ticks, floor=0),
        ]


def measure_levels(
    opened: Opened,
    evaluation: Evaluation,
    of: str,
    levels: Mapping[str, Callable[[Model], None]],
    *,
    repeats: int,
    report: Progress | None,
) -> Levels:
    """Measure a copy of the model after each of these functions has set its level, by the level's word."""
    model = copy.deepcopy(opened.model)
    real = _measured(evaluation, evaluation.known[REAL_1, ""])
    measured = []
    for number, (word, set_level) in enumerate(levels.items()):
        set_level(model)
        measured.append(_level(model, evaluation, real, word, repeats))
        if report:
            images = repeats * evaluation.count()
            report("samples", (number + 1) * images, len(levels) * images)
    floor = _scores(evaluation, real, _measured(evaluation, evaluation.known[REAL_2, ""]))
    return Levels(of, measured, floor)


def levels_about(opened: Opened, evaluation: Evaluation, repeats: int) -> dict[str, Any]:
    """What a finding says of how levels were measured: JSON values."""
    asked = {"protocol_id": evaluation.protocol.id, "sampling_seed": SAMPLING_SEED, "repeats": repeats}
    return {**opened.about(), **asked}


def levels_table(name: str, title: str, first: Column, found: Levels, evaluation: Evaluation, repeats: int) -> Table:
    """One row per level, and real 2 for comparison; no column of the Inception Score without a classifier."""
    classified = "inception-score" in found.floor
    columns = (
        first,
        *FID_COLUMNS,
        *(is_columns(evaluation.protocol.options("inception-score")) if classified else ()),
        Column("precision", "Precision [95 %]" if repeats > 1 else "Precision", "higher", 3),
        Column("recall", "Recall [95 %]" if repeats > 1 else "Recall", "higher", 3),
    )
    rows = [(Cell(level.word), *level.cells()) for level in found.levels]
    rows.append((Cell("real 2"), *score_cells(found.floor), *share_cells((found.floor["prdc"],))))
    spread = f"over {repeats} tables of noise" if repeats > 1 else "without intervals: --repeats 3 gives some"
    notes = [
        f"{evaluation.count():,} images per set, protocol {evaluation.protocol.id}; [ ] are 95 % intervals",
        f"precision and recall {spread}; real 2 is what a perfect generator would reach",
        *evaluation.measure.warnings,
    ]
    return Table(name, title, columns, tuple(rows), tuple(notes))


def draw_levels(path: Path, *, title: str, rows: Sequence[str], found: Levels) -> None:
    """The same rows of noise at each level, one below the other."""
    images = np.concatenate([level.shown for level in found.levels])
    plot_sheets(path, [("", strip(images, len(found.levels[0].shown)))], title, rows=rows)


def score_cells(scores: Mapping[str, Scores]) -> list[Cell]:
    """FID and, of a classifier, Inception Score: plain, and corrected with the interval."""
    fid = scores["fid"].values
    cells = [Cell(fid["fid"]), Cell(fid["fid_corrected"], fid["fid_low"], fid["fid_high"])]
    if "inception-score" in scores:
        values, key = scores["inception-score"].values, "inception_score"
        cells += [Cell(values[key]), Cell(values[f"{key}_corrected"], values[f"{key}_low"], values[f"{key}_high"])]
    return cells


def share_cells(prdc: Sequence[Scores]) -> list[Cell]:
    """Precision and recall: their means over the repeats with Student's interval, clipped to [0, 1]."""
    return [Cell(*mean_interval([one.values[key] for one in prdc])) for key in ("precision", "recall")]


def mean_interval(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Mean and the ends of its 95 % interval by Student's distribution; no ends for one value."""
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return mean, None, None
    half = float(t95(count - 1) * np.std(values, ddof=1) / math.sqrt(count))
    return mean, max(0.0, mean - half), min(1.0, mean + half)


def _level(model: Model, evaluation: Evaluation, real: MeasuredSet, word: str, repeats: int) -> Level:
    """The model as it is, measured on `repeats` tables of noise, the first of them the protocol's own."""
    count, scores, shown = evaluation.count(), [], np.empty(0)
    for repeat in range(repeats):
        rows = repeat * count, (repeat + 1) * count
        labels = asked_labels(model, evaluation.protocol.labels, SAMPLING_SEED, *rows)
        images = sample(model, SAMPLING_SEED, *rows, labels=labels)
        made = _measured(evaluation, array_source(images, f"generated at {word}"), keep=False)
        scores.append(_scores(evaluation, real, made, ("prdc",) if repeat else METRICS))
        shown = shown if repeat else images[:SHOWN]
    return Level(word, scores[0], tuple(one["prdc"] for one in scores), shown)


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
