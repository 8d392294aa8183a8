"""The value that stands for a set of images, wherever it comes from."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from bench.sources.labels import at
from genbench.shapes import UInt8

LINES = 2**14
Choose = Callable[[int], np.ndarray | None]  # of so many images: the numbers that are taken, in order; None for all


class Origin(Protocol):
    """Where a set was opened, for another process that sees the same disk; it can be pickled."""

    def open(self, places: np.ndarray) -> "ImageSource":
        """The images with these numbers in the whole set, in this order; no other one is read."""


def digest_of(hashes: Sequence[str]) -> str:
    """The digest of a set of images from the sha256 of the pixels of each, in order: that of their lines, of which some
    are put together at a time."""
    whole = hashlib.sha256()
    for start in range(0, len(hashes), LINES):
        whole.update(("\n" * bool(start) + "\n".join(hashes[start : start + LINES])).encode())
    return whole.hexdigest()


@dataclass(frozen=True)
class ImageSource:
    """A set of images in a fixed order.

    `read(index)` decodes one image to uint8 [3, h, w]; it may be called from several threads and always returns the
    same rows. `read_range(start, stop)` is there where the images lie in one array: uint8 [b, 3, h, w];
    `encoded(index)` where they are files: the bytes of one, for whoever decodes by another rule. `hashes[i]` is the
    sha256 of the encoded bytes of image i (of shape and pixels, where it has no file), so `digest` depends on
    content and order only, never on names, dates or folders. `notes` are findings that belong beside every number
    made from this set (lossy files, skipped ones). `named` says that `keys` are names of images, not their numbers;
    `places` are their numbers in the whole set of `whole` images where some of it was taken, () and 0 where all.
    `labels` are the classes of the images, a name or a number each, () where they are not known; the digest is not of
    them. `origin` is where another process finds the same images, None of what is in this one's memory only.
    """

    name: str
    kind: str
    keys: tuple[str, ...]
    hashes: tuple[str, ...]
    read: Callable[[int], UInt8[np.ndarray, "3 h w"]]
    notes: tuple[str, ...] = ()
    read_range: Callable[[int, int], UInt8[np.ndarray, "b 3 h w"]] | None = None
    encoded: Callable[[int], bytes] | None = None
    named: bool = False
    places: tuple[int, ...] = ()
    whole: int = 0
    labels: tuple[str, ...] = field(default=(), repr=False)
    origin: Origin | None = None

    @property
    def count(self) -> int:
        return len(self.keys)

    @cached_property
    def digest(self) -> str:
        """sha256 over the hashes in order: equal exactly where the same images stand in the same order."""
        return digest_of(self.hashes)

    def taken(self, order: Sequence[int]) -> "ImageSource":
        """The images at these places, in this order; itself where that is its own."""
        if len(order) == self.count and list(order) == list(range(self.count)):
            return self
        encoded = self.encoded
        return replace(
            self,
            keys=tuple(self.keys[i] for i in order),
            hashes=tuple(self.hashes[i] for i in order),
            places=tuple(self.places[i] if self.places else i for i in order),
            whole=self.whole or self.count,
            labels=at(self.labels, order),
            read=lambda index: self.read(order[index]),
            read_range=None,
            encoded=encoded and (lambda index: encoded(order[index])),
        )

    def part(self, rows: range) -> "ImageSource":
        """Images that lie side by side; itself where these are all."""
        part, read_range = self.taken(rows), self.read_range
        if part is self or read_range is None:
            return part
        first, last = rows.start, rows.stop
        return replace(part, read_range=lambda start, stop: read_range(first + start, min(first + stop, last)))
