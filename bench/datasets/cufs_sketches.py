"""The sketches of CUFS alone, 64x64 in black and white: the set of the autoencoder and DCGAN assignment.

The middle 200x200 of each sketch is resized to 64x64 and made black or white at the threshold that separates its two
brightness classes best (Otsu, IEEE TSMC 9(1), 1979, eq. 18). The assignment does not say how it binarised.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from bench.datasets import cufs
from bench.datasets._types import Dataset, Split
from bench.datasets.images import centre_square, file_split, resized
from bench.datasets.splits import check_choice

SIZE = 64


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, grey 64x64 of 0 and 255, from `root/cufs/{train,test}/sketch`."""
    check_choice("cufs-sketches", split, cufs.SPLITS, domain)
    return file_split(cufs.pair_files(root, split)[1], root / "cufs" / split / "sketch", _binary, (1, SIZE, SIZE))


def _binary(image: Image.Image) -> Image.Image:
    grey = np.asarray(resized(centre_square(image), SIZE).convert("L"))
    counts = np.bincount(grey.ravel(), minlength=256)
    below = np.cumsum(counts)
    dark = np.cumsum(counts * np.arange(256))
    between = (dark[-1] * below - dark * below[-1]) ** 2.0 / np.maximum(below * (below[-1] - below), 1)
    return Image.fromarray(np.where(grey > np.argmax(between), np.uint8(255), np.uint8(0)))


DATASET = Dataset(
    name="cufs-sketches",
    title="CUFS sketches, 64x64 black and white",
    source="http://mmlab.ie.cuhk.edu.hk/archive/facesketch.html",
    licence="research use only",
    shape=(1, SIZE, SIZE),
    splits=cufs.SPLITS,
    load=load,
    howto=cufs.DATASET.howto,
    eval_sets={"real 1": ("test", 100), "real 2": ("train", 88)},
    publishable=False,
)
