"""What there is: metrics, extractors, data sets, models."""

import click

from bench import registry
from bench.cli._options import examples, json_option
from bench.cli._output import echo, print_columns, print_json


@click.command(epilog=examples("bench list", "bench list datasets --json"))
@click.argument("kind", required=False, metavar="[KIND]", type=click.Choice(tuple(registry.KINDS)))
@json_option
def command(kind: str | None, as_json: bool) -> None:
    """Lists what can be named on the command line, all of it or one KIND.

    JSON: a list of objects with kind, name, title, source and the other plain fields of each entry.
    """
    kinds = (kind,) if kind else tuple(registry.KINDS)
    entries = [{"kind": one, **registry.describe(one, name)} for one in kinds for name in registry.names(one)]
    if as_json:
        print_json(entries)
        return
    for number, one in enumerate(kinds):
        if number:
            echo()
        rows = [(entry["name"], entry["title"], entry["source"]) for entry in entries if entry["kind"] == one]
        print_columns(rows, (one, "", ""))
