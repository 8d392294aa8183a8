"""Numbers of entries as people read them: value, interval, direction, what it says."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from bench import registry
from bench.leaderboard.tracks import Rules
from bench.site.words import BEYOND, COPIES, Explained
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


def interval_of(scores: Numbers, key: str) -> tuple[float | None, float | None]:
    """The interval of a number: that of a metric with a corrected value belongs to the corrected one."""
    stem = key.removesuffix("_corrected")
    if key == stem and f"{stem}_corrected" in scores:
        return None, None
    return scores.get(f"{stem}_low"), scores.get(f"{stem}_high")


def expected_of(scores: Numbers, key: str) -> float | None:
    """What a number would be by chance, where the metric says so."""
    return scores.get(f"{key}_expected")


def in_order(rules: Rules, measured: Iterable[str]) -> list[str]:
    """Metrics in the order of a track's rules; what they do not name comes last, by name."""
    rule = [*(one.name for one in rules.protocol.metrics), rules.memorisation.name, rules.copies.name]
    return sorted(measured, key=lambda name: (rule.index(name) if name in rule else len(rule), name))


def outputs_of(name: str, scores: Numbers) -> list[Output]:
    """The numbers of a metric in the order of its constant, those beyond them last."""
    return [one for one in (*explained(name).outputs, *BEYOND) if one.name in scores]


@cache
def explained(name: str) -> Explained:
    """What is said of a metric, or of the comparison of pixels, which is none; looked up once."""
    if name == COPIES.name:
        return COPIES
    metric = registry.load("metrics", name)
    return Explained(name, metric.title, metric.source, metric.version, metric.outputs)
