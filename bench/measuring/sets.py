"""A set that was measured, whatever it was made of: images, a saved statistics file, features, an accumulator."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bench import registry
from bench.measuring.features import FeatureTable
from bench.measuring.measure import Measure
from bench.measuring.statistics import SavedStatistics, statistics_of
from bench.sources import ImageSource
from metrics.arithmetic.gaussian import GaussianStats
from metrics.errors import InputError
from metrics.types import Metric

Statistics = Callable[[], GaussianStats]


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """What every number is computed from.

    `arrays` are its features [n, d] by what metrics read of them ("pool", "logits"), `statistics` makes the mean and
    covariance of "pool", `source` are its images: each of the three is there or not. `count` is None where a file does
    not say it, `digest` None (`keys` and `hashes` of the images ()) where no list of images stands behind the set.
    """

    name: str
    digest: str | None = None
    count: int | None = None
    keys: tuple[str, ...] = field(default=(), repr=False)
    hashes: tuple[str, ...] = field(default=(), repr=False)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    statistics: Statistics | None = field(default=None, repr=False)
    source: ImageSource | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()

    @classmethod
    def of_images(cls, source: ImageSource) -> "MeasuredSet":
        """Images as they are."""
        about = about_files(source)
        return cls(source.name, source.digest, source.count, source.keys, source.hashes, source=source, warnings=about)

    @property
    def dims(self) -> int:
        """The width of the features that are compared; 0 where there are none."""
        if "pool" in self.arrays:
            return int(self.arrays["pool"].shape[1])
        return len(self.statistics().mean) if self.statistics else 0

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
        by_statistics = metric.of_statistics and self.statistics and metric.feature == "pool"
        return metric.feature in self.arrays or bool(by_statistics)


def measure_set(source: ImageSource, measure: Measure, chosen: Iterable[Metric]) -> MeasuredSet:
    """A set of images with the features that the metrics need, in one pass over them."""
    taps, images = taps_for(measure, chosen), MeasuredSet.of_images(source)
    if not taps:
        return images
    table = measure.features(source, taps)
    arrays = {kind: table.arrays[tap] for kind, tap in taps_of(measure).items() if tap in table.arrays}
    statistics = _statistics(table, measure) if "pool" in arrays else None
    warnings = tuple(dict.fromkeys([*images.warnings, *table.warnings]))
    return replace(images, arrays=arrays, statistics=statistics, warnings=warnings)


def _statistics(table: FeatureTable, measure: Measure) -> Statistics:
    tap = measure.extractor.pool
    return lambda: gaussian(statistics_of(table, tap, GaussianStats.of_blocks, measure.cache))


def gaussian(saved: SavedStatistics) -> GaussianStats:
    """Saved statistics for computing: a file that does not say its count gets the smallest one that lets its covariance
    have full rank."""
    return GaussianStats(saved.mean, saved.cov, saved.count or len(saved.mean) + 1)


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


def about_repeated(name: str, hashes: tuple[str, ...]) -> tuple[str, ...]:
    """A note where a set holds one image more than once."""
    repeats = len(hashes) - len(set(hashes))
    if not repeats:
        return ()
    return (f"{name}: repeated: {repeats:,} of {len(hashes):,} images are copies of an earlier one, and no new ones",)
