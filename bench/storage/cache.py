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
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.storage.cache_entry import (
    KEY,
    UNFINISHED,
    Damaged,
    Draft,
    bytes_of,
    load,
    record_of,
    remove,
    write_all,
    written_and_size,
)
from bench.storage.reading import Unreadable
from genbench.errors import cannot, reason
from genbench.places import cache_folder
from metrics.errors import InputError

ABANDONED_SECONDS = 86_400.0  # longer than any pass over a data set pauses between two writes


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


def open_cache() -> "Cache":
    """The user's cache of features and statistics: `$BENCH_CACHE/features`, else the system's cache folder."""
    return Cache(cache_folder() / "features")


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
        found = self.entry(key, report)
        return found and found[0]

    def entry(
        self, key: str, report: Callable[[str], None] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """The same with what was said of the entry when it was put there."""
        try:
            return load(self.root / key)
        except (Damaged, OSError) as error:
            if report and os.path.lexists(self.root / key):  # False, not an error, in a folder that cannot be read
                report(
                    f"the cache entry {key[:12]} is damaged ({error}); computed again. `bench cache verify` checks all"
                )
            return None

    def has(self, key: str) -> bool:
        """Whether there is an entry, sound or not."""
        return os.path.isdir(self.root / key)  # noqa: PTH112  False, not an error, in a folder that cannot be read

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

    def forget(self, keys: Iterable[str]) -> None:
        """Remove these entries; one that resists stays."""
        for key in keys:
            with contextlib.suppress(OSError):
                remove(self.root / key)

    def entries(self) -> list[Entry]:
        """All entries, the oldest first; a damaged one says so in `what`."""
        return sorted((_describe(folder) for folder in self._folders()), key=lambda entry: (entry.when, entry.key))

    def verify(self) -> list[Finding]:
        """Every entry that cannot be used, after reading all bytes of all entries."""
        findings = []
        for folder in self._folders():
            try:
                load(folder)
            except (Damaged, OSError) as error:
                findings.append(Finding(folder.name, str(error)))
        return findings

    def empty(self, older_than: timedelta | None = None) -> int:
        """Remove all entries, or those older than given; returns the bytes freed.

        Unfinished writes go too: all of them, or those as old as any that `draft` sweeps.
        """
        limit = time.time() - older_than.total_seconds() if older_than else None
        freed = 0
        for folder in self._folders():
            written, size = written_and_size(folder)
            if limit is not None and written >= limit:
                continue
            try:
                remove(folder)
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
            written, size = written_and_size(folder)
            if time.time() - written >= older_than_seconds:
                freed += size
                shutil.rmtree(folder, ignore_errors=True)  # another process may sweep the same folder
        return freed


def not_kept(error: OSError) -> str:
    """The warning for a result that is right but could not be kept."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = f"{'`bench cache empty` frees space, ' if full else ''}BENCH_CACHE names another folder"
    return f"not kept in the cache ({reason(error)}): the result is complete, but will be computed again; {remedy}"


def _describe(folder: Path) -> Entry:
    written, size = written_and_size(folder)
    when = datetime.fromtimestamp(written, UTC)
    try:
        meta = record_of(folder)["meta"]
    except (Damaged, Unreadable) as error:
        return Entry(folder.name, f"damaged: {error}", "", when, size, {})
    return Entry(folder.name, str(meta.get("what", "")), str(meta.get("source", "")), when, size, meta)
