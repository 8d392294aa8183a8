"""The one way in for files that others have made: text, JSON, TOML, zips; arrays are in `bench.storage.array_files`.

Whatever the file holds, the answer is a value or an `Unreadable`: one line that names the file, what is wrong with it
and how to mend it. Only regular files are opened: a pipe would wait for ever, /dev/zero never ends. Nothing larger
than the limit of its kind is read, whatever a header claims. Nothing is ever unpickled.
"""

import hashlib
import json
import math
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

import genbench.errors as words
from bench.storage.line_ends import TEXT, unix
from genbench.regular import NoRegularFile, open_regular
from metrics.errors import InputError

RESTORE = "restore it"
CHUNK = 2**20
MOST_TEXT_BYTES = 2**23  # JSON in memory takes up to 30 times as much; the largest record here has 100 kB
MOST_MEMBERS = 2**22  # of a zip: three times ImageNet
END_BYTES, END_64_BYTES, LOCATOR_BYTES = 22, 56, 20  # the end records of a zip, and where the longer one is
MEMBER_BYTES = 46 + 82  # in the table of contents: a record, and more than names of images and their extra fields take


class Unreadable(InputError):
    """One file that cannot be used, and the `problem` with it."""

    def __init__(self, path: Path, problem: str, remedy: str = RESTORE) -> None:
        super().__init__(f"{path} {problem}; {remedy}")
        self.path, self.problem = path, problem


class Missing(Unreadable):
    """There is no such file."""


# ----- bytes


@contextmanager
def opened(path: Path, remedy: str = RESTORE, most: int | None = None) -> Iterator[BufferedReader]:
    """A regular file of at most `most` bytes, open for reading; what the system cannot read is an Unreadable."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if most is not None and size > most:
                raise Unreadable(path, f"has {size:,} bytes, expected at most {most:,}", remedy)
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(path, "does not exist", remedy) from error
    except NoRegularFile as error:
        raise Unreadable(path, str(error.strerror), remedy) from error
    except OSError as error:
        mends = words.REMEDIES.get(error.errno or 0, remedy)
        raise Unreadable(path, f"cannot be read ({words.reason(error)})", mends) from error


def read_bytes(path: Path, *, most: int, remedy: str = RESTORE) -> bytes:
    """The bytes of a file of at most `most`."""
    with opened(path, remedy, most) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(size + 1)  # takes as much memory as it is asked for
    if len(data) != size:
        raise Unreadable(path, "changed while it was read", remedy)
    return data


def file_sha256(path: Path, remedy: str = RESTORE) -> str:
    """sha256 of a whole file, hexadecimal; of a text with LF at the ends of its lines, whatever it has."""
    with opened(path, remedy) as file:
        if path.suffix not in TEXT:
            return hashlib.file_digest(file, "sha256").hexdigest()
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            while chunk.endswith(b"\r") and (more := file.read(1)):  # so that no end of a line is cut in two
                chunk += more
            digest.update(unix(chunk))
        return digest.hexdigest()


@contextmanager
def read_as(what: str, path: Path, remedy: str = RESTORE) -> Iterator[None]:
    """Whatever a parser trips over in a damaged file is an Unreadable that says `what` was expected."""
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise Unreadable(path, "needs more memory than there is", remedy) from error
    except Exception as error:
        raise Unreadable(path, f"is not a readable {what} ({words.one_line(error)})", remedy) from error


# ----- text


def read_text(path: Path, *, most: int = MOST_TEXT_BYTES, remedy: str = RESTORE) -> str:
    """A UTF-8 text, its line ends as they stand."""
    data = read_bytes(path, most=most, remedy=remedy)
    with read_as("UTF-8 text", path, remedy):
        return data.decode("utf-8")


def read_json(path: Path, *, most: int = MOST_TEXT_BYTES, remedy: str = RESTORE) -> Any:
    """The value of a strict JSON file; see `parse_json`."""
    return parse_json(read_text(path, most=most, remedy=remedy), path, remedy)


def parse_json(text: str, path: Path, remedy: str = RESTORE) -> Any:
    """The value of strict JSON: no NaN, no number beyond float64, no key twice, no half of a surrogate pair."""
    with read_as("JSON file", path, remedy):
        value = json.loads(
            text, parse_constant=_no_constant, parse_float=_finite_float, object_pairs_hook=_without_repeats
        )
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value


def read_toml(path: Path, *, most: int = MOST_TEXT_BYTES, remedy: str = RESTORE) -> dict[str, Any]:
    """The values of a TOML file."""
    import tomllib

    text = read_text(path, most=most, remedy=remedy)
    with read_as("TOML file", path, remedy):
        return tomllib.loads(text.replace("\r\n", "\n"))


def _no_constant(word: str) -> float:
    raise ValueError(f"it holds {word}, which is not a JSON number")


def _finite_float(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"it holds {word[:20]}, which is beyond float64")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"it has the key {next(key for key in keys if keys.count(key) > 1)!r} twice")
    return values


# ----- zips


def open_zip(
    path: Path, *, members: int = MOST_MEMBERS, what: str = "zip file", remedy: str = RESTORE
) -> zipfile.ZipFile:
    """A zip of at most so many members, each of which has a name; the caller closes it."""
    if (claimed := claimed_members(path, remedy)) > members:
        raise Unreadable(path, f"claims about {claimed:,} members, expected at most {members:,}", remedy)
    with read_as(what, path, remedy):
        archive = zipfile.ZipFile(path)
    if not all(info.filename for info in archive.infolist()):
        archive.close()
        raise Unreadable(path, "has a member without a name", remedy)
    return archive


def claimed_members(path: Path, remedy: str = RESTORE) -> int:
    """How many members a zip claims or has room for in its table of contents, whichever is more, without reading that.

    zipfile needs 20 s and 1 GB for a million members. Follows the end records of APPNOTE 6.3.10, 4.3.14 to 4.3.16; 0
    where there is none, which is then told when the zip is opened.
    """
    with opened(path, remedy) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - END_BYTES - 2**16 - LOCATOR_BYTES))
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or len(tail) < place + END_BYTES:
            return 0
        members, table = struct.unpack_from("<HI", tail, place + 10)
        locator = place - LOCATOR_BYTES
        if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
            start: int = struct.unpack_from("<Q", tail, locator + 8)[0]
            file.seek(min(start, size))
            end = file.read(END_64_BYTES)
            if len(end) == END_64_BYTES and end[:4] == b"PK\x06\x06":
                members, table = struct.unpack_from("<QQ", end, 32)
    return int(max(members, table // MEMBER_BYTES))
