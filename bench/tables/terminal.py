"""A table in a terminal: aligned text, and as many columns as fit."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bench.names import shown
from bench.tables.table import Table, at_left, for_people, heads_of, text, under

GAP = "   "  # between two columns in a terminal
WIDTH = 100  # characters of a note in a terminal


def terminal(table: Table) -> str:
    """Aligned text with a line under the heads, the notes wrapped below; the best values carry a star."""
    table = for_people(table)
    heads = heads_of(table)
    rows = [[text(cell) + (" *" if cell.best else "") for cell in row] for row in table.rows]
    widths = _widths(table)
    left = [at_left(table, place) for place in range(len(heads))]

    def line(words: Sequence[str]) -> str:
        padded = (
            word + " " * (width - _width(word)) if at_left else " " * (width - _width(word)) + word
            for word, width, at_left in zip(words, widths, left, strict=True)
        )
        return GAP.join(padded).rstrip()

    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    notes = [textwrap.fill(shown(note), WIDTH, initial_indent="- ", subsequent_indent="  ") for note in table.notes]
    return "\n".join([shown(table.title), rule, line(heads), rule, *map(line, rows), rule, *notes]) + "\n"


def narrowed(table: Table, width: int, dispensable: Sequence[str]) -> Table:
    """The table with as few of the dispensable columns left out, in this order, as fit it into so many characters."""
    table = for_people(table)
    widths = dict(zip((column.key for column in table.columns), _widths(table), strict=True))
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


def _widths(table: Table) -> list[int]:
    return [
        max(_width(head), *(_width(text(row[place])) + 2 * row[place].best for row in table.rows), 0)
        for place, head in enumerate(heads_of(table))
    ]


def _width(word: str) -> int:
    """Characters that a text takes in a terminal."""
    if word.isascii():
        return len(word)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in word)
