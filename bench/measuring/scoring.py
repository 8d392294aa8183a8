"""From feature tables to scores: the same few functions behind `bench fid`, `bench score`, the runner and the board.

Set metrics (Inception Score) are about one set, pair metrics (FID, KID, PRDC, MSE) about a pair (real, generated); what
is about three sets (memorisation) is in `bench.measuring.memorising`.
Every score comes back as a flat dict of strict JSON values whose keys are the metric's own; what must be said beside
them comes back as warnings, not as prints.
"""

import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench import registry
from bench.measuring.dependence import Member, about_dependence, about_shared, without_estimates
from bench.measuring.features import FeatureTable
from bench.measuring.measure import Measure
from bench.settings import SEED
from bench.sources import ImageSource
from bench.sources.values import as_stored, of_image
from metrics.errors import InputError
from metrics.options import check_seed, shown, switch, whole_number
from metrics.types import Metric, Option, Sample

ONE_THREAD_WORK = 4_000_000_000  # multiplications; 1,000 against 1,000 images in 2,048 dimensions are half of it


@dataclass(frozen=True)
class Scores:
    """Values by key, and the warnings that belong beside them."""

    values: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


class Options:
    """What changes a metric's value: the seed, and what was chosen of the options that metrics declare, by name."""

    def __init__(self, seed: int = SEED, **chosen: Any) -> None:
        self.seed = check_seed(seed)
        self.chosen = chosen

    def fitting(self, metric: Metric) -> dict[str, Any]:
        """The keywords of this metric's `compute`; InputError for a value of another kind."""
        seed = {"seed": self.seed} if "seed" in inspect.signature(metric.compute).parameters else {}
        return seed | {one.name: _checked(one, self.chosen.get(one.name, one.default)) for one in metric.options}

    def check(self, metrics: Iterable[Metric]) -> None:
        """InputError for an option that none of these metrics has, and for a value of another kind."""
        metrics = tuple(metrics)
        known = {name: one for one in metrics for name in self.fitting(one)}
        for name in self.chosen:
            if name not in known:
                names = ", ".join(one.name for one in metrics)
                raise InputError(f"{name} is an option of none of the metrics {names}; leave it out")


def _checked(option: Option, value: Any) -> Any:
    if isinstance(option.default, bool):
        return switch(value, option.name)
    if isinstance(option.default, int):
        return whole_number(value, option.name, option.least)
    if not isinstance(value, str) or value not in option.choices:
        raise InputError(f"{option.name} is {shown(value)}; expected one of {', '.join(option.choices)}")
    return value


@dataclass(frozen=True)
class MeasuredSet:
    """One set of images with its features; what every score is computed from."""

    source: ImageSource
    table: FeatureTable | None = field(repr=False)

    @property
    def count(self) -> int:
        return self.source.count


def load_metrics(names: Iterable[str] | str) -> tuple[Metric, ...]:
    """Metrics by name, each once, in the order asked, or the one of this name; InputError for an unknown one."""
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, Iterable):
        raise InputError(f"metrics is {shown(names)}; expected names, such as ('fid', 'kid')")
    names = tuple(names)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"a metric is {shown(name)}; expected a name, such as 'fid'")
    return tuple(
        registry.load("metrics", name) for name in dict.fromkeys(registry.resolve("metrics", n) for n in names)
    )


def check_counts(sources: Sequence[ImageSource], chosen: Iterable[Metric], options: Options) -> None:
    """InputError where a set has fewer images than a metric needs, or where pairs do not come out even."""
    for metric in chosen:
        least, remedy = least_images(metric, options)
        for source in sources:
            if source.count < least:
                images = "image" if source.count == 1 else "images"
                raise InputError(
                    f"{source.name} holds {source.count} {images}; {metric.name} needs at least {least}; {remedy}"
                )
        if by_image(metric) and len({source.count for source in sources}) > 1:
            counts = " and ".join(f"{source.count} of {source.name}" for source in sources)
            raise InputError(f"{metric.name} compares image by image: {counts}; expected equal counts")


def by_image(metric: Metric) -> bool:
    """Whether a metric compares image by image, so that row i of one set belongs to row i of the other."""
    return metric.feature == "images" and metric.arity == "pair"


def least_images(metric: Metric, options: Options) -> tuple[int, str]:
    """How many images a set needs for a metric with these options, and what to do where it has fewer."""
    asked = options.fitting(metric)
    wanted = [
        (asked[one.name] + one.needs, f"give more images or {one.fewer}")
        for one in metric.options
        if one.needs is not None
    ]
    return max([(metric.least, "give more images"), *wanted])


def taps_for(measure: Measure, chosen: Iterable[Metric]) -> tuple[str, ...]:
    """The taps that these metrics read; InputError where a classifier is needed and the extractor is none."""
    taps = []
    for metric in chosen:
        if metric.feature == "logits" and not measure.extractor.logits:
            classify = [name for name in registry.names("extractors") if registry.load("extractors", name).logits]
            raise InputError(
                f"{metric.name} needs class predictions, and extractor {measure.extractor.name!r} has none; choose "
                f"one that classifies: {', '.join(classify)}"
            )
        if metric.feature != "images":
            taps.append(tap_of(measure, metric))
    return tuple(dict.fromkeys(taps))


def measure_set(source: ImageSource, measure: Measure, chosen: Iterable[Metric]) -> MeasuredSet:
    """The features that the metrics need, in one pass over the images."""
    taps = taps_for(measure, chosen)
    return MeasuredSet(source, measure.features(source, taps) if taps else None)


