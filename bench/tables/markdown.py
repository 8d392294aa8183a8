"""A table in the markdown of GitHub."""

import re

from bench.names import shown
from bench.tables.table import Cell, Table, at_left, for_people, heads_of, text

MARKUP = re.compile(r"[\\`*_\[\]<>|&~]")  # what markdown would take for more than a letter


def markdown(table: Table) -> str:
    """A GitHub table under its title, the notes as a list; the best values are bold."""
    table = for_people(table)
    heads = [_escaped(head) for head in heads_of(table)]
    rules = [":---" if at_left(table, place) else "---:" for place in range(len(heads))]
    rows = [[f"**{_in_markdown(cell)}**" if cell.best else _in_markdown(cell) for cell in row] for row in table.rows]
    lines = [f"### {shown(table.title)}", "", *("| " + " | ".join(row) + " |" for row in (heads, rules, *rows))]
    return "\n".join([*lines, "", *(f"- {shown(note)}" for note in table.notes)]).rstrip() + "\n"


def _escaped(word: str) -> str:
    return word.replace("|", "\\|")


def _in_markdown(cell: Cell) -> str:
    """A cell in which a text means itself: no markup, no link, no HTML."""
    shown = text(cell)
    return MARKUP.sub(r"\\\g<0>", shown) if isinstance(cell.value, str) else _escaped(shown)
