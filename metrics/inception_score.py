"""Inception Score: how sure a classifier is of each image, and how varied its answers are over the whole set.

Salimans et al. 2016 (arXiv 1606.03498), section 4:

    IS = exp( E_x KL( p(y|x) || p(y) ) ),    p(y) = E_x p(y|x),    1 <= IS <= number of classes

`inception_score` is of the whole set unless there are `splits`. With 10 of them, what most papers print, it and
`inception_score_sd` agree with torch-fidelity 0.4 (`isc_features_to_metric`): the rows are shuffled by
RandomState(2020), cut into 10 parts, and these are the mean and the standard deviation (ddof 0) of the parts' scores.
Any number of classes works, and logits with or without bias are simply different inputs. It differs where a probability
underflows to 0: 0 log 0 is 0 here and NaN there.

That standard deviation says how much parts of n / splits images differ (0 of one part). It is no interval for the
score, and each part's marginal p(y) is estimated from its own few images, so that every part scores too low. The other
outputs are about the generator itself, n -> infinity. With T = log IS of the whole set (one split) and T_-i of the set
without image i, the delete-one jackknife gives

    T' = n T - (n - 1) mean_i T_-i                    the bias of order 1/n taken out
    se = (1 + IS / n) sqrt( (n - 1) / n  sum_i (T_-i - mean T_-.)^2 )

in closed form, since p(y) without image i is a subtraction; `_losses` needs no logarithm for each. What bias remains is
downward (entropy is concave) and shows in the growth g of T' from half of the images to all of them; if each further
doubling adds at most two thirds of the one before, all of them together add at most 2 g. The interval is

    exp(T' - 1.96 se)   to   exp(T' + 2 max(g, 0) + 1.96 se)

Its measured coverage is in docs/metrics.md (`benchmarks/coverage_inception_score.py` reprints it).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genbench.shapes import Float64, Int, Num
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.agreement import AGREES
from metrics.arithmetic.arrays import Given, check_matrix
from metrics.arithmetic.quantiles import Z95
from metrics.options import SEED, check_seed, switch, whole_number
from metrics.types import Counts, Interval, Metric, Moved, Option, Output, Value, Values

BLOCK_VALUES = 1 << 17  # probabilities made at once: few enough for the processor's cache
KEPT_VALUES = 1 << 26  # probabilities kept for the second look, 512 MiB; those of a larger set are made twice
REMAINING_DOUBLINGS = 2.0  # r / (1 - r) for r = 2/3
LEAST = 1e-60  # of what a logarithm is taken: x log x is 0 at 0
SMALL = 1 / 128  # the largest x whose sixth power a series may leave out


@dataclass(frozen=True, eq=False)
class Sums:
    """Of some rows: the sum of p(y|x) over them, and sum_y p log p of each."""

    total: Float64[np.ndarray, " c"]
    negentropies: Float64[np.ndarray, " m"]

    @classmethod
    def joined(cls, parts: Sequence["Sums"]) -> "Sums":
        return cls(np.sum([one.total for one in parts], axis=0), np.concatenate([one.negentropies for one in parts]))

    @property
    def log_score(self) -> float:
        """log IS: the entropy of the marginal minus the mean entropy of the rows, which is the mean KL."""
        from scipy.special import xlogy  # 0.15 s that a board can do without

        marginal = self.total / len(self.negentropies)
        return float(self.negentropies.mean() - xlogy(marginal, marginal).sum())


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of the logits [n, c] with their sums, and the blocks of p(y|x) where these are kept."""

    logits: Num[np.ndarray, "n c"]
    rows: Int[np.ndarray, " m"]
    sums: Sums
    kept: list[np.ndarray]

    @classmethod
    def of(cls, logits: Num[np.ndarray, "n c"], rows: Int[np.ndarray, " m"]) -> "Rows":
        sums, kept = [Sums(np.zeros(logits.shape[1]), np.empty(0))], []
        for p, negentropies in _probabilities(logits, rows):
            sums.append(Sums(p.sum(axis=0), negentropies))
            if logits.size <= KEPT_VALUES:
                kept.append(p)
        return cls(logits, rows, Sums.joined(sums), kept)

    def probabilities(self) -> Iterator[Float64[np.ndarray, "b c"]]:
        return iter(self.kept) if self.kept else (p for p, _ in _probabilities(self.logits, self.rows))


