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
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench import registry
from bench.measuring.dependence import WITHOUT, Member, about_dependence, about_shared, without_estimates
from bench.measuring.designs import known_design
from bench.measuring.products import products_on
from bench.measuring.sets import MeasuredSet
from bench.sources import ImageSource
from bench.sources.values import as_stored, of_image
from metrics.errors import InputError
from metrics.options import SEED, check_seed, shown, switch, whole_number
from metrics.types import Metric, Option, Sample

Counted = ImageSource | MeasuredSet

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


def check_counts(sets: Sequence[Counted], chosen: Iterable[Metric], options: Options) -> None:
    """InputError where a set has fewer images than a metric needs, or where pairs do not come out even."""
    for metric in chosen:
        least, remedy = least_images(metric, options)
        for one in sets:
            check_count(one, least, metric.name, remedy)
        if by_image(metric) and len({one.count for one in sets}) > 1:
            counts = " and ".join(f"{one.count} of {one.name}" for one in sets)
            raise InputError(f"{metric.name} compares image by image: {counts}; expected equal counts")


def check_count(one: Counted, least: int, what: str, remedy: str = "give more images") -> None:
    """InputError where a set is known to have fewer images than `what` needs."""
    if one.count is not None and one.count < least:
        images = "image" if one.count == 1 else "images"
        raise InputError(f"{one.name} holds {one.count} {images}; {what} needs at least {least}; {remedy}")


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


def compute(
    metric: Metric, *arrays: np.ndarray, options: Options, device: str = "cpu", **labels: Any
) -> dict[str, Any]:
    """A metric's own `compute` with the options that it knows, and `labels` where it reads them; `device` is where
    products of many features are made."""
    with threads_for(*arrays), products_on(device, *arrays):
        return metric.compute(*arrays, **labels, **options.fitting(metric))


def threads_for(*arrays: np.ndarray) -> AbstractContextManager[Any]:
    """One thread for small problems, all for large ones.

    On a busy machine the threads of a small decomposition wait for each other's cores and take a hundred times as long,
    on an idle one they gain next to nothing.
    """
    from threadpoolctl import threadpool_limits

    work = math.prod(len(array) for array in arrays) * arrays[0].shape[1]
    return threadpool_limits(1 if work < ONE_THREAD_WORK else None)


def score_set(measured: MeasuredSet, metric: Metric, options: Options) -> Scores:
    """One set metric of one set."""
    array = _images(measured.images) if metric.feature == "images" else measured.features(metric.feature)
    labels: dict[str, Any] = {"labels": measured.numbers} if metric.labels else {}
    values = compute(metric, array, options=options, **labels)
    said = notes_beside(metric, values, [_sample(measured, metric)], options)
    return Scores(values, (*measured.warnings, *said))


def score_pair(
    real: MeasuredSet, generated: MeasuredSet, metric: Metric, options: Options, *, by_design: bool = False
) -> Scores:
    """One pair metric of two sets; the first is the real one where the metric is not symmetric.

    Where a set has statistics and no features, the values that need no more than these, and None for the others.
    `by_design` asks for estimates that know pairs, and classes of fixed numbers, where the sets show those. Records and
    entries go without: they are compared by influences that take the sets for independent.
    """
    if metric.feature == "images":
        return _score_images(real, generated, metric, options)
    if not all(metric.feature in one.arrays for one in (real, generated)):
        return _score_statistics(real, generated, metric, options)
    a, b = (Member(one.name, one.keys, one.hashes, one.features(metric.feature)) for one in (real, generated))
    values = compute(metric, a.features, b.features, options=options, device=real.device)
    if metric.estimates:
        dependent, shared = about_dependence(a, b)
        values = without_estimates(metric, values) if dependent else values
        known = known_design(metric, (real, generated), dependent, options.fitting(metric)) if by_design else None
        if known:
            values, shared = {**values, **known.values}, [*(one for one in shared if WITHOUT not in one), known.said]
    else:
        shared = about_shared(a.name, a.hashes, b.name, b.hashes)
    said = notes_beside(metric, values, [_sample(one, metric) for one in (real, generated)], options)
    return Scores(values, about_sets(real, generated, [*shared, *said]))


def _score_statistics(a: MeasuredSet, b: MeasuredSet, metric: Metric, options: Options) -> Scores:
    without = " and ".join(dict.fromkeys(one.name for one in (a, b) if metric.feature not in one.arrays))
    kind = metric.feature
    if not metric.of_statistics or kind not in a.statistics or kind not in b.statistics:
        raise InputError(f"{metric.name} needs the features of both sets, and {without} holds none; give the images")
    values = metric.of_statistics(a.statistics[kind](), b.statistics[kind](), **options.fitting(metric))
    said = about_shared(a.name, a.hashes, b.name, b.hashes)
    title = metric.outputs[0].title
    said.append(f"{without}: statistics but no features, so there is no corrected {title} and no interval")
    if a.count is not None and b.count is not None:
        said += notes_beside(metric, values, [_sample(one, metric) for one in (a, b)], options)
    return Scores(values, about_sets(a, b, said))


def _score_images(real: MeasuredSet, generated: MeasuredSet, metric: Metric, options: Options) -> Scores:
    arrays = [_images(one.images) for one in (real, generated)]
    values = compute(metric, *arrays, options=options)
    ranges = [
        f"{one.name}: {note}"
        for one, images in zip((real, generated), arrays, strict=True)
        if (note := as_stored(one.images, of_image(images)).note)
    ]
    said = notes_beside(metric, values, [_sample(one, metric) for one in (real, generated)], options)
    return Scores(values, about_sets(real, generated, [*ranges, *said]))


def about_sets(a: MeasuredSet, b: MeasuredSet, said: Iterable[str]) -> tuple[str, ...]:
    """What belongs beside a number of two sets, each line once."""
    return tuple(dict.fromkeys([*a.warnings, *b.warnings, *said]))


def _sample(measured: MeasuredSet, metric: Metric) -> Sample:
    count, features = measured.count or 0, measured.arrays.get(metric.feature)
    classes = {} if measured.numbers is None else dict(zip(measured.numbers.tolist(), measured.labels, strict=True))
    return Sample(measured.name, count, measured.dims(metric.feature), features, classes)


def _images(source: ImageSource) -> np.ndarray:
    images = [source.read(index) for index in range(source.count)]
    sizes = {image.shape for image in images}
    if len(sizes) > 1:
        raise InputError(f"{source.name} has images of {len(sizes)} sizes; the paired error needs one size")
    return np.stack(images)


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
        f"the whole interval of {metric.name} is below 0 (it ends at {high:.3g}), but a distance is never below 0. "
        "Between two independent samples of the same images this happens by chance, in a few of a hundred comparisons. "
        "Otherwise the sets depend on each other, and the value is too low: check whether one was made from the other"
    )
