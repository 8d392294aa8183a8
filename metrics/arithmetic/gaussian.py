"""Gaussians fitted to features, and the overlap tr (S1 S2)^(1/2) of two of them, without a matrix square root.

A covariance is used through a root R with R' R = S: the centred rows over sqrt(n - 1) where there are at most d of
them (exact, however singular S is), its eigenvectors otherwise. Then tr (S1 S2)^(1/2) is the sum of the singular values
of R1 R2'. Nothing is ever added to a diagonal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

from genbench.shapes import Float64, Num, Shaped
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import LARGEST, Given, check_matrix, plain_array, row_blocks
from metrics.errors import InputError
from metrics.options import shown, whole_number

RANK_TOLERANCE = 1e-14  # of the largest eigenvalue: below it a direction is rounding, not variance
WELL_CONDITIONED = 1e-9  # of the largest variance: pivots above it leave an inverse its digits
SMALL = 512  # dimensions that numpy decomposes as well, so that an answer from the cache need not load scipy
ROUNDING = 1e-6  # of a covariance's norm: how far one that was computed or kept in float32 may be off


@dataclass(frozen=True)
class GaussianStats:
    """Mean [d], covariance [d, d] with 1 / (n - 1), and count n of a set of features, all in float64.

    `merge` is exact: the statistics of two parts give those of the whole up to rounding, in any order.
    """

    mean: Float64[np.ndarray, " d"]
    cov: Float64[np.ndarray, "d d"]
    count: int

    @cached_property
    def lower(self) -> Float64[np.ndarray, "d d"] | None:
        """L with L L' = S; None where S is not positive definite."""
        return _cholesky(self.cov)

    @property
    def sound_lower(self) -> Float64[np.ndarray, "d d"] | None:
        """L, where no direction comes near to having no variance, so that an inverse keeps its digits."""
        least = WELL_CONDITIONED * float(np.diag(self.cov).max())
        return self.lower if self.lower is not None and np.diag(self.lower).min() ** 2 > least else None

    @classmethod
    @numpy_defaults()
    def of(cls, features: Given) -> "GaussianStats":
        """The statistics of a feature array [n, d] (also a memory-mapped one: one block is in memory at a time).

        Raises InputError for what is no finite matrix of at least two rows.
        """
        return cls.of_blocks(row_blocks(check_matrix(features, "the features", 2)))

    @classmethod
    def of_blocks(cls, parts: Iterable[Num[np.ndarray, "_ d"]]) -> "GaussianStats":
        """The statistics of features that come in parts of any size; needs two rows in all.

        Neighbouring parts are put together, then neighbouring pairs, and so on: the same tree for the same parts,
        whoever made them when, and an error of rounding that grows with the logarithm of their number.
        """
        whole = _in_a_tree(_Moments.of(part) for part in parts if len(part))
        if whole is None:
            raise InputError("a covariance needs at least 2 images, got none")
        return whole.statistics()

    def merge(self, other: "GaussianStats") -> "GaussianStats":
        """The statistics of both sets together (Chan, Golub and LeVeque 1979)."""
        if self.mean.shape != other.mean.shape:
            raise InputError(f"statistics of {len(self.mean)} and {len(other.mean)} features cannot be merged")
        return _Moments.from_statistics(self).merge(_Moments.from_statistics(other)).statistics()

    def without(self, part: "GaussianStats") -> "GaussianStats":
        """The statistics of the rest, where `part` was merged into this; the inverse of `merge`."""
        rest = self.count - part.count
        if rest < 2:
            raise InputError(f"{self.count} rows without {part.count} leave {rest}; statistics need 2")
        mean = (self.count * self.mean - part.count * part.mean) / rest
        step = part.mean - mean
        scatter = (self.count - 1) * self.cov - (part.count - 1) * part.cov
        scatter -= np.outer(step, step) * (rest * part.count / self.count)
        return GaussianStats(mean, scatter / (rest - 1), rest)


@dataclass(frozen=True)
class _Moments:
    """Count, mean and scatter (the sum of outer products of centred rows): what adds up exactly, from one row on."""

    count: int
    mean: Float64[np.ndarray, " d"]
    scatter: Float64[np.ndarray, "d d"]

    @classmethod
    def of(cls, rows: Num[np.ndarray, "n d"]) -> "_Moments":
        values = np.asarray(rows, np.float64)
        mean = values.mean(axis=0)
        centred = values - mean
        return cls(len(values), mean, centred.T @ centred)

    @classmethod
    def from_statistics(cls, stats: GaussianStats) -> "_Moments":
        return cls(stats.count, stats.mean, stats.cov * (stats.count - 1))

    def merge(self, other: "_Moments") -> "_Moments":
        count = self.count + other.count
        step = other.mean - self.mean
        scatter = self.scatter + other.scatter + np.outer(step, step) * (self.count * other.count / count)
        return _Moments(count, self.mean + step * (other.count / count), scatter)

    def statistics(self) -> GaussianStats:
        if self.count < 2:
            raise InputError(f"a covariance needs at least 2 images, got {self.count}")
        return GaussianStats(self.mean, self.scatter / (self.count - 1), self.count)


