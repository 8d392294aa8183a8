"""Downloads that go on where they broke off and are checked: the only place of this package that opens the network."""

import os
import shutil
from pathlib import Path
from typing import Any

from bench.storage.files import locked
from bench.storage.reading import file_sha256
from bench.storage.watching import Tell
from genbench.errors import told
from metrics.errors import InputError

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60.0
AGAIN = "run the command again to continue, or put the file at"


class DownloadError(InputError):
    """A download that failed: `brief` says why, without what to do; `host` is the server that could not be reached, or
    empty where one has answered."""

    def __init__(self, brief: str, remedy: str, host: str = "") -> None:
        super().__init__(f"{brief}; {remedy}")
        self.brief, self.host = brief, host


def download(
    url: str,
    path: Path,
    size: int | None = None,
    sha256: str | None = None,
    progress: Tell | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Gets `url` into `path`, going on where an interrupted download (`part_of(path)`) stopped.

    The file appears under its name only when it is whole: as long as the server says, and of the size and sha256 (or
    the beginning of it) where these are given. `timeout` is how many seconds the server may be silent. Raises
    DownloadError where the network fails (running it again goes on) or the check does (the part is deleted), and
    InputError where BENCH_OFFLINE forbids it and where the place cannot be written or has too little space.
    """
    if is_offline():
        raise InputError(f"BENCH_OFFLINE is set and forbids to download {url}; put the file at {path}")
    with (
        locked(path, f"another process downloads {path.name}"),
        told("write", part_of(path), InputError),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(path)
        if size is None or not part.exists() or part.stat().st_size != size:
            _append(url, path, size, progress or (lambda done, total: None), timeout)
        _check(url, part, size, sha256)
        part.replace(path)


def is_offline() -> bool:
    """Whether the environment variable BENCH_OFFLINE forbids downloads."""
    return os.environ.get("BENCH_OFFLINE", "") not in ("", "0")


def part_of(path: Path) -> Path:
    """Where a download that broke off is kept."""
    return path.with_name(path.name + ".partial")


def _append(url: str, path: Path, size: int | None, progress: Tell, timeout: float) -> None:
    import http.client  # these take 8 ms, which every command would wait for
    import urllib.error
    import urllib.request

    broken = (OSError, http.client.HTTPException)
    part = part_of(path)
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        reply = urllib.request.urlopen(request, timeout=timeout)
    except broken as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        host, why = url.split("/")[2], _reason(error)
        answered = isinstance(error, urllib.error.HTTPError)
        brief = f"{url} cannot be had ({why})" if answered else f"{host} does not answer ({why})"
        raise DownloadError(brief, f"{AGAIN} {path}", "" if answered else host) from error
    with reply:
        resumed = reply.status == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if resumed else 0
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length else size
        _need_space(part.parent, (total or 0) - have)
        with part.open("ab" if resumed else "wb") as sink:
            while chunk := _next(reply, broken):
                sink.write(chunk)
                have += len(chunk)
                progress(have, total)
    if total is not None and have < total:
        raise DownloadError(f"{url} stopped after {have} of {total} bytes", f"{AGAIN} {path}")


def _next(reply: Any, broken: tuple[type[Exception], ...]) -> bytes:
    try:
        return reply.read1(CHUNK)
    except broken:
        return b""  # told from the end of the file by its length


def _reason(error: Exception) -> str:
    why = getattr(error, "reason", None) or error
    return getattr(why, "strerror", None) or str(why)


def _check(url: str, part: Path, size: int | None, sha256: str | None) -> None:
    found = part.stat().st_size
    if size is not None and found != size:
        part.unlink()
        raise DownloadError(
            f"{url} gave {found} bytes, expected {size}", "the source changed or the download was cut: try again"
        )
    if sha256 and not (digest := file_sha256(part)).startswith(sha256):
        part.unlink()
        raise DownloadError(
            f"{url} sent a different file: sha256 {digest}, expected {sha256}", "nothing was kept: try again"
        )


def _need_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"{folder} has {free} bytes free, but the download needs {needed}; make room, or name another")
