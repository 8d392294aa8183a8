"""Tables as pandas DataFrames; pandas is imported when one is asked for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bench.tables.table import Table, keys_of, with_interval

if TYPE_CHECKING:
    from pandas import DataFrame


def frame_of(table: Table) -> "DataFrame":
    """One row per row; a column with intervals is three: key, key_low, key_high."""
    import pandas as pd

    wide = with_interval(table)
    rows = [
        [
            value
            for cell, interval in zip(row, wide, strict=True)
            for value in ((cell.value, cell.low, cell.high) if interval else (cell.value,))
        ]
        for row in table.rows
    ]
    return pd.DataFrame(rows, columns=keys_of(table))


def tidy_frame(tables: Iterable[Table]) -> "DataFrame":
    """Several tables in one frame, a row per cell: table, row (its first cell, and its number), column, value, low,
    high."""
    import pandas as pd

    cells = [
        (table.name, number, row[0].value, column.key, cell.value, cell.low, cell.high)
        for table in tables
        for number, row in enumerate(table.rows)
        for column, cell in zip(table.columns, row, strict=True)
    ]
    return pd.DataFrame(cells, columns=["table", "number", "row", "column", "value", "low", "high"])
