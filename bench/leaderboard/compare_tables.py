"""The tables of a comparison: of two sides, and of the means over the training seeds of both."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bench.measuring.declared import every_metric
from bench.tables.seed_means import BETWEEN, COVERS
from bench.tables.table import Cell, Column, Table, decimals_of

if TYPE_CHECKING:
    from bench.leaderboard.compare import Comparison, Line


def comparison_tables(found: "Comparison") -> list[Table]:
    """One table of the two, and one over training seeds where there are some."""
    tables = [_table("compare", f"{found.a} (a) against {found.b} (b)", found.lines, _notes(found))]
    if found.over_seeds:
        counts = max(one.count for one in found.over_seeds)
        note = (
            f"means over {counts[0]} and {counts[1]} training seeds, difference with Welch's interval: it covers "
            "training and sampling, for these real images"
        )
        title = f"{found.a} (a) against {found.b} (b), over training seeds"
        tables.append(_with_spread(_table("compare-seeds", title, found.over_seeds, (note, COVERS, BETWEEN)), found))
    return [replace(one, protocol=found.protocol, extractor=found.extractor) for one in tables]


def _table(name: str, title: str, lines: "Sequence[Line]", notes: tuple[str, ...]) -> Table:
    columns = (
        Column("score", "Score"),
        Column("a", "a", interval=True),
        Column("b", "b", interval=True),
        Column("difference", "a less b [95 %]", interval=True),
        Column("paired", "Paired"),
        Column("verdict", "Told apart"),
    )
    return Table(name, title, columns, tuple(map(_row, lines)), notes)


def _with_spread(table: Table, found: "Comparison") -> Table:
    """The table with the spread between the seeds of each side, and the sampling error of one of them."""
    titles = {"between": "Spread between seeds", "sampling": "Sampling error"}
    columns = [Column(f"{key}_{side}", f"{title}, {side}") for side in ("a", "b") for key, title in titles.items()]
    rows = []
    for row, line in zip(table.rows, found.over_seeds, strict=True):
        more = [Cell(getattr(one, key), decimals=row[1].decimals) for one in (line.a, line.b) for key in titles]
        rows.append((*row, *more))
    return replace(table, columns=(*table.columns, *columns), rows=tuple(rows))


def _row(line: "Line") -> tuple[Cell, ...]:
    arrow = {"lower": " ↓", "higher": " ↑"}.get(line.better, "")
    step = Cell(line.difference, line.low, line.high)
    places = decimals_of([step]) if line.low is not None else 3
    shown = [Cell(one.value, one.low, one.high, places) for one in (line.a, line.b, step)]
    told_apart = f"{line.winner} is better" if line.winner else "no" if line.low is not None else None
    paired = ("yes" if line.paired else "no") if line.low is not None and line.count == (1, 1) else None
    return (Cell(f"{line.title}{arrow} {line.domain}".rstrip()), *shown, Cell(paired), Cell(told_apart))


def _notes(found: "Comparison") -> tuple[str, ...]:
    notes = [
        *found.disputed,
        "each interval is for its own score; with several scores, one may be told apart by chance",
    ]
    without = dict.fromkeys(_without_interval(found.lines))
    notes += [f"no interval: {', '.join(without)}"] if without else []
    distances = {one.main.name for one in every_metric() if one.influence and one.main}
    alone = [line for line in found.lines if line.low is not None and line.key in distances]
    if any(not line.paired for line in alone):
        notes.append(
            "not paired: the influences of one side are not known (records of runs keep none), so the errors "
            "of both sides are treated as independent"
        )
    damaged = (f"damaged and left out (it may be another seed): {line}" for line in found.damaged)
    return (*notes, *found.notes, *damaged)


def _without_interval(lines: "Sequence[Line]") -> Iterator[str]:
    """The scores that have none, a plain value with the reason for which its corrected one has."""
    titles = {line.title for line in lines}
    for line in lines:
        if line.low is None and f"{line.title}, corrected" in titles:
            yield f"plain {line.title} (its bias differs between models)"
        elif line.low is None:
            yield line.title.lower()
