"""Images in a column of tables: Parquet, and folders that `datasets` of Hugging Face has saved.

Rows are images, in the order of the files and of their rows. The names are the paths that stand beside the bytes, where
every row has one of its own; else there are none, only numbers. A path without bytes is never followed.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from pathlib import Path

from bench.sources.decoding import CorruptImage
from bench.sources.files import Listing, printable
from bench.sources.stored import HERE, Files
from bench.sources.table_columns import image_column, label_column, labels_of, parts_of
from bench.sources.table_files import Table, open_table
from bench.storage.reading import MOST_MEMBERS, Unreadable, read_json
from metrics.errors import InputError

LONGEST_PATH = 4096
SPLIT = re.compile(r"(.+?)-\d+-of-\d+")
STATE = "state.json"  # of what save_to_disk has written


def list_tables(name: str, where: str, paths: Sequence[Path], asked: str, files: Files = HERE) -> Listing:
    """The images in the rows of these files, in the column that was `asked` for or is the only one.

    Raises InputError for files that are damaged or have no such column, and where there is no row.
    """
    tables = [open_table(path, files) for path in paths]
    column = image_column(tables[0].schema, asked, where)
    for table in tables[1:]:
        image_column(table.schema, column, str(table.path))
    starts = [0, *accumulate(table.count for table in tables)]
    if not 0 < starts[-1] <= MOST_MEMBERS:
        raise InputError(f"{where} has {starts[-1]:,} rows; expected 1 to {MOST_MEMBERS:,}")
    parts = [parts_of(table.schema, column) for table in tables]
    names = _names(tables, column) if all("path" in there for there in parts) else ()
    keys = names or tuple(map(str, range(starts[-1])))

    def load(index: int) -> bytes:
        place = bisect_right(starts, index) - 1
        try:
            data = tables[place].value(column, "bytes" if parts[place] else "", index - starts[place])
        except Unreadable as error:
            raise CorruptImage(f"{name}/{keys[index]}", error.problem) from error
        if data is None:
            raise CorruptImage(f"{name}/{keys[index]}", "has no bytes; save the set with its images in it")
        return bytes(data)

    labels, notes = _labels(tables)
    return Listing(name, "table", keys, load, named=bool(names), labels=labels or (None if names else ()), notes=notes)


def _names(tables: Sequence[Table], column: str) -> tuple[str, ...]:
    """The paths of all images; () where one has none, two have the same, or one is no path."""
    found = set()
    names = []
    for path in chain.from_iterable(table.values(column, "path") for table in tables):
        if not path or len(path) > LONGEST_PATH or path in found:
            return ()
        found.add(path)
        names.append(printable(path))
    return tuple(names)


def _labels(tables: Sequence[Table]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    column, classes = label_column(tables[0].schema)
    if not column or any(column not in table.schema.names for table in tables):
        return (), ()
    labels = labels_of(chain.from_iterable(table.values(column) for table in tables), classes)
    aside = f"labels: not every row of {column!r} has a whole number or a short name; they are left aside"
    return labels, () if labels else (aside,)


# ----- folders


def of_one_split(where: str, paths: Sequence[Path]) -> Sequence[Path]:
    """The files as they are; InputError where their names say that they are of several splits."""
    splits = sorted({found[1] for path in paths if (found := SPLIT.match(path.stem))})
    if len(splits) > 1:
        example = f"{where}/**/{splits[0]}-*{paths[0].suffix}"
        raise InputError(f"{where} holds the splits {', '.join(splits)}; give one as a pattern: '{example}'")
    return paths


def saved_files(folder: Path, paths: Sequence[Path]) -> Sequence[Path]:
    """Of the files of Arrow in a folder those that are its rows, as save_to_disk says beside them; all where it does
    not. InputError where they are of several data sets."""
    saved = sorted({path.parent for path in paths if (path.parent / STATE).is_file()})
    if len(saved) > 1:
        raise InputError(f"{folder} holds several data sets; give the folder of one: {saved[0]}")
    return _saved(saved[0]) if saved else paths


def _saved(folder: Path) -> list[Path]:
    """The files of what save_to_disk has written, in their order, without those that only keep what was computed."""
    state = read_json(folder / STATE, remedy="save the data set again")
    files = state.get("_data_files") if isinstance(state, dict) else None
    names = [file.get("filename") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    plain = [name for name in names if isinstance(name, str) and name and Path(name).name == name]
    if not plain or len(plain) < len(names) or state.get("_indices_data_files"):
        raise InputError(f"{folder} is no data set that can be read; save it again with save_to_disk")
    return [folder / name for name in plain]
