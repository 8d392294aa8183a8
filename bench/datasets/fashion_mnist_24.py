"""Fashion-MNIST at 24x24: the modified set of the autoencoder and GAN assignment, whose networks read 576 values.

The assignment resized the whole 28x28 image and does not name the filter; here it is antialiased bicubic, as everywhere
in this package. Files, splits and labels are those of fashion-mnist.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from bench.datasets import fashion_mnist
from bench.datasets._idx import idx_split
from bench.datasets._types import Dataset, Split
from bench.datasets.images import resized
from bench.datasets.splits import check_choice, indexed_split

SIZE = 24


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, grey 24x24, from the files of fashion-mnist."""
    check_choice("fashion-mnist-24", split, fashion_mnist.SPLITS, domain)
    full = idx_split("fashion-mnist-24", "FashionMNIST", split, root)

    def pick(indices: np.ndarray) -> np.ndarray:
        rows = np.empty((len(indices), 1, SIZE, SIZE), np.uint8)
        for row, image in zip(rows, full.take(indices), strict=True):
            row[0] = np.asarray(resized(Image.fromarray(image[0]), SIZE))
        return rows

    return indexed_split(full.count, pick, full.labels)


DATASET = Dataset(
    name="fashion-mnist-24",
    title="Fashion-MNIST, 24x24 grey",
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    shape=(1, SIZE, SIZE),
    splits=fashion_mnist.SPLITS,
    load=load,
    howto=fashion_mnist.DATASET.howto,
    fetch=fashion_mnist.fetch,
    classes=fashion_mnist.CLASSES,
    eval_sets=fashion_mnist.DATASET.eval_sets,
    extractors=("inception", "fashion-layout", "fashion-cnn"),
)
