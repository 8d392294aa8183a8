"""Files that are there whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reference_models._errors import ModelError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to: it replaces `path` at the end, and is removed where the writing failed.

    ModelError where there is no room, or the place cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield unfinished
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """A failure to write becomes a ModelError that names the file."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise ModelError(f"cannot write {path} ({why}); free some space and go on with --resume") from error
