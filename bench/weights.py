"""Where the weights of extractors lie, which of them are there, and how to get the others.

A file named by the caller comes first, then $BENCH_WEIGHTS (a file, or a folder of them), then the user's cache folder,
then the folder where torch.hub, torch-fidelity and pytorch-fid keep their downloads. A place that the user names may
hold any weights: their sha256 is then the identity of every number made with them. The other places count only where
the bytes are the published ones; hashing 100 MB takes 0.1 s, so it is done every time and no date is trusted.
"""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import registry
from metrics._errors import InputError
from metrics.extractors._folders import cache_folder
from metrics.extractors._types import Extractor, WeightFile

SHIPPED = registry.ROOT / "metrics" / "extractors" / "weights"
CHUNK = 2**20
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Weights:
    """The weights that an extractor will use: no file and no hash where it needs none.

    `official` is False where the bytes are not the published ones (random weights, fine-tuned ones), which belongs
    beside every number made with them.
    """

    path: Path | None
    sha256: str
    official: bool


@dataclass(frozen=True)
class Status:
    """One weight file of an extractor and where it is: `path` is None and `place` empty where it is missing."""

    extractor: str
    name: str
    url: str
    sha256: str
    size: int
    licence: str
    path: Path | None
    place: str


def folder() -> Path:
    """Where fetched weights are kept."""
    return cache_folder() / "weights"


def find(extractor: Extractor, explicit: Path | None = None, offline: bool = False) -> Weights:
    """The weights of an extractor, `explicit` (a file, or a folder that holds one under its published name) first.

    Never downloads: raises InputError naming the file, its address, its hash and the choices where there is none
    (`offline` leaves the download out of them), where a named place does not exist, and where a kept file is damaged.
    """
    if not extractor.weights and not extractor.shipped:
        if explicit:
            raise InputError(f"extractor {extractor.name!r} has no weights file, got {explicit}; leave --weights away")
        return Weights(None, "", True)
    named = explicit or _from_environment(extractor)
    if named and named.is_file():
        return _hashed(named, extractor)
    for file in extractor.weights:
        if named and (named / file.name).is_file():
            return _hashed(named / file.name, extractor)
    if named and (explicit or not named.is_dir()):
        expected = " or ".join(file.name for file in extractor.weights) or extractor.shipped
        where = "" if explicit else " (from BENCH_WEIGHTS)"
        raise InputError(f"no weights at {str(named)!r}{where}; expected a file, or a folder that holds {expected}")
    if extractor.shipped:
        if not (SHIPPED / extractor.shipped).is_file():
            raise InputError(
                f"the installation lacks {SHIPPED / extractor.shipped}, which belongs to it; install again"
            )
        return _hashed(SHIPPED / extractor.shipped, extractor)
    for file in extractor.weights:
        path, _ = _kept(file)
        if path:
            return _hashed(path, extractor)
    raise InputError(_missing(extractor, offline))


def status() -> list[Status]:
    """Every weight file of every extractor, by name; extractors without weights are left out."""
    rows = []
    for name in registry.names("extractors"):
        extractor = registry.load("extractors", name)
        if extractor.shipped:
            rows.append(_shipped(extractor))
        for file in extractor.weights:
            path, place = _place(extractor, file)
            rows.append(Status(name, file.name, file.url, file.sha256, file.size, file.licence, path, place))
    return rows


def fetch(name: str, progress: Callable[[int, int], None] | None = None, offline: bool = False) -> Path:
    """Downloads an extractor's weights into `folder()` and checks their hash; what is there already is kept.

    An earlier download that broke off is continued. Each public address is tried in turn. `progress(done, total)` in
    bytes. Raises InputError for an unknown extractor, one without weights to fetch, `offline`, an address that does not
    answer, a transfer that breaks off, a full disk, and bytes with another hash than the published one.
    """
    extractor = registry.load("extractors", name)
    if not extractor.weights:
        raise InputError(f"extractor {extractor.name!r} has no weights to fetch; it works as it is")
    for file in extractor.weights:
        path = folder() / file.name
        if path.is_file() and _fits(path, file):
            return path
    if offline:
        raise InputError(f"--offline forbids the download. {_missing(extractor, offline)}")
    failures = []
    for file in extractor.weights:
        try:
            return _download(file, progress or (lambda done, total: None))
        except InputError as error:
            failures.append(str(error))
    raise InputError("; ".join(failures))


