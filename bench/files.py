"""Files that are written whole or not at all, and a lock that is a file."""

import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np

from metrics._errors import InputError

POLL_SECONDS = 0.05


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; InputError where the place cannot be written."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; InputError where the place cannot be written."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot write {path} ({error.strerror or error}); free some space or choose another"
        ) from error
    finally:
        if temporary.exists():
            temporary.unlink()


def check_writable(folder: Path) -> None:
    """InputError where no file can be written into this folder, or into the one where it would be made."""
    place = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            return
    except OSError as error:
        raise InputError(f"cannot write into {place} ({error.strerror or error}); choose another folder") from error


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """What numpy.savez would write: the same bytes for the same arrays."""
    data = BytesIO()
    np.savez(data, **arrays)  # type: ignore[arg-type]
    return data.getvalue()


def npy_bytes(array: np.ndarray) -> bytes:
    """What numpy.save would write."""
    data = BytesIO()
    np.save(data, array)
    return data.getvalue()


@contextmanager
def locked(path: Path, who: str, *, seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of `path`, a file beside it that only one process can create; it is removed at the end.

    Raises InputError that says `who` holds it where it is not free within `seconds`, and where it cannot be written. A
    process that was killed leaves its lock behind; the message says which file that is.
    """
    lock = path.with_name(f".{path.name}.lock")
    until = time.monotonic() + seconds
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                lock.open("x").close()
                break
            except FileExistsError:
                if time.monotonic() >= until:
                    raise InputError(
                        f"{who} at this moment: it holds {lock}; wait for it, or remove that file if nothing runs"
                    ) from None
            time.sleep(POLL_SECONDS)
    except OSError as error:
        raise InputError(f"cannot write {lock} ({error.strerror or error}); choose another --results") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
