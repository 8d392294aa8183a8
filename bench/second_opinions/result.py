"""What `bench opinions` returns: the numbers, one line in words, a table and a picture of both."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.second_opinions.opinion_table import NOTE, opinion_table
from bench.second_opinions.ratios import Opinion
from bench.tables.html_table import html_text
from bench.tables.table import Table
from bench.tables.terminal import terminal

if TYPE_CHECKING:
    from pandas import DataFrame


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
        name = next(iter(self.extractors)) if len(self.extractors) == 1 else "several"
        by = "" if name == "several" else f", by {name}"
        title = f"Second opinions: {self.generated} against {self.real}, {self.count:,} images in each set{by}"
        notes = (f"{self.words}.", NOTE, f"real 1 and real 2: {self.taken}", *self.warnings)
        return opinion_table("opinions", title, self.opinions, notes, protocol="", extractor=name)

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