def _place(extractor: Extractor, file: WeightFile) -> tuple[Path | None, str]:
    """Where `find` would take this file from, and the word for that place."""
    named = _from_environment(extractor)
    if named and named.is_dir():
        named = named / file.name
    if named and named.is_file():
        return named, "BENCH_WEIGHTS"
    try:
        return _kept(file)
    except InputError:
        return None, "damaged"


def _shipped(extractor: Extractor) -> Status:
    path = SHIPPED / extractor.shipped
    if not path.is_file():
        return Status(extractor.name, path.name, "", "", 0, "MIT", None, "")
    return Status(extractor.name, path.name, "", _sha256(path), path.stat().st_size, "MIT", path, "shipped")


# ----- finding


def _from_environment(extractor: Extractor) -> Path | None:
    value = os.environ.get("BENCH_WEIGHTS")
    # One variable for all extractors: those that ship their weights go on using these.
    return Path(value) if value and not extractor.shipped else None


def _kept(file: WeightFile) -> tuple[Path | None, str]:
    """The published file in the folders that we or torch keep, and which folder that was."""
    own = folder() / file.name
    if own.is_file():
        if _fits(own, file):
            return own, "cache"
        raise InputError(
            f"weights file {own} is damaged: its sha256 is not {file.sha256}. Delete it and fetch it again"
        )
    hub = _torch_hub() / file.name
    return (hub, "torch hub") if hub.is_file() and _fits(hub, file) else (None, "")


def _torch_hub() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("TORCH_HOME") or cache / "torch") / "hub" / "checkpoints"


def _hashed(path: Path, extractor: Extractor) -> Weights:
    digest = _sha256(path)
    shipped = bool(extractor.shipped) and path.parent == SHIPPED
    return Weights(path, digest, shipped or any(digest.startswith(file.sha256) for file in extractor.weights))


def _fits(path: Path, file: WeightFile) -> bool:
    return path.stat().st_size == file.size and _sha256(path).startswith(file.sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _missing(extractor: Extractor, offline: bool) -> str:
    file = extractor.weights[0]
    load = registry.load
    ready = [name for name in registry.names("extractors") if not load("extractors", name).weights]
    fetch_it = "" if offline else f"fetch it with: bench weights fetch {extractor.name}; or "
    return (
        f"extractor {extractor.name!r} has no weights here: {file.name} ({file.size / 1e6:.0f} MB, sha256 "
        f"{file.sha256}) from {file.url} - {fetch_it}put it into {folder()}, or name it with --weights or "
        f"BENCH_WEIGHTS; or choose an extractor that needs no download: {', '.join(ready)}"
    )


# ----- fetching


def _download(file: WeightFile, progress: Callable[[int, int], None]) -> Path:
    folder().mkdir(parents=True, exist_ok=True)
    part = folder() / f"{file.name}.part"
    if not part.is_file() or part.stat().st_size < file.size:
        _transfer(file, part, progress)
    done = part.stat().st_size
    if done < file.size:
        raise InputError(f"{file.url} broke off after {done} of {file.size} bytes; run it again to continue")
    digest = _sha256(part)
    if not digest.startswith(file.sha256):
        part.unlink()
        raise InputError(f"{file.url} sent other bytes: sha256 {digest}, expected {file.sha256}; nothing was kept")
    return part.replace(folder() / file.name)


def _transfer(file: WeightFile, part: Path, progress: Callable[[int, int], None]) -> None:
    """Appends to `part` what is missing; whatever arrived before the transfer broke stays there."""
    done = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(file.url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        raise InputError(f"{file.url} does not answer ({getattr(error, 'reason', None) or error})") from error
    with response:
        if response.status != http.client.PARTIAL_CONTENT:
            done = 0  # this server sends the whole file or nothing
        try:
            with part.open("ab" if done else "wb") as out:
                while chunk := _next(response):
                    out.write(chunk)
                    done += len(chunk)
                    progress(done, file.size)
        except OSError as error:
            raise InputError(
                f"cannot write {part}: {error.strerror or error}; free some space and try again"
            ) from error


def _next(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException):
        return b""  # told from the end of the file by its length
