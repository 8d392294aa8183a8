"""Numbers of entries as people read them: value, interval, direction, what it says."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bench.leaderboard.tracks import Rules
from bench.measuring.declared import declared
from bench.storage.records import Numbers
from bench.tables.table import Cell, text
from metrics.types import Output


@dataclass(frozen=True)
class Shown:
    """A number in a table: as text, with its interval as text, and as it is for sorting; nothing where absent."""

    key: str
    title: str
    shown: str
    interval: str
    value: float | int | None
    best: bool = False


def shown(key: str, title: str, cell: Cell) -> Shown:
    """A cell in two texts: `12.3` and `[11.0, 13.6]`."""
    value = text(replace(cell, low=None, high=None))
    interval = text(cell).removeprefix(value).strip()
    return Shown(key, title, value, interval, cell.value if not isinstance(cell.value, str) else None, cell.best)


def in_order(rules: Rules, measured: Iterable[str]) -> list[str]:
    """Metrics in the order of a track's rules; what they do not name comes last, by name."""
    rule = [*(one.name for one in rules.protocol.metrics), rules.memorisation.name, rules.copies.name]
    return sorted(measured, key=lambda name: (rule.index(name) if name in rule else len(rule), name))


def outputs_of(name: str, scores: Numbers) -> list[Output]:
    """The numbers of a metric in the order of its constant."""
    metric = declared(name)
    return [one for one in metric.outputs if one.name in scores] if metric else []
