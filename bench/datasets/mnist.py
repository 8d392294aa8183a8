"""MNIST: 70,000 handwritten digits, 28x28 grey (LeCun, Bottou, Bengio and Haffner, Proc. IEEE 86(11), 1998).

Published mean and standard deviation of the training pixels, in [0, 1]: 0.1307 and 0.3081.
"""

from pathlib import Path

from bench.datasets._idx import idx_split
from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from bench.datasets.splits import check_choice, check_counts

SPLITS = {"train": 60_000, "test": 10_000}


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, grey 28x28, from `root/MNIST/raw`."""
    check_choice("mnist", split, SPLITS, domain)
    return idx_split("mnist", "MNIST", split, root)


def fetch(root: Path, progress: object = None) -> None:
    """Downloads the four files through torchvision, which checks their md5."""
    fetch_with_torchvision("mnist", root, lambda sets: sets.MNIST(root, download=True), DATASET.howto)
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="mnist",
    title="MNIST, 28x28 grey",
    source="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0",
    shape=(1, 28, 28),
    splits=SPLITS,
    load=load,
    howto="put the four idx files (plain or .gz) into MNIST/raw below the data root",
    fetch=fetch,
    classes=tuple("0123456789"),
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("inception", "digits-cnn", "mnist-layout"),
    earlier_extractors=("digits-cnn",),
)
