"""Products of features on the GPU that made the features: of KID, PRDC and nearest neighbours, which compare all pairs.

What is made of the products stays on the CPU: kernels, sums, and every comparison that is decided exactly. So PRDC and
neighbours are the same to the last bit, and KID to its rounding.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from genbench.surroundings import torch_defaults
from metrics.arithmetic.products import made_by

LEAST_WORK = 50_000_000_000  # multiplications: one core makes them in a second or two, and torch starts in as long


@contextmanager
def products_on(device: str, *arrays: np.ndarray) -> Iterator[None]:
    """Inside, products of rows are made on this device, if it is no CPU and if the arrays are large."""
    work = math.prod(len(array) for array in arrays) * math.prod(arrays[0].shape[1:])
    if device == "cpu" or len(arrays) < 2 or work < LEAST_WORK:
        yield
        return
    with by_torch(device):
        yield


@contextmanager
def by_torch(device: str) -> Iterator[None]:
    """Inside, products are made by torch, in the type of the rows: never in TF32, whose rounding nobody expects."""
    import torch

    def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        one, other = (torch.tensor(rows, device=device) for rows in (x, y))
        made: np.ndarray = (one @ other.T).cpu().numpy()
        return made

    with torch_defaults(device), torch.inference_mode(), made_by(product):
        yield
