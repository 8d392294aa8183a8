"""Names of sets whose images are encoded, each a file or as in a file: what they list.

| given     | kind    | order                                                                     |
|-----------|---------|---------------------------------------------------------------------------|
| a folder  | folder  | by path; where it holds no image but .tar, these                          |
| FILE.zip  | zip     | by path                                                                   |
| FILE.tar  | tar     | by path                                                                   |
| a pattern | pattern | by path; where it matches no image but .tar, in their order: a WebDataset |

What exists on the disk comes first, also where its name would be a pattern.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from bench.sources import tars
from bench.sources.files import (
    Listing,
    bytes_of_files,
    is_listed,
    list_folder,
    look_into,
    none_found,
    printable,
)
from bench.sources.patterns import is_pattern, matches, name_of, root_of
from bench.sources.splits import split_named
from bench.sources.zips import list_zip
from genbench.places import exists, expanded
from metrics.errors import InputError


def listing_of(spec: str | os.PathLike[str]) -> Listing | None:
    """The images that a name stands for; None where it is an array, a split of a data set, or nothing that is there.

    Raises InputError for what holds no image or cannot be read, and for a pattern that matches nothing.
    """
    path = expanded(Path(spec))
    if not exists(path):
        return _of_pattern(path) if names_pattern(spec) else None
    return _of_folder(path) if path.is_dir() else _of_file(path)


def is_there(spec: str | os.PathLike[str]) -> bool:
    """Whether a name stands for files that are there, before one of them is opened; InputError for a pattern that
    matches nothing."""
    path = expanded(Path(spec))
    return exists(path) or (names_pattern(spec) and bool(matches(path)))


def names_pattern(spec: str | os.PathLike[str]) -> bool:
    """Whether a name is a pattern, and not the split of a data set that its colon makes of it."""
    return is_pattern(spec) and not split_named(spec)


def _of_file(path: Path) -> Listing | None:
    name = path.name.lower()
    if name.endswith(tars.PACKED):
        raise InputError(f"{path} is compressed, {tars.COMPRESSED_REMEDY}")
    if name.endswith(".zip"):
        return list_zip(path)
    return tars.list_tar(path) if name.endswith(".tar") else None


def _of_folder(folder: Path) -> Listing:
    found, others = look_into(folder)
    if not found and (listing := _in_archives(folder.resolve().name, folder, [folder / name for name in others])):
        return listing
    return list_folder(folder, found, others)


def _of_pattern(pattern: Path) -> Listing:
    found = matches(pattern)
    root, name = root_of(pattern), name_of(pattern)
    images = sorted((path for path in found if is_listed(path)), key=lambda path: path.as_posix())
    others = tuple(_key(path, root) for path in found if not is_listed(path))
    if images:
        keys = tuple(_key(path, root) for path in images)
        return Listing(name, "pattern", keys, bytes_of_files(images), others, root.resolve().name)
    if listing := _in_archives(name, root, found):
        return listing
    if all(path.is_dir() for path in found):
        raise InputError(f"{pattern} matches folders only; end it in /*.png, or give one folder")
    raise InputError(none_found(str(pattern), others))


def _in_archives(name: str, root: Path, paths: Sequence[Path]) -> Listing | None:
    """The images in files, where all of them that hold images are of one kind."""
    shards = [path for path in paths if path.suffix.lower() == ".tar"]
    return tars.list_shards(name, [(_key(path.with_suffix(""), root), path) for path in shards]) if shards else None


def _key(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())
