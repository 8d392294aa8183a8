"""A class: whose folder is whose, by the folders' names or by a roster.

A roster is a CSV file with the columns slug (the name of the folder, or of a file without its ending), name (of the
entry; the slug where it is empty) and authors. Every folder has a row; a row without a folder is a student who has not
handed in yet.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from bench.leaderboard.entries import About
from bench.leaderboard.entry_places import slug_of
from bench.storage.reading import read_as, read_text
from bench.submissions.about import check_about
from metrics.errors import InputError

COLUMNS = ("slug", "name", "authors")
EXPECTED = f"expected the columns {', '.join(COLUMNS)}, divided by commas"


@dataclass(frozen=True)
class Student:
    """Who hands in the folder of this name, under which name of an entry."""

    slug: str
    name: str
    authors: str = ""


def read_roster(path: Path) -> tuple[Student, ...]:
    """The rows of a roster, in order.

    Raises InputError for a file that is none, an unknown column, a row without a slug or with too many values, a slug
    that is no name of a folder, a slug or a name twice, and a name that no entry can have.
    """
    text = read_text(path, remedy="give a CSV file in UTF-8").removeprefix("\ufeff")
    with read_as("CSV file", path, "write it again"):
        lines = [row for row in csv.reader(StringIO(text), strict=True) if any(cell.strip() for cell in row)]
    if not lines:
        raise InputError(f"{path} is empty; {EXPECTED}, and a row for each folder")
    header = [cell.strip() for cell in lines[0]]
    unknown = [column for column in header if column not in COLUMNS]
    if unknown:
        raise InputError(f"{path} has an unknown column {unknown[0]!r}; {EXPECTED}")
    if "slug" not in header or len(set(header)) < len(header):
        raise InputError(f"{path} has the columns {', '.join(header)}; {EXPECTED}, each once, slug at least")
    students = tuple(_student(path, header, row) for row in lines[1:])
    _check_apart(students, str(path))
    return students


def students_of(paths: Sequence[Path], roster: Path | None) -> list[tuple[Path, Student]]:
    """Whose each path is, in the order of the paths.

    Raises InputError for a path that does not exist, two of one name, and one that the roster does not name.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist; expected a folder, .zip, .tar or .npz of images")
    labels = [label(path) for path in paths]
    twice = [one for one, count in Counter(labels).items() if count > 1]
    if twice:
        both = " and ".join(str(path) for path, one in zip(paths, labels, strict=True) if one == twice[0])
        raise InputError(f"{both} have one name, {twice[0]!r}; give each student a folder with a name of its own")
    if roster is None:
        students = [Student(one, one) for one in labels]
        _check_apart(students, "the folders")
        return list(zip(paths, students, strict=True))
    known = {one.slug: one for one in read_roster(roster)}
    if strangers := [one for one in labels if one not in known]:
        raise InputError(f"{_listed(strangers)} not in {roster}; add a row for each, or leave the folder out")
    return [(path, known[one]) for path, one in zip(paths, labels, strict=True)]


def absent_of(paths: Sequence[Path], roster: Path | None) -> tuple[str, ...]:
    """The slugs of a roster that no path has: these students have not handed in yet."""
    labels = {label(path) for path in paths}
    return () if roster is None else tuple(one.slug for one in read_roster(roster) if one.slug not in labels)


def label(path: Path) -> str:
    """The name of a folder, or of a file without its ending."""
    whole = path.resolve()
    return whole.name if path.is_dir() else whole.stem


def _student(path: Path, header: Sequence[str], row: Sequence[str]) -> Student:
    if len(row) > len(header):
        raise InputError(f"{path}: the row {','.join(row)!r} has {len(row)} values; expected {len(header)} or fewer")
    said = dict(zip(header, (cell.strip() for cell in row), strict=False))
    slug = said.get("slug", "")
    if not slug or slug in (".", "..") or "/" in slug or "\\" in slug:
        raise InputError(f"{path}: the row {','.join(row)!r} has the slug {slug!r}; expected the name of a folder")
    return Student(slug, said.get("name") or slug, said.get("authors", ""))


def _check_apart(students: Iterable[Student], where: str) -> None:
    """InputError where two share a slug, or names that are written as one file, and for a name that is none."""
    slugs: set[str] = set()
    files: dict[str, str] = {}
    for one in students:
        if one.slug in slugs:
            raise InputError(f"{where}: the slug {one.slug!r} is there twice; expected one row for each folder")
        slugs.add(one.slug)
        try:
            check_about(About(one.name, one.authors))
            file = slug_of(one.name)
        except InputError as error:
            raise InputError(f"{where}: {one.slug}: {error}") from error
        if file in files:
            same = f"the name {one.name!r} is there twice" if files[file] == one.name else ""
            both = f"the names {files[file]!r} and {one.name!r} would be written as the same file"
            raise InputError(f"{where}: {same or both}; give each entry a name of its own")
        files[file] = one.name


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"
