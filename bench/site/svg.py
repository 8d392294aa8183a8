"""The geometry of drawings: where intervals and their ticks lie. The templates draw them.

The intervals of a ranking lie on one scale from the lowest end to the highest; what lies beyond it, such as noise, is
an arrow at its edge. Where intervals are too narrow to be seen so, the scale is linear up to the typical half width and
logarithmic beyond it, asinh(value / unit): neighbours stay apart, and values below 0 have their place.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BAR_WIDTH = 140.0  # units of an interval's drawing
BAR_MARGIN = 10.0  # room for an arrow
RANKS_WIDTH = 40.0  # units of the drawing of some ranks among all
LINEAR = 40.0  # half widths of an interval that are seen on one linear scale: each is 2 to 3 units wide then
TICK_GAP = 38.0  # least distance of two tick labels


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
    """A value at `x`, its interval from `low` to `high`; `beyond` is -1 or 1 where the value is below or above the
    scale; `dots` are the values that it is the mean of."""

    x: float
    low: float
    high: float
    beyond: int = 0
    dots: tuple[float, ...] = ()


# ----- intervals on one scale


def interval_scale(intervals: Sequence[tuple[float, float]], others: Iterable[float] = ()) -> Scale:
    """The scale of a column, from its lowest end to its highest; `others` lie on it too."""
    ends = [*others, *(end for interval in intervals for end in interval)] or [0.0]
    halves = sorted((high - low) / 2 for low, high in intervals if high > low)
    unit = halves[len(halves) // 2] if halves else 0.0
    low, high = min(ends), max(ends) if max(ends) > min(ends) else min(ends) + 1.0
    return Scale(low, high, BAR_MARGIN, BAR_WIDTH - BAR_MARGIN, unit if high - low > LINEAR * unit > 0 else None)


def bar(scale: Scale, value: float, low: float | None, high: float | None, dots: Iterable[float] = ()) -> Bar:
    """A value with its interval; without one the ends are the value itself."""
    first, last = (scale.place(value if end is None else end) for end in (low, high))
    beyond = (value > scale.high) - (value < scale.low)
    return Bar(scale.place(value), first, last, beyond, tuple(map(scale.place, dots)))


def ranks_bar(first: int, last: int, count: int) -> Bar:
    """The ranks that an entry may have, on the scale of all."""
    whole = RANKS_WIDTH / max(count, 1)
    return Bar(0.0, round(whole * (first - 1), 1), round(whole * last, 1))


def interval_ticks(scale: Scale) -> tuple[Tick, ...]:
    """Marks as far as their labels have room: even steps of a linear scale; of another one 0, then powers of ten, fives
    and twos from the largest down."""
    largest = max(abs(scale.low), abs(scale.high))
    top = math.floor(math.log10(largest))
    if scale.unit is None:
        steps = sorted(step * 10.0**ten for step in (1, 2, 5) for ten in range(top - 4, top + 1))
        length = (scale.stop - scale.start) / (scale.high - scale.low)
        step = next((one for one in steps if one * length >= TICK_GAP), steps[-1])
        wanted = [n * step for n in range(math.ceil(scale.low / step), math.floor(scale.high / step) + 1)]
    else:
        wanted = [
            0.0,
            *(sign * step * 10.0**ten for step in (1, 5, 2) for ten in range(top, top - 5, -1) for sign in (1, -1)),
        ]
    chosen: list[Tick] = []
    for value in wanted:
        x = scale.place(value)
        if scale.low <= value <= scale.high and all(abs(x - other.x) >= TICK_GAP for other in chosen):
            chosen.append(Tick(x, f"{value:.6g}".replace("-", "−")))
    return tuple(sorted(chosen, key=lambda tick: tick.x))
