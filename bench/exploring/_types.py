"""What an exploration found, and how it is written: a folder, whole or not at all.

explore.json     what was explored, with which options, and every number
NAME.csv         its tables
NAME.png         its pictures
pictures.webp    all of them on one page, to be published
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.storage.files import write_text
from bench.storage.folders import whole_folder
from bench.tables.csv_text import csv_text
from bench.tables.picture_page import write_page
from bench.tables.table import Table, json_values
from metrics.errors import InputError

FILE_NAME, PAGE = "explore.json", "pictures.webp"
Picture = Callable[[Path], None]


@dataclass(frozen=True)
class Explored:
    """The finding of one exploration.

    `about` says what was explored and with which options (JSON values), `pictures` draw themselves into the PNG that
    they are given, by file name without its ending, `notes` say what could not be shown and why. `file` is the name of
    the file that marks its folder.
    """

    name: str
    about: Mapping[str, Any]
    tables: tuple[Table, ...]
    pictures: Mapping[str, Picture] = field(repr=False)
    notes: tuple[str, ...] = ()
    file: str = FILE_NAME

    def json(self) -> dict[str, Any]:
        """Everything but the pictures as JSON values."""
        tables = {table.name: json_values(table) for table in self.tables}
        return {"exploration": self.name, **self.about, "notes": list(self.notes), "tables": tables}


def default_folder(name: str, checkpoint: Path) -> Path:
    """`explore/NAME` in the folder of a run, or beside a checkpoint file; here, of what is given by a name."""
    there = checkpoint if checkpoint.is_dir() else checkpoint.parent
    return (there if checkpoint.exists() else Path()) / "explore" / name


def check_folder(folder: Path, force: bool, file: str = FILE_NAME) -> None:
    """InputError where something stands in the way: before anything is computed."""
    if not folder.exists():
        return
    if not (folder / file).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} holds something else (it has no {file}), so it is not replaced; choose another -o")
    if not force:
        raise InputError(f"{folder} exists; replace it with --force or choose another -o")


def write(found: Explored, folder: Path, *, force: bool = False) -> list[Path]:
    """Write the numbers, tables and pictures of an exploration; the paths of all files.

    Raises InputError where the folder exists without `force`, where it is no exploration, or where there is no room.
    """
    with whole_folder(folder) as unfinished:
        check_folder(folder, force, found.file)
        for table in found.tables:
            write_text(unfinished / f"{table.name}.csv", csv_text(table))
        pictures = {unfinished / f"{name}.png": draw for name, draw in found.pictures.items()}
        for path, draw in pictures.items():
            draw(path)
        if pictures:
            write_page(unfinished / PAGE, list(pictures))
        text = json.dumps(found.json(), indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
        write_text(unfinished / found.file, text + "\n")
    return sorted(folder.iterdir())
