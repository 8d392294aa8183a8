"""Archives unpacked safely: what would be written elsewhere is refused, and a folder appears when it is complete."""

import gzip
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from bench.storage.folders import whole_folder
from metrics.errors import InputError

CHUNK = 1 << 20
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError)


def unpack(archive: Path, folder: Path, top: str) -> None:
    """Unpacks the folder `top` of a .zip or .tar.gz to `folder/top`, which appears only when it is complete.

    Members are files and folders below `top`; anything else (an absolute path, "..", a link, a device) is refused.
    Raises InputError for such a member, a damaged archive, or where `folder/top` is already there.
    """
    with whole_folder(folder / top) as new:
        if (folder / top).exists():
            raise InputError(f"{folder / top} is already there; move it away to unpack {archive.name} again")
        try:
            for name, source in _zip_members(archive) if zipfile.is_zipfile(archive) else _tar_members(archive):
                target = new.joinpath(*_safe(name, archive, top).parts[1:])
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as sink:
                    shutil.copyfileobj(source, sink, CHUNK)
        except (*DAMAGED, FileExistsError, FileNotFoundError) as error:
            raise InputError(f"{archive} is damaged ({error}); delete it and fetch it again") from error
        if not any(new.iterdir()):
            raise InputError(f"{archive} is damaged (it holds no {top}/); delete it and fetch it again")


def _safe(name: str, archive: Path, top: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or path.parts[:1] != (top,):
        raise InputError(f"{archive} holds the member {name!r}, which is not below {top}/; nothing was unpacked")
    return path


def _zip_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if member.external_attr >> 16 & 0o170000 == 0o120000:
                raise InputError(f"{archive} holds the link {member.filename!r}; nothing was unpacked")
            if not member.is_dir():
                with opened.open(member) as source:
                    yield member.filename, source


def _tar_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with gzip.open(archive) as plain:
        with tarfile.open(fileobj=plain, mode="r|") as opened:
            for member in opened:
                if member.isdir():
                    continue
                source = opened.extractfile(member) if member.isreg() else None
                if source is None:
                    raise InputError(f"{archive} holds the link or device {member.name!r}; nothing was unpacked")
                yield member.name, source
        while plain.read(CHUNK):  # to the end, where the checksum stands
            pass
