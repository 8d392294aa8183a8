"""Two entries, runs or folders of images: can they be told apart?"""

from dataclasses import asdict
from typing import Any

import click

import bench
from bench.cli._options import examples, format_option, json_option, options
from bench.cli._output import print_json, print_tables, progress
from bench.settings.boards import Refeaturing


@click.command(
    epilog=examples(
        "bench compare digits/dcgan digits/vae",
        "bench compare results/runs/digits/3cad8c43eb34/dcgan-seed0.json "
        "results/runs/digits/3cad8c43eb34/gan-deep-seed0.json",
    )
)
@click.argument("a")
@click.argument("b")
@click.option("--track", metavar="NAME", help="The track whose rules measure folders of images.")
@format_option
@options(Refeaturing)
@json_option
def command(a: str, b: str, track: str | None, kind: str, settings: dict[str, Any], as_json: bool) -> None:
    """Shows the difference of A and B in every score, with a 95 % interval, and whether they can be told apart.

    A and B are entries (TRACK/NAME or its JSON), records of runs, or sets of images, which are measured by the
    rules of --track. Both must have the same real images, extractor and versions.

    The differences are paired: both are compared on the same real images. If both were trained with several seeds, a
    second table compares the means over the seeds. Two seeds of one model are compared as the two trainings that they
    are.

    CSV has both tables one below the other, with their protocol and extractor.

    JSON keys: a, b, protocol, extractor, lines and over_seeds, lists of objects with domain, key, title, better, a, b,
    difference, low, high, paired, winner (a, b or null) and count; disputed, a list with a line if each is better by
    some score for sure; and damaged and notes, lists of lines about files that were left out and scores that one side
    has none of.
    """
    with progress() as tell:
        found = bench.compare(a, b, track=track, progress=tell, **settings)
    if as_json or kind == "json":
        print_json(asdict(found))
        return
    print_tables(found.tables, kind, f"bench: {found.a} against {found.b}")
