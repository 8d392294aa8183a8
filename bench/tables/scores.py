"""The scores of sets of images as a table: what the terminal, a notebook and a DataFrame show of a result."""

from collections.abc import Mapping
from typing import Any

from bench.tables.table import Cell, Column, Table
from metrics.types import Metric, Output

COLUMNS = (
    Column("score", "metric"),
    Column("value", "value", decimals=None),
    Column("corrected", "corrected", decimals=None),
    Column("low", "95 % from", decimals=None),
    Column("high", "to", decimals=None),
    Column("better", ""),
)


def score_table(result: Mapping[str, Any]) -> Table:
    """Each score of a result with its corrected value, where the metric has one, and the interval, which is then the
    corrected value's. The metrics are those that it names; without names, all whose first key it has."""
    from bench import registry
    from bench.measuring.scoring import load_metrics

    names = result.get("metrics")
    chosen = load_metrics(registry.names("metrics") if names is None else names)
    rows = [row for metric in chosen for row in _rows(metric, result)]
    title = " against ".join(str(result[f"name_{side}"]) for side in "ab" if f"name_{side}" in result)
    notes = tuple(result.get("warnings", ()))
    return Table("scores", title, COLUMNS, tuple(rows), notes, "", result.get("extractor") or "")


def _rows(metric: Metric, result: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    from bench.protocol import of_one_part, titled

    rows = []
    for side in ("_a", "_b") if metric.arity == "set" else ("",):
        for output in metric.outputs:
            if output.name + side in result and not output.corrects and not of_one_part(output, result):
                title = titled(output, result)
                title = f"{title} of {_set_name(result, side)}" if side else title
                better = "" if output.better == "neither" else f"{output.better} is better"
                value = result[output.name + side]
                rows.append(tuple(map(Cell, (title, value, *_estimates(metric, output, result, side), better))))
    return rows


def _set_name(result: Mapping[str, Any], side: str) -> str:
    """The name of a set, with its letter where both have one name."""
    name = result["name" + side]
    return f"{name} ({side[1:].upper()})" if result.get("name_a") == result.get("name_b") else str(name)


def _estimates(metric: Metric, output: Output, result: Mapping[str, Any], side: str) -> tuple[Any, Any, Any]:
    """The corrected value, where the metric has one, and the interval, which is then the corrected value's."""
    corrected = next((one for one in metric.outputs if one.corrects == output.name), None)
    at = (corrected or output).interval
    low, high = (result.get(key + side) for key in (at.low, at.high)) if at else (None, None)
    return result.get(corrected.name + side) if corrected else None, low, high


def in_words(table: Table) -> list[tuple[str, ...]]:
    """The rows for people: title, value, corrected value, interval, direction."""
    return [
        (str(title.value), figure(value.value), _or_nothing(corrected.value), _interval(low, high), str(better.value))
        for title, value, corrected, low, high, better in table.rows
    ]


def _or_nothing(value: Any) -> str:
    return "" if value is None else figure(value)


def _interval(low: Cell, high: Cell) -> str:
    return "" if low.value is None else f"{figure(low.value)} to {figure(high.value)}"


def figure(value: Any) -> str:
    """A score for people: six significant digits, no exponent in the usual range; a dash where there is none."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return f"{value:,}"
    return f"{value:,.0f}" if 1e5 <= abs(value) < 1e12 else f"{value:#.6g}"
