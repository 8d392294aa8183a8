"""A store of arrays by content: what was computed once from the same bytes is not computed again.

An entry is a folder named by its key, a sha256 over everything that the result depends on, with one `.npy` file per
array and `entry.json` (what it is, and the sha256 of each file). It is written under a temporary name in the same
folder, synced, and renamed into place as a whole, so a reader sees a complete entry or none, whoever is killed when.
Two processes may compute the same entry at once: the first sound one stays, the other is thrown away. What a killed
writer leaves behind is never read, and is swept when older than a day.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

import numpy as np

from bench.storage.array_files import map_array
from bench.storage.reading import Missing, Unreadable, file_sha256, read_json
from genbench.errors import cannot, reason
from genbench.folders import new_folder
from genbench.places import cache_folder
from metrics.errors import InputError

RECORD = "entry.json"
UNFINISHED = ".writing-"
ABANDONED_SECONDS = 86_400.0  # longer than any pass over a data set pauses between two writes
KEY = re.compile(r"[0-9a-f]{64}")
ARRAY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Entry:
    """One line of `bench cache`: `what` it is, the `source` that it came from, when it was written, its bytes."""

    key: str
    what: str
    source: str
    when: datetime
    size_bytes: int
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """A damaged entry and its `problem`; it counts as a miss and is replaced when it is computed again."""

    key: str
    problem: str


class _Damaged(ValueError):
    """An entry is there and cannot be used."""


def open_cache() -> "Cache":
    """The user's cache of features and statistics: `$BENCH_CACHE/features`, else the system's cache folder."""
    return Cache(cache_folder() / "features")


def engines() -> list[Path]:
    """The compiled networks that extractors keep beside the features, and what killed writers left of such."""
    folder = cache_folder() / "engines"
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def empty_engines(older_than: timedelta | None = None) -> int:
    """Remove all compiled networks, or those older than given; returns the bytes freed."""
    limit = time.time() - older_than.total_seconds() if older_than else None
    freed = 0
    for path in engines():
        with contextlib.suppress(FileNotFoundError):  # another process removes them too
            status = path.stat()
            if limit is None or status.st_mtime < limit:
                path.unlink()
                freed += status.st_size
    return freed


def digest_of(fields: Mapping[str, Any]) -> str:
    """The key of an entry: sha256 over the names and values of all that the result depends on."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, allow_nan=False).encode()).hexdigest()


