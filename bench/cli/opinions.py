"""What several metrics and extractors say of generated images, and whether they agree."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, format_option, json_option, options, path_type
from bench.cli._output import echo, print_json, print_tables, progress, say, styled
from bench.settings.sets import Asking


@click.command(
    epilog=examples(
        "bench opinions digits:test digits:train --extractor digits-cnn --extractor pixels",
        "bench opinions photos/ made/ --train training-photos/ --picture opinions.png",
    )
)
@click.argument("real", metavar="REAL")
@click.argument("generated", metavar="GENERATED")
@click.option("--real-2", metavar="IMAGES", help="A second set of real images.  [default: REAL is cut into halves]")
@click.option("--train", metavar="IMAGES", help="What the generator was trained on: look for copies of it.")
@click.option(
    "--extractor",
    "extractors",
    multiple=True,
    metavar="NAME",
    help="Give it again for several.  [default: those that fit and need no download]",
)
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Give it again for several.  [default: all that fit]"
)
@click.option("--picture", type=path_type, metavar="FILE", help="Draw the ratios: .png, .webp, .svg or .pdf.")
@format_option
@options(Asking)
@json_option
def command(
    real: str,
    generated: str,
    real_2: str | None,
    train: str | None,
    extractors: tuple[str, ...],
    metrics: tuple[str, ...],
    picture: Path | None,
    kind: str,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Asks several metrics by several extractors how near GENERATED is to REAL, and says whether they agree.

    REAL is cut into two sets that share no image, real 1 and real 2. Of NAME:real-1 of a data set, real 2 is
    NAME:real-2. All sets get one size, the smallest. Each distance to real 1 is divided by that of real 2, so 1 is as
    near as real images are to each other. Scores of which higher is better are divided by those of real 2. The 95 %
    intervals hold what all three sets bring.

    The line in words says whether the numbers agree. If they do not, it says about what: fidelity, variety, or one
    extractor against another. With --train, it says whether images are copies.

    By default the extractor that comes with the project and fits is asked, and every one whose weights are here
    already. An extractor that you name with --extractor may download its weights.

    JSON keys: real, generated, count, seed, sets (digests by role), extractors, opinions (a list of objects with
    extractor, metric, key, title, better, looks_at, value, real, ratio, low, high, verdict), words, taken, version,
    warnings.
    """
    with progress() as tell:
        found = bench.opinions(
            real,
            generated,
            real_2=real_2,
            train=train,
            extractors=extractors,
            metrics=metrics,
            picture=picture,
            progress=tell,
            **settings,
        )
    if picture is not None:
        say(f"drawn: {picture}")
    if as_json or kind == "json":
        print_json(found.as_dict())
        return
    table = found.table
    if kind == "terminal":  # the line in words, its first note, stands above it
        echo(styled(table.notes[0], bold=True))
        echo()
        table = replace(table, notes=table.notes[1:])
    print_tables([table], kind, f"bench: {table.title}")
