"""Small pictures that an entry keeps of its images, so that two entries can be searched for nearly equal ones.

thumbnails.npy, uint8 [n, 64]: each image in grey, as the means over 8 x 8 equal parts. Features say it too, but those
of a large network are not kept (`bench.leaderboard.evidence`). Entries that were made before this file was are whole
without it, and so are those of more than MOST images.
"""

from pathlib import Path

import numpy as np

from bench.settings.shared import WORKERS
from bench.sources import ImageSource, iterate
from bench.storage.array_files import read_array
from genbench.shapes import Float32, UInt8
from metrics.arithmetic.thumbnails import SIDE, levelled, thumbnails
from metrics.errors import InputError

CELLS = SIDE * SIDE
MOST = 2**14  # images: 1 MiB
BLOCK = 256  # images decoded at a time


def small_pictures(images: ImageSource, workers: int = WORKERS) -> UInt8[np.ndarray, "n 64"]:
    """The small pictures of images of one size."""
    return np.concatenate([small(np.stack(batch)) for batch in iterate(images, workers, BLOCK)])


def small(images: UInt8[np.ndarray, "b 3 h w"]) -> UInt8[np.ndarray, "b 64"]:
    """The small pictures of these images."""
    grey = thumbnails(images).reshape(len(images), -1, CELLS).mean(axis=1, dtype=np.float64)
    return (255 * grey).round().astype(np.uint8)


def read_small_pictures(path: Path, count: int) -> UInt8[np.ndarray, "n 64"]:
    """Those of an entry of so many images; InputError where the file is missing, damaged, or of another shape."""
    array = read_array(path, most=MOST * CELLS, remedy="restore it, or submit the entry again")
    if array.shape != (count, CELLS) or array.dtype != np.uint8:
        found = f"{array.dtype} {list(array.shape)}"
        raise InputError(f"{path} holds {found}; expected uint8 [{count}, {CELLS}]; restore it")
    return array


def comparable(pictures: UInt8[np.ndarray, "n 64"]) -> Float32[np.ndarray, "n 64"]:
    """Small pictures as rows whose distances are compared: of one brightness and contrast."""
    return levelled((pictures / np.float32(255)).astype(np.float32))
