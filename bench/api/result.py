"""What a measuring function returns."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bench import __version__
from bench.tables.class_scores import class_table
from bench.tables.convention_scores import convention_table
from bench.tables.html_table import html_text
from bench.tables.list_tables import list_tables
from bench.tables.scores import in_words, score_table
from bench.tables.several import Tables
from bench.tables.table import Cell, Column, Table

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 4  # scores in the short form of a result


class Result(Mapping[str, Any]):
    """Frozen scores by key, plain values that JSON can hold; `result.fid` is `result["fid"]`."""

    __slots__ = ("_scores",)

    def __init__(self, scores: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_scores", dict(scores))

    @classmethod
    def of(cls, values: Mapping[str, Any], warnings: Iterable[str]) -> "Result":
        """Values with the version that made them, and each warning once."""
        return cls({**values, "version": __version__, "warnings": list(dict.fromkeys(warnings))})

    def __getitem__(self, key: str) -> Any:
        return self._scores[key]

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_") or key not in self._scores:
            raise AttributeError(f"no score {key!r}; there are: {', '.join(self)}")
        return self._scores[key]

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError(f"a result is frozen; dict(result) can be changed, got {key} = {value!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    @property
    def table(self) -> Table:
        """The scores as a table, a row for each."""
        return score_table(self)

    @property
    def tables(self) -> Tables:
        """That table, one of the classes where the scores were computed class by class, one of the tools where the FID
        was asked for as they print it, and one of each other list."""
        more = {"by_class": class_table, "conventions": convention_table}
        found = (made(self) for key, made in more.items() if key in self)
        return Tables((self.table, *found, *list_tables(self)))

    def to_frame(self) -> "DataFrame":
        """The table as a pandas DataFrame: score, value, corrected, low, high, better."""
        return self.table.to_frame()

    def __repr__(self) -> str:
        rows = in_words(self.table)
        found = ", ".join(f"{title} {value}" for title, value, *_ in rows[:SHOWN])
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        return f"Result({found or ', '.join(self)}{more})"

    def _repr_html_(self) -> str:
        words = tuple(tuple(map(Cell, row)) for row in in_words(self.table))
        columns = (*self.table.columns[:3], Column("interval", "95 % interval"), self.table.columns[-1])
        return html_text(replace(self.table, columns=columns, rows=words))

    def __reduce__(self) -> tuple[type["Result"], tuple[dict[str, Any]]]:
        return Result, (self._scores,)
