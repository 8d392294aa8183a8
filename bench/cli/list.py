"""What there is: metrics, extractors, data sets, models."""

from typing import Any

import click

from bench import registry
from bench.cli._options import examples, json_option
from bench.cli._output import echo, print_columns, print_json
from bench.storage.trained import describe_trained

TRAINED = "trained"
KINDS = (*registry.KINDS, TRAINED)


@click.command(epilog=examples("bench list", "bench list datasets --json"))
@click.argument("kind", required=False, metavar="[KIND]", type=click.Choice(KINDS))
@json_option
def command(kind: str | None, as_json: bool) -> None:
    """Lists all metrics, extractors, data sets and models, or one KIND of these.

    The trained models come with this project. Beside each stands the command that samples it.

    If another installed package offers one, the line names that package.

    JSON: a list of objects with kind, name, title, source, package ("" for this project's own) and the other plain
    fields of each entry.
    """
    kinds = (kind,) if kind else KINDS
    entries = [{"kind": one, **entry} for one in kinds for entry in _described(one)]
    if as_json:
        print_json(entries)
        return
    for number, one in enumerate(kinds):
        if number:
            echo()
        rows = [(entry["name"], entry["title"], _source(entry)) for entry in entries if entry["kind"] == one]
        print_columns(rows, (one, "", ""))


def _described(kind: str) -> list[dict[str, Any]]:
    return describe_trained() if kind == TRAINED else registry.describe_all(kind)


def _source(entry: dict[str, Any]) -> str:
    return f"{entry['source']} [from {entry['package']}]" if entry["package"] else str(entry["source"])
