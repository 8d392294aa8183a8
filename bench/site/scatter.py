"""Two numbers against each other: where points, ticks and names lie. The templates draw them.

The axes fit the entries. A landmark that lies outside, as noise does, is an arrow at the edge that points to it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.site.axes import even_ticks, fitting
from bench.site.svg import Scale, Tick

PLOT = 400.0  # side of the drawing
PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 56.0, 16.0, 14.0, 54.0
LETTER, LINE = 7.5, 17.0  # a letter's usual width and a line's height at the size of the labels
WIDE = 1.8  # times as wide are M, W and what is no Latin letter
LABEL_LENGTH = 20
DOT = 6.0
MARKS = 60  # points with a title and a link; of more, the later ones that are nothing special are dots
PLAIN = ("submission", "reference")
ARROW = 10.0  # from the middle of an arrow to the edge


@dataclass(frozen=True)
class Point:
    """What is drawn: values, name, what is said when it is pointed at, and the shape that it is drawn as; link and slug
    where it is an entry. `named`: its name stands beside it; `outside`: the axes need not reach it."""

    x: float
    y: float
    name: str
    title: str
    kind: str
    href: str = ""
    slug: str = ""
    named: bool = False
    outside: bool = False


@dataclass(frozen=True)
class Mark:
    """A point at its place, with the place of its label: `anchor` is "" where there is no room for one. `turn` is the
    direction of the arrow in degrees, clockwise from the right, where the point lies outside, else None."""

    point: Point
    x: float
    y: float
    turn: int | None
    label: str
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Scatter:
    """A square drawing: marks, the places of points that are only dots, and the ticks of both axes."""

    marks: tuple[Mark, ...]
    dots: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def scatter(points: Sequence[Point]) -> Scatter:
    """The points on axes that fit them, with the names of those that are to have one, as far as there is room."""
    inner = [point for point in points if not point.outside]
    x = fitting((point.x for point in inner), PLOT_LEFT, PLOT - PLOT_RIGHT)
    y = fitting((point.y for point in inner), PLOT - PLOT_BOTTOM, PLOT_TOP)
    places = [_inside(x, y, point) for point in points]
    taken = [(a - DOT, b - DOT, a + DOT, b + DOT) for a, b in places]
    marks, dots = [], []
    for number, (point, (a, b)) in enumerate(zip(points, places, strict=True)):
        if number >= MARKS and point.kind in PLAIN:
            dots.append((a, b))
            continue
        turn = _turn(x, y, point)
        label = point.name if len(point.name) <= LABEL_LENGTH else point.name[: LABEL_LENGTH - 1] + "…"
        found = _room(a, b, label_width(label), taken) if point.named else None
        if found is None:
            marks.append(Mark(point, a, b, turn, label, a, b, ""))
            continue
        label_x, label_y, anchor, box = found
        taken.append(box)
        marks.append(Mark(point, a, b, turn, label, label_x, label_y, anchor))
    return Scatter(tuple(marks), tuple(dots), even_ticks(x), even_ticks(y))


def label_width(label: str) -> float:
    """About how wide a label is drawn."""
    wide = sum(letter in "MWmw@%" or ord(letter) > 0x24F for letter in label)
    return LETTER * (len(label) + (WIDE - 1) * wide)


def _inside(x: Scale, y: Scale, point: Point) -> tuple[float, float]:
    """Where a point is drawn; an arrow stands inside the edge."""
    a, b = x.place(point.x), y.place(point.y)
    if _turn(x, y, point) is None:
        return a, b
    return (
        min(max(a, PLOT_LEFT + ARROW), PLOT - PLOT_RIGHT - ARROW),
        min(max(b, PLOT_TOP + ARROW), PLOT - PLOT_BOTTOM - ARROW),
    )


def _turn(x: Scale, y: Scale, point: Point) -> int | None:
    """Where a point outside lies, in steps of 45 degrees; y grows downwards on the screen."""
    right = (point.x > x.high) - (point.x < x.low)
    up = (point.y > y.high) - (point.y < y.low)
    return round(math.degrees(math.atan2(-up, right))) if right or up else None


Box = tuple[float, float, float, float]


def _room(x: float, y: float, width: float, taken: Sequence[Box]) -> tuple[float, float, str, Box] | None:
    """A place for a label beside (x, y) that touches nothing: right, left, above or below, then at the corners."""
    gap, off = DOT + 3, LINE / 2 + DOT
    for left, middle, anchor in (
        (x + gap, y, "start"),
        (x - gap - width, y, "end"),
        (x - width / 2, y - off, "middle"),
        (x - width / 2, y + off, "middle"),
        *((x + side, y + step, "start") for side in (2, -DOT) for step in (-off, off)),
        *((x - side - width, y + step, "end") for side in (2, -DOT) for step in (-off, off)),
    ):
        box = (left, middle - LINE / 2, left + width, middle + LINE / 2)
        inside = box[0] >= PLOT_LEFT and box[2] <= PLOT and box[1] >= 0 and box[3] <= PLOT - PLOT_BOTTOM + 2
        if inside and not any(_touch(box, other) for other in taken):
            at = {"start": left, "end": left + width, "middle": x}[anchor]
            return round(at, 1), round(middle + 5, 1), anchor, box
    return None


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
