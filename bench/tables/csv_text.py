"""Tables as CSV: the columns of a kind of table are always the same, empty where there is nothing.

A column whose numbers have intervals is three: key, key_low, key_high. What the numbers were made with stands in every
row, as `protocol` and `extractor`, so that rows of several files can be put together and still be told apart. Several
tables are one file, one below the other under the columns of all of them, with `table` and `title` in front: that is
what pandas.read_csv reads without any help, numbers stay numbers, and a row keeps its words.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bench.names import shown
from bench.tables.table import Cell, Column, Table, under

FORMULA = ("=", "+", "-", "@")  # how a text begins that a spreadsheet would compute
WHICH = (Column("table", "Table"), Column("title", "Title"))
MADE_WITH = (Column("protocol", "Protocol"), Column("extractor", "Features"))


def csv_text(table: Table) -> str:
    """One header line and the rows, every digit kept. A text that a spreadsheet would take for a formula has an
    apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    table = with_origin(table)
    writer.writerow(keys_of(table))
    writer.writerows([_written(value) for value in row] for row in values_of(table))
    return out.getvalue()


def _written(value: float | int | str | None) -> Any:
    if isinstance(value, str):
        return f"'{shown(value)}" if value.startswith(FORMULA) else shown(value)
    return "" if value is None else value


def keys_of(table: Table) -> list[str]:
    """The names of the columns of a file: a column with intervals is three."""
    return [
        name
        for column, interval in zip(table.columns, with_interval(table), strict=True)
        for name in ((column.key, f"{column.key}_low", f"{column.key}_high") if interval else (column.key,))
    ]


def values_of(table: Table) -> list[list[float | int | str | None]]:
    """The rows under `keys_of`."""
    wide = with_interval(table)
    return [
        [
            value
            for cell, interval in zip(row, wide, strict=True)
            for value in ((cell.value, cell.low, cell.high) if interval else (cell.value,))
        ]
        for row in table.rows
    ]


def with_interval(table: Table) -> list[bool]:
    """Of each column, whether it has intervals: by what it is, or because a row has one."""
    columns = enumerate(table.columns)
    return [column.interval or any(row[place].low is not None for row in table.rows) for place, column in columns]


def with_origin(table: Table) -> Table:
    """The table with what its numbers were made with as its last columns; itself where it is of no such numbers."""
    if table.protocol is None and table.extractor is None:
        return table
    made_with = (Cell(table.protocol or None), Cell(table.extractor or None))
    rows = tuple((*row, *made_with) for row in table.rows)
    return replace(table, columns=(*table.columns, *MADE_WITH), rows=rows, protocol=None, extractor=None)


def stacked(tables: Iterable[Table]) -> Table:
    """One table with the rows of all, under the columns of all; what they were made with stays last."""
    parts = [with_origin(table) for table in tables]
    last = {column.key for column in MADE_WITH}
    found: dict[str, Column] = {}
    for part in parts:
        for column, interval in zip(part.columns, with_interval(part), strict=True):
            before = found.get(column.key, column)
            found[column.key] = replace(before, interval=before.interval or interval)
    columns = sorted(found.values(), key=lambda column: column.key in last)
    rows = tuple((Cell(part.name), Cell(part.title), *row) for part in parts for row in under(part, columns).rows)
    return Table("tables", "", (*WHICH, *columns), rows)
