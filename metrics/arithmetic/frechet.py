"""The Fréchet distance of two sets of features or two Gaussians, and each image's share in it; see `metrics.fid`."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genbench.shapes import Float64, Num
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_pair, row_blocks
from metrics.arithmetic.gaussian import (
    GaussianStats,
    Transport,
    centred_root,
    check_gaussian,
    eigen_root,
    nuclear_norm,
    overlap,
    transport,
)
from metrics.errors import InputError


@dataclass(frozen=True)
class Frechet:
    """The distance and its two terms: fid = mean_term + covariance_term. Lower is better, 0 for equal Gaussians."""

    fid: float
    mean_term: float
    covariance_term: float


@dataclass(frozen=True, eq=False)
class Parts:
    """What a distance is made of: the difference of the means, the traces of both covariances, and `common`, which is
    tr (S1 S2)^(1/2)."""

    step: Float64[np.ndarray, " d"]
    trace_a: float
    trace_b: float
    common: float

    @property
    def distance(self) -> Frechet:
        mean_term = float(self.step @ self.step)
        covariance_term = max(self.trace_a + self.trace_b - 2 * self.common, 0.0)  # below 0 by rounding only
        return Frechet(mean_term + covariance_term, mean_term, covariance_term)


@numpy_defaults()
def fid_between(a: Any, b: Any) -> Frechet:
    """The Fréchet distance between two fitted Gaussians (GaussianStats), such as saved statistics.

    Raises InputError for what is no mean and covariance (see `check_gaussian`) and for different dimensions.
    """
    a, b = check_gaussian(a, "the first statistics"), check_gaussian(b, "the second statistics")
    if a.mean.shape != b.mean.shape:
        raise InputError(
            f"statistics of {len(a.mean)} and of {len(b.mean)} features; expected the same; use one extractor and tap"
        )
    return gaussian_distance(a, b)


def gaussian_distance(a: GaussianStats, b: GaussianStats) -> Frechet:
    """As `fid_between`, of statistics that were made here: nothing is checked."""
    return gaussian_parts(a, b).distance


def gaussian_parts(a: GaussianStats, b: GaussianStats) -> Parts:
    """What that distance is made of."""
    return Parts(a.mean - b.mean, float(np.trace(a.cov)), float(np.trace(b.cov)), overlap(a, b))


@numpy_defaults()
def fid_of(real: Given, generated: Given) -> Frechet:
    """The Fréchet distance between two feature sets, real [n, d] and generated [m, d], whichever is larger, n or d.

    Raises InputError for fewer than 2 images, different widths and features that are not finite.
    """
    real, generated = check_pair(real, generated, 2)
    return feature_parts(real, generated).distance


def feature_parts(real: Num[np.ndarray, "n d"], generated: Num[np.ndarray, "m d"]) -> Parts:
    """What the distance of checked features is made of."""
    return parts_of(Side(real), Side(generated))


def parts_of(a: "Side", b: "Side") -> Parts:
    """What the distance of two sets is made of."""
    return Pair(a, b).parts if a.few or b.few else gaussian_parts(a.stats, b.stats)


@numpy_defaults()
def influence(real: Given, generated: Given) -> tuple[np.ndarray, np.ndarray]:
    """How much each image of real [n, d] and generated [m, d] raises (below 0: lowers) the FID, float64 [n], [m].

    The derivative of the FID by the weight of one image, over the number of images; over each set they add up to 0.
    With the optimal transport map T from the real Gaussian to the generated one it is, for a real image x,
    (2 (m1 - m2).(x - m1) + (x - m1)' (1 - T) (x - m1)) / n less its mean, and with the inverse map for generated ones.
    Leaving image i out changes the FID by about the negative of its value.
    """
    real, generated = check_pair(real, generated, 2)
    return Pair(Side(real), Side(generated)).influence


# ----- one set, two sets, and the influence of their images


class Side:
    """One set of features [n, d] with what a distance needs of it, each computed once."""

    def __init__(self, features: Num[np.ndarray, "n d"]) -> None:
        self.features = features
        self.few = len(features) <= features.shape[1]

    @cached_property
    def stats(self) -> GaussianStats:
        return GaussianStats.of_blocks(row_blocks(self.features))

    @cached_property
    def mean(self) -> Float64[np.ndarray, " d"]:
        return self.features.mean(axis=0, dtype=np.float64) if self.few else self.stats.mean

    @cached_property
    def trace(self) -> float:
        """Of the covariance."""
        squares = sum(float(((block - self.mean) ** 2).sum()) for block in row_blocks(self.features))
        return squares / (len(self.features) - 1)

    @cached_property
    def root(self) -> Float64[np.ndarray, "r d"]:
        """A root R of the covariance: the centred rows where they are few."""
        if self.few:
            return centred_root(self.features)
        lower = self.stats.sound_lower
        return eigen_root(self.stats.cov)[0] if lower is None else lower.T


class Pair:
    """Two sets whose distance is wanted with the influence of each image: both come from one decomposition."""

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b, self.few = a, b, a.few or b.few

    @cached_property
    def _product(self) -> Float64[np.ndarray, "r s"]:
        return self.a.root @ self.b.root.T

    @cached_property
    def _transport(self) -> Transport:
        return transport(self.a.stats, self.b.stats)

    @property
    def parts(self) -> Parts:
        """What the distance is made of."""
        a, b, step = self.a, self.b, self.a.mean - self.b.mean
        if not self.few:
            return Parts(step, float(np.trace(a.stats.cov)), float(np.trace(b.stats.cov)), self._transport.common)
        trace_a, trace_b = (float((side.root**2).sum()) for side in (a, b))
        return Parts(step, trace_a, trace_b, nuclear_norm(self._product))

    @property
    def influence(self) -> tuple[np.ndarray, np.ndarray]:
        """That of each image; see `influence`."""
        a, b, step = self.a, self.b, self.a.mean - self.b.mean
        if not self.few:
            return _of_many(a, step, self._transport.there), _of_many(b, -step, self._transport.back)
        left, deviations, right = _singular(self._product)
        roots = np.sqrt(deviations)
        return (
            _of_few(a, step, left * roots) if a.few else _of_many(a, step, b.root.T @ (right / roots)),
            _of_few(b, -step, right * roots) if b.few else _of_many(b, -step, a.root.T @ (left / roots)),
        )


def _singular(product: Float64[np.ndarray, "a b"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U [a, k], s [k], V [b, k], from the eigenvectors of the smaller Gram matrix: what lies below 1e-7 of the largest
    singular value is left out, which moves no influence by more than that."""
    if product.shape[0] > product.shape[1]:
        right, deviations, left = _singular(product.T)
        return left, deviations, right
    values, left = np.linalg.eigh(product @ product.T)
    kept = values > values.max(initial=0) * 1e-14
    deviations = np.sqrt(values[kept])
    return left[:, kept], deviations, product.T @ (left[:, kept] / deviations)


def _of_few(
    side: Side, step: Float64[np.ndarray, " d"], weighted: Float64[np.ndarray, "n k"]
) -> Float64[np.ndarray, " n"]:
    """`weighted` is U s^(1/2): the square of a row of it, times n - 1, is x' T x."""
    count = len(side.features)
    rows = side.root * np.sqrt(count - 1)
    values = 2 * rows @ step + (rows**2).sum(axis=1) * (count / (count - 1)) - count * (weighted**2).sum(axis=1)
    return (values - values.mean()) / count


def _of_many(
    side: Side, step: Float64[np.ndarray, " d"], project: Float64[np.ndarray, "d k"]
) -> Float64[np.ndarray, " n"]:
    """|project' x|^2 is x' T x."""
    count, parts = len(side.features), []
    for block in row_blocks(side.features):
        rows = block.astype(np.float64) - side.mean
        lengths = (rows**2).sum(axis=1) - ((rows @ project) ** 2).sum(axis=1)
        parts.append(2 * rows @ step + lengths * (count / (count - 1)))
    values = np.concatenate(parts)
    return (values - values.mean()) / count


# ----- leading directions


@dataclass(frozen=True, eq=False)
class Directions:
    """Orthogonal unit vectors `axes` [k, d], the longest first: each one's share `total` [k] of the distance, of which
    `mean` [k] is of the mean term. `left` is what all others hold."""

    axes: Float64[np.ndarray, "k d"]
    total: Float64[np.ndarray, " k"]
    mean: Float64[np.ndarray, " k"]
    left: float


@numpy_defaults()
def leading_directions(real: Given, generated: Given, count: int) -> Directions:
    """The directions in which most has to be moved to make one Gaussian of the other, at most `count` of them.

    The distance is E |x - T x|^2 with the optimal map T from the real Gaussian to the generated one, so it is the trace
    of E (x - T x) (x - T x)' = dm dm' + S1 + S2 - C - C', where C is the covariance of x and T x; these are its
    eigenvectors and eigenvalues. Each axis points from the real mean to the generated one.
    """
    real, generated = check_pair(real, generated, 2)
    a, b = Side(real), Side(generated)
    left, _, right = _singular(a.root @ b.root.T)
    moved_a, moved_b = left.T @ a.root, right.T @ b.root
    step = b.mean - a.mean
    rows = np.vstack([step[None], moved_a - moved_b, a.root - left @ moved_a, b.root - right @ moved_b])
    axes, total = _principal(rows, count)
    along = axes @ step
    axes[along < 0] *= -1
    return Directions(axes, total, along**2, max(float((rows**2).sum() - total.sum()), 0.0))


def _principal(rows: Float64[np.ndarray, "m d"], count: int) -> tuple[np.ndarray, np.ndarray]:
    """The leading eigenvectors [k, d] and eigenvalues of rows' rows, by the smaller of the two Gram matrices."""
    from scipy.linalg import eigh

    few = len(rows) <= rows.shape[1]
    gram = rows @ rows.T if few else rows.T @ rows
    size = len(gram)
    values, vectors = eigh(gram, subset_by_index=[max(0, size - count), size - 1], check_finite=False)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > values.max(initial=0) * 1e-12
    values, vectors = values[kept], vectors[:, kept]
    return (vectors.T @ rows / np.sqrt(values)[:, None] if few else vectors.T.copy()), values
