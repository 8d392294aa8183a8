"""A file that is there whole or not at all, with the permissions that any new file gets here.

It is written beside its place under a random name, flushed to the disk and renamed over what was there, so that the
name holds either the earlier content or the new one at any moment, also after kill -9 or a full disk. What a killed
process leaves has a name of its own form: `sweep` finds it.
"""

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = re.compile(r"\..+(\.(tmp|old)-[0-9a-f]{8}|\.lock)|\..+-(new|old)-[0-9a-f]{8}")  # the last: until 0.1.0
LONGEST_STEM = 200  # bytes of a file's name; most systems take 255
ABANDONED_SECONDS = 86_400.0  # longer than anything pauses between two writes


def temporary(path: Path, word: str = "tmp") -> Path:
    """A new name beside `path` for what is written or put aside there."""
    return path.with_name(f"{_prefix(path)}.{word}-{secrets.token_hex(4)}")


def is_unfinished(path: Path) -> bool:
    """Whether a name is one that is given to what is being written or put aside, or to a lock."""
    return UNFINISHED.fullmatch(path.name) is not None


def beside(path: Path, word: str = "tmp") -> list[Path]:
    """What `temporary` has named beside `path`, the oldest first."""
    form = re.compile(rf"{re.escape(_prefix(path))}\.{word}-[0-9a-f]{{8}}")
    found = path.parent.iterdir() if path.parent.is_dir() else ()
    return sorted((one for one in found if form.fullmatch(one.name)), key=_written)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """An empty file beside `path` to write to by its name; it takes the place of `path` at the end.

    Where anything fails or is interrupted, `path` stays as it was. Raises OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(beside(path), ABANDONED_SECONDS)
    unfinished = temporary(path)
    try:
        unfinished.touch(exist_ok=False)
        mode = unfinished.stat().st_mode
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        if unfinished.stat().st_mode != mode:  # whoever wrote made a file of his own, for one user only
            unfinished.chmod(mode)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; OSError where it cannot be written."""
    with whole(path) as unfinished:
        unfinished.write_bytes(data)


def sweep(paths: Iterable[Path], older_than_seconds: float = 0.0) -> None:
    """Remove files and folders that nobody has touched for so long; what resists is left to the next sweep."""
    limit = time.time() - older_than_seconds
    for path in paths:
        if older_than_seconds and _written(path) >= limit:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            _unlink(path)


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return


def _written(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:  # another process has removed it
        return time.time()


def _prefix(path: Path) -> str:
    """How the names that belong to `path` begin; a hash stands for a name that leaves no room for an ending."""
    name = os.fsencode(path.name)
    return f".{path.name if len(name) <= LONGEST_STEM else hashlib.sha256(name).hexdigest()}"
