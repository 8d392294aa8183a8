"""Classifier agreement: how many of the images that were asked for class y a classifier reads as class y.

For generators that are told a class, and for translations into one: the share of all images whose largest logit is
that of their class, the same for each class alone, and the mean of these shares, in which every class counts alike.
Ravuri and Vinyals 2019 (arXiv 1905.10887) train a classifier on generated images instead ("classification accuracy
score"); here one that was trained on real images looks at them, as in the "GAN-test" of Shmelkov et al. 2018 (arXiv
1807.09499, section 3).

The interval is Clopper and Pearson's (Biometrika 26, 1934) for k of n,

    low = B(0.025; k, n - k + 1),    high = B(0.975; k + 1, n - k),    B the quantile of the beta distribution

with low 0 for k = 0 and high 1 for k = n. A good generator is close to 1, and there the usual choices cover too seldom
(Wilson's in 84 % of the cases for 30 images at 0.994), while this one covers in at least 95 % whatever the share is. It
takes the images for independent and says nothing of the classifier's own mistakes. Where the classes are of different
difficulty it is wider than it has to be: then the count spreads less than a binomial one (Hoeffding 1956).

What it cannot see: variety. A generator that makes one perfect image for each class scores 1. And a classifier that
errs on real images, or on what looks unlike its training images, errs here too: read the number of a generator beside
that of the real set.
"""

from collections.abc import Sequence

import numpy as np

from genbench.shapes import Int64
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_matrix, plain_array
from metrics.errors import InputError
from metrics.types import Interval, Metric, Output, Sample, Value, Values

TAIL = 0.025


@numpy_defaults()
def compute(logits: Given, *, labels: Given) -> dict[str, float]:
    """The shares of images of logits [n, c] that are read as their `labels` int64 [n]; in [0, 1], higher is better.

    `agreement` is of all images, with its 95 % interval, `agreement_classes` the mean over the classes that are asked
    for, `agreement_worst` the lowest share of one, which is `worst_class` (the first of those that are equal).
    InputError for other shapes, and for labels that are no numbers from 0 to c - 1.
    """
    logits = check_matrix(logits, "the logits", least=2)
    labels = _checked(labels, *logits.shape)
    right = logits.argmax(axis=1) == labels
    classes, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    shares = np.bincount(places, right) / counts
    worst = int(shares.argmin())
    low, high = interval(int(right.sum()), len(right))
    return {
        "agreement": float(right.mean()),
        "agreement_low": low,
        "agreement_high": high,
        "agreement_classes": float(shares.mean()),
        "agreement_worst": float(shares[worst]),
        "worst_class": int(classes[worst]),
    }


def interval(hits: int, count: int) -> tuple[float, float]:
    """The ends of Clopper and Pearson's 95 % interval for the probability of `hits` of `count`."""
    from scipy.special import betaincinv  # 0.15 s that a board can do without

    low = float(betaincinv(hits, count - hits + 1, TAIL)) if hits else 0.0
    high = float(betaincinv(hits + 1, count - hits, 1 - TAIL)) if hits < count else 1.0
    return low, high


def _checked(given: Given, count: int, classes: int) -> Int64[np.ndarray, " n"]:
    labels = plain_array(given, "the labels")
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise InputError(
            f"the labels are {labels.dtype} {list(labels.shape)}; expected {count} whole numbers, one per image"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"the labels go from {labels.min()} to {labels.max()}; expected 0 to {classes - 1}")
    return labels.astype(np.int64)


def notes(values: Values, samples: Sequence[Sample], options: Values) -> list[str]:
    """Which class is the worst."""
    number, name = values["worst_class"], samples[0].name
    if values["agreement_worst"] == values["agreement_classes"]:
        return []
    share = f"{100 * values['agreement_worst']:.1f} %"
    return [f"{name}: of class {samples[0].classes.get(number, str(number))!r}, the worst, {share} are read as it"]


METRIC = Metric(
    name="classifier-agreement",
    title="Classifier agreement",
    source="Shmelkov et al. 2018, arXiv 1807.09499 (GAN-test); Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404",
    feature="logits",
    arity="set",
    labels=True,
    outputs=(
        Output(
            *("agreement", "Agreement", "higher"),
            says="share of images that a classifier reads as the class that they should be of",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            interval=Interval("agreement_low", "agreement_high", even=False),
            shown="table",
        ),
        Output(
            *("agreement_classes", "Mean class agreement", "higher"),
            says="the same, with every class counted alike",
            kind="share",
            least=0,
            most=1,
            shown="table",
            column="mean over classes",
        ),
        Output(
            *("agreement_worst", "Lowest class agreement", "higher"),
            says="the same, of the class that is read least often as it should be",
            kind="share",
            least=0,
            most=1,
            shown="table",
            column="worst class",
        ),
    ),
    beside=(
        Value("agreement_low", kind="share", least=0, most=1),
        Value("agreement_high", kind="share", least=0, most=1),
        Value("worst_class", kind="count", least=0),
    ),
    notes=notes,
    compute=compute,
    least=2,
)
