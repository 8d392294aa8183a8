"""All formats of a table by the name that they have on the command line; JSON is made of its values."""

from collections.abc import Callable

from bench.tables.csv_text import csv_text
from bench.tables.html_table import html_text
from bench.tables.latex import latex
from bench.tables.markdown import markdown
from bench.tables.table import Table
from bench.tables.terminal import terminal

RENDERERS: dict[str, Callable[[Table], str]] = {
    "terminal": terminal,
    "md": markdown,
    "csv": csv_text,
    "html": html_text,
    "latex": latex,
}
FORMATS = (*RENDERERS, "json")
