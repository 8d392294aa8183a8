"""Image files as rows of a split: decode, put transparency on white, crop, resize.

Photographs are resized once and everywhere with Pillow's bicubic filter, which widens with the reduction and so does
not alias (Parmar, Zhang and Zhu, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation", CVPR 2022, whose
reference it is): the training images then look like those that a `clean` resize would have made.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bench.datasets._types import Split
from bench.datasets.splits import indexed_split
from bench.sources.decoding import SUFFIXES
from bench.storage.reading import read_bytes
from genbench.errors import one_line
from metrics.errors import InputError

MOST_BYTES = 2**30
REMEDY = "replace or remove it"


def list_images(folder: Path) -> list[Path]:
    """All image files below a folder, sorted by their path inside it."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def open_rgb(path: Path) -> Image.Image:
    """The image as RGB, upright, transparency on white; raises InputError naming a file that does not decode."""
    try:
        with Image.open(BytesIO(read_bytes(path, most=MOST_BYTES, remedy=REMEDY))) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(f"{path} does not decode as an image (it begins like no image); {REMEDY}") from error
    except Exception as error:  # whatever a decoder trips over in a damaged file
        raise InputError(f"{path} does not decode as an image ({one_line(error)}); {REMEDY}") from error
    if upright.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8)).convert("RGB")
    if upright.mode in ("I", "F", "LAB"):
        raise InputError(
            f"{path} is stored as {upright.mode!r}, which has no known range of values; save it with 8 bits"
        )
    if "A" in upright.getbands() or "transparency" in upright.info:
        coloured = upright.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured).convert("RGB")
    return upright.convert("RGB")


def resized(image: Image.Image, size: int) -> Image.Image:
    """The whole image at size x size, antialiased bicubic."""
    return image if image.size == (size, size) else image.resize((size, size), Image.Resampling.BICUBIC)


def centre_square(image: Image.Image) -> Image.Image:
    """The largest square in the middle."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def file_split(
    files: Sequence[Path],
    folder: Path,
    prepare: Callable[[Image.Image], Image.Image],
    shape: tuple[int, int, int],
    labels: np.ndarray | None = None,
) -> Split:
    """A split of image files, decoded when they are read; `prepare` crops, resizes and may turn grey ("L")."""

    def pick(indices: np.ndarray) -> np.ndarray:
        rows = np.empty((len(indices), *shape), np.uint8)
        for row, index in enumerate(indices):
            pixels = np.asarray(prepare(open_rgb(files[index])))
            rows[row] = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return rows

    def encoded(index: int) -> bytes:
        return read_bytes(files[index], most=MOST_BYTES, remedy=REMEDY)

    names = tuple(path.relative_to(folder).as_posix() for path in files)
    return replace(indexed_split(len(files), pick, labels, names), encoded=encoded)
