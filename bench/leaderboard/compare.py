"""Can two models be told apart? Their scores against the same real images, one difference with an interval each.

Distances are compared in pairs where both sides keep their influences (`bench.leaderboard.differences`). The Inception
Score has no real images and is compared by the errors of both. Precision, recall, density and coverage, and the plain
FID, whose bias is another one for each model, have no interval that we know of: their difference is shown and nothing
is said.

Where both were trained with several seeds, the question about the models, not about two of their checkpoints, is
answered over the seeds: the difference of the means with Welch's interval (Welch 1947), which holds what training and
sampling bring, on these real images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.leaderboard.compare_tables import comparison_tables
from bench.leaderboard.contestants import Side
from bench.leaderboard.differences import difference, estimate
from bench.leaderboard.influence import rows_of
from bench.leaderboard.seeds import apart_of
from bench.leaderboard.tracks import rules_difference, told
from bench.measuring.flags import dependent
from bench.protocol import difference as protocol_difference
from bench.tables.columns import Number, of_board
from bench.tables.seed_means import seed_mean
from bench.tables.several import Tables
from bench.tables.table import Cell
from metrics.arithmetic.quantiles import t95
from metrics.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Score:
    """A number with its own 95 % interval, where it has one; of a mean over seeds this is its t-interval, and the
    spread between the seeds and the sampling error of one stand beside it."""

    value: float
    low: float | None = None
    high: float | None = None
    between: float | None = None
    sampling: float | None = None


@dataclass(frozen=True)
class Line:
    """One score of both: a less b, with its interval where one is known, and which is better for sure (None: neither
    can be told to be). `count` are the seeds of each side, (1, 1) where two checkpoints are compared."""

    domain: str
    key: str
    title: str
    better: str
    a: Score
    b: Score
    difference: float
    low: float | None
    high: float | None
    paired: bool
    winner: str | None
    count: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Comparison:
    """All scores of a and b, and the same over training seeds, () where there are no several seeds of both, and where
    both are seeds of one model. `damaged` are lines about files that cannot be read and may be other seeds, `notes` say
    which scores one side has none of and whether these are two models, `disputed` has a line for each domain in which
    both are better by some score for sure, `protocol` and `extractor` are what both were measured with."""

    a: str
    b: str
    lines: tuple[Line, ...]
    over_seeds: tuple[Line, ...]
    damaged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    protocol: str = ""
    extractor: str = ""

    @property
    def tables(self) -> Tables:
        """The differences of two checkpoints, and where there are several seeds of both, over these."""
        return Tables(tuple(comparison_tables(self)))

    def to_frame(self) -> "DataFrame":
        """The differences as a pandas DataFrame, every digit kept."""
        return self.tables[0].to_frame()

    def _repr_html_(self) -> str:
        return self.tables._repr_html_()


def compare(a: Side, b: Side) -> Comparison:
    """Everything that both sides were measured by.

    Raises InputError that names each field in which the questions that they answer differ.
    """
    check_same_question(a, b)
    domains = [domain for domain in a.scores if domain in b.scores]
    if not domains:
        raise InputError(f"{a.name} and {b.name} made images of different domains, so there is nothing to compare")
    numbers = [one for one in of_board(a.protocol) if one.ranked]
    lines = tuple(filter(None, (_line(a, b, domain, number) for domain in domains for number in numbers)))
    one_model = a.family is not None and a.family == b.family
    seeds = [] if one_model else [_over_seeds(a, b, domain, number) for domain in domains for number in numbers]
    damaged = tuple(dict.fromkeys((*a.damaged, *b.damaged)))
    without = [f"{side.name}: {why}" for side in (a, b) for domain in domains for why in dependent(side.scores[domain])]
    notes = tuple(dict.fromkeys([*without, *_about_seeds(a, b, one_model)]))
    return Comparison(
        *(a.name, b.name),
        lines=lines,
        over_seeds=tuple(filter(None, seeds)),
        damaged=damaged,
        notes=notes,
        disputed=tuple(filter(None, (_disputed(lines, domain) for domain in domains))),
        protocol=a.protocol.id,
        extractor=a.protocol.extractor,
    )


def check_same_question(a: Side, b: Side) -> None:
    """InputError that names each field in which what was measured differs."""
    if a.rules is not None and b.rules is not None:
        differing = rules_difference(a.rules, b.rules)
    else:  # the record of a run has the protocol only
        names = protocol_difference(a.protocol, b.protocol)
        differing = {name: (getattr(a.protocol, name), getattr(b.protocol, name)) for name in names}
    if differing:
        raise InputError(
            f"{a.name} (a) and {b.name} (b) were measured by different rules: {told(differing, ('in a', 'in b'))}. "
            "Such numbers cannot be compared; measure both by one"
        )


def _disputed(lines: Sequence[Line], domain: str) -> str:
    """By which scores each is better for sure, where both are by some."""
    won = {side: [one.title for one in lines if (one.domain, one.winner) == (domain, side)] for side in ("a", "b")}
    if not all(won.values()):
        return ""
    told = "; ".join(f"{side} is better by {' and '.join(titles)}" for side, titles in won.items())
    return f"disputed{f' in {domain}' if domain else ''}: {told}"


# ----- one score


def _line(a: Side, b: Side, domain: str, number: Number) -> Line | None:
    own = [_score(number.cell(one.scores[domain])) for one in (a, b)]
    if own[0] is None or own[1] is None:
        return None
    estimates = [estimate(number, one.scores[domain], _influence(one, domain, number)) for one in (a, b)]
    found = difference(estimates[0], estimates[1]) if estimates[0] and estimates[1] else None
    return Line(
        *(domain, number.key, number.output.title, number.output.better, own[0], own[1]),
        difference=own[0].value - own[1].value,
        low=found.low if found else None,
        high=found.high if found else None,
        paired=found.paired if found else False,
        winner=_winner(found.low, found.high, number.output.better) if found else None,
    )


def _influence(side: Side, domain: str, number: Number) -> np.ndarray | None:
    """What a side keeps of a number for paired comparisons, of its only domain."""
    rows = rows_of(side.protocol)
    if side.influences is None or domain or not number.paired or number.metric not in rows:
        return None
    row: np.ndarray = side.influences[rows.index(number.metric)]
    return row


def _score(cell: Cell) -> Score | None:
    return None if cell.value is None else Score(float(cell.value), cell.low, cell.high)


def _winner(low: float, high: float, better: str) -> str | None:
    if low <= 0 <= high:
        return None
    return "a" if (high < 0) == (better == "lower") else "b"


# ----- over seeds


def _about_seeds(a: Side, b: Side, one_model: bool) -> list[str]:
    """Whether the differences are those of two models."""
    if one_model:
        return ["a and b are of one model: these two trainings are compared, not their model with itself"]
    single = [name for name, side in (("a", a), ("b", b)) if len(side.seeds) < 2]
    if not single:
        return []
    return [
        f"one training seed of {' and of '.join(single)}: the spread between seeds is not known, so this compares two "
        "trainings and not two models"
    ]


def _over_seeds(a: Side, b: Side, domain: str, number: Number) -> Line | None:
    known = [
        [one for one in side.seeds if number.cell(one.scores.get(domain, {})).value is not None] for side in (a, b)
    ]
    if min(map(len, known)) < 2:
        return None
    samples = [[float(one.scores[domain][number.metric.name][number.key] or 0) for one in side] for side in known]
    mean_a, mean_b = (_mean(side, domain, number) for side in known)
    low, high = welch(*samples)
    return Line(
        *(domain, number.key, number.output.title, number.output.better, mean_a, mean_b),
        difference=mean_a.value - mean_b.value,
        low=low,
        high=high,
        paired=False,
        winner=_winner(low, high, number.output.better),
        count=(len(samples[0]), len(samples[1])),
    )


def _mean(seeds: Sequence[Side], domain: str, number: Number) -> Score:
    apart = apart_of([_influence(one, domain, number) for one in seeds])
    mean = seed_mean(number, [one.scores[domain] for one in seeds], apart)
    assert mean is not None
    return Score(mean.mean, mean.low, mean.high, mean.between, mean.sampling)


def welch(a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the difference of two means, mean(a) - mean(b), of samples with variances of their own.

    Welch 1947, with the degrees of freedom of Satterthwaite; both samples need two values.
    """
    parts = [float(np.var(one, ddof=1)) / len(one) for one in (a, b)]
    step, variance = float(np.mean(a) - np.mean(b)), sum(parts)
    if variance == 0:
        return step, step
    degrees = variance**2 / sum(part**2 / (len(one) - 1) for part, one in zip(parts, (a, b), strict=True))
    reach = t95(degrees) * float(np.sqrt(variance))
    return step - reach, step + reach
