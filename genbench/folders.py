"""A folder that is there whole or not at all, also where two processes write it at once or one is killed.

One process at a time writes a folder: the lock is held from the first file to the moment when the new folder has taken
the place of the old one. What a killed process has left beside it is swept by the next.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from genbench.files import beside, sweep, temporary
from genbench.locks import locked

WAIT_SECONDS = 60.0  # for another process that writes the same folder
ASIDE = "old"


@contextmanager
def whole_folder(folder: Path, then: Callable[[], None] | None = None) -> Iterator[Path]:
    """An empty folder beside `folder` to write into, which takes its place at the end, over what was there.

    `then` belongs to it: it runs when the folder is in place. Where anything fails or is interrupted, `then` included,
    `folder` is as it was. Raises BlockingIOError where another process goes on writing it, any other OSError where it
    cannot be written.
    """
    with locked(folder, WAIT_SECONDS) as held:
        if held:
            _mend(folder)
        unfinished = temporary(folder)
        unfinished.mkdir(parents=True)
        try:
            yield unfinished
            _take_place(unfinished, folder, then)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def new_folder(parent: Path, prefix: str) -> Path:
    """A new folder of a random name, with the permissions that any new folder gets here."""
    folder = parent / f"{prefix}{secrets.token_hex(8)}"
    folder.mkdir()
    return folder


def _mend(folder: Path) -> None:
    """Put back what a killed process had put aside, and sweep what it has left."""
    aside = beside(folder, ASIDE)
    if aside and not folder.exists():
        aside.pop().rename(folder)
    sweep([*aside, *beside(folder)])


def _take_place(unfinished: Path, folder: Path, then: Callable[[], None] | None) -> None:
    aside = temporary(folder, ASIDE)
    replaced = folder.exists()
    if replaced:
        folder.rename(aside)
    try:
        unfinished.rename(folder)
        if then:
            then()
    except BaseException:
        if replaced or then:
            shutil.rmtree(folder, ignore_errors=True)
        if replaced:
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
