"""Moments of a set of features in a small file, from which a Fréchet distance can be computed again, or bounded.

moments.npz holds `count`, `mean` float64 [d], and the first of these that fits:

| array        | shape and type                | where                      | the distance is then known          |
|--------------|-------------------------------|----------------------------|-------------------------------------|
| `features`   | float32 [n, d]                | n <= d, at most FULL_BYTES | exactly: less than a covariance     |
| `covariance` | float64 [d (d + 1) / 2]       | n > d, at most FULL_BYTES  | exactly: the upper triangle by rows |
| `spectrum`   | float64 [min(n - 1, d)]       | otherwise (Inception)      | within bounds: eigenvalues          |

With the eigenvalues a_1 >= a_2 >= ... and b_1 >= b_2 >= ... of two covariances, tr (S1 S2)^(1/2) is the sum of the
singular values of the product of their roots, which lies between sum_i sqrt(a_i b_(d+1-i)) and sum_i sqrt(a_i b_i)
(Marshall, Olkin and Arnold, Inequalities, 2nd edition, 9.H.1). So the covariance term lies between
sum_i (sqrt a_i - sqrt b_i)^2 and tr S1 + tr S2 - 2 sum_i sqrt(a_i b_(d+1-i)); the mean term is known exactly.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bench.storage.array_files import ArrayFile
from metrics.arithmetic.arrays import LARGEST
from metrics.errors import InputError
from metrics.fid import GaussianStats, check_covariance, fid_between, fid_of

FULL_BYTES = 8 * 512 * 513 // 2  # 1 MiB: the upper triangle of 512 dimensions, or 128 images of Inception's 2,048
MAX_BYTES = 2 * FULL_BYTES
REMEDY = "restore it or submit again"
KINDS = {"features": np.float32, "covariance": np.float64, "spectrum": np.float64}
EXPECTED = f"expected count, mean and one of {', '.join(KINDS)}"


@dataclass(frozen=True, eq=False)
class Moments:
    """What is stored of a set: `kind` says what `values` are."""

    count: int
    mean: np.ndarray
    kind: str
    values: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the file."""
        return {"count": np.array(self.count, np.int64), "mean": self.mean, self.kind: self.values}

    @property
    def flat(self) -> np.ndarray:
        """Mean and values in one row."""
        return np.append(self.mean, self.values)

    @property
    def trace(self) -> float:
        """The sum of the variances."""
        if self.kind == "features":
            return float(((self.values - self.mean) ** 2).sum() / (self.count - 1))
        if self.kind == "covariance":
            places = np.arange(len(self.mean), 0, -1)  # how long each row of the triangle is
            return float(self.values[np.cumsum(places) - places].sum())
        return float(self.values.sum())

    @property
    def spectrum(self) -> np.ndarray:
        """The eigenvalues of the covariance, the largest first, float64 [d] filled up with zeros."""
        if self.kind == "features":
            found = _spectrum(self.values)
        elif self.kind == "covariance":
            found = np.linalg.eigvalsh(self.statistics().cov)[::-1]
        else:
            found = self.values
        return np.pad(np.maximum(found, 0), (0, len(self.mean) - len(found)))

    def statistics(self) -> GaussianStats:
        """Mean and covariance, where they are stored in full."""
        return self._statistics

    @cached_property
    def _statistics(self) -> GaussianStats:
        if self.kind == "features":
            return GaussianStats.of(self.values)
        size = len(self.mean)
        upper = np.zeros((size, size))
        upper[np.triu_indices(size)] = self.values
        return GaussianStats(self.mean, upper + np.triu(upper, 1).T, self.count)


def moments_of(features: np.ndarray) -> Moments:
    """The moments of features float32 [n, d] as they are stored."""
    count, dims = features.shape
    mean = features.mean(axis=0, dtype=np.float64)
    if count <= dims and features.size * 4 <= FULL_BYTES:
        return Moments(count, mean, "features", np.array(features, np.float32))
    if count > dims and dims * (dims + 1) * 4 <= FULL_BYTES:
        stats = GaussianStats.of(features)
        return Moments(count, stats.mean, "covariance", stats.cov[np.triu_indices(dims)])
    return Moments(count, mean, "spectrum", _spectrum(features))


