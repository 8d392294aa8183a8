"""What follows from the numbers of a run, in sentences; nothing that a number does not say.

| sentence                    | follows from                                                                        |
|-----------------------------|-------------------------------------------------------------------------------------|
| whether real images agree   | the interval of the corrected FID of real 1 and real 2                              |
| how far the generated are   | the same of real 1 and the generated images, beside real 2, noise and no training   |
| collapse, few good images   | recall, or precision, near 0 where that of real 2 is not                             |
| whether reconstructions help| the error of reconstructions beside that of the mean image                          |
| over-fitting                | the error of test images during the training: its lowest value, and its last one    |
| copies                      | the flags of `bench.measuring.flags`, where copies were looked for                  |
| whether the metrics agree   | `bench.second_opinions` for one run, `bench.leaderboard.compare` for two            |
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, groupby

import numpy as np

from bench.leaderboard.compare import compare
from bench.leaderboard.contestants import side_of_record
from bench.measuring.evaluation import GENERATED, MEAN_IMAGE, NOISE, REAL_1, REAL_2, RECONSTRUCTED, UNTRAINED
from bench.measuring.flags import flags_of
from bench.measuring.subject import TEST
from bench.reporting.given import Given
from bench.second_opinions.opinion_table import NOTE
from bench.second_opinions.stored import ASKED, record_table
from bench.storage.records import RunRecord
from bench.tables.of_record import labels_of, scores_of
from bench.tables.table import Cell, decimals_of, text
from reference_models.loop import read_curve

NEAR_0 = 0.1  # of precision and recall, where real images have at least HALF
HALF = 0.5
ROSE = 1.1  # an error that is so many times its lowest value
MOST_PAIRS = 10


def observations(run: Given) -> tuple[str, ...]:
    """What follows from the numbers of a run, one sentence or two each."""
    found = [line for record in run.records for label in labels_of(record) for line in _of_label(record, label)]
    found += [line for record in run.records for line in (*_errors(record), *_opinions(record), *_copies(record))]
    return tuple(dict.fromkeys((*found, *_over_fitting(run))))


def _of_label(record: RunRecord, label: str) -> Iterator[str]:
    if record.pair_scores(REAL_1, GENERATED, label) is None:
        return
    where = f"In {label}: " if label else ""
    real, made, before, noise = (_fid(record, name, label) for name in (REAL_2, GENERATED, UNTRAINED, NOISE))
    if _known(real):
        same = real.low <= 0 <= real.high  # type: ignore[operator]
        yield where + (
            f"The two sets of real images are at {text(real)} by the corrected FID: the interval contains 0, as it "
            "should for two sets of one kind."
            if same
            else f"The two sets of real images are at {text(real)} by the corrected FID: the interval does not contain "
            "0, so these sets differ, and distances of this size say nothing."
        )
    if _known(made):
        yield where + _distance(made, real)
    if _known(made) and _known(before):
        better = made.high < before.low  # type: ignore[operator]
        yield where + (
            f"Training helped: before it, the corrected FID was {text(before)}."
            if better
            else f"No gain from the training was found: before it, the corrected FID was {text(before)}."
        )
    if _known(made) and _known(noise) and made.high >= noise.low:  # type: ignore[operator]
        yield where + f"The generated images are no nearer to real ones than noise is, at {text(noise)}."
    yield from (where + line for line in _variety(record, label))


def _distance(made: Cell, real: Cell) -> str:
    if not _known(real) or made.low > real.high:  # type: ignore[operator]
        return (
            f"The generated images are at {text(made)}: their interval lies above that of real images, so they can be "
            "told from real ones."
        )
    return (
        f"The generated images are at {text(made)}: their interval overlaps with that of real images, so with these "
        "counts no difference was found by the FID."
    )


def _variety(record: RunRecord, label: str) -> Iterator[str]:
    made, real = (scores_of(record, label, name).get("prdc", {}) for name in (GENERATED, REAL_2))
    values = [made.get("precision"), made.get("recall"), real.get("precision"), real.get("recall")]
    if None in values:
        return
    precision, recall, usual_precision, usual_recall = (float(one or 0) for one in values)
    if recall < NEAR_0 and usual_recall >= HALF:
        why = (
            "most images lie among the real ones, but they are of few kinds: the sign of collapse"
            if precision >= HALF
            else "the images are like no real ones, or of very few kinds"
        )
        yield (
            f"Recall is {recall:.2f}, where real images have {usual_recall:.2f}, and precision is {precision:.2f}: "
            f"{why}."
        )
    elif precision < NEAR_0 and usual_precision >= HALF:
        yield (
            f"Precision is {precision:.2f}, where real images have {usual_precision:.2f}: hardly one of the generated "
            "images lies among the real ones."
        )


def _errors(record: RunRecord) -> Iterator[str]:
    made, mean = (record.pair_scores(TEST, name) for name in (RECONSTRUCTED, MEAN_IMAGE))
    if made is None or mean is None:
        return
    error, usual = (one.scores.get("mse", {}).get("mse") for one in (made, mean))
    if error is not None and usual:
        share = f"{100 * error / usual:.0f} % of that of the mean image"
        yield (
            f"The reconstruction error of the test images is {error:.4g}, {share}"
            + (": the codes say something of each image." if error < usual else ": no better than one image for all.")
        )


def _opinions(record: RunRecord) -> Iterator[str]:
    """The lines in words of the second opinions, which are notes of their table."""
    table = record_table(record)
    for words in table.notes if table else ():
        if words not in (NOTE, ASKED):
            yield f"Do the metrics agree? {words}."


def _copies(record: RunRecord) -> Iterator[str]:
    for label in labels_of(record):
        pair = record.pair_scores(REAL_1, GENERATED, label)
        yield from (f"Flagged: {reason}." for reason in (flags_of(pair.scores) if pair else ()))


def _over_fitting(run: Given) -> Iterator[str]:
    """Of each number that was measured during the training, all of which are errors of test images."""
    curve = read_curve(run.folder / "evaluation.csv") if run.folder else {}
    for name, values in curve.items():
        if name in ("step", "epoch") or np.isnan(values).all():
            continue
        best = int(np.nanargmin(values))
        lowest, last = float(values[best]), float(values[~np.isnan(values)][-1])
        words = name.replace("_", " ")
        if last > ROSE * lowest:
            yield (
                f"The {words} of test images was lowest at step {int(curve['step'][best]):,} ({lowest:.4g}) and rose "
                f"to {last:.4g}: the model over-fits its training images."
            )
        else:
            yield f"The {words} of test images ended at {last:.4g}, with no sign of over-fitting (lowest {lowest:.4g})."


def disagreements(runs: Sequence[Given]) -> tuple[str, ...]:
    """Pairs of runs of one protocol of which each is better by some number for sure, one line each."""
    records = sorted((one for run in runs for one in run.records), key=lambda one: one.protocol_id)
    found = []
    for _, together in groupby(records, key=lambda one: one.protocol_id):
        for a, b in combinations(list(together), 2):
            sides = side_of_record(a), side_of_record(b)
            if not set(sides[0].scores) & set(sides[1].scores):
                continue
            found += [f"{a.title} (a) and {b.title} (b) are {line}." for line in compare(*sides).disputed]
    left = len(found) - MOST_PAIRS
    return (*found[:MOST_PAIRS], *([f"And {left} more pairs."] if left > 0 else []))


def _fid(record: RunRecord, name: str, label: str) -> Cell:
    scores = scores_of(record, label, name).get("fid", {})
    value, low, high = (scores.get(key) for key in ("fid_corrected", "fid_low", "fid_high"))
    cell = Cell(value, low, high)
    return replace(cell, decimals=decimals_of([cell]))


def _known(cell: Cell) -> bool:
    return None not in (cell.value, cell.low, cell.high)
