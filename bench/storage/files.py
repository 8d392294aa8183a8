"""Files written whole or not at all, and a lock, whose failures are the user's to mend: see `genbench.files`."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np

import genbench.files
import genbench.locks
from genbench.errors import told
from metrics.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; InputError where the place cannot be written."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; InputError where the place cannot be written."""
    with told("write", path, InputError):
        genbench.files.write_bytes(path, data)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """An empty file beside `path` to write to by its name, which takes its place at the end; InputError where the place
    cannot be written."""
    with told("write", path, InputError), genbench.files.whole(path) as unfinished:
        yield unfinished


def check_writable(folder: Path) -> None:
    """InputError where no file can be written into this folder, or into the one where it would be made."""
    with told("write into", folder, InputError):
        place = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
        with tempfile.TemporaryFile(dir=place):
            return


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
    """Hold the lock of `path`, which ends with this process, however it ends; see `genbench.locks`.

    Raises InputError that says `who` holds it where it is not free within `seconds`, and where it cannot be written.
    """
    with ExitStack() as stack:
        with told("write", genbench.locks.lock_of(path), InputError):
            try:
                stack.enter_context(genbench.locks.locked(path, seconds))
            except BlockingIOError as error:
                lock = genbench.locks.lock_of(path)
                raise InputError(f"{who} at this moment: it holds {lock}; wait for it") from error
        yield
