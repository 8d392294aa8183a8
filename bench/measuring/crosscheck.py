"""The same images through torch-fidelity, stage by stage: where two numbers part, and by how much.

Each stage compares our result with theirs on the same inputs: decoded pixels, pixels after the TensorFlow-1 resize,
features, statistics, and the distance. torch-fidelity runs its own code throughout, with the same weights; images that
are files are decoded by its own rule, others (arrays, data sets) are handed over as they are.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring.measure import Measure
from bench.sources import ImageSource
from genbench.surroundings import torch_defaults
from metrics.errors import InputError
from metrics.fid import GaussianStats, fid_of

Network = Callable[[np.ndarray], np.ndarray]
TAP = "2048"  # torch-fidelity's name of the pool features


@dataclass(frozen=True)
class Stage:
    """One comparison: two numbers that can be looked at, the largest difference of any element, and that difference
    relative to the largest magnitude of theirs, which must stay within `tolerance`."""

    stage: str
    ours: float | str
    theirs: float | str
    max_difference: float
    relative: float
    tolerance: float
    ok: bool


@dataclass
class _Largest:
    """Elements come in batches; only the extremes are kept."""

    difference: float = 0.0
    magnitude: float = 0.0
    count: int = 0
    ours: float = 0.0
    theirs: float = 0.0

    def add(self, ours: np.ndarray, theirs: np.ndarray) -> None:
        ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        self.difference = max(self.difference, float(np.abs(ours - theirs).max()))
        self.magnitude = max(self.magnitude, float(np.abs(theirs).max()))
        self.count += ours.size
        self.ours += float(ours.sum())
        self.theirs += float(theirs.sum())

    def stage(self, name: str, tolerance: float) -> Stage:
        relative = self.difference / self.magnitude if self.magnitude else self.difference
        count = max(self.count, 1)
        return Stage(
            name, self.ours / count, self.theirs / count, self.difference, relative, tolerance, relative <= tolerance
        )


def crosscheck(a: ImageSource, b: ImageSource, measure: Measure) -> list[Stage]:
    """Our FID of two sets beside torch-fidelity's, stage by stage; mean values stand for whole arrays.

    Raises InputError for another extractor or resize than torch-fidelity's (inception, tf1).
    """
    if measure.extractor.name != "inception" or measure.resize != "tf1":
        raise InputError(
            f"--crosscheck compares with torch-fidelity, which uses extractor inception with resize tf1, not "
            f"{measure.extractor.name} with {measure.resize}; choose those"
        )
    stages: list[Stage] = []
    sets = []
    with _their_network(measure) as network:
        for name, source in (("A", a), ("B", b)):
            mine = measure.features(source, (measure.extractor.pool,)).arrays[measure.extractor.pool]
            found, compared = _network_stages(name, source, mine, network)
            theirs = _their_statistics(found)
            stages += [*compared, *_statistics_stages(name, GaussianStats.of(mine), theirs)]
            sets.append((mine, found, theirs))
    value = _their_fid(*(theirs for _, _, theirs in sets))
    # Where n <= d, their eigenvalues that should be 0 are rounding, and a root keeps half the digits of it.
    few = min(a.count, b.count) <= measure.extractor.taps[measure.extractor.pool]
    same, whole = _Largest(), _Largest()
    same.add(np.array(fid_of(*(found for _, found, _ in sets)).fid), np.array(value))
    whole.add(np.array(fid_of(*(mine for mine, _, _ in sets)).fid), np.array(value))
    return [*stages, same.stage("FID, same features", 1e-5 if few else 1e-7), whole.stage("FID, end to end", 1e-5)]


def _network_stages(
    name: str, source: ImageSource, mine: np.ndarray, network: Network
) -> tuple[np.ndarray, list[Stage]]:
    """Their features of a set, and the stages up to them."""
    pixels, resized, features = _Largest(), _Largest(), _Largest()
    rows = []
    for index in range(source.count):
        image, other = source.read(index)[None], _their_image(source, index)
        if image.shape == other.shape:
            pixels.add(image, other)
            resized.add(_our_resize(image), _their_resize(image))
        rows.append(network(other))
        features.add(mine[index], rows[-1])
    return np.stack(rows), [
        pixels.stage(f"decoded pixels, {name}", 0.0),
        resized.stage(f"resized pixels, {name}", 1e-6),
        features.stage(f"features, {name}", 1e-5),
    ]


def _their_statistics(features: np.ndarray) -> dict[str, Any]:
    """In float64: its mean of float32 features is rounded to 1e-7, which is no difference between methods."""
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics

    return fid_features_to_statistics(torch.from_numpy(features.astype(np.float64)))


def _their_fid(a: dict[str, Any], b: dict[str, Any]) -> float:
    from torch_fidelity.metric_fid import fid_statistics_to_metric

    return float(fid_statistics_to_metric(a, b, False)["frechet_inception_distance"])


def _statistics_stages(name: str, ours: GaussianStats, theirs: dict[str, Any]) -> Iterator[Stage]:
    mean, covariance = _Largest(), _Largest()
    mean.add(ours.mean, theirs["mu"])
    covariance.add(ours.cov, theirs["sigma"])
    yield mean.stage(f"mean, {name}", 1e-5)
    yield covariance.stage(f"covariance, {name}", 1e-4)


@contextlib.contextmanager
def _their_network(measure: Measure) -> Iterator[Network]:
    """torch-fidelity's extractor with our weights, as a function from uint8 [1, 3, h, w] to float32 [2048]."""
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    from metrics.extractors.state import read_state

    assert measure.weights.path is not None, "the Inception extractor has weights"
    with tempfile.TemporaryDirectory() as folder:
        # Any layout that we read becomes the one that it reads.
        path = Path(folder) / "weights.pth"
        torch.save(read_state(measure.weights.path), path)
        with torch_defaults("cpu"):
            network = FeatureExtractorInceptionV3(
                "inception-v3-compat", [TAP], feature_extractor_weights_path=str(path)
            ).eval()

    def features(image: np.ndarray) -> np.ndarray:
        with torch_defaults("cpu"):
            return network(torch.from_numpy(np.array(image)))[0].numpy()[0]

    yield features


def _their_image(source: ImageSource, index: int) -> np.ndarray:
    """The image as torch-fidelity decodes it where it is a file, else as it is; uint8 [1, 3, h, w]."""
    if source.encoded is None:
        return source.read(index)[None]
    from torch_fidelity.datasets import ImagesPathDataset

    return ImagesPathDataset([BytesIO(source.encoded(index))])[0].numpy()[None]


def _our_resize(image: np.ndarray) -> np.ndarray:
    from metrics.extractors.resizing import resize

    return resize(image, "tf1", 299)


def _their_resize(image: np.ndarray) -> np.ndarray:
    import torch
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    return interpolate_bilinear_2d_like_tensorflow1x(
        torch.from_numpy(image.astype(np.float32)), size=(299, 299), align_corners=False
    ).numpy()
