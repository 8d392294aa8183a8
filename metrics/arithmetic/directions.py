"""Features scaled to length 1."""

import numpy as np

from genbench.shapes import Float64, Num
from metrics.arithmetic.arrays import BLOCK, row_blocks
from metrics.errors import InputError


def directions(values: Num[np.ndarray, "n d"], what: str) -> Float64[np.ndarray, "n d"]:
    """Rows of length 1; InputError naming the first row that is all 0. `what` names the set."""
    found = np.empty(values.shape)
    for number, block in enumerate(row_blocks(values)):
        rows = block.astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1)
        if not lengths.all():
            row = number * BLOCK + int(np.argmin(lengths))
            raise InputError(
                f"the {what} features of row {row} are all 0, which point nowhere; expected a value for every image; "
                f"look at image {row}"
            )
        found[number * BLOCK : number * BLOCK + len(rows)] = rows / lengths[:, None]
    return found
