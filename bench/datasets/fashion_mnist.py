"""Fashion-MNIST: 70,000 articles of clothing, 28x28 grey (Xiao, Rasul and Vollgraf, arXiv:1708.07747).

Published mean and standard deviation of the training pixels, in [0, 1]: 0.2860 and 0.3530.
"""

from pathlib import Path

from bench.datasets._idx import idx_split
from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from bench.datasets.splits import check_choice, check_counts

SPLITS = {"train": 60_000, "test": 10_000}
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, grey 28x28, from `root/FashionMNIST/raw`."""
    check_choice("fashion-mnist", split, SPLITS, domain)
    return idx_split("fashion-mnist", "FashionMNIST", split, root)


def fetch(root: Path, progress: object = None) -> None:
    """Downloads the four files through torchvision, which checks their md5."""
    fetch_with_torchvision("fashion-mnist", root, lambda sets: sets.FashionMNIST(root, download=True), DATASET.howto)
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="fashion-mnist",
    title="Fashion-MNIST, 28x28 grey",
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    shape=(1, 28, 28),
    splits=SPLITS,
    load=load,
    howto="put the four idx files (plain or .gz) into FashionMNIST/raw below the data root",
    fetch=fetch,
    classes=CLASSES,
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("inception", "fashion-cnn", "fashion-layout"),
    earlier_extractors=("fashion-cnn",),
)
