"""Relations between the scores of one entry: what they cannot be together, whatever the images are.

Inception Score. The jackknife's correction is (n - 1) (T - mean T_-i), and T_-i leaves one image out of a marginal
whose entropy is concave, so it is never negative; and it is at most (c - 1) / (n - 1) for c classes, as the divergence
of two marginals is at most their chi-square distance. The interval's lower end follows from value and standard error;
its upper end reaches at least as far.

Copies. With C_r = how many images have the real image r as their nearest, sum C_r^2 follows from `train_share` and
`train_share_z`, and with it the number of independent draws, and with that both probabilities. Of near copies that
number is not stored; the probability must be the one that some number of draws gives.
"""

import math
from collections.abc import Iterator

from bench.storage.records import Numbers
from bench.submissions._values import WHOLE, Z95, Counts, Problem, Scores
from metrics.arithmetic.chance import hypergeometric_tail, more_often

RELATIVE = 1e-6  # of a probability, a value
TINY = 1e-12


def related(scores: Scores, counts: Counts) -> Iterator[Problem]:
    """What contradicts another score of the same set."""
    memorisation, copies = scores.get("memorisation", {}), scores.get("copies", {})
    for what in (
        *_inception_score(scores.get("inception-score", {}), counts),
        *_balls(scores.get("prdc", {}), counts),
        *_copies(copies),
        *_nearest(memorisation, counts),
        *_near("memorisation", "near_duplicates", memorisation, counts.other, counts.held_out),
        *_near("copies", "near_copies", copies, counts.other, min(counts.held_out, counts.calibration)),
    ):
        yield Problem("value", what)


# ----- Inception Score


def _inception_score(found: Numbers, counts: Counts) -> Iterator[str]:
    key = "inception_score"
    keys = (key, f"{key}_corrected", f"{key}_se", f"{key}_low", f"{key}_high")
    values = [float(value) for name in keys if (value := found.get(name)) is not None]
    if len(values) < len(keys) or min(values[:2]) <= 0:
        return
    plain, corrected, se, low, high = values
    most = min(plain * math.exp((counts.classes - 1) / (counts.other - 1)), counts.classes)
    if found.get(f"{key}_sd") == 0 and not plain * (1 - RELATIVE) <= corrected <= most * (1 + RELATIVE):
        yield (
            f"inception-score: {key}_corrected is {corrected:.6g}; for {plain:.6g} uncorrected it must be in "
            f"[{plain:.6g}, {most:.6g}]"
        )
    step = math.exp(Z95 * se / corrected)
    if abs(low - max(1.0, corrected / step)) > RELATIVE * corrected:
        yield f"inception-score: {key}_low is {low:.6g}; value and standard error give {max(1.0, corrected / step):.6g}"
    least = min(counts.classes, corrected * step)
    if high < least * (1 - RELATIVE):
        yield f"inception-score: {key}_high is {high:.6g}; value and standard error give at least {least:.6g}"


# ----- precision, recall, density, coverage


def _balls(found: Numbers, counts: Counts) -> Iterator[str]:
    """Between the images that lie in balls, the balls that hold images, and the pairs of both."""
    precision, density, coverage = (found.get(key) for key in ("precision", "density", "coverage"))
    if precision is None or density is None or coverage is None:
        return
    pairs, inside = density * counts.k * counts.other, precision * counts.other
    covered = coverage * counts.real
    if not covered - WHOLE <= pairs <= covered * counts.other + WHOLE:
        yield f"prdc: density {density:.6g} and coverage {coverage:.6g} exclude each other"
    if pairs > inside * counts.real + WHOLE:
        yield f"prdc: density {density:.6g} and precision {precision:.6g} exclude each other"


# ----- copies


def _copies(found: Numbers) -> Iterator[str]:
    keys = ("exact_copies", "exact_copies_expected", "near_copies", "held_out_copies")
    exact, expected, near, held_out = (found.get(key) for key in keys)
    if exact is None or expected is None or near is None or held_out is None:
        return
    if near < exact - TINY and expected < 1:
        yield f"copies: {exact:.6g} are exact copies and only {near:.6g} near ones; an exact copy is a near one"
    if exact + held_out > 1 + TINY:
        yield f"copies: {exact:.6g} are training images and {held_out:.6g} held-out ones, together more than all"


def _near(metric: str, key: str, found: Numbers, count: int, real: int) -> Iterator[str]:
    """A share of near copies, what is expected of `real` held-out images, and the probability of so many."""
    share, expected, p = (found.get(name) for name in (key, f"{key}_expected", f"{key}_p"))
    if share is None or expected is None or p is None:
        return
    usual = round(expected * (real + 1))
    if usual < 1 or abs(usual - expected * (real + 1)) > WHOLE:
        yield f"{metric}: {key}_expected is {expected:.6g}; it is a whole number, from 1, of {real + 1}"
        return
    drawn = range(count, 0, -1)
    if not any(_equal(p, more_often(int(share * many), many, usual, real + 1)) for many in drawn):
        yield f"{metric}: {key}_p is {p:.6g}; no number of independent images gives it for a share of {share:.6g}"


def _nearest(found: Numbers, counts: Counts) -> Iterator[str]:
    """Shares, z and probabilities of the nearest real images."""
    train, pooled = counts.train, counts.train + counts.held_out
    keys = ("train_share", "train_share_expected", "train_share_z", "train_share_p", "held_out_p", "c_t")
    values = [found.get(key) for key in keys]
    if any(value is None for value in values):
        return
    share, expected, z, p, held_out_p, c_t = (float(value) for value in values if value is not None)
    if abs(expected - train / pooled) > TINY:
        yield f"memorisation: train_share_expected is {expected:.9g}; {train} of {pooled} are {train / pooled:.9g}"
        return
    most = math.sqrt(3 * counts.other * counts.held_out / (counts.other + counts.held_out + 1))
    if abs(c_t) > most * (1 + RELATIVE):
        yield f"memorisation: c_t is {c_t:.6g}; for these counts it is within {most:.6g} of 0"
    excess = counts.other * (share - expected)
    if abs(excess) > WHOLE and excess * z <= 0:
        yield f"memorisation: train_share is {share:.6g} and train_share_z {z:.6g}, on the other side of {expected:.6g}"
    elif abs(z) > TINY and not any(_tails(share, many, counts, p, held_out_p) for many in _drawn(excess / z, counts)):
        yield f"memorisation: train_share {share:.6g} and its z {z:.6g} do not give the probabilities beside them"


def _drawn(sd: float, counts: Counts) -> range:
    """How many independent draws the images are worth, (sum C)^2 / sum C^2 rounded down; `sd` is that of the share."""
    pooled = counts.train + counts.held_out
    squares = sd**2 * pooled * (pooled - 1) / (counts.train * counts.held_out) + counts.other**2 / pooled
    worth = counts.other**2 / squares
    return range(max(1, int(worth * (1 - RELATIVE))), int(worth * (1 + RELATIVE)) + 1)


def _tails(share: float, drawn: int, counts: Counts, p: float, held_out_p: float) -> bool:
    pooled = counts.train + counts.held_out
    train = hypergeometric_tail(int(share * drawn), drawn, counts.train, pooled)
    held_out = hypergeometric_tail(int((1 - share) * drawn), drawn, counts.held_out, pooled)
    return _equal(p, train) and _equal(held_out_p, held_out)


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + 1e-300
