"""The scores of sets of images as a table: what the terminal, a notebook and a DataFrame show of a result."""

from collections.abc import Mapping
from typing import Any

from bench.tables.table import Cell, Column, Table

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
    return Table("scores", title, COLUMNS, tuple(rows), tuple(result.get("warnings", ())))


def _rows(metric: Any, result: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    from bench.measuring.scoring import Options
    from bench.protocol import in_splits

    rows = []
    splits = result.get("splits") if "splits" in Options().fitting(metric) else None
    for side in ("_a", "_b") if metric.arity == "set" else ("",):
        for output in metric.outputs:
            key = output.name + side
            if key in result and not output.name.endswith(("_corrected", "_sd") if splits == 1 else "_corrected"):
                title = in_splits(output.title, splits)
                title = f"{title} of {result['name' + side]}" if side else title
                more = (result.get(f"{output.name}_{what}{side}") for what in ("corrected", "low", "high"))
                better = "" if output.better == "neither" else f"{output.better} is better"
                rows.append(tuple(map(Cell, (title, result[key], *more, better))))
    return rows


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
