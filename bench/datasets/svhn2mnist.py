"""SVHN and MNIST at 32x32 RGB, pairs of one class: house numbers in, handwritten digits out (DTU report, section 1.2).

No photograph of a house number has a twin in MNIST. A pair is an SVHN digit and an MNIST digit of the same class: the
k-th of the one file and the k-th of the other, counted within the class, as long as both have one. So every image is in
one pair at most, 56,068 pairs to train and 10,000 (all of MNIST's) to test, and the paired error of a perfect
translation is that between two digits of one class. MNIST's 28x28 get a black border of 2 pixels and three equal
channels. The two files are those of `svhn` and `mnist`.
"""

from functools import partial
from pathlib import Path

import numpy as np

from bench.datasets import mnist, svhn
from bench.datasets._idx import idx_split
from bench.datasets._types import Dataset, Split
from bench.datasets.splits import check_choice, check_counts, indexed_split, subset
from metrics.errors import InputError

SPLITS = {"train": 56_068, "test": 10_000}
DOMAINS = ("svhn", "mnist")


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 32x32, from the files of `svhn` and `mnist`; both are read for the pairs."""
    check_choice("svhn2mnist", split, SPLITS, domain, DOMAINS)
    photographs = svhn.read_split("svhn2mnist", split, root)
    written = idx_split("svhn2mnist", "MNIST", split, root)
    assert photographs.labels is not None and written.labels is not None
    rows, partners = pairs(photographs.labels, written.labels)
    if not len(rows):
        raise InputError(f"svhn2mnist: the {split} files below {root} share no class; fetch svhn2mnist again")
    if domain == "svhn":
        return subset(photographs, rows)
    return indexed_split(len(rows), partial(_bordered, subset(written, partners)), written.labels[partners])


def pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The k-th row of every class in both, as long as both have one: int64 [n] each, in the order of the first."""
    rows, partners = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for label in np.intersect1d(first, second):
        own, other = np.flatnonzero(first == label), np.flatnonzero(second == label)
        count = min(len(own), len(other))
        rows.append(own[:count])
        partners.append(other[:count])
    ordered = np.argsort(np.concatenate(rows), kind="stable")
    return np.concatenate(rows)[ordered], np.concatenate(partners)[ordered]


def _bordered(written: Split, indices: np.ndarray) -> np.ndarray:
    """Grey 28x28 digits as RGB 32x32: uint8 [b, 3, 32, 32]."""
    return np.repeat(np.pad(written.take(indices), ((0, 0), (0, 0), (2, 2), (2, 2))), 3, axis=1)


def fetch(root: Path, progress: object = None) -> None:
    """Downloads SVHN's train and test and MNIST, where they are missing."""
    svhn.fetch(root)
    mnist.fetch(root)
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="svhn2mnist",
    title="House numbers and handwritten digits, 32x32 RGB, pairs of one class",
    source="http://ufldl.stanford.edu/housenumbers/ and http://yann.lecun.com/exdb/mnist/",
    licence="SVHN: non-commercial use only; MNIST: CC BY-SA 3.0",
    shape=(3, 32, 32),
    splits=SPLITS,
    load=load,
    howto=f"{svhn.DATASET.howto}, and {mnist.DATASET.howto}",
    fetch=fetch,
    classes=mnist.DATASET.classes,
    domains=DOMAINS,
    paired=True,
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
)
