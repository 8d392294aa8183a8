"""Pictures beside an entry: read whole, and checked against what the entry says of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import beside
from bench.storage.reading import read_bytes
from metrics.errors import InputError

MOST_BYTES = 2**24  # of 64 previews
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A PNG and its size in pixels."""

    content: bytes
    width: int
    height: int


def read_picture(entry: Entry, path: Path, name: str) -> Picture:
    """A picture that an entry names.

    Raises InputError where it is missing, a link, no PNG, or not the one whose sha256 the entry holds.
    """
    file = beside(path) / name
    if file.is_symlink():
        raise InputError(f"{file} is a link, but {path.name} names it; restore it, or submit again")
    content = read_bytes(file, most=MOST_BYTES, remedy="restore it, or submit again")
    if hashlib.sha256(content).hexdigest() != entry.files[name]:
        raise InputError(f"{file} is not the picture whose sha256 {path.name} holds; restore it, or submit again")
    if not content.startswith(PNG) or len(content) < 24:
        raise InputError(f"{file} is not a PNG; submit again")
    return Picture(content, int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
