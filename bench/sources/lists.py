"""Lists from Python: of paths of image files, of PIL images, or of arrays and tensors."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.sources._types import Choose, ImageSource
from bench.sources.files import Listing, bytes_of_files, from_listing, is_image_name, printable
from bench.sources.gathered import from_items
from genbench.places import exists, expanded
from metrics.errors import InputError
from metrics.options import shown


def from_list(items: Sequence[Any], choose: Choose, skip_corrupt: bool) -> ImageSource:
    """The images of a list, in its order; paths keep their names, so that two lists can be paired by them."""
    paths = [item for item in items if isinstance(item, str | os.PathLike)]
    if not items or (paths and len(paths) < len(items)):
        other = next((item for item in items if not isinstance(item, str | os.PathLike)), None)
        found = f"holds paths and {shown(other)}" if paths else "is empty"
        raise InputError(f"the list {found}; expected paths, PIL images or arrays, all of one kind")
    if not paths:
        return from_items("list", "list", items, choose)
    files = [_file(path) for path in paths]
    keys = tuple(printable(os.fspath(path)).replace(os.sep, "/") for path in paths)
    return from_listing(Listing("list", "list", keys, bytes_of_files(files)), choose, skip_corrupt)


def _file(path: str | os.PathLike[str]) -> Path:
    file = expanded(Path(path))
    there = exists(file) and file.is_file()
    if not there or not is_image_name(file.name):
        found = (
            "is not an image file" if there else "is a folder" if exists(file) and file.is_dir() else "does not exist"
        )
        raise InputError(f"{shown(str(path))} in the list {found}; a list holds the paths of image files")
    return file
