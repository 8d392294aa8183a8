"""Which training image a picture repeats, in pixels: thumbnails of 8 x 8, compared after shifts by up to one pixel.

A mean over an eighth of each side keeps the layout and loses noise and the marks of compression; moving the picture
by one pixel before it is reduced undoes a shift, which pixels and many networks notice more than people do.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from metrics.arithmetic.nearest import row_slices, squared_distances, squared_norms

SIDE = 8  # cells of a thumbnail, each way
CANDIDATES = 4  # whose distances are summed anew from differences: a copy is at exactly 0
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


def two_nearest(
    images: UInt8[np.ndarray, "b c h w"], known: Float32[np.ndarray, "n d"]
) -> tuple[Int64[np.ndarray, " b"], Float64[np.ndarray, "b 2"]]:
    """The number of the nearest of the known thumbnails for each image, at its best shift for each of them, and the
    squared distances to it and to the next one, per colour channel where all is grey. Cost: 9 b n d multiplications."""
    if images.shape[1] == 3 and _grey(images.reshape(len(images), -1)) and _grey(known):
        images, known = images[:, :1], known[:, : known.shape[1] // 3]
    moved = [thumbnails(shifted(images, *shift)) for shift in SHIFTS]
    norms = squared_norms(known)
    rows, distances = np.empty(len(images), np.int64), np.empty((len(images), 2))
    for part in row_slices(len(images), len(known)):
        views = np.stack([one[part] for one in moved])  # 9 b d
        squared = np.full((views.shape[1], len(known)), np.inf)
        for view in views:
            np.minimum(squared, squared_distances(view, known, squared_norms(view), norms)[0], out=squared)
        few = min(CANDIDATES, len(known))
        near = np.sort(np.argpartition(squared, few - 1, axis=1)[:, :few], axis=1)
        steps = views[:, :, None].astype(np.float64) - known[near]  # 9 b few d
        exact = np.square(steps).sum(axis=3).min(axis=0)
        order = np.argsort(exact, axis=1, kind="stable")[:, :2]
        rows[part] = np.take_along_axis(near, order, axis=1)[:, 0]
        distances[part] = np.take_along_axis(exact, order, axis=1)
    return rows, distances


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
