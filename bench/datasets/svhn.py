"""Street View House Numbers, cropped digits, 32x32 RGB (Netzer et al., NIPS workshop 2011).

The MATLAB files write the digit 0 as label 10; here, as in torchvision, it is 0. `extra` is large (531,131 images,
1.6 GB in memory) and is read where its file is there; the download leaves it out.
"""

from pathlib import Path
from typing import Any

import numpy as np

from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from bench.datasets.splits import array_split, check_choice, check_counts, missing
from bench.storage.reading import opened, read_as
from metrics.errors import InputError

SPLITS = {"train": 73_257, "test": 26_032, "extra": 531_131}


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, RGB 32x32, from `root/svhn/<split>_32x32.mat` (or straight below `root`)."""
    check_choice("svhn", split, SPLITS, domain)
    return read_split("svhn", split, root)


def read_split(name: str, split: str, root: Path) -> Split:
    """The same for the data set `name`, whose errors these are."""
    path = next(
        (p for p in (root / "svhn", root / "SVHN", root) if (p / f"{split}_32x32.mat").is_file()), root / "svhn"
    )
    path = path / f"{split}_32x32.mat"
    if not path.is_file():
        raise missing(name, path, root)
    from scipy.io import loadmat

    again = f"delete it and fetch {name} again"

    with opened(path, again) as file, read_as("MATLAB 5 file", path, again):
        content = loadmat(file, variable_names=("X", "y"))
    pixels, labels = content.get("X"), content.get("y")
    plain = isinstance(pixels, np.ndarray) and isinstance(labels, np.ndarray) and labels.dtype.kind in "iuf"
    if not plain or pixels.dtype != np.uint8 or pixels.shape != (32, 32, 3, labels.size):
        raise InputError(f"{path} holds no X [32, 32, 3, n] of bytes with y [n]; delete it and fetch {name} again")
    digits = labels.astype(np.int64).ravel() % 10
    return array_split(pixels.transpose(3, 2, 0, 1), digits)


def fetch(root: Path, progress: object = None) -> None:
    """Downloads train and test through torchvision, which checks their md5."""
    folder = root / "svhn"

    def download(sets: Any) -> None:
        for split in ("train", "test"):
            sets.SVHN(folder, split, download=True)

    fetch_with_torchvision("svhn", folder, download, DATASET.howto)
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="svhn",
    title="Street View House Numbers, 32x32 RGB",
    source="http://ufldl.stanford.edu/housenumbers/",
    licence="non-commercial use only",
    shape=(3, 32, 32),
    splits=SPLITS,
    load=load,
    howto="put train_32x32.mat and test_32x32.mat into svhn below the data root",
    fetch=fetch,
    classes=tuple("0123456789"),
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("inception", "efficientnet-lite0"),
)
