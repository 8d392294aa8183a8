"""Files that are there whole or not at all; what cannot be written is a ModelError."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import genbench.files
from genbench.errors import told
from reference_models.errors import ModelError

GO_ON = ", and continue with --resume"


@contextmanager
def whole(path: Path, then: str = GO_ON) -> Iterator[Path]:
    """An empty file beside `path` to write to by its name; it replaces `path` at the end, and is removed where the
    writing failed.

    ModelError where there is no room, or the place cannot be written; `then` is how it ends.
    """
    with told("write", path, ModelError, then), genbench.files.whole(path) as unfinished:
        yield unfinished


def named(path: Path) -> AbstractContextManager[None]:
    """A failure to write becomes a ModelError that names the file."""
    return told("write", path, ModelError, GO_ON)