def _in_a_tree(parts: Iterable[_Moments]) -> _Moments | None:
    waiting: list[tuple[int, _Moments]] = []  # with the height of their trees, which falls
    for part in parts:
        height = 0
        while waiting and waiting[-1][0] == height:
            part, height = waiting.pop()[1].merge(part), height + 1
        waiting.append((height, part))
    left_over = [one for _, one in reversed(waiting)]
    return reduce(lambda right, left: left.merge(right), left_over) if left_over else None


def check_gaussian(stats: Any, what: str) -> GaussianStats:
    """`stats` as GaussianStats, if it has the mean [d], the covariance [d, d] and the count of some features.

    InputError for other shapes, types and values, and for what `check_covariance` refuses.
    """
    if not all(hasattr(stats, name) for name in ("mean", "cov", "count")):
        raise InputError(f"{what} are {shown(stats)}; expected GaussianStats, such as GaussianStats.of(features)")
    mean, cov = check_covariance(plain_array(stats.mean, what), plain_array(stats.cov, what), what)
    return GaussianStats(mean, cov, whole_number(stats.count, f"{what}: the count", 2))


def check_covariance(
    mean: Shaped[np.ndarray, "..."], cov: Shaped[np.ndarray, "..."], what: str
) -> tuple[Float64[np.ndarray, " d"], Float64[np.ndarray, "d d"]]:
    """Mean [d] and covariance [d, d] in float64, the latter made symmetric where it is so but for rounding.

    `what` begins the message of the InputError that is raised for other shapes and types, for values that are not
    finite or whose squares would not be, and for a matrix that no features have: not symmetric, or with a negative
    variance in some direction. What a covariance in float32 leaves below 0 is taken (`ROUNDING`).
    """
    if mean.ndim != 1 or cov.shape != (len(mean), len(mean)) or len(mean) == 0:
        raise InputError(f"{what}: mu is {mean.shape} and sigma {cov.shape}; expected (d,) and (d, d)")
    for name, array, most in (("mu", mean, LARGEST), ("sigma", cov, LARGEST**2)):
        if array.dtype.kind != "f" or array.dtype.itemsize < 4:
            raise InputError(f"{what}: {name} is of type {array.dtype}; expected float32 or float64")
        if bad := int(np.count_nonzero(~np.isfinite(array))):
            raise InputError(f"{what}: {name} holds {bad} values that are not finite; write it again")
        if (largest := float(np.abs(array).max())) > most:
            raise InputError(f"{what}: {name} holds {largest:.3g}; no features have more than {most:.0e}")
    asymmetry = max(float(np.abs(cov[i] - cov[:, i]).max()) for i in range(len(cov)))
    if asymmetry > np.sqrt(np.finfo(cov.dtype).eps) * np.abs(cov).max():
        raise InputError(f"{what}: sigma is not a covariance: it differs from its transpose by up to {asymmetry:.3g}")
    cov = cov.astype(np.float64)
    cov = (cov + cov.T) / 2
    _check_definite(cov, what)
    return mean.astype(np.float64), cov


def _check_definite(cov: Float64[np.ndarray, "d d"], what: str) -> None:
    """One Cholesky decomposition of a shifted matrix, a tenth of the time of its eigenvalues."""
    shift = ROUNDING * float(np.linalg.norm(cov))
    shifted = cov.copy()
    shifted[np.diag_indices_from(shifted)] += shift
    if shift > 0 and _cholesky(shifted) is None:
        least = float(np.linalg.eigvalsh(cov)[0])
        raise InputError(
            f"{what}: sigma is not a covariance: it has a negative variance in some direction, {least:.3g}; "
            "write it again"
        )


def overlap(a: GaussianStats, b: GaussianStats) -> float:
    """tr (S1 S2)^(1/2) of two covariances."""
    return float(overlap_values(a, b).sum())


def overlap_values(a: GaussianStats, b: GaussianStats) -> Float64[np.ndarray, " r"]:
    """What the overlap of two covariances is the sum of: the roots of the eigenvalues of R1 S2 R1', which is
    symmetric, the least first."""
    rank = min(a.count - 1, b.count - 1, len(a.mean))
    lower = a.lower if a.count > len(a.mean) else None
    if lower is None:
        root = eigen_root(a.cov)[0]
        product = root @ b.cov @ root.T
    else:
        product = _moved(lower, b.cov)
    values = _eigenvalues(product)
    # Where a set has fewer images than features, all but `rank` eigenvalues are 0 but for rounding.
    rounding = ROUNDING * float(np.linalg.norm(a.cov) * np.linalg.norm(b.cov))
    if rank < len(values) and values[-rank - 1] > rounding:
        raise InputError(
            f"statistics that are said to be of {a.count} and {b.count} images have variance in more directions than "
            "so many images span; write them again with their true count"
        )
    return np.sqrt(np.maximum(values[-rank:], 0))


