"""Every check measured with one extractor: features of each damaged set once, and all metrics from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.measuring.measure import Measure
from bench.measuring.scoring import Options, least_images, threads_for
from bench.measuring.sets import measure_set
from bench.measuring.setup import Setup
from bench.sanity_checks.checks import CLEAN, OTHER, Check, Halves, Part, Trial, table_of
from bench.sanity_checks.damages import damaged
from bench.sanity_checks.judging import DAMAGED_SPLITS, REAL_SPLITS, Curve
from bench.sanity_checks.subject import Subject
from bench.sources import ImageSource
from metrics.errors import InputError
from metrics.splits import disjoint
from metrics.types import Metric, Output

Features = Mapping[str, Mapping[str, np.ndarray]]  # of a table: what metrics read
Values = Mapping[str, float]


@dataclass(frozen=True)
class Finding:
    """One number of one metric under one check, with one extractor and n images on each side; `refused` says why the
    metric would not measure some strength."""

    extractor: str
    n: int
    check: Check
    metric: Metric
    output: Output
    curve: Curve
    refused: str = ""


@dataclass(frozen=True)
class Instrument:
    """One extractor with the metrics that it allows, and their options."""

    setup: Setup
    measure: Measure
    metrics: tuple[Metric, ...]
    options: Options


def judged(metric: Metric) -> tuple[Output, ...]:
    """The numbers of a metric that have a direction and stand in tables."""
    return tuple(one for one in metric.outputs if one.better != "neither" and one.shown != "entry")


def find(subject: Subject, instrument: Instrument, checks: Iterable[Check]) -> list[Finding]:
    """What every check shows of every metric, at every count."""
    checks = tuple(checks)
    features = _features(subject, instrument, checks)
    found: list[Finding] = []
    for n in subject.counts:
        widest = max(features[CLEAN].values(), key=lambda rows: rows.shape[1])[:n]
        with threads_for(widest, widest):  # once: to find the libraries takes longer than a small metric
            found += _at(n, subject, instrument, checks, features)
    return found


def _features(subject: Subject, instrument: Instrument, checks: Sequence[Check]) -> Features:
    seed = instrument.options.seed
    sources: dict[str, ImageSource] = {CLEAN: subject.images}
    for damage, strength in (one for check in checks for one in check.tables):
        sources[table_of(damage, strength)] = damaged(subject.images, damage, strength, seed)
    if subject.others and any(check.with_others for check in checks):
        sources[OTHER] = subject.others
    setup, measure, metrics = instrument.setup, instrument.measure, instrument.metrics
    return {
        name: measure_set(source, setup.watched(measure, source), metrics).arrays for name, source in sources.items()
    }


def _at(
    n: int, subject: Subject, instrument: Instrument, checks: Sequence[Check], features: Features
) -> Iterator[Finding]:
    halves = [_halves(n, subject, instrument.options.seed + split) for split in range(REAL_SPLITS)]
    for metric in instrument.metrics:
        known: dict[object, Values] = {}
        for check in checks:
            refused: list[str] = []
            rows = [
                _values(
                    metric, instrument, features, known, [check.pick(one, strength) for one in halves[:splits]], refused
                )
                for strength, splits in [(0.0, REAL_SPLITS), *((one, DAMAGED_SPLITS) for one in check.strengths)]
            ]
            for output in judged(metric):
                curve = _curve(check, output, rows)
                yield Finding(instrument.measure.extractor.name, n, check, metric, output, curve, "; ".join(refused))


def _halves(n: int, subject: Subject, seed: int) -> Halves:
    half = len(set(subject.images.hashes)) // 2
    (first, second), _ = disjoint(subject.images.hashes, [half, half], seed)
    return Halves(first, second, n, subject.modes, subject.others.count if subject.others else 0)


def _values(
    metric: Metric,
    instrument: Instrument,
    features: Features,
    known: dict[object, Values],
    trials: Sequence[Trial | None],
    refused: list[str],
) -> list[Values]:
    """The values of each trial; none where one of them has too few images, or the metric refuses it: then `refused`
    says why."""
    found = []
    for trial in trials:
        sides = _sides(metric, trial) if trial else ()
        least = least_images(metric, instrument.options)[0]
        if not sides or min(sum(len(rows) for _, rows in side) for side in sides) < least:
            return []
        key = tuple(tuple((table, rows.tobytes()) for table, rows in side) for side in sides)
        if key not in known:
            arrays = [_gathered(side, features, metric.feature) for side in sides]
            try:
                known[key] = metric.compute(*arrays, **instrument.options.fitting(metric))
            except InputError as error:
                refused.append(str(error))
                return []
        found.append(known[key])
    return found


def _sides(metric: Metric, trial: Trial) -> tuple[tuple[Part, ...], ...]:
    """What a metric is given: of a triplet, the real images are those that a generator was trained on."""
    if metric.arity == "set":
        return (trial.generated,)
    if metric.arity == "pair":
        return trial.real, trial.generated
    return trial.real, trial.generated, trial.held_out


def _gathered(side: Sequence[Part], features: Features, kind: str) -> np.ndarray:
    return np.concatenate([features[table][kind][rows] for table, rows in side])


def _curve(check: Check, output: Output, rows: Sequence[Sequence[Values]]) -> Curve:
    assert output.better != "neither"
    numbers = [_numbers(values, output.name) for values in rows]
    return Curve(output.better, check.expected, check.strengths, numbers[0], tuple(numbers[1:]))


def _numbers(values: Sequence[Values], key: str) -> tuple[float, ...]:
    found = [one.get(key) for one in values]
    return () if None in found else tuple(float(one) for one in found if one is not None)
