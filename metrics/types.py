"""The values that describe a metric. A metric is one module of this package with one constant `METRIC`.

The constant says everything that the rest of the project needs to know of it. Tables, leaderboard, site, comparison,
verification and command line read it from there, so that a new metric is one file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from metrics.arithmetic.quantiles import Z95

Kind = Literal["score", "share", "percent", "z", "probability", "count"]
Aspect = Literal["", "fidelity", "variety", "both", "copies"]
Values = Mapping[str, Any]  # a result: None where a number does not hold, because the sets are not independent


@dataclass(frozen=True)
class Value:
    """One key of a result, and what it can be.

    `kind` says how closely it has to agree where it is computed again: one image more or less moves a share by 1 / n
    and a percentage by 100 / n, a z and a probability count such images, a count is that of the set named `counted`,
    and anything else is a score. It lies between `least` and `most`: numbers, the name of a field of `Counts`, or None.
    A share is a whole number of the images of the set named `counted` ("" where it need not be whole). `since` is the
    first version of its metric that has it.
    """

    name: str
    kind: Kind = field(default="score", kw_only=True)
    least: int | float | None = field(default=None, kw_only=True)
    most: int | float | str | None = field(default=None, kw_only=True)
    counted: str = field(default="", kw_only=True)
    since: int = field(default=1, kw_only=True)


@dataclass(frozen=True)
class Interval:
    """Where the 95 % interval of a number stands in the result: the keys of its ends and of its standard error.

    `even` where it reaches as far up as down. `leans` where it does not because the error grows with the truth, so that
    the part beyond 1.96 standard errors is no room for a bias. `noisy` where the standard error holds more than the
    images bring, such as random splits: in a paired difference that remains, whatever the images have in common. `room`
    is the key of how much of it on either side is for a bias that is not known; without one it is what is left when the
    noise is taken out.
    """

    low: str
    high: str
    se: str = ""
    even: bool = True
    leans: bool = False
    noisy: bool = False
    room: str = ""

    def rooms(self, value: float, se: float, ends: tuple[float, float], room: float | None) -> tuple[float, float]:
        """How much of an interval with these ends, below and above, is for a bias; `room` is what the result says under
        that key, None where it does not."""
        if self.leans and not self.room:
            return 0.0, 0.0
        if room is not None:
            return room, room
        down, up = (max(abs(end - value) - Z95 * se, 0.0) for end in ends)
        return down, up


@dataclass(frozen=True)
class Output(Value):
    """A number for people: its key in every result, its title, and which direction is better.

    `says` explains it in one line. `corrects` names the output of which this is the corrected value, `expected` the key
    of what it would be by chance, `by` an option that makes it another number, which its title then names.

    `shown` says where, each word including those before it: on the page of an "entry", in the "table"s of runs and
    tracks, in the table on the "page" of a track, at the "top" of the page of an entry. `column` is its short title in
    tables, `decimals` what it is written with there where no interval says how many are worth it; pages show a number
    times ten to the `power`, and a share from 0 to 1 in per cent.
    `looks_at` says what of the images it judges, of a number that is asked for a second opinion: plain values only,
    which sets of one size have with one bias.
    """

    title: str
    better: Literal["lower", "higher", "neither"]
    says: str = field(default="", kw_only=True)
    interval: Interval | None = field(default=None, kw_only=True)
    corrects: str = field(default="", kw_only=True)
    expected: str = field(default="", kw_only=True)
    by: str = field(default="", kw_only=True)
    shown: Literal["entry", "table", "page", "top"] = field(default="page", kw_only=True)
    column: str = field(default="", kw_only=True)
    decimals: int = field(default=3, kw_only=True)
    power: int = field(default=0, kw_only=True)
    looks_at: Aspect = field(default="", kw_only=True)

    @property
    def estimates(self) -> tuple[str, ...]:
        """The keys that say something of unlimited images, and so take the sets for independent: a corrected value and
        what belongs to an interval."""
        at = self.interval
        ends = (at.se, at.low, at.high, at.room) if at else ()
        return tuple(filter(None, (self.name if self.corrects else "", *ends)))


@dataclass(frozen=True)
class Option:
    """A keyword option of `compute`: a whole number from `least`, one of `choices`, or a switch, as `default` is.

    `bench score` has it as `flag`, `--METRIC-NAME` where that is "" (None: not at all), and `bench.score` as a keyword.
    `needs` is how many images more than its value a set must have, None where it asks for none; `fewer` says what would
    do with the images that are there.
    """

    name: str
    default: int | bool | str
    help: str = ""
    least: int = 0
    choices: tuple[str, ...] = ()
    flag: str | None = ""
    needs: int | None = None
    fewer: str = ""


@dataclass(frozen=True)
class Counts:
    """What the range of a number depends on: images of the real and of the other set, classes of the extractor (0: no
    classifier), training and held-out images among which copies were looked for, and how many of the latter at most say
    what is usual in pixels."""

    real: int
    generated: int
    classes: int = 0
    train: int = 0
    held_out: int = 0
    calibration: int = 0


@dataclass(frozen=True, eq=False)
class Sample:
    """A set that was measured, as notes need it: its name, how many images and features, and the features [n, d]
    themselves where they are there; `classes` are the words for its classes by number, where a metric reads those."""

    name: str
    count: int
    dims: int
    features: np.ndarray | None = None
    classes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Moved:
    """A number of one set or of two, and how much each image raises it (below 0: lowers): an array [n] for each set,
    whose mean is 0. The sum of all their squares estimates its variance, the infinitesimal or delete-one jackknife's.
    """

    value: float
    moves: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Plot:
    """Two outputs of one metric against each other, on the page of a track: upwards, to the right, and in words."""

    upwards: str
    across: str
    says: str


@dataclass(frozen=True)
class Metric:
    """A metric: what it reads, what it returns, and where it comes from.

    `compute(a, ...)` for a set metric, `compute(real, generated, ...)` for a pair metric, `compute(train, generated,
    held_out, ...)` for a triplet, whose real sets are what a generator has seen and what it has not; arrays are [n, d]
    features, [n, c] logits or [n, c, h, w] images: `feature` names the tap of the extractor that it reads, or images.
    With `labels`, a set metric is also given `labels` int64 [n], the classes that the images should be of. Options are
    keyword-only with defaults; those that a user may choose are in `options`, a `seed` is given to all. The
    result is a dict with at least the keys of `outputs`; `beside` are its other keys, as far as something is known of
    them. Each set needs `least` images; an option may ask for more. `version` goes up when a published number changes,
    or when one is added that a leaderboard asks for; `same_since` is the first version whose numbers are still these,
    but for those that were added (0: this one).

    `protocol` puts it into every run's and track's protocol, where the extractor has its feature.
    `influence(real, generated)` is for differences of two generators on the same real images: how much each real image
    raises the first number that has an interval, [n] less its mean, and the standard deviation that the generated
    images bring to it. `of_statistics(a, b, **options)` takes mean and covariance of each set for its features, and
    gives the same keys, None for what these do not tell. `notes(values, samples, options)` are the lines that must
    stand beside a result.
    `impossible(values, counts, options)` says what cannot be true of a result, beyond ranges and intervals.
    `of_design(real, generated, design, **options)`, of two sets that are no independent draws but pairs, or classes of
    fixed numbers (metrics.arithmetic.designs), gives those keys of `compute` whose values then are others.
    `moved(a, ...)`, of sets of one size, gives each number that `looks_at` something, by key, with what moves it.
    """

    name: str
    title: str
    source: str
    feature: Literal["pool", "logits", "spatial", "images"]
    arity: Literal["set", "pair", "triplet"]
    outputs: tuple[Output, ...]
    compute: Callable[..., dict[str, Any]]
    least: int = 4
    labels: bool = False
    version: int = 1
    same_since: int = 0
    beside: tuple[Value, ...] = ()
    options: tuple[Option, ...] = ()
    protocol: bool = False
    influence: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, float]] | None = None
    of_statistics: Callable[..., dict[str, Any]] | None = None
    notes: Callable[[Values, Sequence[Sample], Values], list[str]] | None = None
    impossible: Callable[[Values, Counts, Values], Iterator[str]] | None = None
    moved: Callable[..., dict[str, Moved]] | None = None
    of_design: Callable[..., dict[str, float]] | None = None
    plots: tuple[Plot, ...] = ()

    @property
    def values(self) -> tuple[Value, ...]:
        """All that is known of the keys of a result."""
        return (*self.outputs, *self.beside)

    def known(self, version: int) -> set[str]:
        """The keys that results of this version have."""
        return {one.name for one in self.values if one.since <= version}

    def output(self, name: str) -> Output:
        """The output of this name; KeyError where there is none."""
        return {one.name: one for one in self.outputs}[name]

    @property
    def opinions(self) -> tuple[Output, ...]:
        """The numbers that are asked for a second opinion."""
        return tuple(one for one in self.values if isinstance(one, Output) and one.looks_at)

    @property
    def main(self) -> Output | None:
        """The first number that has an interval."""
        return next((one for one in self.outputs if one.interval), None)

    @property
    def by_class(self) -> bool:
        """Whether it can be computed of each class alone: a distance of features, or what reads classes."""
        return self.labels or (self.arity == "pair" and self.feature != "images")

    @property
    def interval(self) -> Interval | None:
        """That of the first number that has one."""
        return self.main.interval if self.main else None

    @property
    def estimates(self) -> tuple[str, ...]:
        """The keys that take the sets for independent."""
        return tuple(key for one in self.values if isinstance(one, Output) for key in one.estimates)
