"""One entry of the cache on the disk: a folder, written whole, renamed into place, and checked when it is read."""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import stat
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

import numpy as np

from bench.storage.array_files import map_array
from bench.storage.reading import Missing, Unreadable, file_sha256, read_json
from genbench.folders import new_folder

RECORD = "entry.json"
UNFINISHED = ".writing-"
KEY = re.compile(r"[0-9a-f]{64}")
ARRAY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Damaged(ValueError):
    """An entry is there and cannot be used."""


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
                return load(self.target)[0]
            except FileNotFoundError:
                continue  # removed meanwhile
            except Damaged:
                remove(self.target)


def bytes_of(array: np.ndarray) -> memoryview:
    """The bytes of an array in C order, without a copy where it is in that order already."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def write_all(file: FileIO, data: memoryview) -> None:
    """Write all bytes to an unbuffered file, which may take fewer at a time; OSError where the disk is full."""
    while data:
        data = data[file.write(data) :]


def record_of(folder: Path) -> dict[str, Any]:
    record = read_json(folder / RECORD)
    if not isinstance(record, dict) or not isinstance(record.get("arrays"), dict) or not record["arrays"]:
        raise Damaged(f"{RECORD} lists no arrays")
    if record.get("key") != folder.name or not isinstance(record.get("meta"), dict):
        raise Damaged(f"{RECORD} belongs to another entry")
    return record


def load(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the meta of an entry; FileNotFoundError where there is none, Damaged where it is not sound."""
    try:
        record = record_of(folder)
        for name, expected in record["arrays"].items():
            if not ARRAY_NAME.fullmatch(name):
                raise Damaged(f"{RECORD} names the array {name!r}")
            if file_sha256(folder / f"{name}.npy") != expected:
                raise Damaged(f"{name}.npy does not have the sha256 that was written down")
        return {name: _map(folder, name) for name in record["arrays"]}, record["meta"]
    except Unreadable as error:
        if isinstance(error, Missing) and not folder.exists():
            raise FileNotFoundError(folder) from error
        raise Damaged(f"{error.path.name} {error.problem}") from error


def _map(folder: Path, name: str) -> np.ndarray:
    return map_array(folder / f"{name}.npy")


def written_and_size(folder: Path) -> tuple[float, int]:
    """When the folder or anything in it was last written (0 where it is gone), and the bytes of its files."""
    times, size = [0.0], 0
    for parent, _, names in os.walk(folder):  # passes over what another process removes meanwhile
        for path in (Path(parent), *(Path(parent, name) for name in names)):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                times.append(status.st_mtime)
                size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return max(times), size


def remove(folder: Path) -> None:
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
