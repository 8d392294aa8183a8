"""The geometry of drawings: where intervals, ticks, points and labels lie. The templates draw them.

Distances are drawn on a scale that is linear up to the typical half width of an interval and logarithmic beyond it,
asinh(value / unit): neighbours stay apart although noise is in the picture, and values below 0 have their place.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BAR_WIDTH, BAR_HEIGHT = 200.0, 22.0  # units of an interval's drawing
BAR_MARGIN = 6.0
TICK_GAP = 34.0  # least distance of two tick labels
PLOT = 400.0  # side of a scatter's drawing
PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 46.0, 14.0, 12.0, 44.0
LETTER, LINE = 6.1, 13.0  # a letter's usual width and a line's height at the size of the labels
WIDE = 1.8  # times as wide are M, W and what is no Latin letter
LABEL_LENGTH = 20
LABELS = 12  # names beside points; all of them stand in the table and in the points' titles
CANDIDATES = 40  # points, from the first, for whose names room is looked for
DOT = 5.0


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on x from `start` to `stop`; linear where `unit` is None."""

    low: float
    high: float
    start: float
    stop: float
    unit: float | None = None

    def place(self, value: float) -> float:
        """x of a value, kept on the scale, to a tenth."""
        inside = min(max(value, self.low), self.high)
        share = (self._bent(inside) - self._bent(self.low)) / (self._bent(self.high) - self._bent(self.low))
        return round(self.start + share * (self.stop - self.start), 1)

    def _bent(self, value: float) -> float:
        return value if self.unit is None else math.asinh(value / self.unit)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis with its label."""

    x: float
    label: str


@dataclass(frozen=True)
class Bar:
    """A value as a dot at `x`, its interval from `low` to `high`."""

    x: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """What is drawn in a scatter: values, name, what is said when it is pointed at, and the shape that it is drawn as;
    link and slug where it is an entry."""

    x: float
    y: float
    name: str
    title: str
    kind: str
    href: str = ""
    slug: str = ""


@dataclass(frozen=True)
class Mark:
    """A point at its place, with the place of its label: `anchor` is "" where there is no room for one."""

    point: Point
    x: float
    y: float
    label: str
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Scatter:
    """A square drawing: marks, and the ticks of both axes."""

    marks: tuple[Mark, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


# ----- intervals on one scale


def interval_scale(intervals: Sequence[tuple[float, float]], others: Iterable[float] = ()) -> Scale:
    """The scale of a column: from 0, or the lowest end below it, to the highest end; `others` lie on it too."""
    ends = [0.0, *others, *(end for interval in intervals for end in interval)]
    halves = sorted((high - low) / 2 for low, high in intervals if high > low)
    unit = halves[len(halves) // 2] if halves else None
    high = max(ends) if max(ends) > min(ends) else min(ends) + 1.0
    return Scale(min(ends), high, BAR_MARGIN, BAR_WIDTH - BAR_MARGIN, unit)


def bar(scale: Scale, value: float, low: float | None, high: float | None) -> Bar:
    """A value with its interval; without one the ends are the value itself."""
    return Bar(
        scale.place(value), scale.place(value if low is None else low), scale.place(value if high is None else high)
    )


def interval_ticks(scale: Scale) -> tuple[Tick, ...]:
    """0, then powers of ten, fives and twos from the largest down, as far as their labels have room."""
    largest = max(abs(scale.low), abs(scale.high))
    tens = range(math.ceil(math.log10(largest)), math.floor(math.log10(largest)) - 4, -1)
    wanted = [0.0, *(sign * step * 10.0**ten for step in (1, 5, 2) for ten in tens for sign in (1, -1))]
    chosen: list[Tick] = []
    for value in wanted:
        x = scale.place(value)
        if scale.low <= value <= scale.high and all(abs(x - other.x) >= TICK_GAP for other in chosen):
            chosen.append(Tick(x, f"{value:g}".replace("-", "−")))
    return tuple(sorted(chosen, key=lambda tick: tick.x))


# ----- one value against another


def scatter(points: Sequence[Point]) -> Scatter:
    """The points on axes from 0 to at least 1, the first ones with their names beside them, as far as there is room."""
    x = Scale(0.0, _end(point.x for point in points), PLOT_LEFT, PLOT - PLOT_RIGHT)
    y = Scale(0.0, _end(point.y for point in points), PLOT - PLOT_BOTTOM, PLOT_TOP)
    places = [(x.place(point.x), y.place(point.y)) for point in points]
    taken = [(a - DOT, b - DOT, a + DOT, b + DOT) for a, b in places]
    marks, labels = [], 0
    for number, (point, (a, b)) in enumerate(zip(points, places, strict=True)):
        label = point.name if len(point.name) <= LABEL_LENGTH else point.name[: LABEL_LENGTH - 1] + "…"
        found = _room(a, b, label_width(label), taken) if labels < LABELS and number < CANDIDATES else None
        if found is None:
            marks.append(Mark(point, a, b, label, a, b, ""))
            continue
        label_x, label_y, anchor, box = found
        labels += 1
        taken.append(box)
        marks.append(Mark(point, a, b, label, label_x, label_y, anchor))
    return Scatter(tuple(marks), _even_ticks(x), _even_ticks(y))


def label_width(label: str) -> float:
    """About how wide a label is drawn."""
    wide = sum(letter in "MWmw@%" or ord(letter) > 0x24F for letter in label)
    return LETTER * (len(label) + (WIDE - 1) * wide)


def _end(values: Iterable[float]) -> float:
    return max(1.0, math.ceil(10 * max(values, default=1.0)) / 10)


def _even_ticks(scale: Scale) -> tuple[Tick, ...]:
    step = 0.2 if scale.high <= 1.2 else 0.5 if scale.high <= 3 else math.ceil(scale.high / 5)
    return tuple(
        Tick(scale.place(number * step), f"{number * step:.1f}") for number in range(math.floor(scale.high / step) + 1)
    )


Box = tuple[float, float, float, float]


def _room(x: float, y: float, width: float, taken: Sequence[Box]) -> tuple[float, float, str, Box] | None:
    """A place for a label beside (x, y) that touches nothing: right, left, above or below."""
    gap = DOT + 3
    for left, middle, anchor in (
        (x + gap, y, "start"),
        (x - gap - width, y, "end"),
        (x - width / 2, y - gap - 4, "middle"),
        (x - width / 2, y + gap + 4, "middle"),
    ):
        box = (left, middle - LINE / 2, left + width, middle + LINE / 2)
        inside = box[0] >= PLOT_LEFT and box[2] <= PLOT and box[1] >= 0 and box[3] <= PLOT - PLOT_BOTTOM + LINE / 2
        if inside and not any(_touch(box, other) for other in taken):
            at = {"start": left, "end": left + width, "middle": x}[anchor]
            return round(at, 1), round(middle + 4, 1), anchor, box
    return None


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
