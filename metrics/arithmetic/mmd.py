"""The squared maximum mean discrepancy (MMD) under any kernel, as a U-statistic, and its variance in closed form.

Over all pairs of distinct images of x_1..x_n and y_1..y_m,

    MMD^2 = mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)

which is unbiased and has no random part. By Hoeffding's decomposition into uncorrelated parts, with a(x) = E k(x, X),
b(x) = E k(x, Y), c(y) = E k(y, Y), e(y) = E k(X, y),

    var MMD^2 = 4 var[a(X) - b(X)] / n + 4 var[c(Y) - e(Y)] / m                                        (first order)
              + 2 v_xx / (n (n-1)) + 2 v_yy / (m (m-1)) + 4 v_xy / (n m)                               (second order)

where v is the variance of the kernel that both its means are taken out of: v_xx = E k^2 - 2 E a^2 + (E a)^2, and so on.
Every moment is estimated without bias, by averages over distinct images only, which extends Sutherland and Deka (arXiv
1906.02104) to n != m. Where both sets come from one distribution the first order vanishes and the second is the answer.

Cost: (n^2 / 2 + m^2 / 2 + n m) d multiplications, of few rows and of float64 ones in float64, of many float32 rows in
float32 (`SINGLE_FROM`); the kernel and all sums are in float64. Memory beyond the features: a copy and a few blocks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genbench.shapes import Bool, Float, Float64, Num
from metrics.arithmetic.designs import Classes, Design
from metrics.arithmetic.products import centred, product, tiles
from metrics.arithmetic.quantiles import growing_ends

# Sets of more rows, if of float32, have their products made in float32 around their common centre. The rounding of one
# pair, 1e-7 of the kernel's scale, averages out over so many: of Inception features it moves KID by less than a
# thousandth of its standard error (tests/test_mmd.py; docs/metrics.md has what was measured).
SINGLE_FROM = 2048

Kernel = Callable[[Float64[np.ndarray, "a b"], int], Float64[np.ndarray, "a b"]]  # of x.y and d; may overwrite them
_Block = Callable[[slice, slice], Float64[np.ndarray, "a b"]]  # of a kernel matrix, which may be overwritten


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows made ready: x.y is the product of the values, plus both offsets."""

    values: Float[np.ndarray, "n d"]
    offsets: Float64[np.ndarray, " n"] | None


@dataclass(frozen=True)
class Sums:
    """Sums over one kernel matrix (its diagonal left out, where it has one): per row, per column, of squares, of each
    subset's own block; and the diagonal itself, zeros where there is none."""

    rows: Float64[np.ndarray, " n"]
    columns: Float64[np.ndarray, " m"]
    squares: float
    diagonal: Float64[np.ndarray, " n"]
    subsets: Float64[np.ndarray, " s"]


@dataclass(frozen=True)
class Parts:
    """The variance of the U-statistic in parts: of first order by set, of second order by kernel matrix. Each is
    estimated without bias, so it can come out below 0 by chance."""

    first_x: float
    first_y: float
    second_xx: float
    second_yy: float
    second_xy: float

    @property
    def first(self) -> float:
        return self.first_x + self.first_y

    @property
    def second(self) -> float:
        return self.second_xx + self.second_yy + self.second_xy

    @property
    def variance(self) -> float:
        """The whole; an order below 0 counts as 0 (at equal distributions its root is on average 12 % too wide)."""
        return max(self.first, 0.0) + max(self.second, 0.0)

    def ends(self, value: float) -> tuple[float, float]:
        """The 95 % interval of the unbiased value: its first order grows with the distance, its second does not."""
        return growing_ends(value, max(self.second, 0.0), max(self.first, 0.0))

    @property
    def variance_y(self) -> float:
        """What y alone brings."""
        return max(self.first_y, 0.0) + max(self.second_yy, 0.0)


