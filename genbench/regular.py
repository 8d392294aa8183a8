"""Regular files only: a pipe would be waited for without end, and /dev/zero has none."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

KINDS = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISREG, "file"))


class NoRegularFile(OSError):
    """What is there is a folder, a pipe, a socket or a device."""


def open_regular(path: Path) -> BufferedReader:
    """A regular file, open for reading; OSError where there is none, NoRegularFile where it is something else."""
    try:
        _check(path.stat())
        # Between the two looks somebody may put a pipe there: it is not waited for.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:  # a zero byte, or half of a surrogate pair
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    file = os.fdopen(handle, "rb")
    try:
        _check(os.fstat(handle))
    except NoRegularFile:
        file.close()
        raise
    return file


def _check(status: os.stat_result) -> None:
    kind = next((name for test, name in KINDS if test(status.st_mode)), "device")
    if kind != "file":
        raise NoRegularFile(0, f"is a {kind}, expected a file")
