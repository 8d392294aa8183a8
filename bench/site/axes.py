"""Axes that fit the data: where they begin and end, and even ticks with as many decimals as tell them apart."""

import math
from collections.abc import Iterable

from bench.site.svg import Scale, Tick

PADDING = 0.06  # of the range of the values, at either end
LEAST = 0.02  # of the largest value: values that are nearly equal are not drawn far apart
TICKS = 5
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def fitting(values: Iterable[float], start: float, stop: float) -> Scale:
    """The scale of these values, with some room at either end; it never leaves 0 to 1 where the values do not."""
    known = sorted(values) or [0.0, 1.0]
    low, high = known[0], known[-1]
    least = LEAST * max(abs(low), abs(high)) or 1.0
    room = max(PADDING * (high - low), (least - (high - low)) / 2)
    least_end, most_end = (0.0 if low >= 0 else -math.inf), (1.0 if high <= 1 else math.inf)
    return Scale(max(low - room, least_end), min(high + room, most_end), start, stop)


def even_ticks(scale: Scale, count: int = TICKS) -> tuple[Tick, ...]:
    """Round values on a linear scale, about `count` of them."""
    ten = 10.0 ** math.floor(math.log10((scale.high - scale.low) / count))
    step = min((one * ten for one in STEPS), key=lambda one: abs((scale.high - scale.low) / one - count))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9) + (round(step / ten, 1) == 2.5))
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    return tuple(
        Tick(scale.place(number * step), f"{number * step:.{decimals}f}".replace("-", "−"))
        for number in range(first, last + 1)
    )
