"""Features that somebody else has made: float [n, d], in an array or in a file. Nothing is ever unpickled."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.storage.array_files import ArrayFile
from metrics.arithmetic.arrays import check_matrix
from metrics.errors import InputError

NAME = "features"  # of the array in an .npz
REMEDY = "save them with numpy.savez(FILE, features=...)"
MOST_BYTES = 2**36


def is_array(given: Any) -> bool:
    """Whether it is a numpy array or a torch tensor."""
    return isinstance(given, np.ndarray) or hasattr(given, "detach")


def holds_features(path: Path) -> bool:
    """Whether a file is an .npz with an array of that name; reads its table of contents only."""
    try:
        with ArrayFile(path) as file:
            return NAME in file.names
    except InputError:
        return False


def read_features(path: Path) -> np.ndarray:
    """The features in an .npz."""
    with ArrayFile(path, REMEDY) as file:
        return file.map(NAME) if file.stored(NAME) else file.read(NAME, most=MOST_BYTES)


def check_features(given: Any, name: str) -> np.ndarray:
    """Finite features [n, d] of at least two rows, in float32 or float64; InputError for anything else."""
    what = "the features" if name == NAME else f"{name}: the features"
    values = check_matrix(given, what, 2)
    if values.dtype.kind != "f":
        raise InputError(f"{what} are of type {values.dtype}; expected floats [n, d]; images are given as they are")
    return values.astype(np.float32) if values.dtype.itemsize < 4 else values
