"""Opinions as a table, the same one for a command, a record and a notebook."""

import math
from collections.abc import Sequence
from dataclasses import replace

from bench.second_opinions.ratios import Opinion
from bench.tables.table import ARROWS, Cell, Column, Table

COLUMNS = (
    Column("metric", "Metric"),
    Column("looks_at", "Looks at"),
    Column("extractor", "Extractor"),
    Column("value", "Generated"),
    Column("real", "Real 2"),
    Column("ratio", "Ratio [95 %]", interval=True),
    Column("verdict", "Than real"),
    Column("key", "Key", shown="never"),
    Column("better", "Better", shown="never"),
)
NOTE = (
    "the ratio is generated over real 2, both compared with real 1: 1 is as near to real images as real images are to "
    "each other. Arrows show the better direction"
)
FIGURES = 4  # of a value for people; files keep every digit
MOST_DECIMALS = 8


def opinion_table(name: str, title: str, opinions: Sequence[Opinion], notes: Sequence[str], **made_with: str) -> Table:
    """A row for each number of each extractor; `made_with` are the protocol and the extractor of the table. People are
    not shown the extractor in each row where there is one: the title says it."""
    several = len({one.extractor for one in opinions}) > 1
    columns = tuple(replace(one, shown="never") if one.key == "extractor" and not several else one for one in COLUMNS)
    return Table(name, title, columns, tuple(map(_row, opinions)), tuple(notes), **made_with)


def _row(one: Opinion) -> tuple[Cell, ...]:
    places = max((_decimals(value) for value in (one.value, one.real) if value), default=2)
    return (
        *(Cell(one.title + ARROWS[one.better]), Cell(one.looks_at), Cell(one.extractor)),
        *(Cell(one.value, decimals=places), Cell(one.real, decimals=places)),
        *(Cell(one.ratio, one.low, one.high), Cell(one.verdict)),
        *(Cell(one.key), Cell(one.better)),
    )


def _decimals(value: float) -> int:
    """As many as show FIGURES digits."""
    return min(MOST_DECIMALS, max(0, FIGURES - 1 - math.floor(math.log10(abs(value)))))
