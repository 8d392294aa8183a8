"""Images inside a zip, read in place: nothing is ever unpacked to the disk.

The whole table of contents is judged before a byte is decompressed. Refused: names that lead out of the archive,
links, encrypted members, names that stand twice, and bombs. A member that claims more than RATIO times its compressed
size, members that together claim more than TOTAL_BYTES, and members that share bytes (the overlapping kind of bomb:
D. Fifield, "A better zip bomb", WOOT 2019) are bombs. zipfile itself stops at the claimed size and checks the CRC.
"""

import os
import stat
import struct
import threading
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from bench.sources._decode import CorruptImage
from bench.sources._files import MAX_FILE_BYTES, Listing, is_image_name, none_found, printable
from metrics._errors import InputError

RATIO = 200  # image files hardly shrink, uncompressed drawings by one or two orders of magnitude; deflate ends at 1032
SMALL_BYTES = 2**20  # below this a high ratio harms nobody: a black bitmap of 256x256
TOTAL_BYTES = 2**40
END_BYTES, END_64_BYTES, LOCATOR_BYTES = 22, 56, 20  # the end records, and where the longer one is
MEMBER_BYTES = 46 + 82  # in the table of contents: a record, and more than names of images and their extra fields take
READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})


def list_zip(path: Path) -> Listing:
    """The images of a zip; InputError where it is corrupt, unsafe or holds none."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError) as error:
        raise InputError(f"{path} is not a readable zip ({error}); make it again") from error
    members = [info for info in archive.infolist() if not info.is_dir()]
    try:
        _check(path, members)
    except InputError:
        archive.close()
        raise
    seen = [info for info in members if not _hidden(info.filename)]
    images = sorted((info for info in seen if is_image_name(info.filename)), key=lambda info: info.filename)
    others = tuple(printable(info.filename) for info in seen if not is_image_name(info.filename))
    if not images:
        archive.close()
        raise InputError(none_found(str(path), others))

    lock = threading.Lock()  # zipfile counts its readers without one; inflating is a small part of decoding

    def load(index: int) -> bytes:
        try:
            with lock:
                return archive.read(images[index])
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise CorruptImage(f"{path.name}/{images[index].filename}", f"cannot be unpacked ({error})") from error

    return Listing(path.stem, "zip", tuple(printable(info.filename) for info in images), load, others)


def claimed_members(path: Path) -> int:
    """How many members a zip claims or has room for in its table of contents, whichever is more, without reading that.

    zipfile needs 20 s and 1 GB for a million members. Follows the end records of APPNOTE 6.3.10, 4.3.14 to 4.3.16; 0
    where there is none, which is then told when the zip is opened.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - END_BYTES - 2**16 - LOCATOR_BYTES)
        file.seek(start)
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or len(tail) < place + END_BYTES:
            return 0
        members, table = struct.unpack_from("<HI", tail, place + 10)
        locator = place - LOCATOR_BYTES
        if locator >= 0 and tail[locator : locator + 4] == b"PK\x06\x07":
            file.seek(struct.unpack_from("<Q", tail, locator + 8)[0])
            end = file.read(END_64_BYTES)
            if len(end) == END_64_BYTES and end[:4] == b"PK\x06\x06":
                members, table = struct.unpack_from("<QQ", end, 32)
    return max(members, table // MEMBER_BYTES)


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for info in members:
        problem = _problem(info)
        if problem:
            raise InputError(f"{path}: the member {info.orig_filename!r} {problem}; make the zip again without it")
    twice = [name for name, number in Counter(info.filename for info in members).items() if number > 1]
    if twice:
        raise InputError(f"{path}: the member {twice[0]!r} stands in it twice; make the zip again")
    if sum(info.compress_size for info in members) > path.stat().st_size:
        raise InputError(f"{path} is a zip bomb: its members claim more bytes than the file has. It was not read")
    if (total := sum(info.file_size for info in members)) > TOTAL_BYTES:
        raise InputError(f"{path} claims {total:,} bytes of content; at most {TOTAL_BYTES:,} are read. Split it")


def _problem(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":":
        return "has an absolute path"
    if ".." in name.split("/"):
        return "leads out of the archive with '..'"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in READABLE:
        return f"uses compression method {info.compress_type}, which is not read here"
    if info.file_size > MAX_FILE_BYTES and is_image_name(name):
        return f"claims {info.file_size:,} bytes, more than any image of at most 64 megapixels"
    if info.file_size > max(SMALL_BYTES, RATIO * info.compress_size):
        return f"claims {info.file_size:,} bytes out of {info.compress_size:,} (a zip bomb)"
    return ""


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
