"""The idx files of MNIST and its successors (Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database"): big-endian
magic number 0, 0, 8 (unsigned bytes), number of dimensions, one 32-bit length per dimension, then the bytes.

A plain file is mapped into memory, so that a split opens at once; a .gz beside it will do and is unpacked into memory.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from bench.datasets._types import Split
from bench.datasets.splits import array_split, missing
from bench.storage.array_files import map_bytes
from metrics.errors import InputError

MOST_UNPACKED = 2**30  # 1.3 million images of 28x28
PREFIXES = {"train": "train", "test": "t10k"}


def idx_split(data_set: str, folder: str, split: str, root: Path) -> Split:
    """One split of an MNIST-like data set in torchvision's layout, `root/folder/raw/*-ubyte` or `*-ubyte.gz`."""
    raw = root / folder / "raw"
    images = _read(data_set, raw / f"{PREFIXES[split]}-images-idx3-ubyte", root, 3)
    labels = _read(data_set, raw / f"{PREFIXES[split]}-labels-idx1-ubyte", root, 1)
    if len(images) != len(labels):
        raise InputError(f"{raw}: {len(images)} images but {len(labels)} labels in {split}; fetch {data_set} again")
    return array_split(images[:, None], np.asarray(labels, np.int64))


def _read(data_set: str, path: Path, root: Path, dimensions: int) -> np.ndarray:
    packed = path.with_name(path.name + ".gz")
    if path.is_file():
        return _shaped(map_bytes(path), path, dimensions)
    if not packed.is_file():
        raise missing(data_set, path, root)
    try:
        with gzip.open(packed) as file:
            data = np.frombuffer(file.read(MOST_UNPACKED), np.uint8)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{packed} is damaged ({error}); delete it and fetch {data_set} again") from error
    return _shaped(data, packed, dimensions)


def _shaped(data: np.ndarray, path: Path, dimensions: int) -> np.ndarray:
    header = 4 + 4 * dimensions
    if len(data) < header or bytes(data[:4]) != bytes((0, 0, 8, dimensions)):
        raise InputError(f"{path} is not an idx file of bytes in {dimensions} dimensions; delete it and fetch it again")
    shape = tuple(np.frombuffer(bytes(data[4:header]), ">u4").astype(int).tolist())
    if len(data) != header + math.prod(shape):
        found = f"{len(data) - header} of {math.prod(shape)} bytes"
        raise InputError(f"{path} is cut or padded: it holds {found} after its header; delete it and fetch it again")
    return data[header:].reshape(shape)
