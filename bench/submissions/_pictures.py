"""Pictures of a submission, as PNG: its first images, and those that are nearest to training images beside these.

Only of data sets whose images may be published: also a preview shows them, where a model has copied.

A picture is read with care: others made it. It is a PNG of the chunks that are written here and nothing behind them, of
the size that the track gives; and each image in it is known by the sha256 of its pixels.
"""

import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from bench.leaderboard.open_tracks import OpenTrack
from bench.sources import ImageSource
from bench.sources.rows import hash_of
from bench.storage.reading import read_bytes
from bench.submissions.sheets import GAP, NEIGHBOURS, PREVIEW_COLUMNS, PREVIEW_IMAGES, enlarged, sheet_size
from metrics.arithmetic.nearest import nearest
from metrics.errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHUNKS = (b"IHDR", b"IDAT", b"IEND")


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
    for (top, left), image in zip(_places(len(images), columns, (height, width)), images, strict=True):
        sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    factor = enlarged((height, width))
    return sheet.repeat(factor, axis=0).repeat(factor, axis=1)


def _png(sheet: np.ndarray) -> bytes:
    data = BytesIO()
    Image.fromarray(sheet).save(data, "PNG", optimize=True)
    return data.getvalue()


# ----- read again


def images_in(path: Path, count: int, columns: int, size: tuple[int, int]) -> list[np.ndarray]:
    """The images of a picture, uint8 [3, h, w], row by row, as `_sheet` laid them out; `size` is (height, width).

    Raises InputError where it is no PNG, has more in it or behind it than a picture, is of another size, or where the
    images are not laid out so.
    """
    height, width = size
    factor = enlarged(size)
    wide, high = sheet_size(columns, -(-count // columns), size)
    # 3 bytes a pixel and one a row are what it takes without any compression.
    data = read_bytes(path, most=2 * (3 * wide * high + high) + 2**16)
    _check_chunks(path, data, (wide, high))
    try:
        with Image.open(BytesIO(data), formats=["PNG"]) as opened:
            sheet = np.asarray(opened)  # RGB, as its header says
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} is damaged ({error}); submit the entry again") from error
    small = sheet[::factor, ::factor]
    found = [
        small[top : top + height, left : left + width].transpose(2, 0, 1) for top, left in _places(count, columns, size)
    ]
    if not np.array_equal(_sheet(found, columns), sheet):
        raise InputError(f"{path} is not {count} images in {columns} columns; submit the entry again")
    return found


def pairs_in(sheet: np.ndarray, size: tuple[int, int]) -> list[bytes]:
    """The pixels of each column of a picture uint8 [H, W, 3] of images of this (height, width)."""
    width = (size[1] + GAP) * enlarged(size)
    return [sheet[:, left : left + width].tobytes() for left in range(0, sheet.shape[1], width)]


def hashes_in(path: Path, count: int, columns: int, size: tuple[int, int]) -> list[str]:
    """The sha256 of shape and pixels of each image of a picture; InputError as `images_in`."""
    return [hash_of(np.ascontiguousarray(image)) for image in images_in(path, count, columns, size)]


def _places(count: int, columns: int, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    height, width = size
    for place in range(count):
        yield (place // columns) * (height + GAP), (place % columns) * (width + GAP)


def _check_chunks(path: Path, data: bytes, size: tuple[int, int]) -> None:
    """InputError where these bytes are not the chunks of one PNG of this (width, height) in RGB, and nothing else."""
    place, names = len(SIGNATURE), []
    whole = data.startswith(SIGNATURE)
    while whole and place < len(data):
        length, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        end = place + 12 + length
        content, sum_of = data[place + 4 : end - 4], data[end - 4 : end]
        whole = name in CHUNKS and end <= len(data) and zlib.crc32(content).to_bytes(4, "big") == sum_of
        names.append(name)
        place = end
    if not whole or names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or names.count(b"IEND") != 1:
        raise InputError(f"{path} is not a PNG, or it holds more than a picture; submit the entry again")
    header = data[16:26]
    if header != size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big") + b"\x08\x02":
        shown = f"{int.from_bytes(header[:4], 'big')}x{int.from_bytes(header[4:8], 'big')}"
        raise InputError(f"{path} is a picture of {shown}; expected {size[0]}x{size[1]} in RGB")
