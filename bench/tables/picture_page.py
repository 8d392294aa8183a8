"""The pictures of a run or an exploration on one page: images above, curves below, each under the title that it has.

A page is published beside the tables and looked at in a browser, so it is small: WebP of the best quality that fits.
The single pictures, without loss, stay where they were drawn.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from bench.storage.files import write_bytes
from genbench.errors import told
from metrics.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH, GAP = 1450, 16  # pixels: two curves side by side, or the widest picture of an exploration
FITS = 60_000  # bytes of a page
QUALITIES = (80, 70, 60, 50, 40)  # below 40 letters blur; a page that does not fit at 40 is larger
IMAGES = ("samples", "reconstructions", "translations")  # how pictures of images begin
LEFT_OUT = ("sample-grids", "translation-")  # larger, what samples-over-training and translations show


def write_page(path: Path, pictures: Sequence[Path]) -> None:
    """Write these pictures, one or more, as one page; InputError where one cannot be read, or the page not written."""
    write_bytes(path, picture_page(pictures))


def picture_page(pictures: Sequence[Path]) -> bytes:
    """The page as WebP; the same pictures give the same page. InputError where one cannot be read."""
    from PIL import Image

    parts: tuple[list[Image.Image], list[Image.Image]] = ([], [])
    for path in sorted(pictures, key=_place):
        with told("read", path, InputError), Image.open(path) as file:
            parts[not path.stem.startswith(IMAGES)].append(_fitting(file.convert("RGB")))
    shelves = [shelf for part in parts for shelf in _shelves(part)]
    heights = [max(picture.height for picture in shelf) for shelf in shelves]
    page = Image.new("RGB", (max(map(_wide, shelves)), sum(heights) + GAP * (len(heights) - 1)), "white")
    top = 0
    for shelf, height in zip(shelves, heights, strict=True):
        left = 0
        for picture in shelf:
            page.paste(picture, (left, top))
            left += picture.width + GAP
        top += height + GAP
    return _encoded(page)


def shown(pictures: Sequence[Path]) -> list[Path]:
    """Those of the pictures that a page has room for."""
    return [path for path in pictures if not path.stem.startswith(LEFT_OUT)]


def _place(picture: Path) -> tuple[int, bool, str]:
    """Images in the order of their kinds, and of curves the losses first."""
    name = picture.stem
    kind = next((number for number, start in enumerate(IMAGES) if name.startswith(start)), len(IMAGES))
    return kind, name != "losses", name


def _fitting(picture: "Image") -> "Image":
    if picture.width <= WIDTH:
        return picture
    return picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)))


def _shelves(pictures: Sequence["Image"]) -> Iterator[list["Image"]]:
    """The pictures in their order, in rows that are no wider than the page."""
    shelf: list[Image] = []
    for picture in pictures:
        if shelf and _wide([*shelf, picture]) > WIDTH:
            yield shelf
            shelf = []
        shelf.append(picture)
    if shelf:
        yield shelf


def _wide(shelf: Sequence["Image"]) -> int:
    return sum(picture.width for picture in shelf) + GAP * (len(shelf) - 1)


def _encoded(page: "Image") -> bytes:
    for quality in QUALITIES:
        data = BytesIO()
        page.save(data, "WEBP", quality=quality, method=4)
        if data.tell() <= FITS:
            break
    return data.getvalue()
