"""What an option of `bench.fid` adds as a list, as tables: a row for each object, a column for each of its keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.tables.table import Cell, Column, Table

TITLES = {
    "influence": "the images that move the FID most",
    "crosscheck": "beside torch-fidelity, stage by stage",
}
DECIMALS = 4  # for people; files keep every digit


def list_tables(result: Mapping[str, Any]) -> list[Table]:
    """A table for each list that a result holds."""
    return [_table(name, title, result[name], result) for name, title in TITLES.items() if result.get(name)]


def _table(name: str, title: str, rows: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> Table:
    columns = tuple(Column(key, key.replace("_", " "), decimals=DECIMALS) for key in rows[0])
    cells = tuple(tuple(_cell(row[column.key]) for column in columns) for row in rows)
    sets = f"{result['name_a']} against {result['name_b']}"
    return Table(name, f"{sets}: {title}", columns, cells, (), "", result.get("extractor") or "")


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    return Cell(value, decimals=DECIMALS)