def compute(metric: Metric, *arrays: np.ndarray, options: Options) -> dict[str, Any]:
    """A metric's own `compute` with the options that it knows."""
    with threads_for(*arrays):
        return metric.compute(*arrays, **options.fitting(metric))


def threads_for(*arrays: np.ndarray) -> AbstractContextManager[Any]:
    """One thread for small problems, all for large ones.

    On a busy machine the threads of a small decomposition wait for each other's cores and take a hundred times as long,
    on an idle one they gain next to nothing.
    """
    from threadpoolctl import threadpool_limits

    work = math.prod(len(array) for array in arrays) * arrays[0].shape[1]
    return threadpool_limits(1 if work < ONE_THREAD_WORK else None)


def score_set(measured: MeasuredSet, measure: Measure, metric: Metric, options: Options) -> Scores:
    """One set metric of one set."""
    features = None if metric.feature == "images" else table_of(measured).arrays[tap_of(measure, metric)]
    array = _images(measured.source) if features is None else features
    values = compute(metric, array, options=options)
    said = notes_beside(metric, values, [_sample(measured, features)], options)
    return Scores(values, (*about_sets(measured), *said))


def score_pair(real: MeasuredSet, generated: MeasuredSet, measure: Measure, metric: Metric, options: Options) -> Scores:
    """One pair metric of two sets; the first is the real one where the metric is not symmetric."""
    if metric.feature == "images":
        return _score_images(real, generated, metric, options)
    a, b = (_member(measured, tap_of(measure, metric)) for measured in (real, generated))
    values = compute(metric, a.features, b.features, options=options)
    if metric.estimates:
        dependent, shared = about_dependence(a, b)
        values = without_estimates(metric, values) if dependent else values
    else:
        shared = about_shared(a.name, a.hashes, b.name, b.hashes)
    samples = [_sample(real, a.features), _sample(generated, b.features)]
    said = notes_beside(metric, values, samples, options)
    return Scores(values, (*about_sets(real, generated), *shared, *said))


def _score_images(real: MeasuredSet, generated: MeasuredSet, metric: Metric, options: Options) -> Scores:
    arrays = [_images(one.source) for one in (real, generated)]
    values = compute(metric, *arrays, options=options)
    ranges = (
        f"{one.source.name}: {note}"
        for one, images in zip((real, generated), arrays, strict=True)
        if (note := as_stored(one.source, of_image(images)).note)
    )
    said = notes_beside(metric, values, [_sample(one, None) for one in (real, generated)], options)
    return Scores(values, (*about_sets(real, generated), *ranges, *said))


def tap_of(measure: Measure, metric: Metric) -> str:
    """The tap that a metric of features reads."""
    return measure.extractor.logits if metric.feature == "logits" else measure.extractor.pool


def _sample(measured: MeasuredSet, features: np.ndarray | None) -> Sample:
    return Sample(measured.source.name, measured.count, 0 if features is None else features.shape[1], features)


def _member(measured: MeasuredSet, tap: str) -> Member:
    source = measured.source
    return Member(source.name, source.keys, source.hashes, table_of(measured).arrays[tap])


def table_of(measured: MeasuredSet) -> FeatureTable:
    """The features of a set; ValueError where none were extracted."""
    if measured.table is None:
        raise ValueError(f"no features were extracted from {measured.source.name}")
    return measured.table


def _images(source: ImageSource) -> np.ndarray:
    images = [source.read(index) for index in range(source.count)]
    sizes = {image.shape for image in images}
    if len(sizes) > 1:
        raise InputError(f"{source.name} has images of {len(sizes)} sizes; the paired error needs one size")
    return np.stack(images)


def about_sets(*sets: MeasuredSet) -> tuple[str, ...]:
    """What belongs beside every number of these sets: findings about their files, troubles with the cache."""
    notes = (f"{one.source.name}: {note}" for one in sets for note in one.source.notes if not note.startswith("limit:"))
    repeated = (note for one in sets if (note := about_repeated(one.source)))
    tables = (warning for one in sets if one.table for warning in one.table.warnings)
    return tuple(dict.fromkeys([*notes, *repeated, *tables]))


def about_repeated(source: ImageSource) -> str:
    """A note where a set holds one image more than once; "" otherwise."""
    repeats = source.count - len(set(source.hashes))
    if not repeats:
        return ""
    return (
        f"{source.name}: repeated: {repeats:,} of {source.count:,} images are copies of an earlier one, and no new ones"
    )


def notes_beside(metric: Metric, values: Mapping[str, Any], samples: Sequence[Sample], options: Options) -> list[str]:
    """What must be said beside a result: of a distance lower than any can be, and what the metric itself says."""
    said = [_below_0(metric, at.high, values) for one in metric.outputs if (at := one.interval)]
    own = metric.notes(values, samples, options.fitting(metric)) if metric.notes else []
    return [*filter(None, said), *own]


def _below_0(metric: Metric, high_key: str, values: Mapping[str, Any]) -> str:
    high = values.get(high_key)
    if metric.arity != "pair" or high is None or high >= 0:
        return ""
    return (
        f"the whole interval of {metric.name} is below 0 (up to {high:.3g}), where no distance is: by chance a "
        "few times in a hundred where both are of one distribution; else the sets are not independent, and the "
        "value is too low: was one made from the other?"
    )
