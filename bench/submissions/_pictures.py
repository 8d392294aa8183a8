"""Pictures of a submission, as PNG: its first images, and those that are nearest to training images beside these.

Only of data sets whose images may be published: also a preview shows them, where a model has copied.
"""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from bench.opening import OpenTrack
from bench.sources import ImageSource
from metrics._nearest import nearest

PREVIEW_IMAGES, PREVIEW_COLUMNS = 36, 6
NEIGHBOURS = 8
SMALLEST = 64  # pixels: smaller images are enlarged by a whole factor
GAP = 2


def preview(images: ImageSource) -> bytes:
    """The first 36 images, six in a row."""
    return _png(_sheet([images.read(row) for row in range(min(PREVIEW_IMAGES, images.count))], PREVIEW_COLUMNS))


def neighbours(opened: OpenTrack, images: ImageSource, features: np.ndarray) -> bytes:
    """The 8 images that are nearest to a training image, in features; below each that training image."""
    train, _ = opened.closest_among
    closest, squared = nearest(features, train, 1)
    rows = np.argsort(squared[:, 0], kind="stable")[:NEIGHBOURS]
    above = [images.read(int(row)) for row in rows]
    below = [opened.train.read(int(closest[row, 0])) for row in rows]
    return _png(_sheet([*above, *below], len(rows)))


def _sheet(images: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """uint8 images [3, h, w] as one [H, W, 3], row by row, white between."""
    _, height, width = images[0].shape
    rows = -(-len(images) // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for place, image in enumerate(images):
        top, left = (place // columns) * (height + GAP), (place % columns) * (width + GAP)
        sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    factor = max(1, SMALLEST // min(height, width))
    return sheet.repeat(factor, axis=0).repeat(factor, axis=1)


def _png(sheet: np.ndarray) -> bytes:
    data = BytesIO()
    Image.fromarray(sheet).save(data, "PNG", optimize=True)
    return data.getvalue()
