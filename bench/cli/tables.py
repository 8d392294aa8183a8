"""The tables of all records: Tables 5, 6 and 7 of each run, and a comparison per protocol."""

from pathlib import Path

import click

import bench
from bench.cli._options import examples, format_option, json_option
from bench.cli._output import print_json, print_tables, say
from bench.cli._running import results_option


@click.command(
    epilog=examples("bench tables --dataset digits", "bench tables --model dcgan --dataset digits --format csv")
)
@click.option("--model", metavar="NAME", help="Only this model.")
@click.option("--dataset", metavar="NAME", help="Only this data set.")
@click.option("--protocol", metavar="ID", default="", help="Only this protocol.")
@format_option
@results_option
@json_option
def command(model: str | None, dataset: str | None, protocol: str, kind: str, results: Path, as_json: bool) -> None:
    """Prints the tables of the records below --results. Numbers of different protocols never share a table.

    The best run of a comparison is marked only if its 95 % interval overlaps with no other one. CSV keeps every digit;
    a line "# title" begins each of several tables. HTML is a complete document.

    JSON: a list of tables with name, title, columns, rows, notes.
    """
    from bench.tables.table import json_values

    tables = bench.tables(model, dataset, protocol=protocol, results=results)
    for line in tables.warnings:
        say(line)
    if as_json or kind == "json":
        print_json([json_values(table) for table in tables])
        return
    if tables:
        print_tables(tables, kind, " ".join(filter(None, ("bench:", model, dataset, protocol, "tables of runs"))))
