"""The numbers of metrics as columns of tables, read from what each metric declares, in one order everywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bench.measuring.copies import METRIC as COPIES
from bench.measuring.declared import FIRST, all_declared
from bench.protocol import Protocol
from bench.storage.records import Numbers
from bench.tables.table import Cell, Column
from metrics.types import Metric, Output

MEMORISATION = "memorisation"
INTERVAL = " [95 %]"
RANKED_BY = "fid_corrected"  # unless another number is asked for
ORDER = (  # of columns; numbers of other metrics stand after them, before those of a triplet
    *("fid", "fid_corrected", "kid", "inception_score_corrected"),
    *("precision", "recall", "density", "coverage", "mse"),
    *("exact_copies", "near_copies", "near_duplicates", "authpct", "c_t", "train_share_z", "duplicates"),
)


@dataclass(frozen=True)
class Number:
    """A number of a metric, as a column and as a cell of it."""

    metric: Metric
    output: Output

    @property
    def key(self) -> str:
        return self.output.name

    @property
    def ranked(self) -> bool:
        """Whether generators are ranked and compared by it: not by signs of copying."""
        return self.metric.arity != "triplet" and self.output.better != "neither"

    @property
    def paired(self) -> bool:
        """Whether differences of it are paired where influences are kept."""
        return self.metric.influence is not None and self.metric.main is self.output

    @property
    def column(self) -> Column:
        one = self.output
        title = one.column or one.title
        if one.interval:
            return Column(one.name, title + INTERVAL, one.better, None, interval=True)
        return Column(one.name, title, one.better, one.decimals)

    def cell(self, scores: Mapping[str, Numbers]) -> Cell:
        """The number with its interval, where it has one, of scores by metric; an empty cell where it was not
        measured."""
        found, at = scores.get(self.metric.name, {}), self.output.interval
        return Cell(found.get(self.key), *((found.get(at.low), found.get(at.high)) if at else ()))


def numbers_of(metrics: Iterable[Metric]) -> tuple[Number, ...]:
    """The numbers of metrics that stand in tables, in order."""
    found = [Number(metric, one) for metric in metrics for one in metric.outputs if one.shown != "entry"]
    return tuple(sorted(found, key=_place))


def _place(number: Number) -> tuple[bool, int]:
    return number.metric.arity == "triplet", ORDER.index(number.key) if number.key in ORDER else len(ORDER)


def of_sets(protocol: Protocol) -> tuple[Number, ...]:
    """What a protocol says of a generated set; paired errors are of something else."""
    return numbers_of(one for one in _measured(protocol) if one.feature != "images" or one.arity == "set")


def of_pairs_of_images(protocol: Protocol) -> tuple[Number, ...]:
    """What a protocol says where row i of a set belongs to row i of another one."""
    return numbers_of(one for one in _measured(protocol) if one.feature == "images" and one.arity == "pair")


def of_board(protocol: Protocol) -> tuple[Number, ...]:
    """What a track of this protocol says of an entry, signs of copying included."""
    return tuple(one for one in of_any_board(protocol) if protocol.logits or one.metric.feature != "logits")


def of_any_board(protocol: Protocol) -> tuple[Number, ...]:
    """The same, with what an extractor that predicts no classes leaves empty."""
    return (*of_sets(protocol), *numbers_of((*all_declared([MEMORISATION]), COPIES)))


def _measured(protocol: Protocol) -> tuple[Metric, ...]:
    """Those of every table, so that all have the same columns, and what the protocol has besides."""
    return all_declared(dict.fromkeys((*FIRST, *(one.name for one in protocol.metrics))))


def by_itself(number: Number) -> Column:
    """The column of a number with a title that stands by itself, not beside the plain value."""
    column = number.column
    return replace(column, title=number.output.title + (INTERVAL if number.output.interval else ""))
