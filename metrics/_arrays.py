"""The one check that every metric makes of a feature matrix, and reading one that may be larger than memory."""

import mmap
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64, Num

from metrics._errors import InputError

BLOCK = 4096  # rows in memory at once: a large table may be a memory-mapped file


def check_matrix(values: np.ndarray, what: str, least: int) -> Num[np.ndarray, "n d"]:
    """`values` as they came, if they are a finite real matrix [n, d] with n >= `least` rows; InputError otherwise.

    `what` names the argument in the message ("real features").
    """
    if not isinstance(values, np.ndarray) or values.ndim != 2 or values.shape[1] == 0:
        shape = getattr(values, "shape", type(values).__name__)
        raise InputError(f"{what} are {shape}; expected a numpy array [images, dimensions], one row per image")
    if values.dtype.kind not in "fiu":
        raise InputError(f"{what} are of type {values.dtype}; expected real numbers, such as float32")
    if len(values) < least:
        raise InputError(f"{what} have {len(values)} row(s); expected at least {least}; give more images")
    row = _first_bad_row(values)
    if row is not None:
        raise InputError(
            f"{what} hold NaN or infinity, first in row {row}; expected finite numbers; look at image {row}"
        )
    return values


def _first_bad_row(values: Num[np.ndarray, "n d"]) -> int | None:
    for number, block in enumerate(row_blocks(values)):
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            return number * BLOCK + int(np.argmin(finite))
    return None


def check_pair(
    real: np.ndarray, generated: np.ndarray, least: int
) -> tuple[Num[np.ndarray, "n d"], Num[np.ndarray, "m d"]]:
    """Both matrices as they came, if each passes `check_matrix` and both have the same width; InputError otherwise."""
    real = check_matrix(real, "the real features", least)
    generated = check_matrix(generated, "the generated features", least)
    if real.shape[1] != generated.shape[1]:
        raise InputError(
            f"the real features have {real.shape[1]} dimensions and the generated ones {generated.shape[1]}; "
            "expected the same; use one extractor and tap for both"
        )
    return real, generated


def row_blocks(values: Num[np.ndarray, "n d"], rows: int | None = None) -> Iterator[Num[np.ndarray, "_ d"]]:
    """Consecutive rows, in order; of a memory-mapped array, a single block is in memory at a time."""
    step = rows or BLOCK
    for start in range(0, len(values), step):
        yield values[start : start + step]
        _release(values)


def chosen_blocks(values: Num[np.ndarray, "n d"], rows: Int64[np.ndarray, " k"]) -> Iterator[Num[np.ndarray, "_ d"]]:
    """The rows with these numbers, a block at a time."""
    for start in range(0, len(rows), BLOCK):
        yield values[rows[start : start + BLOCK]]
        _release(values)


def canonical_order(values: Num[np.ndarray, "n d"]) -> Int64[np.ndarray, " n"]:
    """An order of the rows that does not depend on the order in which they came."""
    sums = np.concatenate([block.astype(np.float64).sum(axis=1) for block in row_blocks(values)])
    return np.argsort(sums, kind="stable")


def _release(values: np.ndarray) -> None:
    """Pages of a file that were read count as this process's memory until it says that it is done with them."""
    if isinstance(values.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        values.base.madvise(mmap.MADV_DONTNEED)
