"""Several tables as one value: what the functions of `bench` return that the commands print."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.tables.html_table import html_text
from bench.tables.table import Table
from bench.tables.terminal import terminal

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Tables(Sequence[Table]):
    """Tables in order, and `warnings` about what is in none of them, such as a damaged record."""

    tables: tuple[Table, ...]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, place: Any) -> Any:
        """A table by its place or its name."""
        if isinstance(place, str):
            named = [table for table in self.tables if table.name == place]
            if not named:
                raise KeyError(f"no table {place!r}; there are: {', '.join(table.name for table in self.tables)}")
            return named[0]
        return self.tables[place]

    def __len__(self) -> int:
        return len(self.tables)

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables)

    def __str__(self) -> str:
        return "\n".join(map(terminal, self.tables))

    def __repr__(self) -> str:
        return f"Tables({', '.join(f'{table.name}: {len(table.rows)}' for table in self.tables)})"

    def to_frame(self) -> "DataFrame":
        """All rows in one pandas DataFrame, under the columns of all tables, with `table` and `title` in front."""
        from bench.tables.frames import frame_of_all

        return frame_of_all(self.tables)

    def _repr_html_(self) -> str:
        return "\n".join(map(html_text, self.tables))


def told_apart(tables: Iterable[Table]) -> tuple[Table, ...]:
    """The tables, no two of one title: those that share one name their protocol, and where they share that too, a
    number."""
    found = _with(tables, lambda table, _: f"{table.title}, protocol {table.protocol}" if table.protocol else "")
    return _with(found, lambda table, number: f"{table.title} ({number})")


def _with(tables: Iterable[Table], title: Callable[[Table, int], str]) -> tuple[Table, ...]:
    """The tables with another title where several have the same one; `title` is told which of these it is."""
    listed = list(tables)
    counts = Counter((table.name, table.title) for table in listed)
    before: Counter[tuple[str, str]] = Counter()
    found = []
    for table in listed:
        key = (table.name, table.title)
        before[key] += 1
        new = title(table, before[key]) if counts[key] > 1 else ""
        found.append(replace(table, title=new) if new else table)
    return tuple(found)
