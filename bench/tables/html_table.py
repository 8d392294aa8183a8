"""A table in HTML."""

import html
from collections.abc import Sequence

from bench.tables.table import Table, at_left, for_people, heads_of, text
from bench.tables.words import parts_of


def html_text(table: Table) -> str:
    """A `<table>` with a caption, and the notes as a list below; everything escaped, no style."""
    table = for_people(table)

    def line(tag: str, words: Sequence[str], classes: Sequence[str]) -> str:
        cells = (f'<{tag} class="{kind}">{word}</{tag}>' for word, kind in zip(words, classes, strict=True))
        return f"<tr>{''.join(cells)}</tr>"

    kinds = ["text" if at_left(table, place) else "number" for place in range(len(table.columns))]
    rows = [
        line(
            "td", [f"<b>{html.escape(text(cell))}</b>" if cell.best else html.escape(text(cell)) for cell in row], kinds
        )
        for row in table.rows
    ]
    notes = "".join(f"<li>{words_html(note)}</li>" for note in table.notes)
    head = line("th", [html.escape(head) for head in heads_of(table)], kinds)
    return (
        "\n".join(
            [
                f'<table class="bench" id="{html.escape(table.name)}">',
                f"<caption>{html.escape(table.title)}</caption>",
                f"<thead>{head}</thead>",
                "<tbody>",
                *rows,
                "</tbody>",
                "</table>",
                *([f'<ul class="notes">{notes}</ul>'] if notes else []),
            ]
        )
        + "\n"
    )


def words_html(words: str) -> str:
    """Words with their code as such, everything escaped."""
    return "".join(
        f"<code>{html.escape(piece)}</code>" if code else html.escape(piece) for piece, code in parts_of(words)
    )
