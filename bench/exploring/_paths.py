"""Paths between two points of a space of noise, codes or class embeddings, and how evenly images change along them.

    linear      (1 - t) a + t b
    spherical   sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b,   w the angle between a and b        Shoemake 1985

Noise of many dimensions lies close to a sphere of radius sqrt(d); the middle of a straight line lies well inside it
(sqrt(d / 2) for independent ends), where the generator has seen nothing, and a spherical path keeps the length (White
2016, arXiv 1609.04468).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.measuring.evaluation import array_source
from bench.measuring.measure import Measure
from bench.tables.table import Cell, Column

MEASURED_STEPS = 32  # of a path, at least; its length grows with their number where images change by leaps
PARALLEL = 1e-6  # sine of an angle below which the great circle is the line, or is not defined


def linear(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points [n, d] of the line from a [d] to b [d] at t [n]: exactly a at 0 and b at 1."""
    share = np.asarray(t, np.float64)[:, None]
    return ((1 - share) * a + share * b).astype(a.dtype)


def spherical(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points [n, d] of the great circle from a [d] to b [d] at t [n]: exactly a at 0 and b at 1.

    Ends of different length blend their lengths along the way. The line, where both point the same way; ValueError
    where they point opposite ways, because every great circle joins them.
    """
    first, second = a.astype(np.float64), b.astype(np.float64)
    cosine = float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
    angle = math.acos(min(1.0, max(-1.0, cosine)))
    if math.sin(angle) < PARALLEL:
        if cosine < 0:
            raise ValueError("the ends point opposite ways: no great circle is the shortest; use the line")
        return linear(a, b, t)
    share = np.asarray(t, np.float64)[:, None]
    points = (np.sin((1 - share) * angle) * first + np.sin(share * angle) * second) / math.sin(angle)
    points[share[:, 0] == 0], points[share[:, 0] == 1] = first, second
    return points.astype(a.dtype)


@dataclass(frozen=True)
class Steps:
    """Distances along one path of images: `steps` [n - 1] between neighbours, `direct` between its ends."""

    steps: np.ndarray
    direct: float

    @property
    def length(self) -> float:
        return float(self.steps.sum())

    @property
    def largest(self) -> float:
        """The largest step in units of the mean one: 1 for an even path, n - 1 for one that jumps once."""
        return float(self.steps.max() / self.steps.mean()) if self.length else 1.0


def pixel_steps(images: np.ndarray) -> Steps:
    """Root mean square differences of uint8 images [n, c, h, w] in [0, 1] along a path."""
    return _along(images.reshape(len(images), -1) / (255 * math.sqrt(images[0].size)))


def feature_steps(measure: Measure | None, paths: Sequence[np.ndarray]) -> list[Steps | None]:
    """Euclidean distances of the features along each path of images, all of them extracted in one pass; None of each
    without an extractor."""
    if measure is None:
        return [None] * len(paths)
    features = features_of(measure, np.concatenate(paths)).astype(np.float64)
    return [_along(part) for part in np.split(features, np.cumsum([len(path) for path in paths])[:-1])]


def features_of(measure: Measure, images: np.ndarray) -> np.ndarray:
    """Features [n, d] of uint8 images [n, c, h, w] at the extractor's pool; not kept in the cache."""
    tap = measure.extractor.pool
    return replace(measure, cache=None).features(array_source(images, "explored images"), (tap,)).arrays[tap]


def _along(points: np.ndarray) -> Steps:
    return Steps(np.linalg.norm(np.diff(points, axis=0), axis=1), float(np.linalg.norm(points[-1] - points[0])))


def dense(steps: int) -> np.ndarray:
    """Places t in [0, 1] of a path that is measured in at least 32 steps and shown in `steps` images."""
    return np.linspace(0, 1, (steps - 1) * math.ceil(MEASURED_STEPS / (steps - 1)) + 1)


def shown(images: np.ndarray, steps: int) -> np.ndarray:
    """The images of a dense path that are shown, evenly spread, both ends among them."""
    return images[:: (len(images) - 1) // (steps - 1)]


def path_words(steps: int) -> list[str]:
    """What stands over the images of a path of so many steps."""
    return [f"{'t = ' if not number else ''}{t:.3g}" for number, t in enumerate(np.linspace(0, 1, steps))]


STEP_COLUMNS = tuple(
    Column(f"{kind}_{key}", word, decimals=decimals)
    for kind, decimals in (("pixels", 3), ("features", 2))
    for key, word in (("direct", f"{kind}: direct"), ("length", "length"), ("largest", "largest step"))
)
STEPS_NOTE = (
    "direct: distance between the ends; length: sum of the distances between neighbouring images; largest step: in "
    "units of the mean one, 1 on an even path. pixels: root mean square difference in [0, 1]; features: Euclidean"
)


def step_values(*steps: Steps | None) -> list[float]:
    """Direct, length and largest of each; NaN where there are none."""
    return [value for one in steps for value in ((one.direct, one.length, one.largest) if one else (math.nan,) * 3)]


def step_cells(values: Iterable[float]) -> tuple[Cell, ...]:
    """The cells under STEP_COLUMNS of the `step_values` of pixels and features."""
    return tuple(Cell(None if math.isnan(value) else value) for value in values)


def question(measure: Measure | None) -> dict[str, str | int]:
    """What a finding says about its features; nothing where none were needed."""
    return measure.question if measure else {}


def no_features(measure: Measure | None) -> tuple[str, ...]:
    """The remark where distances of features are missing."""
    missing = "distances in features are not measured: the weights of the data set's extractor are not here"
    return () if measure else (f"{missing}; give --extractor",)
