"""A file system of fsspec: its files are fetched in pieces, and what goes wrong on the way is told in one line."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

from genbench.errors import one_line, reason
from metrics.errors import InputError

LONGEST_REASON = 200
AHEAD_BYTES = 2**22
UNKNOWN_HOST = "gaierror"  # by name: the network is opened elsewhere only


@dataclass(frozen=True)
class Place:
    """A folder or a pattern elsewhere: its URL for messages, without a password, and the file system with its path."""

    url: str
    system: Any
    path: str


class FilesElsewhere:
    """Files of a place, fetched in pieces as they are read."""

    def __init__(self, place: Place, sizes: Mapping[str, int | None]) -> None:
        self.place, self.sizes = place, sizes

    def opened(self, path: Path, *, ahead: bool = False) -> AbstractContextManager[BinaryIO]:
        fetched = self.for_library(path)[0]
        return cast(BinaryIO, BufferedReader(fetched, AHEAD_BYTES) if ahead else fetched)

    def for_library(self, path: Path) -> tuple[Any, int]:
        name = path.as_posix()
        size = self.sizes.get(name)
        if size is None:
            with telling(self.place.url):
                size = int(self.place.system.size(name) or 0)
        return Fetched(self.place, name, size), size


class Fetched(RawIOBase):
    """A file elsewhere; each read fetches the bytes that it asks for."""

    def __init__(self, place: Place, path: str, size: int) -> None:
        self.fetched_from, self.path, self.size, self.at = place, path, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        return self.at

    def read(self, size: int = -1) -> bytes:
        end = self.size if size < 0 else min(self.size, self.at + size)
        if end <= self.at:
            return b""
        with telling(f"{self.fetched_from.url}: {self.path}"):
            data = bytes(self.fetched_from.system.cat_file(self.path, start=self.at, end=end))
        self.at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def telling(url: str) -> Iterator[None]:
    """What goes wrong elsewhere is an InputError of one line, whichever library says it."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise InputError(f"{url} does not exist; check the name") from error
    except Exception as error:  # every library has errors of its own
        said = one_line(error)[:LONGEST_REASON]
        if isinstance(error, PermissionError):
            raise InputError(f"{url}: access is refused ({said}); check your credentials for it") from error
        if why := _unreachable(error):
            raise InputError(f"{url} cannot be reached ({why}); check the name of the host and the network") from error
        remedy = "check the name, the network and your credentials"
        raise InputError(f"{url} cannot be read ({said}); {remedy}") from error


def _unreachable(error: BaseException | None) -> str:
    """What the system said of a host that is not known or does not answer, however deep below the errors of libraries;
    "" where that is not the reason."""
    while error:
        if isinstance(error, OSError) and (
            isinstance(error, ConnectionError | TimeoutError) or type(error).__name__ == UNKNOWN_HOST
        ):
            return reason(error)
        error = error.__cause__ or error.__context__
    return ""
