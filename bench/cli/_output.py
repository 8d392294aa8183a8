"""What commands print: results to stdout, progress to stderr."""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import click

from bench.cli._streams import fits
from bench.names import shown
from bench.options import Progress

if TYPE_CHECKING:
    from bench.api.result import Result
    from bench.tables.table import Table

# Letters that JSON may hold as they are and a terminal acts upon: they stand inside of texts only, as escapes.
UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
PLAIN_SECONDS = 10.0  # between two lines of progress where stderr is no terminal


class Styled(str):
    """A word of our own with its colours, which `echo` prints as it is."""


def styled(text: object, **style: Any) -> Styled:
    """Any text, safe to print, in a style of `click.style`."""
    return Styled(click.style(shown(str(text)), **style))


def echo(*parts: object, err: bool = False) -> None:
    """One line out of parts. This is the one exit of text: whatever others have written into it is made safe."""
    click.echo("".join(part if isinstance(part, Styled) else shown(str(part)) for part in parts), err=err)


def print_block(text: str) -> None:
    """Several lines of our own making, such as a table."""
    for line in text.rstrip().split("\n"):
        echo(line)


def print_json(value: Any) -> None:
    """One strict JSON value with sorted keys; a NaN is a bug of whoever made it, and raises.

    In UTF-8, or with every other character escaped where the console has another encoding or a name is no text.
    """
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    if fits(text):
        click.echo(UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
    else:
        click.echo(json.dumps(value, indent=2, sort_keys=True, allow_nan=False))


def print_facts(facts: Iterable[tuple[str, str]], warnings: Iterable[str] = ()) -> None:
    """Lines of "title  text", then the warnings, each on a line."""
    facts = list(facts)
    width = max(len(title) for title, _ in facts)
    for title, text in facts:
        echo(styled(title.ljust(width), bold=True), "  ", text)
    print_warnings(warnings)


def print_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        echo(styled("warning:", fg="yellow"), " ", warning)


def print_columns(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    """Rows in aligned columns, the last one as long as it likes."""
    if not rows:
        return
    every = [[shown(cell) for cell in row] for row in ([header, *rows] if header else rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(every[0]))]
    for number, row in enumerate(every):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        echo(styled(line, bold=True) if header and number == 0 else line)


def terminal_width() -> int | None:
    """Characters of a line of the terminal; None where the output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_tables(tables: Sequence["Table"], kind: str, title: str) -> None:
    """The tables in a format of `bench.tables.renderers.RENDERERS`: CSV as one table of all rows, HTML as one document
    with this title."""
    from bench.tables.csv_text import csv_text, stacked
    from bench.tables.html_page import html_page
    from bench.tables.latex import latex_tables
    from bench.tables.renderers import RENDERERS
    from bench.tables.terminal import terminal

    if kind == "html":
        print_block(html_page(tables, title))
    elif kind == "csv":
        print_block(csv_text(stacked(tables)))
    elif kind == "terminal":
        print_block("\n".join(terminal(one, terminal_width()) for one in tables))
    elif kind == "latex":
        print_block(latex_tables(tables))
    else:
        print_block("\n".join(map(RENDERERS[kind], tables)))


def print_result(result: "Result", kind: str) -> bool:
    """Prints a result as `kind` says; False for a terminal, for which each command has its own words."""
    from bench.tables.csv_text import csv_text

    if kind == "json":
        print_json(dict(result))
    elif kind == "csv" and len(result.tables) == 1:
        print_block(csv_text(result.table))
    elif kind != "terminal":
        print_tables(result.tables, kind, f"bench: {result.table.title}")
    return kind != "terminal"


def duration(seconds: float) -> str:
    """So many seconds, in the unit in which they are a small number."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def say(line: str) -> None:
    """One line to stderr."""
    echo(line, err=True)


@contextmanager
def progress(unit: Literal["images", "bytes", "checks", "seeds"] = "images") -> Iterator[Progress]:
    """A function progress(name, done, total): a bar on a terminal, otherwise now and then a line on stderr."""
    if sys.stderr.isatty():
        yield from _bars(unit)
    else:
        yield _lines(unit)


def _bars(unit: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(shown(name), total=total)
            bars.update(tasks[name], completed=done, total=total)

        yield show


def _lines(unit: str) -> Progress:
    last = time.monotonic()
    begun: set[str] = set()  # what a line was written of is told to its end

    def show(name: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_SECONDS or (name in begun and done == total):
            last = now
            begun.add(name) if done < total else begun.discard(name)
            say(f"{name}: {done:,} of {total:,} {unit}")

    return show
