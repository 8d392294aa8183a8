"""STL-10 at 64x64 RGB (Coates, Lee and Ng, AISTATS 2011): 96x96 photographs, the whole image resized.

The binary files hold each image as three 96x96 planes in column-major order, the labels as bytes 1 to 10. They are
mapped into memory and an image is resized when it is read, so a split opens at once. `unlabeled` has no labels.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from bench.datasets.images import resized
from bench.datasets.splits import check_choice, check_counts, indexed_split, missing
from bench.storage.array_files import map_bytes
from metrics.errors import InputError

SPLITS = {"train": 5_000, "test": 8_000, "unlabeled": 100_000}
SIZE, STORED = 64, 96
IMAGE_BYTES = 3 * STORED * STORED


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, RGB 64x64, from `root/stl10_binary/<split>_X.bin` and `<split>_y.bin`."""
    check_choice("stl10", split, SPLITS, domain)
    path = root / "stl10_binary" / f"{split}_X.bin"
    if not path.is_file():
        raise missing("stl10", path, root)
    count, rest = divmod(path.stat().st_size, IMAGE_BYTES)
    if rest or not count:
        raise InputError(f"{path} is cut: {rest} bytes after {count} whole images; delete it and fetch stl10 again")
    stored = map_bytes(path).reshape(count, 3, STORED, STORED)

    def pick(indices: np.ndarray) -> np.ndarray:
        rows = np.empty((len(indices), 3, SIZE, SIZE), np.uint8)
        for row, index in zip(rows, indices, strict=True):
            image = Image.fromarray(np.ascontiguousarray(stored[index].transpose(2, 1, 0)))
            row[:] = np.asarray(resized(image, SIZE)).transpose(2, 0, 1)
        return rows

    return indexed_split(count, pick, None if split == "unlabeled" else _labels(root, split, count))


def _labels(root: Path, split: str, count: int) -> np.ndarray:
    path = root / "stl10_binary" / f"{split}_y.bin"
    if not path.is_file():
        raise missing("stl10", path, root)
    labels = map_bytes(path).astype(np.int64) - 1
    if len(labels) != count or labels.min() < 0 or labels.max() > 9:
        raise InputError(f"{path}: {len(labels)} labels for {count} images, or not 1 to 10; fetch stl10 again")
    return labels


def fetch(root: Path, progress: object = None) -> None:
    """Downloads the archive (2.6 GB) through torchvision, which checks the md5 of it and of each file."""
    fetch_with_torchvision("stl10", root, lambda sets: sets.STL10(root, "test", download=True), DATASET.howto)
    check_counts(DATASET, root, tuple(SPLITS))


DATASET = Dataset(
    name="stl10",
    title="STL-10, 64x64 RGB",
    source="https://cs.stanford.edu/~acoates/stl10/",
    licence="ImageNet images, research use",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="put the .bin files of stl10_binary.tar.gz into stl10_binary below the data root",
    fetch=fetch,
    classes=("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("inception", "efficientnet-lite0"),
)
