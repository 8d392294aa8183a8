"""Numbers of entries as people read them: value, interval, unit, direction, what it says.

All numbers of a board are made into text once. So a number has one unit and as many decimals wherever it stands: in the
ranking, on the pages of entries, side by side, over time and in feeds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bench.leaderboard.board import Board
from bench.leaderboard.orders import order_of
from bench.leaderboard.standing import Standing
from bench.leaderboard.tracks import Rules
from bench.leaderboard.way import Scores
from bench.measuring.declared import all_declared, declared
from bench.protocol import of_one_part, titled
from bench.site.places import METRICS, READING
from bench.storage.records import Numbers
from bench.tables.columns import Number
from bench.tables.table import Cell, decimals_of, value_and_interval
from metrics.types import Output

POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Shown:
    """A number as pages show it: `12.3` and `[11.0, 13.6]` ("" where it has no interval), and the cell of both in its
    unit."""

    shown: str
    interval: str
    cell: Cell

    @property
    def value(self) -> float | None:
        """In its unit; None where it is absent."""
        return float(self.cell.value) if isinstance(self.cell.value, int | float) else None

    @property
    def words(self) -> str:
        """`12.3 [11.0, 13.6]`."""
        return f"{self.shown} {self.interval}".rstrip()


ABSENT = Shown(*value_and_interval(Cell()), Cell())


@dataclass(frozen=True)
class Unit:
    """What a number is multiplied by on a page, the power of ten of that, and how a title says so."""

    times: float = 1
    power: int = 0
    words: str = ""


def unit_of(one: Output) -> Unit:
    """Per cent of a share from 0 to 1, the power of ten that a metric declares, or the number itself."""
    if one.kind == "share" and one.most == 1:
        return Unit(100.0, 2, " %")
    return Unit(10.0**one.power, one.power, " ×10" + str(one.power).translate(POWERS)) if one.power else Unit()


def explained_at(number: Number) -> str:
    """Where in the site a number is explained."""
    return f"{READING}#ranks" if order_of(number) else f"{METRICS}#{number.metric.name}"


# ----- all numbers of a board


@dataclass(frozen=True, eq=False)
class Measured:
    """All numbers of a board, the one that it is sorted by first, the others in the order of its rules. By key: the
    title of each with its options and its unit (`KID ×10³`, `IS (10 splits)`), its decimals, and what each standing,
    and each landmark by its name, has of it."""

    numbers: tuple[Number, ...]
    titles: Mapping[str, str]
    decimals: Mapping[str, int]
    of: Mapping[Standing | str, Mapping[str, Shown]]

    def show(self, number: Number, scores: Scores) -> Shown:
        """A number of scores that are no longer on the board."""
        return _shown(_in_unit(number, scores, self.decimals[number.key]))


@lru_cache(maxsize=1)  # of the board whose pages are being written
def measured(board: Board) -> Measured:
    """All numbers of a board."""
    standings = (*board.listed, *board.flagged, *board.controls)
    scored: dict[Standing | str, Scores] = {one: one.scores for one in standings}
    scored.update(board.record.landmarks)
    numbers = tuple(_numbers_of(board, scored.values()))
    decimals = {number.key: _decimals(number, scored.values()) for number in numbers}
    of = {
        who: {number.key: _shown(_in_unit(number, scores, decimals[number.key])) for number in numbers}
        for who, scores in scored.items()
    }
    return Measured(numbers, {number.key: _title(board, number) for number in numbers}, decimals, of)


def of_order(board: Board, who: Standing | str) -> Shown:
    """What an entry, or a landmark by its name, has of the number that the board is sorted by."""
    return measured(board).of.get(who, {}).get(board.sort, ABSENT)


def _numbers_of(board: Board, scored: Iterable[Scores]) -> Iterator[Number]:
    yield board.sorted_by
    keys: dict[str, set[str]] = {}
    for scores in scored:
        for name, values in scores.items():
            keys.setdefault(name, set()).update(key for key, value in values.items() if value is not None)
    options = board.record.rules.protocol.options
    for metric in all_declared(in_order(board.record.rules, keys)):
        for number in (Number(metric, output) for output in metric.outputs if output.name in keys[metric.name]):
            if number != board.sorted_by and not of_one_part(number.output, options(metric.name)):
                yield number


def _title(board: Board, number: Number) -> str:
    options = board.record.rules.protocol.options(number.metric.name)
    return titled(number.output, options) + unit_of(number.output).words


def _decimals(number: Number, scored: Iterable[Scores]) -> int:
    """As many as the intervals are worth, or as the metric declares, less those that the unit takes."""
    plain = decimals_of([number.cell(one) for one in scored]) if number.output.interval else number.output.decimals
    return max(plain - unit_of(number.output).power, 0)


def _in_unit(number: Number, scores: Scores, decimals: int = 0) -> Cell:
    found, unit = number.cell(scores), unit_of(number.output)
    value, low, high = (
        one * unit.times if isinstance(one, int | float) else None for one in (found.value, found.low, found.high)
    )
    return Cell(value, low, high, decimals)


def _shown(cell: Cell) -> Shown:
    return ABSENT if cell.value is None else Shown(*value_and_interval(cell), cell)


def numbers_shown(board: Board) -> list[Number]:
    """Those that stand in the tables of a track and side by side, the one that the board is sorted by first."""
    known = {number.key for number in measured(board).numbers}
    numbers = [
        one for one in board.numbers if one.key in known and (one.output.shown != "table" or one == board.sorted_by)
    ]
    return sorted(numbers, key=lambda one: one != board.sorted_by)


# ----- metrics


def in_order(rules: Rules, metrics: Iterable[str]) -> list[str]:
    """Metrics in the order of a track's rules; what they do not name comes last, by name."""
    rule = [*(one.name for one in rules.protocol.metrics), rules.memorisation.name, rules.copies.name]
    return sorted(metrics, key=lambda name: (rule.index(name) if name in rule else len(rule), name))


def outputs_of(name: str, scores: Numbers) -> list[Output]:
    """The numbers of a metric in the order of its constant."""
    metric = declared(name)
    return [one for one in metric.outputs if one.name in scores] if metric else []
