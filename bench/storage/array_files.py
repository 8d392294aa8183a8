"""Arrays in .npy and .npz files that others have made, in memory or mapped; see `bench.storage.reading` for what is
promised.

The header says how large an array is, and it is compared with the bytes that are there before any memory is taken.
"""

import math
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO

import numpy as np

from bench.storage.reading import RESTORE, Unreadable, open_zip, opened, parse_json, read_as

MOST_ARRAYS = 1_000  # members of an .npz
LARGEST = 2**62  # what numpy can count
PLAIN = "biufcU"  # kinds of values: neither objects, which would be unpickled, nor records
CHUNK = 2**20
PLAIN_NUMBERS = "save plain numbers, of a dict each by its name: numpy.savez(OUT, mu=..., sigma=...)"
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """What an array says about itself before a value is read."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_array(path: Path, *, most: int, remedy: str = RESTORE) -> np.ndarray:
    """The array of a .npy file of at most `most` bytes, in memory."""
    with opened(path, remedy, most + 2**16) as file:
        header = _of_whole_file(file, path, remedy)
        return _values(file, header, path, most, remedy)


def map_array(path: Path, *, remedy: str = RESTORE) -> np.ndarray:
    """The array of a .npy file, mapped into memory and read-only."""
    with opened(path, remedy) as file:
        return _mapped(file, _of_whole_file(file, path, remedy), file.tell(), path, remedy)


def map_bytes(path: Path, *, remedy: str = RESTORE) -> np.ndarray:
    """The bytes of a file without a header, mapped into memory and read-only."""
    with opened(path, remedy) as file:
        size = file.seek(0, 2)
        return _mapped(file, Header((size,), False, np.dtype(np.uint8)), 0, path, remedy)


class ArrayFile:
    """An .npz, to be used in a `with`: its names, and each array by name. Members that nobody asks for are not read."""

    def __init__(self, path: Path, remedy: str = RESTORE) -> None:
        self.path, self.remedy = path, remedy
        self._archive = open_zip(path, members=MOST_ARRAYS, what=".npz file", remedy=remedy)
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name in self._members:
                self._archive.close()
                raise Unreadable(path, f"holds {name!r} twice", remedy)
            self._members[name] = info

    def __enter__(self) -> "ArrayFile":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._archive.close()

    @property
    def names(self) -> list[str]:
        """Of all members, without `.npy`."""
        return list(self._members)

    def stored(self, name: str) -> bool:
        """Whether a member lies in the file as it is, so that it can be mapped."""
        info = self._members[name]
        return info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 0x1

    def _open(self, name: str) -> IO[bytes]:
        if name not in self._members:
            raise Unreadable(self.path, f"holds no {name}", self.remedy)
        return self._archive.open(self._members[name])

    def header(self, name: str) -> Header:
        with read_as("array file", self.path, self.remedy), self._open(name) as stream:
            return _header(stream, self.path, self.remedy)

    def read(self, name: str, *, most: int) -> np.ndarray:
        """One array of at most `most` bytes, in memory."""
        with read_as("array file", self.path, self.remedy), self._open(name) as stream:
            header = _header(stream, self.path, self.remedy)
            array = _values(stream, header, self.path, most, self.remedy)
            if stream.read(1):  # reaching the end is also what makes zipfile compare the checksum
                raise Unreadable(self.path, f"has bytes behind its array {name!r}", self.remedy)
            return array

    def map(self, name: str) -> np.ndarray:
        """One `stored` array, mapped into memory and read-only."""
        info = self._members[name]
        with read_as("array file", self.path, self.remedy), self._open(name) as stream:
            header = _header(stream, self.path, self.remedy)
            start = stream.tell()
        if start + header.size_bytes != info.file_size:
            raise _unequal(self.path, header, info.file_size - start, self.remedy)
        with opened(self.path, self.remedy) as file:
            return _mapped(file, header, _data_offset(file, info) + start, self.path, self.remedy)

    def text(self, name: str, *, most: int) -> str:
        """One numpy string of at most `most` bytes."""
        array = self.read(name, most=most)
        with read_as("array file", self.path, self.remedy):
            if array.shape != () or array.dtype.kind != "U":
                raise ValueError(f"{name} is {array.dtype} {list(array.shape)}, expected a text")
            order = "be" if array.dtype.byteorder == ">" else "le"
            return array.tobytes().decode(f"utf-32-{order}").rstrip("\0")

    def json(self, name: str, *, most: int) -> Any:
        """The value of a JSON text that is kept as a numpy string."""
        return parse_json(self.text(name, most=most), self.path, self.remedy)


def _header(stream: IO[bytes], path: Path, remedy: str) -> Header:
    with read_as("array file", path, remedy), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's about files of Python 2, Python's about what is no literal
        version = np.lib.format.read_magic(stream)  # type: ignore[arg-type]
        if version not in READERS:
            raise ValueError(f"format {version}, expected 1.0 or 2.0")
        shape, fortran, dtype = READERS[version](stream)  # type: ignore[arg-type]
        if dtype.hasobject:
            raise Unreadable(path, "holds Python objects, which are never loaded", PLAIN_NUMBERS)
        if dtype.kind not in PLAIN or not dtype.itemsize:
            raise ValueError(f"values of type {dtype}, expected numbers")
        if not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
            raise ValueError(f"shape {str(shape)[:60]}, expected whole numbers of at least 0")
        if math.prod(max(n, 1) for n in shape) * dtype.itemsize > LARGEST:
            raise ValueError(f"shape {str(shape)[:60]}, more than any file holds")
        return Header(shape, bool(fortran), dtype)


def _of_whole_file(file: BinaryIO, path: Path, remedy: str) -> Header:
    """The header of a .npy whose array takes all the rest of the file; the file is left at its first value."""
    header = _header(file, path, remedy)
    start = file.tell()
    there = file.seek(0, 2) - start
    if header.size_bytes != there:
        raise _unequal(path, header, there, remedy)
    file.seek(start)
    return header


def _unequal(path: Path, header: Header, there: int, remedy: str) -> Unreadable:
    shown = f"{header.dtype} {list(header.shape)}"
    word = "is cut" if there < header.size_bytes else "has bytes behind its array"
    return Unreadable(path, f"{word}: {shown} takes {header.size_bytes:,} bytes, {there:,} are there", remedy)


def _values(stream: IO[bytes], header: Header, path: Path, most: int, remedy: str) -> np.ndarray:
    if header.size_bytes > most:
        raise Unreadable(path, f"claims an array of {header.size_bytes:,} bytes, expected at most {most:,}", remedy)
    with read_as("array file", path, remedy):
        data = np.empty(header.size_bytes, np.uint8)
        place, view = 0, data.data
        while place < len(data):
            got = stream.readinto(view[place : place + CHUNK])  # type: ignore[attr-defined]
            if not got:
                raise _unequal(path, header, place, remedy)
            place += got
        return data.view(header.dtype).reshape(header.shape, order="F" if header.fortran else "C")


def _mapped(file: BinaryIO, header: Header, offset: int, path: Path, remedy: str) -> np.ndarray:
    if not header.size_bytes:
        return np.empty(header.shape, header.dtype)  # nothing to map
    with read_as("array file", path, remedy):
        order: Any = "F" if header.fortran else "C"
        return np.memmap(file, header.dtype, mode="r", offset=offset, shape=header.shape, order=order)


def _data_offset(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where a stored member begins: behind its local header of 30 bytes, its name and its extra field."""
    file.seek(info.header_offset + 26)
    name, extra = file.read(2), file.read(2)
    return info.header_offset + 30 + int.from_bytes(name, "little") + int.from_bytes(extra, "little")
