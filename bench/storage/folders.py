"""A folder written whole or not at all, whose failures are the user's to mend: see `genbench.folders`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import genbench.folders
from genbench.errors import told
from metrics.errors import InputError


@contextmanager
def whole_folder(folder: Path, then: Callable[[], None] | None = None) -> Iterator[Path]:
    """An empty folder beside `folder` to write into, which takes its place at the end, over what was there; `then` runs
    when it has, and belongs to it.

    Where anything fails or is interrupted, `folder` stays as it was; InputError where it cannot be written.
    """
    with told("write", folder, InputError), genbench.folders.whole_folder(folder, then) as unfinished:
        yield unfinished
