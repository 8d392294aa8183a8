"""Tables of values, and what every way of writing them shares; each way is a file of its own, and JSON is made of the
values here.

A cell carries its interval, a column its direction, so that every renderer says both and `mark_best` needs no names. A
best value is marked only where its interval overlaps with no other one: neighbours that cannot be told apart are not
ranked.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from bench.names import shown

if TYPE_CHECKING:
    from pandas import DataFrame

ARROWS = {"lower": " ↓", "higher": " ↑", "neither": ""}
MINUS = "−"  # a minus sign as wide as the digits
COLUMN_KEYS = ("key", "title", "better", "decimals")  # what JSON says of a column


@dataclass(frozen=True)
class Column:
    """One column: its key in files, its title for people, which direction is better; `decimals` None leaves them to
    the width of the intervals.

    `interval` says that its numbers can have one, for which files have room also where no row has. Files hold every
    column; people are shown it `always`, only where a row `fills` it, or `never`.
    """

    key: str
    title: str
    better: Literal["lower", "higher", "neither"] = "neither"
    decimals: int | None = 2
    interval: bool = False
    shown: Literal["always", "fills", "never"] = "always"


@dataclass(frozen=True)
class Cell:
    """A number with its 95 % interval, a text, or nothing; `decimals` for people, files keep every digit."""

    value: float | int | str | None = None
    low: float | None = None
    high: float | None = None
    decimals: int = 2
    best: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under columns; `name` is its file name, `notes` belong under it wherever it is shown.

    `protocol` and `extractor` are what its numbers were made with, for files; None where it holds no such numbers.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    protocol: str | None = None
    extractor: str | None = None

    def to_frame(self) -> "DataFrame":
        """The table as a pandas DataFrame: every digit, and of a column with intervals three columns."""
        from bench.tables.frames import frame_of

        return frame_of(self)

    def _repr_html_(self) -> str:
        from bench.tables.html_table import html_text

        return html_text(self)

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.name}: a row of {len(row)} cells under {len(self.columns)} columns")


# ----- values


def under(table: Table, columns: Iterable[Column]) -> Table:
    """The table under these columns, empty where it has none of a key."""
    chosen = tuple(columns)
    places = {column.key: place for place, column in enumerate(table.columns)}
    rows = tuple(
        tuple(row[places[column.key]] if column.key in places else Cell() for column in chosen) for row in table.rows
    )
    return replace(table, columns=chosen, rows=rows)


def first_rows(table: Table, count: int) -> Table:
    """The table with so many of its rows, and a note of those that are left out."""
    left = len(table.rows) - count
    if left <= 0:
        return table
    return replace(table, rows=table.rows[:count], notes=(*table.notes, f"and {left:,} more rows"))


def for_people(table: Table) -> Table:
    """The table without the columns that files alone hold."""
    filled = {"always": True, "never": False}
    kept = [
        column
        for place, column in enumerate(table.columns)
        if filled.get(column.shown, any(row[place].value is not None for row in table.rows))
    ]
    return table if len(kept) == len(table.columns) else under(table, kept)


def aligned(table: Table) -> Table:
    """The table with the same decimals down each column: its own, or as many as show two digits of an interval. A
    number with an interval that would read as 0 throughout has as many as show two digits of its own."""
    places = [
        decimals_of([row[place] for row in table.rows]) if column.decimals is None else column.decimals
        for place, column in enumerate(table.columns)
    ]
    rows = tuple(tuple(_with_decimals(cell, one) for cell, one in zip(row, places, strict=True)) for row in table.rows)
    return replace(table, rows=rows)


def _with_decimals(cell: Cell, places: int) -> Cell:
    """The cell with these decimals, or with more where it would read `0.0 [0.0, 0.0]` and is not that."""
    if not isinstance(cell.value, str | None) and cell.low is not None and cell.high is not None:
        values = (cell.value, cell.low, cell.high)
        if any(values) and all(round(value, places) == 0 for value in values):
            places = max(places, decimals_of([cell]))
    return cell if cell.decimals == places else replace(cell, decimals=places)


def decimals_of(cells: Sequence[Cell]) -> int:
    """As many as show two digits of the interval of middle width, the narrower of two middle ones."""
    widths = [cell.high - cell.low for cell in cells if cell.low is not None and cell.high is not None]
    widths = sorted(width for width in widths if width > 0)
    return min(6, max(1, 1 - math.floor(math.log10(widths[(len(widths) - 1) // 2])))) if widths else 2


def mark_best(table: Table, rows: Iterable[int]) -> Table:
    """The table with the best of these rows marked in each column with a direction, where it can be told apart.

    A cell is the best where its whole interval is better than that of every other row; cells without an interval, and
    single rows, are never marked.
    """
    chosen = list(rows)
    marked = [list(row) for row in table.rows]
    for place, column in enumerate(table.columns):
        cells = [table.rows[row][place] for row in chosen]
        if column.better == "neither" or len(cells) < 2 or any(cell.low is None or cell.high is None for cell in cells):
            continue
        for number, row in enumerate(chosen):
            others = cells[:number] + cells[number + 1 :]
            if all(_better(cells[number], other, column.better) for other in others):
                marked[row][place] = replace(cells[number], best=True)
    return replace(table, rows=tuple(tuple(row) for row in marked))


def _better(cell: Cell, other: Cell, direction: str) -> bool:
    assert cell.low is not None and cell.high is not None and other.low is not None and other.high is not None
    return cell.high < other.low if direction == "lower" else cell.low > other.high


def text(cell: Cell) -> str:
    """A cell for people: `12.3 [11.0, 13.6]`, `1,000`, a dash where there is nothing."""
    value, interval = value_and_interval(cell)
    return f"{value} {interval}" if interval else value


def value_and_interval(cell: Cell) -> tuple[str, str]:
    """The same in two texts, the second one "" where there is no interval."""
    if cell.value is None:
        return "–", ""
    if isinstance(cell.value, str):
        return shown(cell.value), ""
    values = (cell.value,) if cell.low is None or cell.high is None else (cell.value, cell.low, cell.high)
    whole = isinstance(cell.value, int)
    value, *ends = (f"{one:,}" if whole else _number(one, cell.decimals) for one in values)
    return value, f"[{', '.join(ends)}]" if ends else ""


def _number(value: float, decimals: int) -> str:
    shown = f"{value:,.{decimals}f}"
    return shown.replace("-", "") if float(shown.replace(",", "")) == 0 else shown.replace("-", MINUS)


def heads_of(table: Table) -> list[str]:
    """The titles of the columns, with the direction in which each is better."""
    return [column.title + ARROWS[column.better] for column in table.columns]


def at_left(table: Table, place: int) -> bool:
    """Whether a column is aligned to the left: where it holds words."""
    return any(isinstance(row[place].value, str) for row in table.rows)


# ----- JSON


def json_values(table: Table) -> dict[str, Any]:
    """The table as JSON values: title, columns, rows of {key: value or {value, low, high}}, notes."""
    rows = [
        {column.key: _json_cell(cell) for column, cell in zip(table.columns, row, strict=True)} for row in table.rows
    ]
    return {
        "name": table.name,
        "title": table.title,
        "columns": [{key: getattr(column, key) for key in COLUMN_KEYS} for column in table.columns],
        "rows": rows,
        "notes": list(table.notes),
    }


def _json_cell(cell: Cell) -> Any:
    return cell.value if cell.low is None else {"value": cell.value, "low": cell.low, "high": cell.high}
