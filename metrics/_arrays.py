"""The one check that every metric makes of a feature matrix before it computes anything."""

import numpy as np
from jaxtyping import Num

from metrics._errors import InputError

BLOCK = 4096  # rows looked at at once: a large table may be a file


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
    for start in range(0, len(values), BLOCK):
        finite = np.isfinite(values[start : start + BLOCK]).all(axis=1)
        if not finite.all():
            return start + int(np.argmin(finite))
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
