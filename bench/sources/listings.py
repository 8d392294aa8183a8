"""Names of sets whose images are encoded, each a file or as in a file: what they list.

| given              | kind    | order                                                                       |
|--------------------|---------|-----------------------------------------------------------------------------|
| a folder           | folder  | by path                                                                     |
| FILE.zip           | zip     | by path                                                                     |
| FILE.tar           | tar     | by path                                                                     |
| a pattern          | pattern | by path                                                                     |
| several .tar       | tar     | in their order and that of their members: a WebDataset                      |
| s3://, gs://, ...  | remote  | by path: a folder or a pattern elsewhere                                    |
| .parquet, .arrow   | table   | in their order and that of their rows; FILE#COLUMN chooses one of several   |

Several files are those that a pattern matches, or of a folder, where no file there is an image itself.
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
from bench.sources.remote import check_remote, is_remote, list_remote, local
from bench.sources.splits import split_named
from bench.sources.table_files import SUFFIXES
from bench.sources.tables import files_of_one_split, list_tables
from bench.sources.zips import list_zip
from genbench.places import exists, expanded
from metrics.errors import InputError

LMDB = (".mdb", ".lmdb")
NO_LMDB = "is LMDB, which is not read, because a damaged one ends the process; docs/sources.md makes a .tar of it"


def listing_of(spec: str | os.PathLike[str]) -> Listing | None:
    """The images that a name stands for; None where it is an array, a split of a data set, or nothing that is there.

    Raises InputError for what holds no image or cannot be read, and for a pattern that matches nothing.
    """
    if is_remote(spec):
        return list_remote(spec)
    path, column = _parted(spec)
    if exists(path):
        listing = _of_folder(path, column) if path.is_dir() else _of_file(path, column)
    else:
        listing = _of_pattern(path, column) if names_pattern(spec) else None
    if column and (listing is None or listing.kind != "table"):
        raise InputError(f"{path} is no table, so it has no column {column!r}; leave #{column} out")
    return listing


def is_there(spec: str | os.PathLike[str]) -> bool:
    """Whether a name stands for files that are there, before one of them is opened; InputError for a pattern that
    matches nothing, and for a URL that leads to nothing."""
    if is_remote(spec):
        check_remote(spec)
        return True
    path, _ = _parted(spec)
    return exists(path) or (names_pattern(spec) and bool(matches(path)))


def names_pattern(spec: str | os.PathLike[str]) -> bool:
    """Whether a name is a pattern, and not the split of a data set that its colon makes of it."""
    return is_pattern(spec) and not split_named(spec)


def path_of(spec: str | os.PathLike[str]) -> Path:
    """The path that a name stands for: what follows file://, and `~` as the home folder."""
    return expanded(local(spec))


def _parted(spec: str | os.PathLike[str]) -> tuple[Path, str]:
    """A path and the column that stands behind its last #, "" where none does; a whole that is there is a path."""
    path = path_of(spec)
    before, mark, column = str(path).rpartition("#")
    if exists(path) or not mark or not (exists(Path(before)) or is_pattern(before)):
        return path, ""
    return Path(before), column


def _of_file(path: Path, column: str) -> Listing | None:
    name = path.name.lower()
    if name.endswith(LMDB):
        raise InputError(f"{path} {NO_LMDB}")
    if name.endswith(tars.PACKED):
        raise InputError(f"{path} is compressed, {tars.COMPRESSED_REMEDY}")
    if name.endswith(".zip"):
        return list_zip(path)
    if name.endswith(SUFFIXES):
        return list_tables(path.stem, str(path), [path], column)
    return tars.list_tar(path) if name.endswith(".tar") else None


def _of_folder(folder: Path, column: str) -> Listing:
    found, others = look_into(folder)
    if not found:
        inside = [folder / name for name in others]
        if any(name.endswith(LMDB) for name in others):
            raise InputError(f"{folder} {NO_LMDB}")
        kind = _kind_of(str(folder), inside)
        if kind in SUFFIXES:
            inside = files_of_one_split(folder, [path for path in inside if path.suffix.lower() == kind])
        if listing := _in_files(folder.resolve().name, str(folder), folder, inside, column):
            return listing
    return list_folder(folder, found, others)


def _of_pattern(pattern: Path, column: str) -> Listing:
    found = matches(pattern)
    root, name = root_of(pattern), name_of(pattern)
    images = sorted((path for path in found if is_listed(path)), key=lambda path: path.as_posix())
    others = tuple(_key(path, root) for path in found if not is_listed(path))
    if images:
        keys = tuple(_key(path, root) for path in images)
        return Listing(name, "pattern", keys, bytes_of_files(images), others, root.resolve().name)
    if listing := _in_files(name, str(pattern), root, found, column):
        return listing
    if all(path.is_dir() for path in found):
        raise InputError(f"{pattern} matches folders only; end it in /*.png, or give one folder")
    raise InputError(none_found(str(pattern), others))


def _in_files(name: str, where: str, root: Path, paths: Sequence[Path], column: str) -> Listing | None:
    """The images in files that hold many each; None where there is no such file."""
    kind = _kind_of(where, paths)
    files = [path for path in paths if path.suffix.lower() == kind]
    if kind == ".tar":
        return tars.list_shards(name, [(_key(path.with_suffix(""), root), path) for path in files])
    return list_tables(name, where, files, column) if kind else None


def _kind_of(where: str, paths: Sequence[Path]) -> str:
    """The suffix of the files that hold many images each, "" where none does; InputError where there are several."""
    kinds = sorted({path.suffix.lower() for path in paths} & {".tar", *SUFFIXES})
    if len(kinds) > 1:
        raise InputError(f"{where} holds {' and '.join(kinds)} files; give those of one kind as a pattern")
    return kinds[0] if kinds else ""


def _key(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())
