"""A set that was measured, whatever it was made of: images, a saved statistics file, features, an accumulator."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from bench import registry
from bench.measuring.feature_table import FeatureTable
from bench.measuring.machines import Share
from bench.measuring.measure import Measure
from bench.measuring.statistics import SavedStatistics, statistics_of
from bench.sources import ImageSource
from bench.sources.labels import at
from metrics.arithmetic.gaussian import GaussianStats
from metrics.errors import InputError
from metrics.types import Metric

Statistics = Callable[[], GaussianStats]


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """What every number is computed from.

    `arrays` are its features [n, d] by what metrics read of them ("pool", "logits"), `statistics` make the mean and
    covariance of some of these, `source` are its images: each of the three is there or not. `labels` are the classes of
    its images, () where they are not known, and `numbers` int64 [n] those of the classifier. `count` is None where a
    file does not say it, `digest` None (`keys` and `hashes` of the images ()) where no list of images stands behind the
    set. `device` is what made the features.
    """

    name: str
    digest: str | None = None
    count: int | None = None
    keys: tuple[str, ...] = field(default=(), repr=False)
    hashes: tuple[str, ...] = field(default=(), repr=False)
    labels: tuple[str, ...] = field(default=(), repr=False)
    numbers: np.ndarray | None = field(default=None, repr=False)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    statistics: Mapping[str, Statistics] = field(default_factory=dict, repr=False)
    source: ImageSource | None = field(default=None, repr=False)
    shares: tuple[Share, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()
    device: str = "cpu"

    @classmethod
    def of_images(cls, source: ImageSource) -> "MeasuredSet":
        """Images as they are."""
        about = about_files(source)
        return cls(
            source.name,
            source.digest,
            source.count,
            source.keys,
            source.hashes,
            source.labels,
            source=source,
            warnings=about,
        )

    def taken(self, rows: Sequence[int] | np.ndarray, name: str) -> "MeasuredSet":
        """These images under another name, in this order, with those features of them that are there."""
        order = [int(row) for row in rows]
        hashes = at(self.hashes, order)
        source = self.source and replace(self.source.taken(order), name=name)
        return MeasuredSet(
            name,
            source.digest if source else None,
            len(order),
            at(self.keys, order),
            hashes,
            at(self.labels, order),
            None if self.numbers is None else self.numbers[order],
            {kind: np.asarray(values)[order] for kind, values in self.arrays.items()},
            source=source,
            warnings=about_repeated(name, hashes),
            device=self.device,
        )

    def dims(self, kind: str = "pool") -> int:
        """The width of these features; 0 where there are none."""
        if kind in self.arrays:
            return int(self.arrays[kind].shape[1])
        return len(self.statistics[kind]().mean) if kind in self.statistics else 0

    def features(self, kind: str = "pool") -> np.ndarray:
        """Features [n, d]; InputError where there are none."""
        if kind not in self.arrays:
            raise InputError(f"{self.name} holds no features ({kind}); give the images")
        return self.arrays[kind]

    @property
    def images(self) -> ImageSource:
        """The images; InputError where there are none."""
        if self.source is None:
            raise InputError(f"{self.name} holds no images; give the images")
        return self.source

    def allows(self, metric: Metric) -> bool:
        """Whether the metric can be computed of this set, if not with an interval."""
        if metric.feature == "images" or metric.arity == "triplet":
            return self.source is not None
        return metric.feature in self.arrays or bool(metric.of_statistics and metric.feature in self.statistics)


def measure_set(source: ImageSource, measure: Measure, chosen: Iterable[Metric]) -> MeasuredSet:
    """A set of images with the features that the metrics need, in one pass over them."""
    return measure_each(source, measure, chosen, (measure.resize,))[measure.resize]


def measure_each(
    source: ImageSource, measure: Measure, chosen: Iterable[Metric], resizes: Iterable[str]
) -> dict[str, MeasuredSet]:
    """The same with each of these resizes, by its name, in one pass over the images."""
    taps, images = taps_for(measure, chosen), MeasuredSet.of_images(source)
    if not taps:
        return dict.fromkeys(resizes, images)
    tables = measure.features_each(source, taps, resizes)
    return {resize: _with_features(images, table, measure) for resize, table in tables.items()}


def _with_features(images: MeasuredSet, table: FeatureTable, measure: Measure) -> MeasuredSet:
    arrays = {kind: table.arrays[tap] for kind, tap in taps_of(measure).items() if tap in table.arrays}
    statistics = {kind: _statistics(table, tap, measure) for kind, tap in taps_of(measure).items() if kind in arrays}
    warnings = tuple(dict.fromkeys([*images.warnings, *table.warnings]))
    found = replace(images, arrays=arrays, statistics=statistics, warnings=warnings)
    return replace(found, device=measure.device, shares=table.shares)


def _statistics(table: FeatureTable, tap: str, measure: Measure) -> Statistics:
    def made() -> GaussianStats:
        saved = statistics_of(table, tap, GaussianStats.of_blocks, measure.cache)
        return GaussianStats(saved.mean, saved.cov, table.count)

    return made


def saved_gaussians(saved: SavedStatistics) -> dict[str, Statistics]:
    """Statistics of a file for computing: one that does not say its count gets the smallest one that lets its
    covariance have full rank."""
    pairs = {"pool": (saved.mean, saved.cov), **({"spatial": saved.spatial} if saved.spatial else {})}
    return {
        kind: partial(GaussianStats, mean, cov, saved.count or len(mean) + 1) for kind, (mean, cov) in pairs.items()
    }


NEEDED = {  # what metrics read, in words
    "images": "images",
    "pool": "features",
    "logits": "class predictions",
    "spatial": "features that keep their place in the image",
}


def taps_for(measure: Measure, chosen: Iterable[Metric]) -> tuple[str, ...]:
    """The taps that these metrics read; InputError where the extractor lacks what one needs."""
    there, taps = taps_of(measure), []
    for metric in chosen:
        if metric.feature == "images":
            continue
        if metric.feature not in there:
            others = [registry.load("extractors", name) for name in registry.names("extractors")]
            fitting = [one.name for one in others if getattr(one, metric.feature)]
            raise InputError(
                f"{metric.name} needs {NEEDED[metric.feature]}, and extractor {measure.extractor.name!r} has none; "
                f"choose one that has: {', '.join(fitting)}"
            )
        taps.append(there[metric.feature])
    return tuple(dict.fromkeys(taps))


def taps_of(measure: Measure) -> dict[str, str]:
    """The tap of each kind of features."""
    extractor = measure.extractor
    found = {"pool": extractor.pool, "logits": extractor.logits, "spatial": extractor.spatial}
    return {kind: tap for kind, tap in found.items() if tap}


def about_files(source: ImageSource) -> tuple[str, ...]:
    """What belongs beside every number of these images: findings about their files, and copies among them."""
    notes = [f"{source.name}: {note}" for note in source.notes if not note.startswith("limit:")]
    return tuple(dict.fromkeys([*notes, *about_repeated(source.name, source.hashes)]))


def about_sizes(sources: Iterable[ImageSource | None]) -> tuple[str, ...]:
    """A note where the first images of sets are of different sizes: the larger ones show more detail."""
    sizes = [(one.name, one.read(0).shape[:0:-1]) for one in sources if one]
    if len({size for _, size in sizes}) < 2:
        return ()
    said = ", ".join(dict.fromkeys(f"{name} {width} x {height}" for name, (width, height) in sizes))
    return (f"sizes differ: {said}; the numbers hold what resizing does too; make all images of one size",)


def about_repeated(name: str, hashes: tuple[str, ...]) -> tuple[str, ...]:
    """A note where a set holds one image more than once."""
    repeats = len(hashes) - len(set(hashes))
    if not repeats:
        return ()
    return (f"{name}: repeated: {repeats:,} of {len(hashes):,} images are copies of an earlier one, and no new ones",)
