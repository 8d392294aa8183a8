"""Tables as pandas DataFrames, with the columns and rows of a CSV; pandas is imported when one is asked for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bench.tables.csv_text import keys_of, stacked, values_of, with_origin
from bench.tables.table import Table

if TYPE_CHECKING:
    from pandas import DataFrame


def frame_of(table: Table) -> "DataFrame":
    """One row per row; a column with intervals is three: key, key_low, key_high."""
    import pandas as pd

    whole = with_origin(table)
    return pd.DataFrame(values_of(whole), columns=keys_of(whole))


def frame_of_all(tables: Iterable[Table]) -> "DataFrame":
    """The rows of several tables under the columns of all of them, with `table` and `title` in front."""
    return frame_of(stacked(tables))
