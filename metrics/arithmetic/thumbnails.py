"""Which training image a picture repeats, in pixels: thumbnails of 8 x 8, compared after shifts by up to one pixel, as
the picture is and mirrored, and at one brightness and contrast.

A mean over an eighth of each side keeps the layout and loses noise and the marks of compression; moving the picture
by one pixel before it is reduced undoes a shift, which pixels and many networks notice more than people do. A thumbnail
less its mean, over its standard deviation, is that of the brighter picture too, as far as nothing is cut off.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from genbench.shapes import Float32, Float64, Int64, UInt8
from metrics.arithmetic.nearest import row_slices
from metrics.arithmetic.products import COLUMNS

SIDE = 8  # cells of a thumbnail, each way
CANDIDATES = 4  # whose distances are summed anew from differences: a copy is at exactly 0
FLAT = 0.02  # the standard deviation of a thumbnail, of 1, below which its contrast is left as it is
SHIFTS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))


def thumbnails(images: UInt8[np.ndarray, "b c h w"]) -> Float32[np.ndarray, "b _"]:
    """Mean values in [0, 1] over 8 x 8 equal parts of each image, flattened: the same bits on every machine."""
    height, width = images.shape[2:]
    # Whole numbers below 2^53 add up exactly in any order, so that equal images have equal thumbnails.
    sums = _weights(height) @ images.astype(np.float64) @ _weights(width).T
    return (sums.reshape(len(images), -1) / (255.0 * height * width)).astype(np.float32)


def shifted(images: UInt8[np.ndarray, "b c h w"], down: int, right: int) -> UInt8[np.ndarray, "b c h w"]:
    """The images moved by at most one pixel each way, with repeated borders."""
    height, width = images.shape[2:]
    wide = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    return wide[:, :, 1 - down : 1 - down + height, 1 - right : 1 - right + width]


def levelled(small: Float32[np.ndarray, "b d"]) -> Float32[np.ndarray, "b d"]:
    """Thumbnails with mean 0 and standard deviation 1: of one brightness and contrast."""
    values = small.astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    values /= np.maximum(np.sqrt(np.square(values).mean(axis=1, keepdims=True)), FLAT)
    return values.astype(np.float32)


def two_nearest(
    images: UInt8[np.ndarray, "b c h w"], known: Float32[np.ndarray, "n d"]
) -> tuple[Int64[np.ndarray, " b"], Float64[np.ndarray, "b 2"]]:
    """The number of the nearest of the known levelled thumbnails for each image, mirrored or not and at its best shift
    for each of them, and the squared distances to it and to the next one, per colour channel where all is grey.

    Cost: 18 b n d multiplications in float32, which only say which of the known ones come into question.
    """
    if images.shape[1] == 3 and _grey(images.reshape(len(images), -1)) and _grey(known):
        images, known = images[:, :1], known[:, : known.shape[1] // 3]
    views = np.stack([levelled(thumbnails(one)) for one in _views(images)])  # 18 b d
    left, right = _bordered(views), _factors(known)
    few = min(CANDIDATES, len(known))
    rows, distances = np.empty(len(images), np.int64), np.empty((len(images), 2))
    for part in row_slices(len(images), len(known)):
        squared = _nearest_views(left[:, part], right)
        near = np.sort(np.argpartition(squared, few - 1, axis=1)[:, :few], axis=1)
        steps = views[:, part, None].astype(np.float64) - known[near]  # 18 b few d
        exact = np.square(steps).sum(axis=3).min(axis=0)
        order = np.argsort(exact, axis=1, kind="stable")[:, :2]
        rows[part] = np.take_along_axis(near, order, axis=1)[:, 0]
        distances[part] = np.take_along_axis(exact, order, axis=1)
    return rows, distances


def _views(images: UInt8[np.ndarray, "b c h w"]) -> Iterator[UInt8[np.ndarray, "b c h w"]]:
    for one in (images, images[..., ::-1]):
        yield from (shifted(one, *shift) for shift in SHIFTS)


def _bordered(views: Float32[np.ndarray, "v b d"]) -> Float32[np.ndarray, "v b d+2"]:
    """Rows whose product with `_factors` is |x - y|^2: x, 1, |x|^2."""
    norms = np.square(views).sum(axis=2, keepdims=True)
    return np.concatenate([views, np.ones_like(norms), norms], axis=2)


def _factors(known: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "d+2 n"]:
    """-2 y, |y|^2, 1 of each."""
    norms = np.square(known).sum(axis=1)
    return np.concatenate([-2 * known.T, norms[None], np.ones_like(norms[None])])


def _nearest_views(left: Float32[np.ndarray, "v b e"], right: Float32[np.ndarray, "e n"]) -> Float32[np.ndarray, "b n"]:
    """The squared distance of the nearest view of each image to each known one, up to rounding."""
    views, count, width = left.shape
    found = np.empty((count, right.shape[1]), np.float32)
    for start in range(0, right.shape[1], COLUMNS):
        part = slice(start, start + COLUMNS)
        products = left.reshape(-1, width) @ right[:, part]
        products.reshape(views, count, -1).min(axis=0, out=found[:, part])
    return found


def _grey(values: np.ndarray) -> bool:
    """Whether the three channels [b, 3 x] are one and the same."""
    first, second, third = np.split(values, 3, axis=1)
    return np.array_equal(first, second) and np.array_equal(first, third)


@lru_cache(maxsize=16)
def _weights(length: int) -> Float64[np.ndarray, "8 _"]:
    """How many eighths of each pixel lie in each cell: whole numbers, `length` in all for a cell."""
    cell, pixel = np.arange(SIDE)[:, None], np.arange(length)
    start, stop = np.maximum(cell * length, pixel * SIDE), np.minimum((cell + 1) * length, (pixel + 1) * SIDE)
    return np.maximum(stop - start, 0).astype(np.float64)
