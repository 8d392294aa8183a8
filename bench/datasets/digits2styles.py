"""Handwritten digits in two styles at 32x32, pairs of one class: what SVHN to MNIST is, without the download.

"plain" is a digit of the data set `digits`, white on black. "coloured" is a digit as one stands on a house: in a colour
on a cloudy ground of two others, light on dark or dark on light, its strokes thickened by some amount. The two of a
pair are the same numeral and never the same handwriting, because no photograph of a house number has a twin in MNIST
either; so a translation is right when it shows the numeral, and the paired error is far from zero even then.

With a the ink in [0, 1], b its maximum over 3 x 3 pixels, g the ground (5 x 5 random numbers, interpolated bilinearly):

    ink     = a + t (b - a)                            t uniform in [0, 1)
    ground  = c1 + (c2 - c1) g                         each channel
    pixel   = ground + ink (c3 - ground)

The colours have any hue, a saturation below 0.7, and values in [0.15, 0.45) for the dark and [0.65, 0.95) for the light
ones. Row r of n digits shows digit r mod n, in training ten times over with other colours; its partner stands
r div n + 1 places further among the digits of its class, so that each plain digit is a partner once in every round.
In the test split the two evaluation sets have no handwriting in common: partners stand in the same set.
"""

from pathlib import Path

import numpy as np

from bench.datasets import ORDER_SEED, digits
from bench.datasets._draw import hsv_to_rgb
from bench.datasets._types import Dataset, Split
from bench.datasets.order import permutation, uniforms
from bench.datasets.splits import check_choice, indexed_split

SPLITS = {"train": 12_970, "test": 500}
DOMAINS = ("coloured", "plain")
STREAMS = {"train": 5, "test": 6}
SETS = {"real 1": ("test", 250), "real 2": ("test", 250)}
SIZE, KNOTS = 32, 5


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 32x32; `root` is not used."""
    check_choice("digits2styles", split, SPLITS, domain, DOMAINS)
    part = digits.load(split, root)
    assert part.labels is not None
    ink, rows = part.read(0, part.count), np.arange(SPLITS[split])
    labels = part.labels[rows % part.count]
    partner = _partners(part.labels, _set_of_row(split, part.count), len(rows) // part.count)

    def pick(indices: np.ndarray) -> np.ndarray:
        if domain == "plain":
            return np.repeat(ink[partner[indices]], 3, axis=1)
        return _coloured(ink[indices % part.count, 0], uniforms(STREAMS[split], indices, 11 + KNOTS**2))

    return indexed_split(len(rows), pick, labels)


def _set_of_row(split: str, count: int) -> np.ndarray:
    """The evaluation set that `bench.datasets.eval_set` puts each row of a split in: int64 [n], 0 where in none."""
    sets = np.zeros(count, np.int64)
    if split == "test":
        sets[permutation(ORDER_SEED, count)[SETS["real 1"][1] :]] = 1
    return sets


def _partners(labels: np.ndarray, sets: np.ndarray, rounds: int) -> np.ndarray:
    """For every row the digit of its class and set that stands (round + 1) places further: int64 [rounds * n]."""
    partners = np.empty((rounds, len(labels)), np.int64)
    for digit, of in np.unique(np.stack([labels, sets]), axis=1).T:
        members = np.flatnonzero((labels == digit) & (sets == of))
        for number in range(rounds):
            partners[number, members] = np.roll(members, -(number + 1))
    return partners.ravel()


def _coloured(ink: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Plain digits [n, h, w] in colour: uint8 [n, 3, h, w] out of uniforms [n, 11 + 25]."""
    u = np.floor(u * 65536) / 65536  # few bits, so that the sums below are exact in any order
    light_ink, thick, hues, saturations, values, knots = np.split(u, (1, 2, 5, 8, 11), axis=1)
    values = 0.15 + 0.30 * values + 0.5 * np.where(light_ink < 0.5, (1, 0, 0), (0, 1, 1))
    colours = [hsv_to_rgb(hues[:, i], 0.7 * saturations[:, i], values[:, i])[:, :, None, None] for i in range(3)]
    first, second = colours[1:]
    weights = _bilinear(KNOTS, SIZE)
    ground = first + (second - first) * (weights @ knots.reshape(-1, KNOTS, KNOTS) @ weights.T)[:, None]

    thin = ink / 255
    around = np.pad(thin, ((0, 0), (1, 1), (1, 1)))
    wide = np.max([around[:, y : y + SIZE, x : x + SIZE] for y in range(3) for x in range(3)], axis=0)
    strokes = (thin + thick[:, :, None] * (wide - thin))[:, None]
    return np.floor(255 * (ground + strokes * (colours[0] - ground)) + 0.5).astype(np.uint8)


def _bilinear(knots: int, size: int) -> np.ndarray:
    """Linear interpolation as a matrix [size, knots]; the first and the last knot lie on the borders."""
    place = (np.arange(size) + 0.5) * (knots - 1) / size
    return np.maximum(1 - np.abs(place[:, None] - np.arange(knots)), 0)


DATASET = Dataset(
    name="digits2styles",
    title="Handwritten digits, coloured and plain, 32x32, pairs of one class, embedded",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="nothing to do: scikit-learn ships the digits, the colours are drawn when they are read",
    classes=digits.DATASET.classes,
    domains=DOMAINS,
    paired=True,
    eval_sets=SETS,
    extractors=("digits-cnn", "vgg16-random"),
)
