"""Which data sets are there, and how to get the others."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._options import examples, json_option
from bench.cli._output import echo, print_columns, print_json, progress, say
from bench.cli._running import data_root_option

if TYPE_CHECKING:
    from bench.datasets import Dataset


@click.group(invoke_without_command=True, epilog=examples("bench datasets", "bench datasets --json"))
@data_root_option
@json_option
@click.pass_context
def command(ctx: click.Context, data_root: Path | None, as_json: bool) -> None:
    """Lists the data sets with their licences, and says whether their images are here.

    JSON: a list of objects with name, title, source, licence, shape, splits, domains, paired, extractors, there,
    download, howto.
    """
    if ctx.invoked_subcommand is not None:
        return
    from bench.datasets import data_root as find_root
    from bench.registry import load_all

    root = find_root(data_root)
    found, damaged = load_all("datasets")
    for error in damaged.values():
        say(f"left out: {error}")
    rows = [_describe(dataset, root) for dataset in found]
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["name"],
            "there" if row["there"] else "missing" if row["download"] else "by hand",
            "x".join(map(str, row["shape"])),
            row["licence"],
            row["title"],
        )
        for row in rows
    ]
    print_columns(shown, ("data set", "images", "shape", "licence", "title"))
    absent = [row for row in rows if not row["there"]]
    if any(row["download"] for row in absent):
        echo(f"download missing data with: bench datasets fetch NAME (to {root})")
    by_hand: dict[str, list[str]] = {}
    for row in absent:
        if not row["download"]:
            by_hand.setdefault(row["howto"], []).append(row["name"])
    for howto, names_of_it in by_hand.items():
        echo(f"{', '.join(names_of_it)}: {howto}")


def _describe(dataset: "Dataset", root: Path) -> dict[str, Any]:
    from metrics.errors import InputError

    needed = dict.fromkeys(("train", *(split for split, _ in (dataset.eval_sets or {}).values())))
    try:
        for split in needed:
            for domain in dataset.domains or ("",):
                dataset.load(split, root, domain)
        there = True
    except InputError:
        there = False
    return {
        "name": dataset.name,
        "title": dataset.title,
        "source": dataset.source,
        "licence": dataset.licence,
        "shape": dataset.shape,
        "splits": dict(dataset.splits),
        "domains": dataset.domains,
        "paired": dataset.paired,
        "extractors": dataset.extractors,
        "there": there,
        "download": dataset.fetch is not None,
        "howto": dataset.howto,
    }


@command.command(epilog=examples("bench datasets fetch fashion-mnist", "bench datasets fetch horse2zebra --json"))
@click.argument("name")
@data_root_option
@json_option
def fetch(name: str, data_root: Path | None, as_json: bool) -> None:
    """Downloads the data set NAME below the data root and checks it. It continues an interrupted download.

    JSON keys: dataset, data_root, licence.
    """
    from bench.datasets import data_root as find_root
    from bench.datasets import open_dataset
    from metrics.errors import InputError

    dataset, root = open_dataset(name), find_root(data_root)
    if dataset.fetch is None:
        raise InputError(f"there is nothing to fetch for {dataset.name}; {dataset.howto}")
    with progress("bytes") as tell:
        dataset.fetch(root, lambda done, total: tell(dataset.name, done, total or 0))
    if as_json:
        print_json({"dataset": dataset.name, "data_root": str(root), "licence": dataset.licence})
    else:
        echo(root)
        say(f"{dataset.name} is here; its licence: {dataset.licence}")
