"""A folder written whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metrics._errors import InputError


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to write into, which takes its place at the end, over what was there.

    Where anything fails or is interrupted, `folder` stays as it was; InputError where there is no room.
    """
    unfinished, replaced = (folder.with_name(f".{folder.name}.{word}") for word in ("unfinished", "replaced"))
    try:
        for stale in (unfinished, replaced):
            shutil.rmtree(stale, ignore_errors=True)
        unfinished.mkdir(parents=True)
        yield unfinished
        if folder.exists():
            folder.rename(replaced)
        try:
            unfinished.rename(folder)
        except BaseException:
            if replaced.exists():
                replaced.rename(folder)
            raise
    except OSError as error:
        raise InputError(f"cannot write {folder} ({error.strerror or error}); free some space") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)
