"""Check extractors and metrics under damage of known strength."""

from typing import Any

import click

import bench
from bench.cli._options import examples, format_option, json_option, options
from bench.cli._output import echo, print_json, print_tables, print_warnings, progress, say
from bench.settings.sanity import SanitySettings

NOT_PRINTED = ("numbers", "criteria")  # long tables: in --json and in the folder


@click.command(
    epilog=examples(
        "bench sanity --n 100",
        "bench sanity --dataset digits:test --metric fid --metric kid --check blur --n 60 --json",
        "bench sanity --synthetic --metric prdc --n 200 --check dropping-invention",
    )
)
@click.option("--dataset", default="digits", show_default=True, metavar="D", help="A data set, or any set of images.")
@click.option("--mixed-with", metavar="SET", help="Images to mix in.  [default: the drawn shapes, or the digits]")
@options(SanitySettings)
@format_option
@json_option
def command(dataset: str, mixed_with: str | None, settings: dict[str, Any], kind: str, as_json: bool) -> None:
    """Says from which strength on a metric tells damaged images from real ones, with an extractor.

    Images are damaged (noise, blur, rectangles, swirl, salt-and-pepper, jpeg), another data set is mixed in (mixed), or
    whole images are chosen wrongly: modes dropped or invented, copies of real images, noise among the real images
    (outliers), fewer generated images (fewer), fewer on both sides (smaller). Each number is compared with the same
    number of real images against other real images.

    With --synthetic: the fifteen checks of Räisä et al. 2025 (arXiv 2505.22450), without images.

    JSON keys: of, digest, images, modes, mixed_with, measured_with, metrics, n, seed, version, passed, asked, folder,
    files, and tables, by name: images-EXTRACTOR, sets-EXTRACTOR and numbers; with --synthetic synthetic and criteria.
    """
    with progress("checks" if settings["synthetic"] else "images") as tell:
        made = bench.sanity(dataset, mixed_with=mixed_with, progress=tell, **settings)
    if as_json or kind == "json":
        print_json(made.as_dict())
        return
    print_tables([one for one in made.tables if one.name not in NOT_PRINTED], kind, f"bench sanity: {made.about['of']}")
    if kind == "terminal":
        echo(f"{made.passed:,} of {made.asked:,} passed; a failure is not always a fault (docs/sanity.md)")
        print_warnings(made.tables.warnings)
    for path in made.files:
        say(f"written  {path}")
