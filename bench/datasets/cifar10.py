"""CIFAR-10: 60,000 photographs of ten kinds, 32x32 RGB (Krizhevsky, "Learning Multiple Layers of Features", 2009).

The published batches are Python pickles. They are read by an unpickler that knows numpy arrays and nothing else, so a
doctored file raises an error and runs no code.
"""

import codecs
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from bench.datasets.splits import array_split, check_choice, check_counts, missing
from bench.storage.reading import opened, read_as
from metrics.errors import InputError

SPLITS = {"train": 50_000, "test": 10_000}
BATCHES = {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)}
MOST_BYTES = 2**26  # twice a batch
FOLDER = "cifar-10-batches-py"


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, RGB 32x32, from `root/cifar-10-batches-py/`."""
    check_choice("cifar10", split, SPLITS, domain)
    batches = [_read(root / FOLDER / name, root) for name in BATCHES[split]]
    images = np.concatenate([pixels for pixels, _ in batches])
    return array_split(images, np.concatenate([labels for _, labels in batches]))


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("_codecs", "encode"): codecs.encode,
            ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
            ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        }
        if (module, name) in allowed:
            return allowed[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch of CIFAR-10 does")


def _read(path: Path, root: Path) -> tuple[np.ndarray, np.ndarray]:
    if not path.is_file():
        raise missing("cifar10", path, root)
    again = "delete it and fetch cifar10 again"
    with opened(path, again, MOST_BYTES) as file, read_as("batch of CIFAR-10", path, again):
        content = _ArraysOnly(file, encoding="latin1").load()
        pixels = np.asarray(content["data"], np.uint8).reshape(-1, 3, 32, 32)
        labels = np.asarray(content["labels"], np.int64)
    if len(pixels) != len(labels):
        raise InputError(f"{path} holds {len(pixels)} images but {len(labels)} labels; fetch cifar10 again")
    return pixels, labels


def fetch(root: Path, progress: object = None) -> None:
    """Downloads the archive through torchvision, which checks its md5 before anything is unpacked."""

    def download(sets: Any) -> None:
        known = sets.CIFAR10
        sets.utils.download_and_extract_archive(known.url, str(root), filename=known.filename, md5=known.tgz_md5)

    fetch_with_torchvision("cifar10", root, download, DATASET.howto)
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="cifar10",
    title="CIFAR-10, 32x32 RGB",
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence="none stated; cite the report",
    shape=(3, 32, 32),
    splits=SPLITS,
    load=load,
    howto="put the batches of cifar-10-python.tar.gz into cifar-10-batches-py below the data root",
    fetch=fetch,
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("inception", "efficientnet-lite0"),
)
