"""The headers of a tar, one after the other, with names of POSIX (pax) and of GNU.

Python's tarfile ends without a word at a damaged header, and reads a name of any claimed length. So nothing but the
fields of one header (`TarInfo.frombuf`) is read with it, and an archive without its end mark is an error: it was cut.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bench.sources.stored import REMEDY
from bench.storage.reading import Unreadable
from metrics.errors import InputError

BLOCK = 512
MOST_NAME_BYTES = 2**16  # of a long name, or of the records that pax has for one member
MOST_PADDING = 2**20  # behind the end mark


def headers(path: Path, file: BinaryIO, end: int) -> Iterator[tarfile.TarInfo]:
    """The header of each member, with the name and the size that the headers before it say, and with the place of its
    bytes; Unreadable where they do not lie before the `end` of the file."""
    place = 0
    said: dict[str, str] = {}
    while info := _header(path, file, place, end):
        info.offset_data = place = place + BLOCK
        info.size = 0 if info.type == tarfile.DIRTYPE else int(said.pop("size", info.size))
        after = place + -(-info.size // BLOCK) * BLOCK
        if not place <= after <= end:
            raise Unreadable(path, "is cut: it ends inside a member", REMEDY)
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE):
            said |= _said(path, file, info)
        else:
            info.name = said.pop("path", info.name)
            if any(key.startswith("GNU.sparse.") for key in said):
                info.type = tarfile.GNUTYPE_SPARSE
            yield info
            said = {}
        place = after


def _header(path: Path, file: BinaryIO, place: int, end: int) -> tarfile.TarInfo | None:
    """The header at a place; None where the end mark stands there."""
    file.seek(place)
    data = file.read(BLOCK)
    if not data:
        raise Unreadable(path, "is cut: it has no end mark" if place else "is empty (0 bytes)", REMEDY)
    if data == bytes(BLOCK):
        if end - place > MOST_PADDING or file.read(MOST_PADDING).strip(b"\0"):
            more = "has more behind its end mark; give tars that were joined one by one, as a pattern"
            raise InputError(f"{path} {more}")
        return None
    try:
        return tarfile.TarInfo.frombuf(data, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        what = f"is damaged at byte {place:,}" if place else "is not a readable tar"
        raise Unreadable(path, f"{what} ({error})", REMEDY) from error


def _said(path: Path, file: BinaryIO, info: tarfile.TarInfo) -> dict[str, str]:
    """What an extended header says of the member behind it: its path, its size, whether it has holes."""
    if info.size > MOST_NAME_BYTES:
        raise Unreadable(path, f"has a name of {info.size:,} bytes, expected at most {MOST_NAME_BYTES:,}", REMEDY)
    data = file.read(info.size)
    if info.type == tarfile.GNUTYPE_LONGLINK:
        return {}
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": text_of(data.partition(b"\0")[0])}
    records = dict(_records(path, data))
    if info.type == tarfile.XGLTYPE and records.keys() & {"path", "size"}:
        raise Unreadable(path, "says one name or size for all of its members", REMEDY)
    return {} if info.type == tarfile.XGLTYPE else records


def _records(path: Path, data: bytes) -> Iterator[tuple[str, str]]:
    """The records of pax: their length, a space, a key, =, a value and an end of line each."""
    data = data.rstrip(b"\0")
    while data:
        length = data.partition(b" ")[0]
        size = int(length) if length.isdigit() and len(length) < 9 else 0
        key, equals, value = data[len(length) + 1 : size].partition(b"=")
        known = key.decode("ascii", "replace")
        if not equals or not value.endswith(b"\n") or (known == "size" and not _is_size(value[:-1])):
            raise Unreadable(path, "is damaged: a record of pax cannot be read", REMEDY)
        yield known, text_of(value[:-1])
        data = data[size:]


def _is_size(value: bytes) -> bool:
    return value.isdigit() and len(value) < 19


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
