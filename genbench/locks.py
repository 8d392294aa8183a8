"""A lock that ends with the process that holds it, however that ends.

The system keeps it (flock, on Windows msvcrt.locking), so that what a killed process leaves is a file that nobody holds
and the next one takes. Some network file systems know no locks; there everybody goes on without.
"""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.05
HELD_BY_ANOTHER = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_of(path: Path) -> Path:
    """The file that stands for the lock of a path, beside it."""
    return path.with_name(f".{path.name}.lock")


@contextmanager
def locked(path: Path, seconds: float = 0.0) -> Iterator[bool]:
    """Hold the lock of `path`; its file is removed at the end. False where the file system knows no locks.

    Raises BlockingIOError where another holds it for longer than `seconds`, any other OSError where the place cannot be
    written.
    """
    lock = lock_of(path)
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle, held = _taken(lock, seconds)
    try:
        yield held
    finally:
        _given_back(lock, handle)


def _taken(lock: Path, seconds: float) -> tuple[int, bool]:
    until = time.monotonic() + seconds
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            held = _hold(handle)
            if not held or _is_still(lock, handle):
                return handle, held
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(handle)
                raise
            time.sleep(POLL_SECONDS)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _hold(handle: int) -> bool:
    try:
        _lock(handle)
    except OSError as error:
        if error.errno in HELD_BY_ANOTHER:
            raise BlockingIOError(errno.EAGAIN, "another process holds it") from error
        return False
    return True


def _is_still(lock: Path, handle: int) -> bool:
    """Whether the file that was opened is the one under its name: who held it before may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(handle), lock.stat())
    except FileNotFoundError:
        return False


def _given_back(lock: Path, handle: int) -> None:
    if sys.platform == "win32":  # which removes no open file; one that another has opened meanwhile is his to remove
        os.close(handle)
        with contextlib.suppress(OSError):
            lock.unlink()
        return
    with contextlib.suppress(OSError):  # before it is free: a file of this name that comes later is another's
        lock.unlink()
    os.close(handle)
