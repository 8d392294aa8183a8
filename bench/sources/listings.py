"""Names of sets whose images are encoded, each a file or as in a file: what they list.

| given              | kind    | order                                                                       |
|--------------------|---------|-----------------------------------------------------------------------------|
| a folder           | folder  | by path                                                                     |
| FILE.zip           | zip     | by path                                                                     |
| FILE.tar           | tar     | by path                                                                     |
| a pattern          | pattern | by path                                                                     |
| several .tar       | tar     | in their order and that of their members: a WebDataset                      |
| s3://, gs://, ...  | remote  | by path; tars and tables elsewhere as here                                  |
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
from bench.sources.remote import Found, check_remote, is_remote, list_remote, local, look
from bench.sources.splits import split_named
from bench.sources.stored import HERE, Files
from bench.sources.table_files import SUFFIXES
from bench.sources.tables import list_tables, of_one_split, saved_files
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
        found = look(spec)
        return _with_column(_of_url(found), found.place.url, found.column)
    path, column = _parted(spec)
    if exists(path):
        listing = _of_folder(path, column) if path.is_dir() else _of_file(path, column)
    else:
        listing = _of_pattern(path, column) if names_pattern(spec) else None
    return _with_column(listing, str(path), column)


def _with_column(listing: Listing | None, where: str, column: str) -> Listing | None:
    if column and (listing is None or listing.kind != "table"):
        raise InputError(f"{where} is no table, so it has no column {column!r}; leave #{column} out")
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


def _of_file(path: Path, column: str, files: Files = HERE) -> Listing | None:
    name = path.name.lower()
    if name.endswith(LMDB):
        raise InputError(f"{path} {NO_LMDB}")
    if name.endswith(tars.PACKED):
        raise InputError(f"{path} is compressed, {tars.COMPRESSED_REMEDY}")
    if name.endswith(".zip"):
        return list_zip(path)
    if name.endswith(SUFFIXES):
        return list_tables(path.stem, str(path), [path], column, files)
    return tars.list_tar(path, files) if name.endswith(".tar") else None


def _of_folder(folder: Path, column: str) -> Listing:
    found, others = look_into(folder)
    if not found:
        if any(name.endswith(LMDB) for name in others):
            raise InputError(f"{folder} {NO_LMDB}")
        inside = _of_one_kind(str(folder), [folder / name for name in others])
        if inside and inside[0].suffix.lower() == ".arrow":
            inside = saved_files(folder, inside)
        if inside:
            return _in_files(folder.resolve().name, str(folder), folder, of_one_split(str(folder), inside), column)
    return list_folder(folder, found, others)


def _of_pattern(pattern: Path, column: str) -> Listing:
    found = matches(pattern)
    root, name = root_of(pattern), name_of(pattern)
    images = sorted((path for path in found if is_listed(path)), key=lambda path: path.as_posix())
    others = tuple(_key(path, root) for path in found if not is_listed(path))
    if images:
        keys = tuple(_key(path, root) for path in images)
        return Listing(name, "pattern", keys, bytes_of_files(images), others, root.resolve().name)
    if inside := _of_one_kind(str(pattern), found):
        return _in_files(name, str(pattern), root, inside, column)
    if all(path.is_dir() for path in found):
        raise InputError(f"{pattern} matches folders only; end it in /*.png, or give one folder")
    raise InputError(none_found(str(pattern), others))


def _of_url(found: Found) -> Listing:
    if found.images:
        return list_remote(found)
    where, paths = found.place.url, [Path(path) for path in found.paths.values()]
    listing = _of_file(paths[0], found.column, found.files) if found.alone else None
    if listing:
        return listing
    inside = _of_one_kind(where, paths)
    if not inside:
        raise InputError(none_found(where, found.others))
    if not is_pattern(where):
        inside = of_one_split(where, inside)
    return _in_files(found.name, where, Path(found.root), inside, found.column, found.files)


def _in_files(name: str, where: str, root: Path, paths: Sequence[Path], column: str, files: Files = HERE) -> Listing:
    """The images in files of one kind that hold many each."""
    if paths[0].suffix.lower() == ".tar":
        return tars.list_shards(name, [(_key(path.with_suffix(""), root), path) for path in paths], files)
    return list_tables(name, where, paths, column, files)


def _of_one_kind(where: str, paths: Sequence[Path]) -> Sequence[Path]:
    """The files that hold many images each; InputError where they are of several kinds."""
    files = [path for path in paths if path.suffix.lower() in (".tar", *SUFFIXES)]
    kinds = sorted({path.suffix.lower() for path in files})
    if len(kinds) > 1:
        raise InputError(f"{where} holds {' and '.join(kinds)} files; give those of one kind as a pattern")
    return files


def _key(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix())
