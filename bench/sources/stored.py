"""Files that hold many images each, wherever they lie: how they are opened to be read in place."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from bench.storage.reading import opened

REMEDY = "make it again"


class Files(Protocol):
    """The files of one place; paths are those of that place."""

    def opened(self, path: Path, *, ahead: bool = False) -> AbstractContextManager[BinaryIO]:
        """A file, open for reading; InputError where it is none. `ahead` is said where most of it will be read."""

    def for_library(self, path: Path) -> tuple[Any, int]:
        """What a library opens instead of the path, and the number of bytes of the file."""


class FilesHere:
    """Those of this machine."""

    def opened(self, path: Path, *, ahead: bool = False) -> AbstractContextManager[BinaryIO]:
        return opened(path, REMEDY)

    def for_library(self, path: Path) -> tuple[Any, int]:
        with opened(path, REMEDY) as file:  # a regular file, which a library does not ask
            return str(path), file.seek(0, os.SEEK_END)


HERE = FilesHere()
