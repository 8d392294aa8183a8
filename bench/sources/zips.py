"""Images inside a zip, read in place: nothing is ever unpacked to the disk.

The whole table of contents is judged before a byte is decompressed. Refused: names that lead out of the archive,
links, encrypted members, names that stand twice, and bombs. A member that claims more than RATIO times its compressed
size, members that together claim more than TOTAL_BYTES, and members that share bytes (the overlapping kind of bomb:
D. Fifield, "A better zip bomb", WOOT 2019) are bombs. zipfile itself stops at the claimed size and checks the CRC.
"""

import lzma
import stat
import struct
import threading
import zipfile
import zlib
from pathlib import Path

from bench.sources.decoding import CorruptImage, claimed_pixels
from bench.sources.files import MAX_FILE_BYTES, Listing, is_image_name, none_found, printable
from bench.sources.members import hidden, is_seen_image, repeated, unsafe
from bench.storage.reading import open_zip
from metrics.errors import InputError

RATIO = 200  # image files hardly shrink, uncompressed drawings by one or two orders of magnitude; deflate ends at 1032
SMALL_BYTES = 2**20  # below this a high ratio harms nobody: a black bitmap of 256x256
TOTAL_BYTES = 2**40
HEADER_BYTES = 2**16  # hold the header of every format but TIFF, whose header may stand at its end
WHOLE_BYTES = 2**28
PIXEL_BYTES = 8  # four channels of 16 bits
READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
UNPACKING = (  # what a damaged member raises while it is unpacked
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError),
    *(RuntimeError, struct.error),
)


def list_zip(path: Path) -> Listing:
    """The images of a zip; InputError where it is corrupt, unsafe or holds none."""
    archive = open_zip(path, remedy="make it again")
    members = [info for info in archive.infolist() if not info.is_dir()]
    try:
        _check(path, members)
        for info in members:
            if _swells(info) and not _is_as_large_as_claimed(archive, info):
                raise InputError(
                    f"{path}: the member {info.orig_filename!r} claims {info.file_size:,} bytes out of "
                    f"{info.compress_size:,}, more than an image of that size can have (a zip bomb); "
                    "make the zip again without it"
                )
    except InputError:
        archive.close()
        raise
    seen = [info for info in members if not hidden(info.filename)]
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
        except UNPACKING as error:
            raise CorruptImage(f"{path.name}/{images[index].filename}", f"cannot be unpacked ({error})") from error

    return Listing(path.stem, "zip", tuple(printable(info.filename) for info in images), load, others)


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for info in members:
        problem = _problem(info)
        if problem:
            raise InputError(f"{path}: the member {info.orig_filename!r} {problem}; make the zip again without it")
    if twice := repeated(info.filename for info in members):
        raise InputError(f"{path}: the member {twice!r} is in it twice; make the zip again")
    if sum(info.compress_size for info in members) > path.stat().st_size:
        raise InputError(f"{path} is a zip bomb: its members claim more bytes than the file has. It was not read")
    if (total := sum(info.file_size for info in members)) > TOTAL_BYTES:
        raise InputError(f"{path} claims {total:,} bytes of content; at most {TOTAL_BYTES:,} are read. Split it")


def _problem(info: zipfile.ZipInfo) -> str:
    if wrong := unsafe(info.orig_filename):
        return wrong
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in READABLE:
        return f"uses compression method {info.compress_type}, which is not read here"
    if info.file_size > MAX_FILE_BYTES and is_image_name(info.filename):
        return f"claims {info.file_size:,} bytes, more than any image of at most 64 megapixels"
    return ""


def _swells(info: zipfile.ZipInfo) -> bool:
    """Whether an image is much larger than what it is unpacked from: a plain drawing without compression, or a bomb.
    What is no image is never unpacked."""
    return is_seen_image(info.filename) and info.file_size > max(SMALL_BYTES, RATIO * info.compress_size)


def _is_as_large_as_claimed(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Whether the image that the header of a member tells of takes about as many bytes as the member claims."""
    size = WHOLE_BYTES if info.filename.lower().endswith((".tif", ".tiff")) else HEADER_BYTES
    try:
        with archive.open(info) as stream:
            pixels = claimed_pixels(stream.read(size))
    except UNPACKING:
        return False
    return info.file_size <= PIXEL_BYTES * pixels + SMALL_BYTES