def _eigenvalues(matrix: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, " d"]:
    """Those of a symmetric matrix by its lower triangle, the least first; its values are lost."""
    if len(matrix) <= SMALL:
        return np.linalg.eigvalsh(matrix)
    from scipy.linalg import eigvalsh

    return np.asarray(eigvalsh(matrix, check_finite=False, overwrite_a=True, lower=True))


def _moved(lower: Float64[np.ndarray, "d d"], cov: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, "d d"]:
    """L' S L in the lower triangle, with what was there above it: a quarter of the work of two products."""
    if len(lower) <= SMALL:
        return lower.T @ cov @ lower
    from scipy.linalg import lapack

    return lapack.dsygst(cov.T, lower, itype=2, lower=1)[0]


@dataclass(frozen=True, eq=False)
class Transport:
    """The overlap of two Gaussians, and the map T that moves the first onto the second: with x and y less their means,
    x' T x = |there' x|^2 and y' T^-1 y = |back' y|^2, where they vary."""

    common: float
    there: Float64[np.ndarray, "d k"]
    back: Float64[np.ndarray, "d k"]


def transport(a: GaussianStats, b: GaussianStats) -> Transport:
    """With R1 a root of S1 and V diag(l) V' = R1 S2 R1', T = R1^+ V diag(l)^(1/2) V' R1^+', and T^-1 on what S2 spans
    is R1' V diag(l)^(-1/2) V' R1. The sum of l^(1/2) is the overlap."""
    lower = a.sound_lower
    root, inverse = (lower.T, None) if lower is not None else eigen_root(a.cov)
    product = root @ b.cov @ root.T if lower is None else _moved(lower, b.cov)
    values, vectors = np.linalg.eigh(product)  # reads the lower triangle
    kept = values > values.max(initial=0) * RANK_TOLERANCE
    vectors, quarter = vectors[:, kept], values[kept] ** 0.25
    there, back = vectors * quarter, root.T @ (vectors / quarter)
    if inverse is None and len(root) <= SMALL:
        there = np.linalg.solve(root, there)
    elif inverse is None:
        from scipy.linalg import solve_triangular

        there = solve_triangular(lower, there, trans=1, lower=True, overwrite_b=True, check_finite=False)
    else:
        there = inverse @ there
    return Transport(float(np.sqrt(np.maximum(values, 0)).sum()), there, back)


def centred_root(features: Num[np.ndarray, "n d"]) -> Float64[np.ndarray, "n d"]:
    """The root of a covariance that needs no decomposition: centred rows over sqrt(n - 1)."""
    values = np.asarray(features, np.float64)
    return (values - values.mean(axis=0)) / np.sqrt(len(values) - 1)


def eigen_root(cov: Float64[np.ndarray, "d d"]) -> tuple[Float64[np.ndarray, "r d"], Float64[np.ndarray, "d r"]]:
    """A root R of a covariance by its eigenvectors, and its right inverse R^+ (R R^+ = 1); directions without any
    variance are left out."""
    values, vectors = np.linalg.eigh(cov)
    kept = values > values.max(initial=0) * RANK_TOLERANCE
    deviations = np.sqrt(values[kept])
    return deviations[:, None] * vectors[:, kept].T, vectors[:, kept] / deviations


def nuclear_norm(product: Float64[np.ndarray, "a b"]) -> float:
    """The sum of the singular values."""
    return float(np.linalg.svd(product, compute_uv=False).sum()) if product.size else 0.0


def quick_singular_values(product: Float64[np.ndarray, "a b"], rank: int) -> Float64[np.ndarray, " r"]:
    """The singular values of a matrix of at most this rank, the least first, in half the time of a decomposition: by
    eigenvalues of the smaller Gram matrix.

    With s1 the largest singular value, s is off by about 1e-16 s1^2 / s, and by 1e-8 s1 where it is 0. That is nothing
    beside the noise of a sample, but a set compared with itself would not be at 0 to the last digits.
    """
    scale = float(np.abs(product).max(initial=0))
    if scale == 0:
        return np.zeros(rank)
    scaled = product / scale  # fourth powers of small features would vanish
    gram = scaled @ scaled.T if product.shape[0] <= product.shape[1] else scaled.T @ scaled
    values = _eigenvalues(gram)
    return scale * np.sqrt(np.maximum(values[-rank:], 0))


def _cholesky(cov: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, "d d"] | None:
    """L with L L' = S, eight times as fast as eigenvectors; None where S is not positive definite."""
    if len(cov) <= SMALL:
        try:
            return np.linalg.cholesky(cov)
        except np.linalg.LinAlgError:
            return None
    from scipy.linalg import lapack

    lower, failed = lapack.dpotrf(cov.T, lower=1, clean=1)  # symmetric: its transpose needs no copy to be reordered
    return None if failed else lower
