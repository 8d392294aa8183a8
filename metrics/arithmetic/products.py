"""Products of all rows of two sets, x y^T, made in tiles: where KID and PRDC spend nearly all their time.

They are made by numpy, on all cores that its BLAS uses, unless a caller says otherwise (`made_by`): a GPU makes them
many times faster. Whoever makes them, the products are those of the rows' own type, each sum in any order.

float32 is twice as fast as float64. Around the sets' common centre its rounding is small beside what differs between
rows; what is made of such products has to know how far they may be off (`ROUNDOFF`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from genbench.shapes import Float, Float64, Num

BLOCK = 512  # rows and columns of a tile of products: 1 MiB of float32, for the processor's cache
COLUMNS = 4096  # rows turned into float64 at once
IN_FLOAT32 = 1e-20, 1e30  # squared norms of which float32 holds the products

Product = Callable[[Float[np.ndarray, "a d"], Float[np.ndarray, "b d"]], Float[np.ndarray, "a b"]]


def _by_numpy(x: Float[np.ndarray, "a d"], y: Float[np.ndarray, "b d"]) -> Float[np.ndarray, "a b"]:
    return x @ y.T  # of a tile with itself BLAS makes one triangle only


_MADE_BY: ContextVar[Product] = ContextVar("made_by", default=_by_numpy)


@contextmanager
def made_by(product: Product) -> Iterator[None]:
    """Inside, products are made by this function: x y^T of two arrays of one type, in that type."""
    token = _MADE_BY.set(product)
    try:
        yield
    finally:
        _MADE_BY.reset(token)


def product(x: Float[np.ndarray, "a d"], y: Float[np.ndarray, "b d"]) -> Float[np.ndarray, "a b"]:
    """x y^T, in an array that the caller may overwrite."""
    return _MADE_BY.get()(x, y)


def tiles(count: int) -> list[slice]:
    """Slices of `count` rows, in order."""
    return [slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


def centred(*sets: Num[np.ndarray, "_ d"]) -> tuple[Float64[np.ndarray, " d"], tuple[Float[np.ndarray, "_ d"], ...]]:
    """The mean of the sets' means, and the sets less that: in float32 if all are of it and it holds their products."""
    centre = np.mean([one.mean(axis=0, dtype=np.float64) for one in sets], axis=0)
    if all(one.dtype == np.float32 for one in sets):
        with np.errstate(over="ignore"):  # then float64 is taken
            rounded = centre.astype(np.float32)
            single = tuple(one - rounded for one in sets)
        if all(IN_FLOAT32[0] < squared_norms(one).max() < IN_FLOAT32[1] for one in single):
            return rounded.astype(np.float64), single
    return centre, tuple(one.astype(np.float64) - centre for one in sets)


def squared_norms(x: Num[np.ndarray, "n d"]) -> Float64[np.ndarray, " n"]:
    """|x|^2 of each row."""
    blocks = [x[i : i + COLUMNS].astype(np.float64) for i in range(0, len(x), COLUMNS)]
    return np.concatenate([np.einsum("ij,ij->i", block, block) for block in blocks])


def roundoff(kind: np.dtype, dims: int) -> float:
    """How far 2 x.y of rows of `dims` numbers may be off, relative to |x|^2 + |y|^2, the norms and the centre too.

    A product of d terms is off by d u |x||y| <= d u (|x|^2 + |y|^2) / 2 in any order of summation (Higham 2002, section
    3.1), with u half of eps; twice that, and some u for the rest.
    """
    return float(np.finfo(kind).eps / 2 * (1.1 * dims + 32))
