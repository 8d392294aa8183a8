"""The rows of a table of features while they are computed, in the file of a cache entry or in memory."""

import zlib
from collections.abc import Callable, Mapping
from io import FileIO
from typing import Any

import numpy as np

from bench.storage.cache import Cache, not_kept
from bench.storage.cache_entry import Draft, bytes_of, write_all


class Rows:
    """The features of one tap while they are computed: in the file of a cache entry, in memory where there is none.

    Memory-mapping the file for writing would be shorter, but a full disk then kills the process.
    """

    def __init__(self, shape: tuple[int, int], warn: Callable[[str], None]) -> None:
        self.shape = shape
        self.warn = warn
        self.array: np.ndarray | None = None
        self.draft: Draft | None = None
        self.file: FileIO | None = None
        self.start = 0
        self.sums = np.full(shape[0], -1)  # crc32 of each row in the file; -1 where none was written

    def keep(self, cache: Cache, key: str, meta: Mapping[str, Any]) -> None:
        """Let the rows go to a cache entry from now on; a folder that cannot be written costs a warning."""
        try:
            self.draft = cache.draft(key, meta)
            self.file = self.draft.create("features", self.shape, np.dtype(np.float32))
            self.start = self.file.tell()
        except OSError as error:
            self._go_on_in_memory(error)

    def write(self, rows: np.ndarray, features: np.ndarray) -> None:
        if self.file is not None:
            try:
                for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
                    self.file.seek(self.start + int(rows[run[0]]) * self.shape[1] * 4)
                    write_all(self.file, bytes_of(features[run]))
                self.sums[rows] = [zlib.crc32(row) for row in features]
                return
            except OSError as error:
                self._go_on_in_memory(error)
        if self.array is None:
            self.array = np.empty(self.shape, np.float32)
        self.array[rows] = features

    def finish(self) -> np.ndarray:
        if self.file is not None:
            assert self.draft, "a file is one of a draft"
            try:
                return self.draft.commit()["features"]
            except OSError as error:
                self._go_on_in_memory(error)
        assert self.array is not None, "finish() comes after the last write()"
        return self.array

    def discard(self) -> None:
        if self.draft is not None:
            self.draft.discard()

    def _go_on_in_memory(self, error: OSError) -> None:
        if self.file is not None:
            assert self.draft, "a file is one of a draft"
            self.array = np.empty(self.shape, np.float32)
            with self.draft.reopen("features") as file:
                file.seek(self.start)
                view = bytes_of(self.array)
                while view and (count := file.readinto(view)):
                    view = view[count:]
            # After a failed sync, a network file system may give back something else than was written.
            for row in np.flatnonzero(self.sums >= 0):
                if zlib.crc32(self.array[row]) != self.sums[row]:
                    raise error
        self.file = None
        self.discard()
        self.warn(not_kept(error))
