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
from bench.measuring.dependence import ESTIMATES, Member, about_dependence, about_shared, without_estimates
from bench.measuring.features import FeatureTable
from bench.measuring.measure import Measure
from bench.settings import SEED
from bench.sources import ImageSource
from bench.sources.values import as_stored, of_image
from metrics.errors import InputError
from metrics.options import check_seed, shown, switch, whole_number
from metrics.types import Metric

ONE_THREAD_WORK = 4_000_000_000  # multiplications; 1,000 against 1,000 images in 2,048 dimensions are half of it


@dataclass(frozen=True)
class Scores:
    """Values by key, and the warnings that belong beside them."""

    values: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """What changes a metric's value; names are the keyword options of the metrics' `compute` functions."""

    seed: int = SEED
    splits: int = 1  # the whole set, as the equation has it; papers print the mean of 10
    k: int = 5
    subsets: int = 100
    subset_size: int = 1000
    all_estimates: bool = False

    def __post_init__(self) -> None:
        """InputError for an option of another kind, before an image is read."""
        for name, least in (("splits", 1), ("k", 1), ("subsets", 1), ("subset_size", 2)):
            object.__setattr__(self, name, whole_number(getattr(self, name), name, least))
        object.__setattr__(self, "seed", check_seed(self.seed))
        switch(self.all_estimates, "all_estimates")

    def fitting(self, metric: Metric) -> dict[str, Any]:
        """Those options that the metric knows."""
        known = inspect.signature(metric.compute).parameters
        return {name: value for name, value in vars(self).items() if name in known}


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
        asked = options.fitting(metric)
        least, remedy = max(
            (metric.least, "give more images"),
            (asked.get("splits", 0), "give more images or fewer splits"),
            (asked.get("k", 0) + 1, "give more images or a smaller k"),
        )
        for source in sources:
            if source.count < least:
                images = "image" if source.count == 1 else "images"
                raise InputError(
                    f"{source.name} holds {source.count} {images}; {metric.name} needs at least {least}; {remedy}"
                )
        if metric.feature == "images" and len({source.count for source in sources}) > 1:
            counts = " and ".join(f"{source.count} of {source.name}" for source in sources)
            raise InputError(f"{metric.name} compares image by image: {counts}; expected equal counts")


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
            taps.append(measure.extractor.pool if metric.feature == "pool" else measure.extractor.logits)
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
    table = table_of(measured)
    values = compute(metric, table.arrays[measure.extractor.logits], options=options)
    return Scores(values, about_sets(measured))


def score_pair(real: MeasuredSet, generated: MeasuredSet, measure: Measure, metric: Metric, options: Options) -> Scores:
    """One pair metric of two sets; the first is the real one where the metric is not symmetric."""
    if metric.feature == "images":
        arrays = [_images(one.source) for one in (real, generated)]
        values = compute(metric, *arrays, options=options)
        ranges = (
            f"{one.source.name}: {note}"
            for one, images in zip((real, generated), arrays, strict=True)
            if (note := as_stored(one.source, of_image(images)).note)
        )
        return Scores(values, (*about_sets(real, generated), *ranges))
    a, b = (_member(measured, measure) for measured in (real, generated))
    values = compute(metric, a.features, b.features, options=options)
    if metric.name in ESTIMATES:
        dependent, shared = about_dependence(a, b)
        values = without_estimates(metric.name, values) if dependent else values
    else:
        shared = about_shared(a.name, a.hashes, b.name, b.hashes)
    said = about_pair(metric, real.count, generated.count, measure.extractor.taps[measure.extractor.pool], values)
    said += _about_options(metric, real, generated, options)
    said += _about_equal(metric, ((real, a.features), (generated, b.features)), options)
    return Scores(values, (*about_sets(real, generated), *shared, *said))


def _member(measured: MeasuredSet, measure: Measure) -> Member:
    source = measured.source
    return Member(source.name, source.keys, source.hashes, table_of(measured).arrays[measure.extractor.pool])


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


def about_pair(metric: Metric, n: int, m: int, dims: int, values: Mapping[str, Any]) -> list[str]:
    """What must be said about a pair metric of n real and m generated images with `dims` features each."""
    said = []
    high = values.get(f"{metric.name}_high")
    if high is not None and high < 0:
        said.append(
            f"the whole interval of {metric.name} is below 0 (up to {high:.3g}), where no distance is: by chance a "
            "few times in a hundred where both are of one distribution; else the sets are not independent, and the "
            "value is too low: was one made from the other?"
        )
    if metric.name == "fid":
        if min(n, m) <= dims:
            read = "a corrected one needs the images of independent sets"
            if values["fid_corrected"] is not None:
                read = "read the corrected value and its interval"
            said.append(
                f"n <= d: {min(n, m)} images for {dims} features, so the plain FID is mostly small-sample bias; {read}"
            )
        if n != m:
            said.append(f"different n: {n} against {m}; the plain FID's bias depends on both")
    if metric.name == "kid" and high is not None and values["kid"] < 0 <= high:
        from metrics.kid import negative_note

        said.append(negative_note(values["kid"]) or "")
    return said


def _about_options(metric: Metric, real: MeasuredSet, generated: MeasuredSet, options: Options) -> list[str]:
    if metric.name == "kid":
        from metrics.kid import subset_warning

        warning = subset_warning(real.count, generated.count, options.subset_size)
        return [warning] if warning else []
    return []


def _about_equal(metric: Metric, sets: Iterable[tuple[MeasuredSet, np.ndarray]], options: Options) -> list[str]:
    if metric.name != "prdc":
        return []
    from metrics.prdc import about_equal

    return [note for one, features in sets if (note := about_equal(one.source.name, features, options.k))]
