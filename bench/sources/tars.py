"""Images inside a tar, or in the tars of a WebDataset, read in place: nothing is ever unpacked to the disk.

Of one tar the images are sorted by path, as those of a folder and a zip; of several they stand in the order of the tars
and of their members, so that row i is the same in every reader. Labels are what the .cls beside each image says.

Refused are names that lead out of the archive or stand twice, links, devices, pipes, files with holes, and sizes beyond
the end. No compressed tar is read: each image would cost a reading of all before it.
"""

import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bench.sources import labels
from bench.sources.decoding import CorruptImage
from bench.sources.files import MAX_FILE_BYTES, Listing, is_image_name, none_found, printable
from bench.sources.members import hidden, is_seen_image, repeated, unsafe
from bench.sources.stored import HERE, REMEDY, Files
from bench.sources.tar_headers import BLOCK, headers, text_of
from bench.storage.reading import MOST_MEMBERS, Unreadable
from metrics.errors import InputError

FILE_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
REFUSED = {
    tarfile.SYMTYPE: "is a link",
    tarfile.LNKTYPE: "is a link",
    tarfile.CHRTYPE: "is a device",
    tarfile.BLKTYPE: "is a device",
    tarfile.FIFOTYPE: "is a pipe",
    tarfile.GNUTYPE_SPARSE: "is stored with holes (sparse)",
}
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
COMPRESSED_REMEDY = "so that no image can be read without all before it; unpack it to a .tar, with `gunzip` or such"
PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst")
CLASS = ".cls"
MOST_CLASS_BYTES = 256


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a tar: its name, and where its bytes are."""

    name: str
    start: int
    size: int


Shard = tuple[Path, str, Sequence[Member]]  # a tar, what names in it begin with, its files


def list_tar(path: Path, files: Files = HERE) -> Listing:
    """The images of a tar, by path; InputError where it is damaged, unsafe or holds none."""
    members = sorted(_members(files, path, MOST_MEMBERS), key=lambda member: member.name)
    return _listing(files, path.stem, str(path), [(path, "", members)])


def list_shards(name: str, paths: Sequence[tuple[str, Path]], files: Files = HERE) -> Listing:
    """The images of several tars (what each is called, and its path), in their order; InputError as for one.

    The names are those of the members, behind that of their tar only where two tars have one name in common.
    """
    left, shards = MOST_MEMBERS, []
    for title, path in paths:
        shards.append((path, f"{title}/", _members(files, path, left)))
        left -= len(shards[-1][2])
    return _listing(files, name, name, shards)


def _listing(files: Files, name: str, where: str, shards: Sequence[Shard]) -> Listing:
    images = [(path, title, one) for path, title, members in shards for one in members if is_seen_image(one.name)]
    classes, notes = _classes(files, shards)
    others = tuple(
        printable(title + one.name)
        for _, title, members in shards
        for one in members
        if not hidden(one.name) and not is_image_name(one.name) and not (classes and one.name.endswith(CLASS))
    )
    if not images:
        raise InputError(none_found(where, others))
    apart = repeated(one.name for _, _, one in images)
    keys = tuple(printable((title if apart else "") + one.name) for _, title, one in images)

    def load(index: int) -> bytes:
        path, _, one = images[index]
        try:
            with files.opened(path) as file:
                return _read(path, file, one)
        except Unreadable as error:
            raise CorruptImage(f"{name}/{keys[index]}", error.problem) from error

    known = classes or labels.of_folders([one.name for _, _, one in images])
    return Listing(name, "tar", keys, load, others, labels=known, notes=notes)


def _read(path: Path, file: BinaryIO, member: Member) -> bytes:
    file.seek(member.start)
    data = file.read(member.size)
    if len(data) != member.size:
        raise Unreadable(path, "was cut while it was read", REMEDY)
    return data


# ----- members


def _members(files: Files, path: Path, most: int) -> list[Member]:
    """The files of a tar in their order; InputError for one that is damaged, unsafe or has more files than `most`."""
    found: list[Member] = []
    with files.opened(path, ahead=True) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        _check_plain(path, file.read(BLOCK))
        for info in headers(path, file, end):
            if info.type == tarfile.DIRTYPE:
                continue
            if problem := _problem(info):
                name = printable(info.name)
                raise InputError(f"{path}: the member {name!r} {problem}; make the tar again without it")
            name = "/".join(part for part in info.name.split("/") if part not in ("", "."))
            found.append(Member(name, info.offset_data, info.size))
            if len(found) > most:
                raise InputError(
                    f"{path} brings the files to more than {MOST_MEMBERS:,}; expected fewer. Split the set"
                )
    if twice := repeated(member.name for member in found):
        raise InputError(f"{path}: the member {printable(twice)!r} is in it twice; make the tar again")
    return found


def _problem(info: tarfile.TarInfo) -> str:
    if info.type not in FILE_TYPES:
        return REFUSED.get(info.type, f"is of the type {info.type!r}, which is not read here")
    if wrong := unsafe(info.name):
        return wrong
    if info.size > MAX_FILE_BYTES and is_image_name(info.name):
        return f"claims {info.size:,} bytes, more than any image of at most 64 megapixels"
    return ""


def _check_plain(path: Path, start: bytes) -> None:
    packed = next((how for begins, how in COMPRESSED.items() if start.startswith(begins)), "")
    if packed:
        raise InputError(f"{path} is compressed ({packed}), {COMPRESSED_REMEDY}")


# ----- labels


def _classes(files: Files, shards: Sequence[Shard]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the .cls beside each image says, in the order of the images; () and a note where not each has one."""
    found: list[str] = []
    images = 0
    for path, _, members in shards:
        said = {_sample(one.name): one for one in members if one.name.endswith(CLASS) and one.size <= MOST_CLASS_BYTES}
        wanted = [said.get(_sample(one.name)) for one in members if is_seen_image(one.name)]
        images += len(wanted)
        if said:
            with files.opened(path, ahead=True) as file:
                words = (text_of(_read(path, file, one)).strip() for one in wanted if one)
                found += [word for word in words if word.isprintable() and word]
    if found and len(found) < images:
        return (), (f"labels: {len(found):,} of {images:,} images have a .cls that can be read; they are left aside",)
    return tuple(found), ()


def _sample(name: str) -> str:
    """What the files of one sample have in common, by the rule of WebDataset: all before the first dot of the name."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(".")[0]
