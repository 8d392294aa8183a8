"""Scores class by class as a table: a row for each class, and one for the mean over the classes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.tables.columns import INTERVAL, Number, numbers_of
from bench.tables.table import Cell, Column, Table, aligned
from metrics.types import Metric, Output

MEAN = "mean over classes"


def class_table(result: Mapping[str, Any]) -> Table:
    """What `bench.score(..., by_class=True)` found of each class."""
    from bench.measuring.scoring import load_metrics

    sides = [side for side in ("_a", "_b") if f"name{side}" in result]
    counts = [Column(f"n{side}", f"n of {_letter(side)}", decimals=0) for side in sides]
    numbers = _numbers(load_metrics(result["metrics"]), sides)
    columns = (Column("class", "class"), *counts, *(_column(one, side) for one, side in numbers))
    mean = {"class": MEAN, **result["class_mean"], **{f"n{side}": result[f"n{side}"] for side in sides}}
    rows = tuple(
        (
            Cell(row["class"]),
            *(Cell(row[one.key]) for one in counts),
            *(_cell(one.output, row, side) for one, side in numbers),
        )
        for row in (*result["by_class"], mean)
    )
    named = " against ".join(f"{result['name' + side]} ({_letter(side)})" for side in sides)
    notes = ("the interval of the mean takes the classes for independent",) if _has(rows[-1]) else ()
    found = Table("classes", f"{named}, class by class", columns, rows, notes, "", result.get("extractor") or "")
    return aligned(found)


def _letter(side: str) -> str:
    """What a set is called in heads: its name, which may be long, stands in the title."""
    return side[1:].upper()


def _has(row: Sequence[Cell]) -> bool:
    return any(cell.low is not None for cell in row)


def _numbers(metrics: Sequence[Metric], sides: Sequence[str]) -> list[tuple[Number, str]]:
    """The numbers of one class, each with what ends its keys."""
    distances = numbers_of(one for one in metrics if one.by_class and one.arity == "pair")
    of_sets = [Number(one, one.main) for one in metrics if one.by_class and one.arity == "set" and one.main]
    return [*((one, "") for one in distances), *((one, side) for one in of_sets for side in sides)]


def _column(number: Number, side: str) -> Column:
    column = number.column
    if not side:
        return column
    title = f"{number.output.title} of {_letter(side)}{INTERVAL}"
    return replace(column, key=column.key + side, title=title)


def _cell(output: Output, row: Mapping[str, Any], side: str) -> Cell:
    at = output.interval
    ends = (row.get(at.low + side), row.get(at.high + side)) if at else ()
    return Cell(row.get(output.name + side), *ends)