@dataclass(frozen=True)
class Matrices:
    """The sums over the kernel matrices of x [n, d] with itself, of y [m, d] with itself, and of both."""

    xx: Sums
    yy: Sums
    xy: Sums

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.xx.rows), len(self.yy.rows)

    @property
    def unbiased(self) -> float:
        """MMD^2 over distinct images; it can be negative."""
        n, m = self.counts
        own = self.xx.rows.sum() / (n * (n - 1)) + self.yy.rows.sum() / (m * (m - 1))
        return float(own - 2 * self.xy.rows.sum() / (n * m))

    @property
    def biased(self) -> float:
        """MMD^2 over all pairs, an image with itself among them (the V-statistic): at least 0, and too large."""
        n, m = self.counts
        own = (self.xx.rows + self.xx.diagonal).sum() / n**2 + (self.yy.rows + self.yy.diagonal).sum() / m**2
        return float(own - 2 * self.xy.rows.sum() / (n * m))

    def influence(self) -> Float64[np.ndarray, " n"]:
        """How much each row of x raises the unbiased value to first order, 2 (a(x) - b(x)) / n less its mean."""
        n, m = self.counts
        moves = 2 * (self.xx.rows / (n - 1) - self.xy.rows / m) / n
        return moves - moves.mean()

    def biased_influences(self) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " m"]]:
        """How much each row of x and of y raises the biased value: its derivative by the row's weight."""
        n, m = self.counts
        of_x = 2 * ((self.xx.rows + self.xx.diagonal) / n - self.xy.rows / m) / n
        of_y = 2 * ((self.yy.rows + self.yy.diagonal) / m - self.xy.columns / n) / m
        return of_x - of_x.mean(), of_y - of_y.mean()


def matrices(
    x: Num[np.ndarray, "n d"],
    y: Num[np.ndarray, "m d"],
    kernel: Kernel,
    member_x: Bool[np.ndarray, "n s"] | None = None,
    member_y: Bool[np.ndarray, "m s"] | None = None,
) -> Matrices:
    """All sums in one pass; `member_x` and `member_y` say which rows belong to each of s subsets."""
    member_x = np.zeros((len(x), 0), dtype=bool) if member_x is None else member_x
    member_y = np.zeros((len(y), 0), dtype=bool) if member_y is None else member_y
    one, other = _prepared(x, y)
    return Matrices(
        _within(_kernel_of(one, one, kernel), member_x),
        _within(_kernel_of(other, other, kernel), member_y),
        _between(_kernel_of(one, other, kernel), member_x, member_y),
    )


def _prepared(*sets: Num[np.ndarray, "_ d"]) -> list[_Rows]:
    if max(map(len, sets)) > SINGLE_FROM:
        centre, around = centred(*sets)
        if around[0].dtype == np.float32:
            # x.y = (x - c).(y - c) + x.c + y.c - c.c
            offsets = [_by_vector(rows, centre) + (centre @ centre) / 2 for rows in around]
            return [_Rows(*each) for each in zip(around, offsets, strict=True)]
    return [_Rows(rows.astype(np.float64, copy=False), None) for rows in sets]


def _by_vector(rows: Float[np.ndarray, "n d"], vector: Float64[np.ndarray, " d"]) -> Float64[np.ndarray, " n"]:
    return np.concatenate([rows[part].astype(np.float64) @ vector for part in tiles(len(rows))])


def _kernel_of(x: _Rows, y: _Rows, kernel: Kernel) -> _Block:
    def block(a: slice, b: slice) -> Float64[np.ndarray, "a b"]:
        products = product(x.values[a], y.values[b]).astype(np.float64, copy=False)
        if x.offsets is not None and y.offsets is not None:
            products += x.offsets[a, None]
            products += y.offsets[b]
        return kernel(products, x.values.shape[1])

    return block


