"""Names of sets whose images are encoded, each a file or as in a file: what they list.

| given     | kind    | order                                                     |
|-----------|---------|-----------------------------------------------------------|
| a folder  | folder  | by path                                                   |
| FILE.zip  | zip     | by path                                                   |
| a pattern | pattern | by path; what has no letters of a pattern comes first     |

What exists on the disk comes first, also where its name would be a pattern.
"""

import os
from pathlib import Path

from bench.sources.files import Listing, bytes_of_files, is_listed, list_folder, none_found, printable
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
    if exists(path):
        return list_folder(path) if path.is_dir() else list_zip(path) if path.suffix.lower() == ".zip" else None
    return list_pattern(path) if names_pattern(spec) else None


def is_there(spec: str | os.PathLike[str]) -> bool:
    """Whether a name stands for files that are there, before one of them is opened; InputError for a pattern that
    matches nothing."""
    path = expanded(Path(spec))
    return exists(path) or (names_pattern(spec) and bool(matches(path)))


def names_pattern(spec: str | os.PathLike[str]) -> bool:
    """Whether a name is a pattern, and not the split of a data set that its colon makes of it."""
    return is_pattern(spec) and not split_named(spec)


def list_pattern(pattern: Path) -> Listing:
    """The images that a pattern matches, by path; InputError where it matches none."""
    found = matches(pattern)
    images = sorted((path for path in found if is_listed(path)), key=lambda path: path.as_posix())
    root = root_of(pattern)
    others = tuple(_key(path, root) for path in found if not is_listed(path))
    if not images:
        if all(path.is_dir() for path in found):
            raise InputError(f"{pattern} matches folders only; end it in /*.png, or give one folder")
        raise InputError(none_found(str(pattern), others))
    keys = tuple(_key(path, root) for path in images)
    return Listing(name_of(pattern), "pattern", keys, bytes_of_files(images), others, root.resolve().name)


def _key(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())
