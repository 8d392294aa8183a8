"""Decoded images in a file without a name, so that they are decoded once and memory does not grow with their number.

What cannot be kept is no error, because it can be decoded again: images of another number or size, on a full disk.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from math import prod
from tempfile import TemporaryFile
from threading import Lock

import numpy as np

from bench.storage.cache_entry import bytes_of, write_all

Shape = tuple[int, int, int, int]


class Kept:
    """Room for images uint8 [n, 3, h, w], each written at its place, from any thread."""

    def __init__(self, file: FileIO, shape: Shape) -> None:
        self.file: FileIO | None = file
        self.shape = shape
        self.missing = set(range(shape[0]))
        self.lock = Lock()

    def write(self, place: int, image: np.ndarray) -> None:
        with self.lock:
            if self.file is None or place not in self.missing or image.shape != self.shape[1:]:
                self.file = None
                return
            try:
                self.file.seek(place * prod(self.shape[1:]))
                write_all(self.file, bytes_of(image))
            except OSError:
                self.file = None
            self.missing.discard(place)

    def images(self) -> np.ndarray | None:
        """All images, mapped into memory and read-only; None where not all could be kept."""
        if self.file is None or self.missing:
            return None
        return np.memmap(self.file, np.uint8, "r", 0, self.shape)


@contextmanager
def room(shape: Shape | None) -> Iterator[Kept | None]:
    """Room for so many images, as long as anybody reads them; None where nothing is to be kept or no file can be."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(TemporaryFile(buffering=0)) if shape else None
        except OSError:
            file = None
        yield Kept(file, shape) if file and shape else None
