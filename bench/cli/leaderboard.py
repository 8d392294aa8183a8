"""The ranking of a track, with intervals; or all tracks with entries."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

import bench
from bench.cli._options import examples, format_option, json_option
from bench.cli._output import echo, print_block, print_json, print_tables, say, terminal_width
from bench.cli._running import results_option

if TYPE_CHECKING:
    from bench.tables.table import Table


@click.command(epilog=examples("bench leaderboard digits", "bench leaderboard digits --sort kid --format csv"))
@click.argument("track", required=False, metavar="[TRACK]")
@format_option
@click.option("--sort", metavar="METRIC", help="A column, way-to-noise or mean-log-ratio.  [default: way-to-noise]")
@click.option("--check", is_flag=True, help="Exit code 1 if the written tables are out of date.")
@click.option("--write", is_flag=True, help="Write the tables to --results/leaderboards.")
@results_option
@json_option
def command(
    track: str | None, kind: str, sort: str | None, check: bool, write: bool, results: Path, as_json: bool
) -> None:
    """Ranks the entries of TRACK below --results. Without TRACK, it shows all tracks with entries.

    The order is that of the way to noise, by KID and Inception Score: 0 is like real images, 1 like noise. If the
    extractor predicts no classes, it is that of the corrected FID. Beside each rank stands whether fidelity and variety
    agree. Pairs of entries that numbers order in two ways, both for sure, are a table of their own: disputed.

    --sort fid_corrected ranks by the corrected FID alone, --sort mean-log-ratio by the mean of the logarithms of all
    numbers over those of real 2.

    Each rank has an interval, from paired differences on the same real images. Flagged entries and controls are not
    ranked; they have a separate table. Damaged entries are named and left out. The same files give the same order and
    bytes on every machine. CSV is one table of all rows, as --write writes it.

    JSON: a list of tables with name, title, columns, rows, notes; with --check an object with out_of_date, with --write
    one with written, both lists.
    """
    from bench.leaderboard.board_tables import out_of_date, write_boards
    from bench.tables.csv_text import csv_text
    from bench.tables.table import json_values
    from metrics.errors import InputError

    if (check or write) and (sort or (check and write)):
        raise InputError("--check and --write need the usual order, one at a time; leave the other options out")
    chosen = [track] if track else None
    if write:
        written = [str(path) for path in write_boards(results, chosen, _warn)]
        if as_json:
            print_json({"written": written})
        for line in () if as_json else written:
            echo(line)
        return
    if check:
        _check(out_of_date(results, chosen), as_json)
        return
    found = bench.leaderboard(track, sort=sort, results=results)
    for line in found.warnings:
        _warn(line)
    if kind == "csv" and not as_json:
        print_block(csv_text(found[-1]))
        return
    tables = list(found[:-1] if track else found)
    if as_json or kind == "json":
        print_json([json_values(table) for table in tables])
        return
    if kind == "terminal":
        tables = [_fitting(table) for table in tables]
    print_tables(tables, kind, f"bench: leaderboard {track or 'of all tracks'}")


def _warn(line: str) -> None:
    say(f"warning: {line}")


def _check(found: list[str], as_json: bool) -> None:
    if as_json:
        print_json({"out_of_date": found})
    for line in () if as_json else found:
        echo(line)
    if found:
        say("`bench leaderboard --write` brings them up to date")
        raise SystemExit(1)


def _fitting(table: "Table") -> "Table":
    """The table without the columns that a terminal has no room for; all of them where the output is no terminal."""
    from bench.leaderboard.board_tables import dispensable
    from bench.tables.terminal import narrowed

    width = terminal_width()
    return table if width is None else narrowed(table, width, dispensable(table))