def _probabilities(
    logits: Num[np.ndarray, "n c"], rows: Int[np.ndarray, " m"]
) -> Iterator[tuple[Float64[np.ndarray, "b c"], Float64[np.ndarray, " b"]]]:
    """Blocks of p(y|x) [b, c] and of sum_y p log p [b], in the order of `rows`."""
    step = max(1, BLOCK_VALUES // logits.shape[1])
    for start in range(0, len(rows), step):
        shifted = logits[rows[start : start + step]].astype(np.float64)
        shifted -= shifted.max(axis=1, keepdims=True)
        p = np.exp(shifted)
        whole = p.sum(axis=1)
        p *= 1 / whole[:, None]
        yield p, np.einsum("ij,ij->i", p, shifted) - np.log(whole)


@dataclass(frozen=True, eq=False)
class Marginal:
    """The sum t of p(y|x) over some rows, and what p^1 to p^5 of one of them are multiplied with."""

    total: Float64[np.ndarray, " c"]
    factors: tuple[Float64[np.ndarray, " c"], ...]

    @classmethod
    def of(cls, sums: Sums) -> "Marginal":
        t = np.maximum(sums.total, LEAST)
        return cls(t, (np.log(t) + 1, -1 / (2 * t), -1 / (6 * t * t), -1 / (12 * t**3), -1 / (20 * t**4)))

    def beyond(self, p: Float64[np.ndarray, " k"], classes: Int[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
        """What the factors leave out, of single probabilities of these classes."""
        from scipy.special import xlog1py

        t = self.total[classes]
        x = np.minimum(p / t, 1.0)
        return -t * (xlog1py(1 - x, -x) + x * (1 - x * (1 / 2 + x * (1 / 6 + x * (1 / 12 + x / 20)))))


def _losses(p: Float64[np.ndarray, "b c"], half: Marginal, whole: Marginal) -> Float64[np.ndarray, "2 b"]:
    """How much less sum_y t log t is without each of these rows, of their half and of all.

    With x = p / t it is sum_y p (log t + 1) - t (x^2 / 2 + x^3 / 6 + x^4 / 12 + x^5 / 20 + ...), a logarithm for each
    class and not for each probability. The series stops there where x <= SMALL: what is left out is less than
    x^5 p / 29, and at most 1e-12 p. The few larger ones, at most 1 / SMALL of a class, have their logarithm.
    """
    both = half, whole
    found = np.zeros((2, len(p)))
    power = p.copy()
    for factors in zip(half.factors, whole.factors, strict=True):
        for loss, factor in zip(found, factors, strict=True):
            loss += power @ factor
        power *= p
    places = np.flatnonzero(p > SMALL * half.total)
    row, column = np.divmod(places, p.shape[1])
    for loss, marginal in zip(found, both, strict=True):
        loss += np.bincount(row, marginal.beyond(p.ravel()[places], column), minlength=len(p))
    return found


def _jackknifed(sums: Sums, losses: Float64[np.ndarray, " m"]) -> tuple[float, float]:
    """log IS with its bias of order 1/n taken out, and its standard error, from what each row means to sum t log t."""
    from scipy.special import xlogy

    n = len(sums.negentropies)
    entropies = np.log(n - 1) - (xlogy(sums.total, sums.total).sum() - losses) / (n - 1)
    scores = entropies + (sums.negentropies.sum() - sums.negentropies) / (n - 1)
    corrected = n * sums.log_score - (n - 1) * scores.mean()
    return float(corrected), float(np.sqrt((n - 1) * scores.var()))


def _corrected(halves: Sequence[Sequence[Rows]]) -> tuple[float, float, float, float]:
    """log IS of all rows and corrected, its standard error, and how much more that is than the mean of both halves'."""
    sums = [Sums.joined([one.sums for one in half]) for half in halves]
    whole = Sums.joined(sums)
    of_all, of_whole, of_halves = Marginal.of(whole), [], []
    for half, its_sums in zip(halves, sums, strict=True):
        of_half = Marginal.of(its_sums)
        losses = [_losses(p, of_half, of_all) for one in half for p in one.probabilities()]
        own, shared = np.concatenate(losses, axis=1)
        of_halves.append(_jackknifed(its_sums, own)[0])
        of_whole.append(shared)
    corrected, se = _jackknifed(whole, np.concatenate(of_whole))
    return whole.log_score, corrected, se, corrected - float(np.mean(of_halves))


def _halves(order: Int[np.ndarray, " n"], splits: int) -> list[tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]]]:
    """For each of the splits its rows in the even and in the odd places of the order."""
    n = len(order)
    ends = [i * n // splits for i in range(splits + 1)]
    return [
        (order[start + start % 2 : stop : 2], order[start + 1 - start % 2 : stop : 2]) for start, stop in pairwise(ends)
    ]


@numpy_defaults()
def compute(logits: Given, *, splits: int = 1, seed: int = SEED, shuffle: bool = True) -> dict[str, float]:
    """Inception Score of logits [n, c], its spread over splits, and the corrected score with a 95 % interval.

    All are in [1, c] and higher is better, but for `inception_score_sd` (spread over splits, ddof 0) and
    `inception_score_se`, the standard error of `inception_score_corrected`. `inception_score_low` and `_high` are the
    interval for the score of the generator, which the plain `inception_score` lies below where n is not far above the
    number of classes in use. InputError for n < splits, n < 4, other shapes, or logits that are not finite.
    """
    logits = check_matrix(logits, "the logits", least=4)
    n, classes = logits.shape
    splits = whole_number(splits, f"the number of splits of {n} images", 1, n)
    seed = check_seed(seed)
    order = np.random.RandomState(seed).permutation(n) if switch(shuffle, "shuffle") else np.arange(n)

    parts = [[Rows.of(logits, half) for half in part] for part in _halves(order, splits)]
    scores = np.exp([Sums.joined([half.sums for half in part]).log_score for part in parts])
    log_score, corrected, se, growth = _corrected(list(zip(*parts, strict=True)))
    # The marginal is fitted to as many classes as are in use, which the jackknife does not see: its standard error is
    # too small by about this factor (benchmarks/coverage_inception_score.py).
    se *= 1 + math.exp(log_score) / n
    remaining = REMAINING_DOUBLINGS * max(growth, 0.0)
    point, low, high = np.clip(
        np.exp([corrected, corrected - Z95 * se, corrected + remaining + Z95 * se]), 1.0, classes
    )
    return {
        "inception_score": float(scores.mean()),
        "inception_score_sd": float(scores.std()),
        "inception_score_corrected": float(point),
        "inception_score_se": float(point * se),
        "inception_score_low": float(low),
        "inception_score_high": float(high),
    }


@numpy_defaults()
def moved(logits: Given) -> dict[str, Moved]:
    """The score of the whole set with the influence of each image: log IS is the mean of KL(p(y|x) || p(y)), and what
    an image changes in p(y) is of second order."""
    logits = check_matrix(logits, "the logits", least=4)
    rows = Rows.of(logits, np.arange(len(logits)))
    log_marginal = np.log(np.maximum(rows.sums.total / len(logits), LEAST))
    each = rows.sums.negentropies - np.concatenate([p @ log_marginal for p in rows.probabilities()])
    value = math.exp(rows.sums.log_score)
    return {"inception_score": Moved(value, (value * (each - each.mean()) / len(logits),))}


def impossible(values: Values, counts: Counts, options: Values) -> Iterator[str]:
    """What the numbers of one score cannot be together.

    The jackknife's correction is (n - 1) (T - mean T_-i), and T_-i leaves one image out of a marginal whose entropy is
    concave, so it is never negative; and it is at most (c - 1) / (n - 1) for c classes, as the divergence of two
    marginals is at most their chi-square distance. The interval's lower end follows from value and standard error; its
    upper end reaches at least as far.
    """
    key = "inception_score"
    keys = (key, f"{key}_corrected", f"{key}_se", f"{key}_low", f"{key}_high")
    found = [float(value) for name in keys if (value := values.get(name)) is not None]
    if len(found) < len(keys) or min(found[:2]) <= 0:
        return
    plain, corrected, se, low, high = found
    most = min(plain * math.exp((counts.classes - 1) / (counts.generated - 1)), counts.classes)
    if values.get(f"{key}_sd") == 0 and not plain * (1 - AGREES) <= corrected <= most * (1 + AGREES):
        yield f"{key}_corrected is {corrected:.6g}; for {plain:.6g} uncorrected it must be in [{plain:.6g}, {most:.6g}]"
    step = math.exp(Z95 * se / corrected)
    if abs(low - max(1.0, corrected / step)) > AGREES * corrected:
        yield f"{key}_low is {low:.6g}; value and standard error give {max(1.0, corrected / step):.6g}"
    least = min(counts.classes, corrected * step)
    if high < least * (1 - AGREES):
        yield f"{key}_high is {high:.6g}; value and standard error give at least {least:.6g}"


METRIC = Metric(
    name="inception-score",
    title="Inception Score",
    source="Salimans et al. 2016, Improved Techniques for Training GANs, arXiv 1606.03498",
    feature="logits",
    arity="set",
    version=2,  # 1: a standard error that was too small with few images
    outputs=(
        Output(
            *("inception_score", "IS", "higher"),
            says="how sure a classifier is, and how varied its answers are",
            least=1,
            most="classes",
            by="splits",
            shown="entry",
            decimals=2,
            looks_at="both",
        ),
        Output(
            *("inception_score_sd", "IS sd over splits", "neither"),
            says="how much the score differs between parts of the set; no interval",
            least=0,
            by="splits",
            shown="entry",
        ),
        Output(
            *("inception_score_corrected", "IS, corrected", "higher"),
            says="as if the generator had been asked for unlimited images",
            least=1,
            most="classes",
            corrects="inception_score",
            interval=Interval("inception_score_low", "inception_score_high", "inception_score_se", even=False),
            shown="top",
        ),
    ),
    beside=(
        Value("inception_score_se", least=0),
        Value("inception_score_low", least=1, most="classes"),
        Value("inception_score_high", least=1, most="classes"),
    ),
    options=(
        Option(
            *("splits", 1, "Parts of the set: 10 in most papers, 1 in `bench run` and its tables."),
            least=1,
            flag="--is-splits",
            needs=0,
            fewer="fewer splits",
        ),
    ),
    protocol=True,
    impossible=impossible,
    moved=moved,
    compute=compute,
)