@dataclass(frozen=True)
class Distance:
    """What two stored sets say about the FID: its mean term, and the range of its covariance term, of which both ends
    are equal where it is known exactly. `scale` is tr S1 + tr S2 + the mean term: what rounding is relative to."""

    mean_term: float
    low: float
    high: float
    scale: float


def distance(a: Moments, b: Moments) -> Distance:
    """The Fréchet distance of two stored sets, or its bounds; InputError where they have different dimensions."""
    if len(a.mean) != len(b.mean):
        raise InputError(f"moments of {len(a.mean)} and of {len(b.mean)} features; expected the same")
    step = a.mean - b.mean
    mean_term, traces = float(step @ step), a.trace + b.trace
    if "spectrum" in (a.kind, b.kind):
        roots_a, roots_b = (np.sqrt(one.spectrum) for one in (a, b))
        low, high = float(((roots_a - roots_b) ** 2).sum()), traces - 2 * float(roots_a @ roots_b[::-1])
    else:
        few = a.kind == b.kind == "features"
        found = fid_of(a.values, b.values) if few else fid_between(a.statistics(), b.statistics())
        low = high = found.covariance_term
    return Distance(mean_term, low, high, traces + mean_term)


def read_moments(path: Path) -> Moments:
    """Moments from their file.

    Raises InputError where it is missing, damaged, larger than moments are, holds other arrays than expected, shapes
    that do not fit together, or values that are not finite. Nothing is ever unpickled.
    """
    with ArrayFile(path, REMEDY) as file:
        there = set(file.names)
        if there not in ({"count", "mean", kind} for kind in KINDS):
            raise InputError(f"{path} holds {', '.join(sorted(there)) or 'nothing'}; {EXPECTED}")
        arrays = {name: file.read(name, most=MAX_BYTES) for name in file.names}
    (kind,) = there & set(KINDS)
    count, mean, values = arrays["count"], arrays["mean"], arrays[kind]
    types = (count.dtype, mean.dtype, values.dtype)
    if (
        types != tuple(map(np.dtype, (np.int64, np.float64, KINDS[kind])))
        or count.shape != ()
        or mean.ndim != 1
        or count < 2
    ):
        raise InputError(f"{path}: count, mean and {kind} are of other types than this version writes; submit again")
    n, d = int(count), len(mean)
    expected = {"features": (n, d), "covariance": (d * (d + 1) // 2,), "spectrum": (min(n - 1, d),)}[kind]
    if values.shape != expected:
        raise InputError(f"{path}: {kind} is {values.shape}, expected {expected}; the file was changed")
    if not (np.isfinite(mean).all() and np.isfinite(values).all()):
        raise InputError(f"{path} holds values that are not finite; the file was changed")
    moments = Moments(n, mean, kind, values)
    _check_possible(path, moments)
    return moments


def _check_possible(path: Path, moments: Moments) -> None:
    """InputError for what no set of features has, and for what is too large to be squared."""
    values = moments.values
    if moments.kind == "covariance":
        check_covariance(moments.mean, moments.statistics().cov, str(path))
    elif max(float(np.abs(part).max(initial=0)) for part in (moments.mean, values)) > LARGEST:
        raise InputError(f"{path} holds values beyond {LARGEST:.0e}, which no features have; the file was changed")
    if moments.kind == "spectrum" and ((values < 0).any() or (np.diff(values) > 0).any()):
        raise InputError(f"{path}: the spectrum is not a list of variances, the largest first; the file was changed")


def _spectrum(features: np.ndarray) -> np.ndarray:
    """The min(n - 1, d) eigenvalues of the covariance of n features that can differ from 0, the largest first."""
    rows = np.asarray(features, np.float64)
    rows = rows - rows.mean(axis=0)
    smaller = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    values = np.linalg.eigvalsh(smaller)[::-1][: min(len(rows) - 1, rows.shape[1])]
    return np.maximum(values, 0) / (len(rows) - 1)
