"""Some samples of an entry as one small picture, a row of a picture that lies beside it.

A strip is cut out of the preview: its first images, at the size at which they were made, or smaller where that is
large. Only the rows of pixels that are needed are decoded: a PNG whose header says fewer rows is read up to there.
"""

import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import NEIGHBOURS, PREVIEW
from bench.measuring.copies import METRIC as COPIES
from bench.site.pictures import Picture
from bench.submissions import sheets

SHOWN = 5  # images in a strip
TALLEST = 64  # pixels of each
QUALITY = 80  # of WebP; 5 images take 1 to 8 kB
HEIGHT = 30  # at which a page shows a strip, in its own pixels
HEADER = slice(8, 33)  # of a PNG: the chunk that holds its size


@dataclass(frozen=True)
class Strip:
    """A WebP, and the width at which a page shows it."""

    content: bytes
    width: int


def strip_of(entry: Entry, picture: Picture) -> Strip | None:
    """The first images of its preview; None where that is laid out in another way."""
    return _row(picture, 0, sheets.PREVIEW_COLUMNS, entry)


def real_strip(entry: Entry, name: str, picture: Picture) -> Strip | None:
    """Training images that a picture beside an entry shows; None where it shows none."""
    if name == NEIGHBOURS:
        return _row(picture, 1, min(sheets.NEIGHBOURS, entry.manifest.count), entry)
    copied = entry.scores.get(COPIES.name, {}).get("exact_copies")
    return strip_of(entry, picture) if name == PREVIEW and copied == 1 else None


def _row(picture: Picture, row: int, columns: int, entry: Entry) -> Strip | None:
    """The first images of a row of a picture of so many columns."""
    size = height, _ = entry.rules.protocol.shape[1:]
    factor, (wide, high) = sheets.enlarged(size), sheets.sheet_size(columns, row + 1, size)
    if picture.width != wide or picture.height < high:
        return None
    count = min(SHOWN, columns, entry.manifest.count)
    across, _ = sheets.sheet_size(count, 1, size)
    try:
        with Image.open(BytesIO(_shorter(picture.content, high)), formats=["PNG"]) as opened:
            cut = opened.crop((0, high - height * factor, across, high)).convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return None
    shrunk = max(factor, factor * height / TALLEST)
    small = round(cut.width / shrunk), round(cut.height / shrunk)
    how = Image.Resampling.NEAREST if shrunk == factor else Image.Resampling.LANCZOS
    made = BytesIO()
    cut.resize(small, how).save(made, "WEBP", quality=QUALITY, method=2)
    return Strip(made.getvalue(), round(HEIGHT * small[0] / small[1]))


def _shorter(png: bytes, rows: int) -> bytes:
    """A PNG of the first rows of one."""
    chunk = bytearray(png[HEADER])
    chunk[12:16] = rows.to_bytes(4)
    chunk[21:25] = zlib.crc32(chunk[4:21]).to_bytes(4)
    return png[:8] + chunk + png[33:]
