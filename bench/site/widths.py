"""How wide the columns of a table are.

On a wide screen each row is laid out by itself, so that those out of sight cost nothing: a thousand are there as soon
as a hundred. The columns of all rows then need the same widths, which are made here of the texts that stand in them.
"""

from collections.abc import Iterable, Sequence

from bench.site.rows import Head, Line, Part
from bench.site.svg import BAR_WIDTH

NARROW = frozenset(" \u00a0,.;:[]()|iljt−–'")  # letters of about half a digit
SMALL = 0.86  # of the size of a cell: its second line, and the heads
PADDING = "0.7rem"  # of a cell, both sides
LEAST_NAME, LEAST_RANK = 15.0, 5.5  # digits
MOST_WORDS = 24.0  # digits in a line of words
LEFT_OUT = {"quality": ("copies", "rest"), "copies": ("drawn", "number", "rest"), "all": ()}  # styles, of each set


def widths(part: Part, ranks: bool, samples: int) -> dict[str, str]:
    """Of each set of columns the widths as a style sheet says them; `samples` are the pixels of a strip."""
    lines = [row.line for row in part.rows] + [one.line for one in part.landmarks]
    ranges = [row.range for row in part.rows]
    found = [("rank", _column(max(LEAST_RANK, SMALL * _longest(ranges))))] if ranks else []
    found += [("named", _column(LEAST_NAME, 2))]
    found += [("samples", f"calc({samples}px + {PADDING})")] if samples else []
    found += [(head.style, _of_numbers(head, lines, place)) for place, head in enumerate(part.heads)]
    words = _longest(row.level_word for row in part.rows)
    found += [("copies", _column(min(MOST_WORDS, max(10.0, words))))] if part.levels else []
    found += [("rest", _column(10.0))] if part.dates else []
    return {name: " ".join(width for style, width in found if style not in left) for name, left in LEFT_OUT.items()}


def _of_numbers(head: Head, lines: Sequence[Line], place: int) -> str:
    numbers = [line.numbers[place] for line in lines]
    least = max(
        _longest(one.shown for one in numbers),
        SMALL * _longest(one.interval for one in numbers),
        SMALL * _longest(f"{head.title}\u00a0{head.arrow}".split(" ")),
    )
    return _column(least, beside=BAR_WIDTH + 4 if head.drawn else 0)


def _column(digits: float, share: float = 1, beside: float = 0) -> str:
    """At least so many digits wide, and so many pixels `beside` them; what is left is shared out likewise."""
    room = f" + {beside:g}px" if beside else ""
    return f"minmax(calc({digits:.1f}ch{room} + {PADDING}), {digits * share + beside / 8:.1f}fr)"


def _longest(texts: Iterable[str]) -> float:
    return max((sum(0.55 if letter in NARROW else 1 for letter in text) for text in texts), default=0.0)
