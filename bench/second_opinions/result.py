"""What `bench opinions` returns: the numbers, one line in words, a table and a picture of both."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.second_opinions.ratios import Opinion
from bench.tables.html_table import html_text
from bench.tables.table import ARROWS, Cell, Column, Table
from bench.tables.terminal import terminal

if TYPE_CHECKING:
    from pandas import DataFrame

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
    "generated and real 2 are both compared with real 1. The ratio is generated over real 2: 1 is as near to real "
    "images as real images are to each other. Arrows show the better direction"
)
FIGURES = 4  # of a value for people; files keep every digit
MOST_DECIMALS = 8


@dataclass(frozen=True)
class Opinions:
    """Second opinions about one set of generated images.

    `real` and `generated` are the names of the sets, `sets` their digests by role, `count` the images in each;
    `extractors` are those that were asked, with what makes their numbers comparable.
    """

    real: str
    generated: str
    count: int
    seed: int
    sets: Mapping[str, str | None]
    extractors: Mapping[str, Mapping[str, Any]]
    opinions: tuple[Opinion, ...]
    words: str
    taken: str
    version: str
    warnings: tuple[str, ...] = ()

    @property
    def table(self) -> Table:
        """A row for each number of each extractor; the line in words is its first note."""
        rows = tuple(map(_row, self.opinions))
        name = next(iter(self.extractors)) if len(self.extractors) == 1 else "several"
        title = f"Second opinions: {self.generated} against {self.real}, {self.count:,} images in each set"
        notes = (f"{self.words}.", NOTE, f"real 1 and real 2: {self.taken}", *self.warnings)
        return Table("opinions", title, COLUMNS, rows, notes, "", name)

    def picture(self, path: str | Path) -> Path:
        """Draws the ratios with their intervals to a file: .png, .webp, .svg or .pdf. InputError where that cannot
        be."""
        from bench.second_opinions.picture import draw

        return draw(self, path)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        values = {**asdict(self), "sets": dict(self.sets), "warnings": list(self.warnings)}
        rows = [{**asdict(one), "verdict": one.verdict} for one in self.opinions]
        return {**values, "extractors": {name: dict(one) for name, one in self.extractors.items()}, "opinions": rows}

    def to_frame(self) -> "DataFrame":
        """The table as a pandas DataFrame, every digit kept."""
        return self.table.to_frame()

    def __str__(self) -> str:
        return terminal(self.table)

    def __repr__(self) -> str:
        return f"Opinions({len(self.opinions)} of {self.generated}: {self.words})"

    def _repr_html_(self) -> str:
        return html_text(self.table)


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