@dataclass(frozen=True)
class Cache:
    """Arrays by content in one folder, which is made when the first entry is written."""

    root: Path

    def get(self, key: str, report: Callable[[str], None] | None = None) -> dict[str, np.ndarray] | None:
        """The arrays of an entry, memory-mapped and read-only, after checking their sha256; None where there is none.

        A damaged entry is a miss: its problem goes to `report` as one line.
        """
        try:
            return _load(self.root / key)[0]
        except (_Damaged, OSError) as error:
            if report and os.path.lexists(self.root / key):  # False, not an error, in a folder that cannot be read
                report(
                    f"the cache entry {key[:12]} is damaged ({error}); computed again. `bench cache verify` checks all"
                )
            return None

    def put(self, key: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> str:
        """Store arrays under a key; returns "" or, where they cannot be stored, a warning that says why.

        `meta` holds at least `what` and `source`, the words that `bench cache` shows, and must be plain JSON.
        """
        try:
            draft = self.draft(key, meta)
        except OSError as error:
            return not_kept(error)
        try:
            for name, array in arrays.items():
                write_all(draft.create(name, array.shape, array.dtype), bytes_of(array))
            draft.commit()
        except OSError as error:
            return not_kept(error)
        finally:
            draft.discard()
        return ""

    def draft(self, key: str, meta: Mapping[str, Any]) -> "Draft":
        """An entry to be written piece by piece; OSError where the folder cannot be written."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._sweep(ABANDONED_SECONDS)
        return Draft(self.root, key, dict(meta))

    def entries(self) -> list[Entry]:
        """All entries, the oldest first; a damaged one says so in `what`."""
        return sorted((_describe(folder) for folder in self._folders()), key=lambda entry: (entry.when, entry.key))

    def verify(self) -> list[Finding]:
        """Every entry that cannot be used, after reading all bytes of all entries."""
        findings = []
        for folder in self._folders():
            try:
                _load(folder)
            except (_Damaged, OSError) as error:
                findings.append(Finding(folder.name, str(error)))
        return findings

    def empty(self, older_than: timedelta | None = None) -> int:
        """Remove all entries, or those older than given; returns the bytes freed.

        Unfinished writes go too: all of them, or those as old as any that `draft` sweeps.
        """
        limit = time.time() - older_than.total_seconds() if older_than else None
        freed = 0
        for folder in self._folders():
            written, size = _written_and_size(folder)
            if limit is not None and written >= limit:
                continue
            try:
                _remove(folder)
            except OSError as error:
                raise InputError(cannot("remove", folder, error)) from error
            freed += size
        return freed + self._sweep(0.0 if older_than is None else ABANDONED_SECONDS)

    def _folders(self) -> Iterator[Path]:
        if self.root.is_dir():
            yield from sorted(path for path in self.root.iterdir() if KEY.fullmatch(path.name) and path.is_dir())

    def _sweep(self, older_than_seconds: float) -> int:
        """Remove unfinished writes that nobody has touched for so long; returns the bytes freed."""
        freed = 0
        for folder in self.root.glob(f"{UNFINISHED}*"):
            written, size = _written_and_size(folder)
            if time.time() - written >= older_than_seconds:
                freed += size
                shutil.rmtree(folder, ignore_errors=True)  # another process may sweep the same folder
        return freed


class Draft:
    """An entry while it is written, under a temporary name; `commit` puts it in place, `discard` forgets it."""

    def __init__(self, root: Path, key: str, meta: dict[str, Any]) -> None:
        self.target = root / key
        self.meta = meta
        self.folder = new_folder(root, UNFINISHED)
        self.files: dict[str, FileIO] = {}

    def create(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> FileIO:
        """An unbuffered file of one array, positioned behind its .npy header; its rows are the caller's to write."""
        if not ARRAY_NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name an array of the cache, expected letters, digits, - and _")
        file = (self.folder / f"{name}.npy").open("w+b", buffering=0)
        self.files[name] = file
        header = BytesIO()
        descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
        np.lib.format.write_array_header_1_0(header, {"descr": descr, "fortran_order": False, "shape": shape})
        write_all(file, header.getbuffer())
        return file

    def commit(self) -> dict[str, np.ndarray]:
        """Sync, hash and rename into place; returns the arrays of the entry, memory-mapped.

        Raises OSError (disk full, folder gone); what was written can still be read with `reopen` until `discard`.
        """
        hashes = {}
        for name, file in self.files.items():
            os.fsync(file.fileno())
            file.seek(0)
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
        with (self.folder / RECORD).open("w", encoding="utf-8") as text:
            record = {"key": self.target.name, "meta": self.meta, "arrays": hashes}
            json.dump(record, text, indent=1, sort_keys=True, allow_nan=False)
            text.flush()
            os.fsync(text.fileno())
        self._close()
        return self._place()

    def reopen(self, name: str) -> FileIO:
        """The file of one array for reading, also after a failed `commit`."""
        if not self.files[name].closed:
            return self.files[name]
        folder = self.folder if self.folder.exists() else self.target
        return (folder / f"{name}.npy").open("rb", buffering=0)

    def discard(self) -> None:
        """Forget what is not in place; nothing happens after a commit."""
        self._close()
        shutil.rmtree(self.folder, ignore_errors=True)  # gone after a commit

    def _close(self) -> None:
        for file in self.files.values():
            file.close()

    def _place(self) -> dict[str, np.ndarray]:
        while True:
            try:
                self.folder.rename(self.target)
            except OSError:
                if not self.target.exists():
                    raise
            else:
                _sync_folder(self.target.parent)
                try:
                    return {name: _map(self.target, name) for name in self.files}
                except Unreadable as error:  # removed meanwhile
                    raise OSError(errno.ENOENT, error.problem) from error
            # Somebody else put the same entry there: a sound one stays, a damaged one makes room.
            try:
                return _load(self.target)[0]
            except FileNotFoundError:
                continue  # removed meanwhile
            except _Damaged:
                _remove(self.target)


def bytes_of(array: np.ndarray) -> memoryview:
    """The bytes of an array in C order, without a copy where it is in that order already."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def write_all(file: FileIO, data: memoryview) -> None:
    """Write all bytes to an unbuffered file, which may take fewer at a time; OSError where the disk is full."""
    while data:
        data = data[file.write(data) :]


def not_kept(error: OSError) -> str:
    """The warning for a result that is right but could not be kept."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = f"{'`bench cache empty` frees space, ' if full else ''}BENCH_CACHE names another folder"
    return f"not kept in the cache ({reason(error)}): the result is complete, but will be computed again; {remedy}"


def _record(folder: Path) -> dict[str, Any]:
    record = read_json(folder / RECORD)
    if not isinstance(record, dict) or not isinstance(record.get("arrays"), dict) or not record["arrays"]:
        raise _Damaged(f"{RECORD} lists no arrays")
    if record.get("key") != folder.name or not isinstance(record.get("meta"), dict):
        raise _Damaged(f"{RECORD} belongs to another entry")
    return record


def _load(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the meta of an entry; FileNotFoundError where there is none, _Damaged where it is not sound."""
    try:
        record = _record(folder)
        for name, expected in record["arrays"].items():
            if not ARRAY_NAME.fullmatch(name):
                raise _Damaged(f"{RECORD} names the array {name!r}")
            if file_sha256(folder / f"{name}.npy") != expected:
                raise _Damaged(f"{name}.npy does not have the sha256 that was written down")
        return {name: _map(folder, name) for name in record["arrays"]}, record["meta"]
    except Unreadable as error:
        if isinstance(error, Missing) and not folder.exists():
            raise FileNotFoundError(folder) from error
        raise _Damaged(f"{error.path.name} {error.problem}") from error


def _map(folder: Path, name: str) -> np.ndarray:
    return map_array(folder / f"{name}.npy")


def _describe(folder: Path) -> Entry:
    written, size = _written_and_size(folder)
    when = datetime.fromtimestamp(written, UTC)
    try:
        meta = _record(folder)["meta"]
    except (_Damaged, Unreadable) as error:
        return Entry(folder.name, f"damaged: {error}", "", when, size, {})
    return Entry(folder.name, str(meta.get("what", "")), str(meta.get("source", "")), when, size, meta)


def _written_and_size(folder: Path) -> tuple[float, int]:
    """When the folder or anything in it was last written (0 where it is gone), and the bytes of its files."""
    times, size = [0.0], 0
    for parent, _, names in os.walk(folder):  # passes over what another process removes meanwhile
        for path in (Path(parent), *(Path(parent, name) for name in names)):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                times.append(status.st_mtime)
                size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return max(times), size


def _remove(folder: Path) -> None:
    """Rename an entry away, then delete it, so that a kill in between leaves no half of it under its key."""
    while folder.exists():
        aside = new_folder(folder.parent, UNFINISHED)
        with contextlib.suppress(FileNotFoundError):  # another process removed either of the two
            folder.rename(aside / folder.name)
        shutil.rmtree(aside, ignore_errors=True)  # what resists has lost its key, the next sweep tries again


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
