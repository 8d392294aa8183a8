"""The geometry of drawings: where intervals and their ticks lie. The templates draw them.

Distances are drawn on a scale that is linear up to the typical half width of an interval and logarithmic beyond it,
asinh(value / unit): neighbours stay apart although noise is in the picture, and values below 0 have their place.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BAR_WIDTH, BAR_HEIGHT = 200.0, 22.0  # units of an interval's drawing
BAR_MARGIN = 6.0
TICK_GAP = 34.0  # least distance of two tick labels


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
