"""Numbers of entries as people read them: value, interval, direction, what it says."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bench.leaderboard.board import Board
from bench.leaderboard.tracks import Rules
from bench.measuring.declared import declared
from bench.storage.records import Numbers
from bench.tables.columns import Number
from bench.tables.table import Cell, Column, text
from metrics.types import Output

POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


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


@dataclass(frozen=True)
class Unit:
    """What a number is multiplied by on a page, the power of ten of that, and how a title says so."""

    times: float = 1
    power: int = 0
    words: str = ""


def unit_of(one: Output) -> Unit:
    """Per cent of a share from 0 to 1, the power of ten that a metric declares, or the number itself."""
    if one.kind == "share" and one.most == 1:
        return Unit(100, 2, " %")
    return Unit(10.0**one.power, one.power, " ×10" + str(one.power).translate(POWERS)) if one.power else Unit()


def column_in(unit: Unit, column: Column) -> Column:
    """A column of numbers in a unit, with as many digits as without."""
    decimals = None if column.decimals is None else max(column.decimals - unit.power, 0)
    return replace(column, title=column.title + unit.words, decimals=decimals)


def cell_in(unit: Unit, cell: Cell) -> Cell:
    """A number of a metric, with its interval, in a unit."""
    if unit.times == 1 or cell.value is None or isinstance(cell.value, str):
        return cell
    low, high = (None if end is None else end * unit.times for end in (cell.low, cell.high))
    return replace(cell, value=cell.value * unit.times, low=low, high=high)


def in_order(rules: Rules, measured: Iterable[str]) -> list[str]:
    """Metrics in the order of a track's rules; what they do not name comes last, by name."""
    rule = [*(one.name for one in rules.protocol.metrics), rules.memorisation.name, rules.copies.name]
    return sorted(measured, key=lambda name: (rule.index(name) if name in rule else len(rule), name))


def outputs_of(name: str, scores: Numbers) -> list[Output]:
    """The numbers of a metric in the order of its constant."""
    metric = declared(name)
    return [one for one in metric.outputs if one.name in scores] if metric else []


def numbers_shown(board: Board) -> list[Number]:
    """The numbers of entries that pages show, the one that the board is sorted by first."""
    numbers = [one for one in board.numbers if one.output.shown != "table" or one == board.sorted_by]
    return sorted(numbers, key=lambda one: one != board.sorted_by)
