"""Table 6, 5 or 7 of your own image sets: two real ones and what was generated."""

import re
from typing import Any

import click

import bench
from bench.cli._metric_options import asked, with_metric_options
from bench.cli._options import examples, format_option, json_option, options
from bench.cli._output import print_json, print_tables, progress
from bench.settings.sets import SetSettings
from metrics.errors import InputError

BETWEEN = re.compile(r",(?![^{}]*\})")  # a comma in the braces of a pattern divides no sets


class Tabling(click.Command):
    """A command whose options include those that the metrics of its tables declare."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from bench.measuring.own_sets import own_metrics

        return with_metric_options(super().get_params(ctx), own_metrics(images=False))


@click.command(
    cls=Tabling,
    epilog=examples(
        "bench table digits:real-1 digits:real-2 digits:train --extractor digits-cnn",
        "bench table digits:real-1 digits:real-2 a=digits:train b=digits:test --extractor digits-cnn --format latex",
        "bench table --domain one=digits:real-1,digits:real-2,digits:train "
        "--domain two=digits:real-2,digits:real-1,digits:train --extractor digits-cnn",
    ),
)
@click.argument("sets", metavar="[REAL-1 REAL-2 GENERATED...]", nargs=-1)
@click.option(
    "--domain",
    "domains",
    metavar="NAME=REAL-1,REAL-2,GENERATED",
    multiple=True,
    help="Instead of the sets, those of a domain; again for each: Table 7.",
)
@click.option("--reconstructed", metavar="IMAGES", help="Reconstructions of the images of REAL-1: Table 5.")
@format_option
@options(SetSettings)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    sets: tuple[str, ...],
    domains: tuple[str, ...],
    reconstructed: str | None,
    kind: str,
    settings: dict[str, Any],
    as_json: bool,
    **metric_options: Any,
) -> None:
    """Prints Table 6 of your own sets: Inception Score and FID of each, compared with REAL-1, as `bench run` does of a
    model's images. Then KID, precision, recall, density and coverage.

    REAL-2 holds other real images: it scores what a perfect generator would. Noise, which is made here, scores what one
    that has learned nothing does. Each GENERATED set has a row with the name of its folder, or its own as NAME=PATH.
    Sets are all that `bench fid` takes, and their counts may differ. A value that cannot be computed is a dash, and a
    note below says why.

    With --reconstructed it is Table 5, with the errors of the reconstructed images, which belong to those of REAL-1 as
    in `bench score --metrics mse`. With --domain, given at least twice, it is Table 7. `bench tables` prints the tables
    of models that bench has trained.

    JSON: a list of tables with name, title, columns, rows, notes.
    """
    from bench.tables.table import json_values

    with progress() as tell:
        tables = bench.table(
            *sets,
            reconstructed=reconstructed,
            domains=_domains(domains) or None,
            progress=tell,
            **asked(ctx, metric_options),
            **settings,
        )
    if as_json or kind == "json":
        print_json([json_values(table) for table in tables])
    else:
        print_tables(tables, kind, f"bench: {tables[0].title}")


def _domains(words: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        name, equals, sets = word.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--domain is {word!r}; expected NAME=REAL-1,REAL-2,GENERATED")
        if name.strip() in found:
            raise InputError(f"--domain {name.strip()} was given twice; give each domain a name of its own")
        found[name.strip()] = [one.strip() for one in BETWEEN.split(sets)]
    return found
