"""The tables of all records: Tables 5, 6 and 7 of each run, and a comparison per protocol."""

from pathlib import Path

import click

import bench
from bench.cli._options import examples, format_option, json_option
from bench.cli._output import echo, print_json, print_tables, say
from bench.cli._running import results_option
from metrics.errors import InputError


@click.command(
    epilog=examples("bench tables --dataset digits", "bench tables --model dcgan --dataset digits --format csv")
)
@click.argument("sets", nargs=-1, metavar="")
@click.option("--model", metavar="NAME", help="Only this model.")
@click.option("--dataset", metavar="NAME", help="Only this data set.")
@click.option("--protocol", metavar="ID", default="", help="Only this protocol.")
@format_option
@click.option("--check", is_flag=True, help="Exit code 1 if the written tables are out of date.")
@click.option("--write", is_flag=True, help="Write the tables of all records to --results/tables.")
@results_option
@json_option
def command(
    sets: tuple[str, ...],
    model: str | None,
    dataset: str | None,
    protocol: str,
    kind: str,
    check: bool,
    write: bool,
    results: Path,
    as_json: bool,
) -> None:
    """Prints the tables of the records below --results. Numbers of different protocols never share a table.

    The best run of a comparison is marked only if its 95 % interval overlaps with no other one. CSV keeps every digit
    and has all tables one below the other, with table, title, protocol and extractor in every row. HTML is a complete
    document.

    `bench run` and `bench evaluate` write the tables of their record. --write is for records that were copied or
    removed by hand, and for a new version of bench.

    JSON: a list of tables with name, title, columns, rows, notes; with --check an object with out_of_date, with --write
    one with written, both lists.
    """
    from bench.tables.table import json_values

    if sets:
        raise InputError(
            f"`bench tables` prints the tables of records, and {sets[0]!r} is none of its options; `bench table REAL-1 "
            "REAL-2 GENERATED` makes one of sets of images, and --model NAME chooses records"
        )
    if check or write:
        if model or dataset or protocol or (check and write):
            raise InputError("--check and --write are of all records, one at a time; leave the other options out")
        _of_all(results, as_json, write=write)
        return
    tables = bench.tables(model, dataset, protocol=protocol, results=results)
    for line in tables.warnings:
        say(line)
    if as_json or kind == "json":
        print_json([json_values(table) for table in tables])
        return
    if tables:
        print_tables(tables, kind, " ".join(filter(None, ("bench:", model, dataset, protocol, "tables of runs"))))


def _of_all(results: Path, as_json: bool, *, write: bool) -> None:
    from bench.tables.files import out_of_date, write_all

    found = [str(path) for path in write_all(results)] if write else out_of_date(results)
    if as_json:
        print_json({"written" if write else "out_of_date": found})
    for line in () if as_json else found:
        echo(line)
    if found and not write:
        say("`bench tables --write` brings them up to date")
        raise SystemExit(1)
