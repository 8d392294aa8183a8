"""Features of images as they are generated, for use inside somebody's training loop.

Batches go in as uint8, features come out as running statistics: memory does not grow with the number of images (mean
and covariance of the pool features, 34 MB for Inception's 2048). `keep_features=True` keeps every feature instead (8 KB
an image), which is what the corrected value and the interval are made from. Parts measured in several processes `merge`
exactly; an accumulator can be copied and pickled, and the copy grows on its own.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Unpack

import numpy as np

from bench.api.result import Result
from bench.measuring.given import Measured, Ready
from bench.measuring.measure import Measure
from bench.measuring.opening import open_sets
from bench.measuring.scoring import Options, load_metrics
from bench.measuring.sets import MeasuredSet, taps_for, taps_of
from bench.measuring.setup import Images, Setup
from bench.measuring.statistics import QUESTION
from bench.settings.sets import Settings
from bench.sources.rows import three_channels
from bench.sources.values import Extremes, joined, of_image
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import plain_array
from metrics.errors import InputError
from metrics.extractors.types import Extract
from metrics.fid import METRIC as FID
from metrics.fid import GaussianStats
from metrics.options import shown, switch, text
from metrics.types import Metric

ROWS = 512  # features that wait until they join the statistics: adding a few at a time costs as much


class Accumulator(Measured):
    """The statistics of a growing set of images; `update` with batches, `compute` against another set."""

    def __init__(
        self,
        *,
        metrics: Iterable[str] | str = "fid",
        keep_features: bool = False,
        name: str = "accumulator",
        **settings: Unpack[Settings],
    ) -> None:
        """`settings` are the keywords of `bench.fid`; missing weights are an InputError here, not in the loop.

        `metrics` are those that `bench.score` is to compute of it: the features that they need are kept.
        """
        chosen = load_metrics(metrics)
        self.name = text(name, "the name")
        self.keep_features = switch(keep_features, "keep_features") or not all(one.of_statistics for one in chosen)
        self.count = 0
        self._setup = Setup.of(settings, Settings)
        self._measure: Measure = self._setup.measure()
        self._taps = _taps_beside(self._measure, chosen)
        self._beside: dict[str, list[np.ndarray]] = {kind: [] for kind in self._taps}  # other features, as `_rows`
        self._network: Extract | None = None
        self._statistics: GaussianStats | None = None
        self._extremes: list[Extremes] = []  # of all images, in at most one
        self._rows: list[np.ndarray] = []  # float32 [_, d]: all of them, or those that wait; never written to

    @numpy_defaults()
    def update(self, images: Any) -> None:
        """Adds a batch: uint8 [b, 3, h, w] or [b, 1, h, w], a numpy array or a torch tensor on any device.

        Raises InputError for other shapes, and for floats: their range cannot be told from one batch. A batch is added
        whole or not at all.
        """
        batch = three_channels(_as_uint8(images))
        found, extremes = [], self._extremes
        beside: dict[str, list[np.ndarray]] = {kind: [] for kind in self._taps}
        for start in range(0, len(batch), self._setup.settings["batch_size"]):
            part = np.ascontiguousarray(batch[start : start + self._setup.settings["batch_size"]])
            features = self._extract(part)
            found.append(self._finite(features[self._tap]))
            for kind, tap in self._taps.items():
                beside[kind].append(self._finite(features[tap]))
            extremes = [joined([*extremes, of_image(part)])]
        self._rows += found
        for kind, rows in beside.items():
            self._beside[kind] += rows
        self._extremes = extremes
        self.count += len(batch)
        if not self.keep_features and sum(map(len, self._rows)) >= ROWS:
            self._fold()

    def merge(self, other: "Accumulator") -> "Accumulator":
        """Adds all images of another accumulator, exactly; returns itself.

        Raises InputError where the other one has another extractor, other weights or resize, or keeps no features
        while this one does, and for itself, whose images would count twice.
        """
        if not isinstance(other, Accumulator):
            raise InputError(f"what is to be merged is {shown(other)}; expected another accumulator")
        if other is self:
            raise InputError("an accumulator cannot be merged with itself, its images would count twice; give another")
        mine, theirs = self._question, other._question
        if mine != theirs:
            differing = "; ".join(
                f"{key} {mine[key]!r} and {theirs[key]!r}" for key in mine if mine[key] != theirs[key]
            )
            raise InputError(f"the accumulators cannot be merged: {differing}; make both with the same settings")
        if self.keep_features and not other.keep_features:
            raise InputError("the other accumulator keeps no features and this one does; give both keep_features=True")
        if set(self._beside) - set(other._beside):
            raise InputError("the other accumulator keeps other features than this one; give both the same metrics")
        self._rows += other._rows
        for kind, rows in self._beside.items():
            rows += other._beside[kind]
        self._extremes = [joined([*self._extremes, *other._extremes])] if other._extremes else self._extremes
        self.count += other.count
        if other._statistics is not None:
            self._join(other._statistics)
        if not self.keep_features:
            self._fold()
        return self

    @numpy_defaults()
    def compute(self, other: "Accumulator | Images", *, all_estimates: bool = False) -> Result:
        """The Fréchet distance to another accumulator, a set of images, or a saved statistics file; lower is better.

        Keys as of `bench.fid`, with this accumulator as side a. Without the features of both sides `fid_corrected`,
        `fid_sd`, `fid_low` and `fid_high` are None. Raises InputError for fewer than 2 images, or another extractor.
        """
        options = Options(seed=self._setup.settings["seed"], all_estimates=all_estimates)
        return Result.of(*open_sets((self, other), (FID,), self._setup, options, measuring=self._measure).scores())

    def ready(self) -> Ready:
        """What was measured so far; InputError for fewer than 2 images."""
        if self.count < 2:
            raise InputError(f"{self.name} has {self.count} image(s); a covariance needs at least 2; update it first")
        note = joined(self._extremes).note
        kept = {**({"pool": self._rows} if self.keep_features else {}), **self._beside}
        measured = MeasuredSet(
            self.name,
            count=self.count,
            arrays={kind: np.concatenate(rows) for kind, rows in kept.items()},
            statistics={"pool": self._all_statistics, **_statistics_of(self._beside)},
            warnings=(f"{self.name}: {note}",) if note else (),
        )
        made = {name: self._question[key] for name, key in zip(QUESTION, self._question, strict=True)}
        return Ready(measured, "the accumulator", made, self._measure)

    def __getstate__(self) -> dict[str, Any]:
        # The network is built again where it is needed; a copy has a list of its own.
        beside = {kind: list(rows) for kind, rows in self._beside.items()}
        return {**vars(self), "_network": None, "_rows": list(self._rows), "_beside": beside}

    @property
    def _tap(self) -> str:
        return self._measure.extractor.pool

    @property
    def _question(self) -> dict[str, str | int]:
        return {**self._measure.question, "tap": self._tap}

    def _extract(self, batch: np.ndarray) -> Any:
        if self._network is None:
            at = self._measure
            self._network = at.extractor.build(at.weights.path, at.resize, at.device, (self._tap, *self._taps.values()))
        return self._network(batch)

    def _finite(self, features: Any) -> np.ndarray:
        values = np.array(features, np.float32)
        if not np.isfinite(values).all():
            raise InputError(f"{self._measure.extractor.name} gave features that are not finite; look at the weights")
        return values

    def _all_statistics(self) -> GaussianStats:
        if self.keep_features:
            return GaussianStats.of_blocks(self._rows)
        self._fold()
        assert self._statistics is not None, "two images were added"
        return self._statistics

    def _fold(self) -> None:
        if self._rows:
            rows = np.concatenate(self._rows)
            self._join(GaussianStats.of(rows) if len(rows) > 1 else _of_one(rows))
            self._rows = []

    def _join(self, statistics: GaussianStats) -> None:
        self._statistics = statistics if self._statistics is None else self._statistics.merge(statistics)


def _taps_beside(measure: Measure, chosen: Iterable[Metric]) -> dict[str, str]:
    """The taps of the features that these metrics need beside those of the FID; InputError where they need images."""
    chosen = tuple(chosen)
    for metric in chosen:
        if metric.feature == "images" or metric.arity == "triplet":
            raise InputError(f"{metric.name} needs images, and an accumulator keeps none; give them to bench.score")
    taps_for(measure, chosen)
    taps = taps_of(measure)
    return {one.feature: taps[one.feature] for one in chosen if one.feature != "pool"}


def _statistics_of(kept: Mapping[str, list[np.ndarray]]) -> dict[str, Callable[[], GaussianStats]]:
    return {kind: partial(GaussianStats.of_blocks, rows) for kind, rows in kept.items()}


def _of_one(row: np.ndarray) -> GaussianStats:
    """What merges as one image: its spread around itself is 0."""
    return GaussianStats(row[0].astype(np.float64), np.zeros((row.shape[1], row.shape[1])), 1)


def _as_uint8(images: Any) -> np.ndarray:
    """uint8 [b, c, h, w] with c = 1 or 3, of a numpy array or a torch tensor."""
    array = plain_array(images, "the images")
    if array.dtype.kind == "f":
        raise InputError(
            f"the images are {array.dtype}, and a batch does not tell its range; convert them: from [0, 1] "
            "(x * 255).round(), from [-1, 1] (x * 127.5 + 128).clip(0, 255), then to uint8"
        )
    if array.dtype != np.uint8:
        raise InputError(f"the images are {array.dtype}; expected uint8 in [0, 255]")
    if array.ndim != 4 or array.shape[1] not in (1, 3) or 0 in array.shape[2:]:
        raise InputError(f"the images have shape {array.shape}; expected [b, 3, h, w] or [b, 1, h, w]")
    return array
