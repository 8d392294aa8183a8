"""A table in a terminal: aligned text, and as many columns as fit."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bench.names import shown
from bench.tables.table import Table, at_left, for_people, heads_of, text, under

GAP = "   "  # between two columns in a terminal
WIDTH = 100  # characters of a note in a terminal


def terminal(table: Table, width: int | None = None) -> str:
    """Aligned text with a line under the heads, the notes wrapped below; the best values carry a star. In a terminal of
    so many characters heads and words take several lines where one is too long; numbers are never broken."""
    table = for_people(table)
    heads = heads_of(table)
    rows = _texts(table)
    left = [at_left(table, place) for place in range(len(heads))]
    widths = (
        _widths(heads, rows)
        if width is None
        else _folded_widths(heads, rows, left, width - len(GAP) * (len(heads) - 1))
    )

    def line(words: Sequence[str]) -> str:
        padded = (
            word + " " * (room - _width(word)) if at_left else " " * (room - _width(word)) + word
            for word, room, at_left in zip(words, widths, left, strict=True)
        )
        return GAP.join(padded).rstrip()

    def lines(words: Sequence[str]) -> list[str]:
        folded = [_folded(word, room) for word, room in zip(words, widths, strict=True)]
        deep = max(map(len, folded), default=1)
        return [line([part[at] if at < len(part) else "" for part in folded]) for at in range(deep)]

    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    room = WIDTH if width is None else min(WIDTH, width)
    notes = [textwrap.fill(shown(note), room, initial_indent="- ", subsequent_indent="  ") for note in table.notes]
    body = [part for row in rows for part in lines(row)]
    return "\n".join([shown(table.title), rule, *lines(heads), rule, *body, rule, *notes]) + "\n"


def _folded_widths(heads: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[bool], room: int) -> list[int]:
    """The widths of columns that together fit into `room`, the widest made narrower as far as its words allow."""
    widths = _widths(heads, rows)
    least = [
        max(_longest(head), *(_longest(row[place]) if left[place] else _width(row[place]) for row in rows), 0)
        for place, head in enumerate(heads)
    ]
    while sum(widths) > room:
        wide = max(range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place]))
        if widths[wide] <= least[wide]:
            break
        widths[wide] -= 1
    return widths


def _longest(words: str) -> int:
    return max(map(_width, words.split()), default=0)


def _folded(words: str, room: int) -> list[str]:
    return [words] if _width(words) <= room else textwrap.wrap(words, room, break_on_hyphens=False)


def narrowed(table: Table, width: int, dispensable: Sequence[str]) -> Table:
    """The table with as few of the dispensable columns left out, in this order, as fit it into so many characters."""
    table = for_people(table)
    found = _widths(heads_of(table), _texts(table))
    widths = dict(zip((column.key for column in table.columns), found, strict=True))
    out: list[str] = []
    for key in (key for key in dispensable if key in widths):
        if sum(widths.values()) + len(GAP) * (len(widths) - 1) <= width:
            break
        del widths[key]
        out.append(key)
    if not out:
        return table
    titles = ", ".join(column.title for column in table.columns if column.key in out)
    note = f"left out, for the width of this terminal: {titles}; --format md shows all"
    kept = under(table, [column for column in table.columns if column.key in widths])
    return replace(kept, notes=(*table.notes, note))


def _texts(table: Table) -> list[list[str]]:
    return [[text(cell) + (" *" if cell.best else "") for cell in row] for row in table.rows]


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(_width, column)) for column in zip(heads, *rows, strict=True)]


def _width(word: str) -> int:
    """Characters that a text takes in a terminal."""
    if word.isascii():
        return len(word)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in word)