def parts(of: Matrices) -> Parts:
    """The variance of the unbiased value in parts; n and m at least 4."""
    xx, yy, xy = of.xx, of.yy, of.xy
    n, m = of.counts

    def cross(k: Sums, to_other: np.ndarray, n: int, m: int) -> tuple[float, float]:
        """E ab and (E a)(E b), over 2 and 3 distinct images of one set and one of the other."""
        both = np.vdot(k.rows, to_other)
        return (
            both / (n * (n - 1) * m),
            (k.rows.sum() * to_other.sum() - 2 * both) / (n * (n - 1) * (n - 2) * m),
        )

    k2_xx, a2, mean_a2 = _own(xx, n)
    k2_yy, c2, mean_c2 = _own(yy, m)
    ab, mean_ab = cross(xx, xy.rows, n, m)
    ce, mean_ce = cross(yy, xy.columns, m, n)
    total, rows, columns = xy.rows.sum(), np.vdot(xy.rows, xy.rows), np.vdot(xy.columns, xy.columns)
    k2_xy = xy.squares / (n * m)
    b2 = (rows - xy.squares) / (n * m * (m - 1))
    e2 = (columns - xy.squares) / (n * (n - 1) * m)
    mean_b2 = (total**2 - rows - columns + xy.squares) / (n * (n - 1) * m * (m - 1))
    return Parts(
        first_x=float(4 * (a2 - 2 * ab + b2 - (mean_a2 - 2 * mean_ab + mean_b2)) / n),
        first_y=float(4 * (c2 - 2 * ce + e2 - (mean_c2 - 2 * mean_ce + mean_b2)) / m),
        second_xx=float(2 * (k2_xx - 2 * a2 + mean_a2) / (n * (n - 1))),
        second_yy=float(2 * (k2_yy - 2 * c2 + mean_c2) / (m * (m - 1))),
        second_xy=float(4 * (k2_xy - b2 - e2 + mean_b2) / (n * m)),
    )


def of_design(
    x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"], kernel: Kernel, design: Design
) -> tuple[float, float]:
    """MMD^2 and its variance, of two sets that were drawn in this way."""
    if design.pairs:
        return of_pairs(x, y, kernel)
    return of_strata(x, y, kernel, *design.classes)


def of_strata(
    x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "m d"], kernel: Kernel, classes_x: Classes, classes_y: Classes
) -> tuple[float, float]:
    """MMD^2 and its variance of independent sets, where the numbers of images of each class of one, or of both, were
    fixed; each class has 2 images or more.

    Two different images of such a set are of one class less often than two independent ones, so that their mean kernel
    is too low by (D - A) / n, A being that mean and D the mean over pairs of one class (classes by their share). Of the
    variance of first order the part between the classes goes; that of second order stays as it is, which is too much
    where the classes are far apart.
    """
    found = matrices(x, y, kernel)
    n, m = found.counts
    of_x = _fixed(x, classes_x, kernel, found.xx, found.xx.rows / (n - 1) - found.xy.rows / m)
    of_y = _fixed(y, classes_y, kernel, found.yy, found.yy.rows / (m - 1) - found.xy.columns / n)
    of_chance = parts(found)
    first = max(of_chance.first - 4 * (of_x[1] + of_y[1]), 0.0)
    return found.unbiased + of_x[0] + of_y[0], first + max(of_chance.second, 0.0)


def _fixed(
    rows: Num[np.ndarray, "n d"], classes: Classes, kernel: Kernel, own: Sums, moves: Float64[np.ndarray, " n"]
) -> tuple[float, float]:
    """By how much fixed numbers of each class lower the mean kernel of a set, and the variance between the classes that
    its mean of `moves` does not have; zeros where chance decided them."""
    if classes is None:
        return 0.0, 0.0
    count, within, between = len(rows), 0.0, 0.0
    for one in range(classes.max() + 1):
        here = classes == one
        size = int(here.sum())
        (of_class,) = _prepared(rows[here])
        sums = _within(_kernel_of(of_class, of_class, kernel), np.zeros((size, 0), dtype=bool))
        within += size / count * float(sums.rows.sum()) / (size * (size - 1))
        # What the mean of so few images differs by from that of its class is not between the classes.
        between += size / count * float((moves[here].mean() - moves.mean()) ** 2 - moves[here].var(ddof=1) / size)
    return (within - float(own.rows.sum()) / (count * (count - 1))) / count, max(between, 0.0) / count


