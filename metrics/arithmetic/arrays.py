"""The one check that every metric makes of a feature matrix, and reading one that may be larger than memory."""

import mmap
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from genbench.shapes import Int64, Num, Shaped
from metrics.errors import InputError
from metrics.options import shown

BLOCK = 4096  # rows in memory at once: a large table may be a memory-mapped file
LARGEST = 1e20  # of any feature network: the twelfth power, which the variance of KID sums, still is a float64
SMALLEST = 1e-60  # the largest value of a table: products of covariances are fourth powers, which must not vanish

Given = np.ndarray | Any  # what a caller hands over: an array, a tensor, or what is refused in one line


def plain_array(values: Any, what: str) -> Shaped[np.ndarray, "..."]:
    """`values` as a plain numpy array, without a copy where that can be; InputError for what is none.

    Taken are numpy arrays (also memory-mapped ones and np.matrix), masked arrays without a masked value, and dense
    torch tensors on any device, with or without gradients. `what` names the argument in messages ("the real features").
    """
    if hasattr(values, "detach") and hasattr(values, "cpu"):
        values = _of_tensor(values, what)
    if not isinstance(values, np.ndarray):
        raise InputError(
            f"{what} are {shown(values)}; expected a numpy array or a torch tensor; make one with numpy.asarray"
        )
    masked_arrays = sys.modules.get("numpy.ma")  # 40 ms that whoever has no such array can do without
    if masked_arrays and isinstance(values, masked_arrays.MaskedArray):
        if masked := int(masked_arrays.getmaskarray(values).sum()):
            raise InputError(f"{what} have {masked} masked values; expected none; leave those images out")
        values = values.data
    return values if isinstance(values, np.memmap) else np.asarray(values)


def _of_tensor(tensor: Any, what: str) -> np.ndarray:
    try:
        here = tensor.detach().cpu()
        return (here.float() if str(here.dtype) == "torch.bfloat16" else here).numpy()
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise InputError(
            f"{what} are a tensor without a numpy form ({str(error).strip().splitlines()[0][:80]}); "
            "expected a dense one with values, such as tensor.to_dense()"
        ) from error


def check_matrix(given: Given, what: str, least: int) -> Num[np.ndarray, "n d"]:
    """`given` as a finite real matrix [n, d] with n >= `least` rows; InputError otherwise, see also `plain_array`."""
    values = plain_array(given, what)
    if values.ndim != 2 or values.shape[1] == 0:
        raise InputError(
            f"{what} have shape {values.shape}; expected a numpy array [images, dimensions], one row per image"
        )
    if values.dtype.kind not in "fiu":
        raise InputError(f"{what} are of type {values.dtype}; expected real numbers, such as float32")
    if len(values) < least:
        raise InputError(f"{what} have {len(values)} row(s); expected at least {least}; give more images")
    if values.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # what is beyond float64 is infinite, and refused below
            values = values.astype(np.float64)
    _check_range(values, what)
    return values


def _check_range(values: Num[np.ndarray, "n d"], what: str) -> None:
    largest = 0.0
    for number, block in enumerate(row_blocks(values)):
        tops = np.abs(block).max(axis=1).astype(np.float64)
        bad = ~(tops <= LARGEST)  # also where it is NaN
        if bad.any():
            row = number * BLOCK + int(np.argmax(bad))
            found = "values beyond 1e20" if np.isfinite(tops[np.argmax(bad)]) else "NaN or infinity"
            raise InputError(
                f"{what} hold {found}, first in row {row}; expected finite numbers up to 1e20; look at image {row}"
            )
        largest = max(largest, float(tops.max(initial=0)))
    if 0 < largest < SMALLEST:
        raise InputError(
            f"{what} are all below {SMALLEST}, whose fourth powers vanish; expected larger numbers; scale them"
        )


def check_pair(real: Given, generated: Given, least: int) -> tuple[Num[np.ndarray, "n d"], Num[np.ndarray, "m d"]]:
    """Both matrices, if each passes `check_matrix` and both have the same width; InputError otherwise."""
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
