"""Resumable, checked downloads and safe unpacking: the only place of this package that opens the network by itself."""

import gzip
import hashlib
import http.client
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from bench.storage.files import locked
from bench.storage.folders import whole_folder
from metrics.errors import InputError

Progress = Callable[[int, int | None], None]
CHUNK = 1 << 20
TIMEOUT_SECONDS = 60
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError)


def download(
    url: str, path: Path, size: int | None = None, sha256: str | None = None, progress: Progress | None = None
) -> None:
    """Gets `url` into `path`, going on where an interrupted download (`path.partial`) stopped.

    The file appears under its name only when it is whole: as long as the server says, and of the size and sha256 where
    these are given. Raises InputError where the network fails (running it again goes on) or the check does (the part is
    deleted).
    """
    with locked(path, f"another process downloads {path.name}"):
        _download(url, path, size, sha256, progress)


def _download(url: str, path: Path, size: int | None, sha256: str | None, progress: Progress | None) -> None:
    part = path.with_name(path.name + ".partial")
    try:
        _append(url, part, size, progress)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        have = part.stat().st_size if part.exists() else 0
        raise InputError(
            f"{url} failed after {have} bytes ({error}); run the command again to go on, or put the file at {path}"
        ) from error
    found = part.stat().st_size
    if size is not None and found != size:
        part.unlink()
        raise InputError(f"{url} gave {found} bytes, expected {size}; the source has changed or was cut: try again")
    if sha256 is not None and (digest := _sha256(part)) != sha256:
        part.unlink()
        raise InputError(f"{url} has sha256 {digest}, expected {sha256}; it was damaged or has changed: try again")
    part.replace(path)


def unpack(archive: Path, folder: Path, top: str) -> None:
    """Unpacks the folder `top` of a .zip or .tar.gz to `folder/top`, which appears only when it is complete.

    Members are files and folders below `top`; anything else (an absolute path, "..", a link, a device) is refused.
    Raises InputError for such a member, a damaged archive, or where `folder/top` is already there.
    """
    with whole_folder(folder / top) as new:
        if (folder / top).exists():
            raise InputError(f"{folder / top} is already there; move it away to unpack {archive.name} anew")
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


def _append(url: str, part: Path, size: int | None, progress: Progress | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have == size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:
        resumed = reply.status == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if resumed else 0
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length else None
        _need_space(part.parent, (total or size or 0) - have)
        with part.open("ab" if resumed else "wb") as sink:
            while chunk := reply.read(CHUNK):
                sink.write(chunk)
                have += len(chunk)
                if progress is not None:
                    progress(have, total)
    if total is not None and have < total:
        raise OSError(f"the connection closed before byte {total}")


def _need_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"{folder} has {free} bytes free, but the download needs {needed}; give another --data-root")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _safe(name: str, archive: Path, top: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or path.parts[:1] != (top,):
        raise InputError(f"{archive} holds the member {name!r}, which does not lie below {top}/; nothing was unpacked")
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
