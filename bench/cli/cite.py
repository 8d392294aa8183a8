"""What to cite for a run, a model, a metric or a data set, as BibTeX."""

from pathlib import Path

import click

import bench
from bench.cli._options import examples, json_option
from bench.cli._output import print_block, print_json
from bench.cli._running import results_option


@click.command(epilog=examples("bench cite fid kid", "bench cite dcgan digits", "bench cite vae --json"))
@click.argument("names", nargs=-1, metavar="NAME...")
@results_option
@json_option
def command(names: tuple[str, ...], results: Path, as_json: bool) -> None:
    """Prints BibTeX of the papers behind each NAME, each entry once.

    A NAME is a run (its folder or the JSON of its record), a model, a metric, a data set or an extractor; `bench list`
    shows these names. A run gives the papers of its model, data set, metrics and extractor, and this software.

    JSON: a list of objects with key, kind, fields and bibtex.
    """
    found = bench.cite(*names, results=results)
    if as_json:
        print_json([{"key": one.key, "kind": one.kind, "fields": one.fields, "bibtex": one.bibtex} for one in found])
        return
    print_block(str(found))