def of_pairs(x: Num[np.ndarray, "n d"], y: Num[np.ndarray, "n d"], kernel: Kernel) -> tuple[float, float]:
    """MMD^2 and its variance, where row i of x and row i of y depend on each other; n at least 4.

    Only terms of different pairs count: over z_i = (x_i, y_i) it is the mean over i != j of h(z_i, z_j) = k(x_i, x_j) +
    k(y_i, y_j) - k(x_i, y_j) - k(y_i, x_j) (Gretton et al. 2012, JMLR 13, equation 3 with m = n), a U-statistic of one
    sample of pairs, so it is unbiased however close they are. Its variance is 4 var E[h | z] / n of first order and, as
    above, 2 v / (n (n-1)) of second.
    """
    count = len(x)
    one, other = _prepared(x, y)
    matrices = [_kernel_of(*sides, kernel) for sides in ((one, one), (other, other), (one, other), (other, one))]

    def h(a: slice, b: slice) -> Float64[np.ndarray, "a b"]:
        xx, yy, xy, yx = (block(a, b) for block in matrices)
        return xx + yy - xy - yx

    found = _within(h, np.zeros((count, 0), dtype=bool))
    h2, a2, mean_a2 = _own(found, count)
    pairs = count * (count - 1)
    first, second = 4 * (a2 - mean_a2) / count, 2 * (h2 - 2 * a2 + mean_a2) / pairs
    return float(found.rows.sum() / pairs), float(max(first, 0.0) + max(second, 0.0))


def _own(k: Sums, n: int) -> tuple[float, float, float]:
    """E k^2, E a^2 and (E a)^2, over 2, 3 and 4 distinct images."""
    total, rows = k.rows.sum(), np.vdot(k.rows, k.rows)
    return (
        k.squares / (n * (n - 1)),
        (rows - k.squares) / (n * (n - 1) * (n - 2)),
        (total**2 - 4 * rows + 2 * k.squares) / (n * (n - 1) * (n - 2) * (n - 3)),
    )


def _within(block: _Block, member: Bool[np.ndarray, "n s"]) -> Sums:
    count = len(member)
    rows, diagonal, squares, subsets = np.zeros(count), np.zeros(count), 0.0, np.zeros(member.shape[1])
    for a in tiles(count):
        for b in tiles(count):
            if b.start < a.start:
                continue  # the kernel is symmetric: the mirrored block is added below
            k = block(a, b)
            times = 2.0
            rows[a] += k.sum(axis=1)
            if a == b:
                times = 1.0
                diagonal[a] = k.diagonal()
                rows[a] -= diagonal[a]
                np.fill_diagonal(k, 0.0)
            else:
                rows[b] += k.sum(axis=0)
            squares += times * float(np.vdot(k, k))
            subsets += times * _subset_sums(k, member[a], member[b])
    return Sums(rows, rows, squares, diagonal, subsets)


def _between(block: _Block, member_x: Bool[np.ndarray, "n s"], member_y: Bool[np.ndarray, "m s"]) -> Sums:
    n, m = len(member_x), len(member_y)
    rows, columns, squares, subsets = np.zeros(n), np.zeros(m), 0.0, np.zeros(member_x.shape[1])
    for a in tiles(n):
        for b in tiles(m):
            k = block(a, b)
            rows[a] += k.sum(axis=1)
            columns[b] += k.sum(axis=0)
            squares += float(np.vdot(k, k))
            subsets += _subset_sums(k, member_x[a], member_y[b])
    return Sums(rows, columns, squares, np.zeros(n), subsets)


def _subset_sums(
    k: Float64[np.ndarray, "a b"], member_x: Bool[np.ndarray, "a s"], member_y: Bool[np.ndarray, "b s"]
) -> Float64[np.ndarray, " s"]:
    if not member_x.shape[1]:
        return np.zeros(0)
    return ((k @ member_y.astype(np.float64)) * member_x).sum(axis=0)
