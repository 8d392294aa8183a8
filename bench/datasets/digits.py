"""scikit-learn's 1,797 real handwritten digits at 32x32: the data set that needs no download.

Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI 1998; E. Alpaydin, C. Kaynak, "Cascading
classifiers", Kybernetika 34(4), 1998): the test part, written by 13 people, as scikit-learn ships it. Each of its 8x8
values is the number of ink pixels, 0 to 16, in one 4x4 block of a 32x32 scan.

So 32x32 is the size at which they were written, and the block averages are interpolated back to it: Keys' bicubic
(a = -1/2) with repeated borders, then 16 -> 255. Smooth, because nearest neighbour would show blocks that nobody
wrote, and a generator would spend its capacity on their corners. The weights are dyadic fractions, so the result is
exact and the same bytes come out on every machine.

1,297 for training and 500 for testing: 50 of each class for testing, in a fixed order that depends on the index only.
No two of the 1,797 are equal, so the two parts share no image.
"""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.datasets._types import Dataset, Split
from bench.datasets.order import permutation
from bench.datasets.splits import array_split, check_choice
from metrics.errors import InputError

SPLITS = {"train": 1_297, "test": 500}
TEST_PER_CLASS = 50
SEED = 1998


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, grey 32x32; `root` is not used."""
    check_choice("digits", split, SPLITS, domain)
    images, labels = _all()
    order = permutation(SEED, len(images))
    test = np.concatenate([order[labels[order] == digit][:TEST_PER_CLASS] for digit in range(10)])
    held_out = np.isin(order, test)
    rows = order[held_out if split == "test" else ~held_out]
    return array_split(images[rows], labels[rows], tuple(f"{row:04d}" for row in rows))


@cache
def _all() -> tuple[np.ndarray, np.ndarray]:
    table = _published()
    blocks, labels = table[:, :-1], table[:, -1]
    up = _keys_matrix(8, 4)
    ink = up @ blocks.reshape(-1, 8, 8) @ up.T
    images = np.clip(np.floor(ink * (255 / 16) + 0.5), 0, 255).astype(np.uint8)
    images.flags.writeable = False
    return images[:, None], labels.astype(np.int64)


def _published() -> np.ndarray:
    """64 values and the label of each digit [1797, 65], from scikit-learn's own file.

    The file is read where it lies: `load_digits` gives the same numbers, but imports all of scikit-learn first, which
    takes longer than the rest of many commands.
    """
    package = find_spec("sklearn")
    path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz" if package and package.origin else None
    if path is None or not path.is_file():
        raise InputError(f"digits: no {path or 'scikit-learn'}; install it again with `pip install scikit-learn`")
    with gzip.open(path, "rt", encoding="ascii") as file:
        return np.loadtxt(file, delimiter=",")


def _keys_matrix(size: int, factor: int) -> np.ndarray:
    """Bicubic interpolation as a matrix [factor * size, size] (Keys, IEEE TASSP 29(6), 1981); borders are repeated."""
    matrix = np.zeros((size * factor, size))
    for row in range(size * factor):
        centre = (row + 0.5) / factor - 0.5
        for tap in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
            t = abs(centre - tap)
            weight = 1.5 * t**3 - 2.5 * t**2 + 1 if t <= 1 else -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
            matrix[row, min(max(tap, 0), size - 1)] += weight
    return matrix


DATASET = Dataset(
    name="digits",
    title="Handwritten digits, 32x32 grey, embedded",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0",
    shape=(1, 32, 32),
    splits=SPLITS,
    load=load,
    howto="nothing to do: scikit-learn ships the images",
    classes=tuple("0123456789"),
    eval_sets={"real 1": ("test", 250), "real 2": ("test", 250)},
    extractors=("digits-layout",),
    earlier_extractors=("digits-cnn",),
)
