"""Test images with their codes: where the codes lie, and arithmetic on their means."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from bench.exploring._opening import Opened
from bench.exploring._pictures import plot_groups, strip
from bench.exploring._types import Picture
from bench.tables.table import Cell, Column, Table
from metrics.errors import InputError
from reference_models.loop import decode, encode
from reference_models.loop.plots import plot_sheets

CODED = 2_000  # test images that are encoded at most, evenly spread
ACTIVE = 0.01  # variance of a number of the code above which it carries something (Burda et al. 2016, section 5.2)
EXAMPLES = 3  # images to which an arithmetic is applied

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Coded:
    """Test images uint8 [n, c, h, w], their codes float32 [n, d], and their labels int64 [n] where there are any."""

    opened: Opened
    images: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None

    @cached_property
    def known(self) -> tuple[int, ...]:
        """The labels that occur, sorted."""
        return () if self.labels is None else tuple(map(int, np.unique(self.labels)))

    def of(self, label: int) -> np.ndarray:
        """The rows of a label's images."""
        return np.flatnonzero(self.labels == label)

    def name(self, row: int) -> str:
        """What the label of an image is called; "" where there are none."""
        return "" if self.labels is None else self.opened.label_name(int(self.labels[row]))

    def mean(self, label: int) -> np.ndarray:
        """The mean code of a label's images: [d]."""
        return np.asarray(self.codes[self.of(label)].mean(axis=0))


def coded(opened: Opened) -> Coded:
    """The test images of a model's data set, encoded: all of them, or 2,000 evenly spread ones."""
    split = opened.split()
    rows = np.linspace(0, split.count - 1, min(split.count, CODED)).round().astype(int)
    images = split.take(rows)
    labels = None if split.labels is None else split.labels[rows]
    return Coded(opened, images, encode(opened.model, images), labels)


def codes_table(given: Coded) -> Table:
    """Mean and variance of each number of the code over the test images."""
    means, variances = given.codes.mean(axis=0, dtype=np.float64), given.codes.var(axis=0, dtype=np.float64)
    rows = tuple(
        (Cell(number), Cell(float(means[number])), Cell(float(variances[number])))
        for number in np.argsort(-variances, kind="stable").tolist()
    )
    active = int((variances > ACTIVE).sum())
    note = (
        f"{active} of {len(rows)} numbers of the code carry something: their variance over {len(given.codes):,} test "
        f"images is above {ACTIVE} (the code of an image is the mean of its distribution, where it has one)"
    )
    columns = (Column("number", "Number of the code"), Column("mean", "Mean"), Column("variance", "Variance"))
    return Table("codes", f"Codes of test images. {given.opened.name}", columns, rows, (note,))


def draw_codes(path: Path, *, given: Coded) -> None:
    """The codes as points, coloured by label: the code itself if it has two numbers, else its two principal axes."""
    points, words = given.codes, ("z[0]", "z[1]")
    if points.shape[1] != 2:
        centred = (points - points.mean(axis=0)).astype(np.float64)
        _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
        axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]  # the sign is arbitrary
        shares = 100 * sizes**2 / max((sizes**2).sum(), np.finfo(np.float64).tiny)
        points = centred @ axes[:2].T
        words = (f"axis 1 ({shares[0]:.0f} % of the variance)", f"axis 2 ({shares[1]:.0f} %)")
    groups = [(given.opened.label_name(label), points[given.of(label)]) for label in given.known] or [("", points)]
    plot_groups(path, f"Codes of test images. {given.opened.name}", groups, words)


# ----- a - b + c


def triples_of(given: Coded, asked: Sequence[str]) -> tuple[Triple, ...]:
    """The labels of texts "A,B,C", or three chosen ones where nothing is asked; InputError where there are not two.

    Nothing is chosen, and () returned, where the data have fewer than two labels.
    """
    opened, labels = given.opened, given.known
    if len(labels) < 2:
        if asked:
            found = f"only the label {opened.label_name(labels[0])!r}" if labels else "no labels"
            raise InputError(f"arithmetic adds up the mean codes of labels; {opened.subject.name} has {found} here")
        return ()
    if not asked:
        count = len(labels)
        chosen = [(first, first + 1, first + 2) if count > 2 else (first, first, first + 1) for first in range(count)]
        return tuple((labels[a], labels[b % count], labels[c % count]) for a, b, c in chosen[:: max(1, count // 3)][:3])
    triples = []
    for text in asked:
        words = text.split(",")
        if len(words) != 3:
            raise InputError(f"arithmetic {text!r}; expected three labels A,B,C for a - b + c, such as 8,3,5")
        a, b, c = (opened.label_named(word, labels) for word in words)
        triples.append((a, b, c))
    return tuple(triples)


def arithmetic_table(given: Coded, triples: Sequence[Triple]) -> Table:
    """For each a - b + c the label whose mean code lies nearest, and the distances to it, to a and to c."""
    means = {label: given.mean(label) for label in given.known}
    rows = []
    for a, b, c in triples:
        result = means[a] - means[b] + means[c]
        away = {label: float(np.linalg.norm(result - mean)) for label, mean in means.items()}
        nearest = min(away, key=lambda label: (away[label], label))
        names = map(given.opened.label_name, (a, b, c, nearest))
        rows.append((*map(Cell, names), Cell(away[nearest]), Cell(away[a]), Cell(away[c])))
    columns = (
        *(Column(letter, letter) for letter in "abc"),
        Column("nearest", "a − b + c is nearest to"),
        *(Column(f"distance_{key}", title) for key, title in (("nearest", "at"), ("a", "to a"), ("c", "to c"))),
    )
    note = "distances between mean codes of labels"
    return Table("arithmetic", f"Arithmetic on codes. {given.opened.name}", columns, tuple(rows), (note,))


def arithmetic_pictures(given: Coded, triples: Sequence[Triple]) -> dict[str, Picture]:
    return {"arithmetic": partial(_draw_arithmetic, given=given, triples=triples)} if triples else {}


def _draw_arithmetic(path: Path, *, given: Coded, triples: Sequence[Triple]) -> None:
    """A row per triple: the images of the mean codes and of a - b + c, then images x of a and what becomes of them."""
    images, rows = [], []
    for a, b, c in triples:
        shift = given.mean(c) - given.mean(b)
        examples = given.of(a)[:EXAMPLES]
        means = np.stack([given.mean(a), given.mean(b), given.mean(c), given.mean(a) + shift])
        shifted = decode(given.opened.model, given.codes[examples] + shift)
        images += [*decode(given.opened.model, means)]
        for example, result in zip(given.images[examples], shifted, strict=True):
            images += [example, result]
        images += [np.full_like(images[0], 255)] * (2 * (EXAMPLES - len(examples)))
        name_a, name_b, name_c = map(given.opened.label_name, (a, b, c))
        rows.append(f"{name_a} − {name_b} + {name_c}")
    columns = ["a", "b", "c", "a − b + c", *("x of a", "x − b + c") * EXAMPLES]
    title = f"Arithmetic on mean codes. {given.opened.name}"
    plot_sheets(path, [("", strip(np.stack(images), len(columns)))], title, columns=columns, rows=rows)
