"""Tables as one HTML document: it says its encoding, needs nothing else, and reads in light and dark and on a phone."""

import html
from collections.abc import Sequence

from bench.tables.html_table import html_text
from bench.tables.table import Table

STYLE = """\
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #fff; --line: #d8d8dc; --faint: #6b6b70 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --paper: #18181a; --line: #3a3a3e; --faint: #9a9aa0 }
}
body { margin: 2rem auto; max-width: 84rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
       font: 1rem/1.5 system-ui, sans-serif }
section { margin-bottom: 2.5rem; overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
caption { padding-bottom: .5rem; text-align: left; font-weight: 600 }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap }
th { border-bottom-width: 2px }
.text { text-align: left }
.number { text-align: right }
.notes { padding-left: 1.2rem; color: var(--faint); font-size: .875rem }
"""


def html_page(tables: Sequence[Table], title: str) -> str:
    """A whole document with these tables, each with its caption and its notes."""
    sections = "".join(f"<section>\n{html_text(table)}</section>\n" for table in tables)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{sections}</body>\n</html>\n"
    )
