"""Two entries, runs or folders of images: can they be told apart?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._options import data_root_option, examples, json_option, path_type, workers_option
from bench.cli._output import print_block, print_json, progress
from bench.cli._running import device_option, results_option

if TYPE_CHECKING:
    from bench.leaderboard.contestants import Side


@click.command(
    epilog=examples(
        "bench compare digits/dcgan digits/vae",
        "bench compare results/runs/digits/22e00037c295/dcgan-seed0.json "
        "results/runs/digits/22e00037c295/gan-deep-seed0.json",
    )
)
@click.argument("a")
@click.argument("b")
@click.option("--track", metavar="NAME", help="The track whose rules measure folders of images.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(("terminal", "md", "csv", "json", "html")),
    default="terminal",
    show_default=True,
)
@click.option("--weights", type=path_type, metavar="FILE", help="Weights of the extractor.  [env: BENCH_WEIGHTS]")
@click.option("--offline", is_flag=True, help="Never download weights; BENCH_OFFLINE=1 does the same.")
@device_option
@workers_option
@data_root_option
@results_option
@json_option
def command(
    a: str,
    b: str,
    track: str | None,
    kind: str,
    weights: Path | None,
    offline: bool,
    device: str,
    workers: int,
    data_root: Path | None,
    results: Path,
    as_json: bool,
) -> None:
    """Shows the difference of A and B in every score, with a 95 % interval, and whether they can be told apart.

    A and B are entries (TRACK/NAME or its JSON), records of runs, or images (a folder, .zip, .npz or .npy), which are
    measured by the rules of --track. Both must have the same real images, extractor and versions.

    The differences are paired: both are compared on the same real images. If both were trained with several seeds, a
    second table compares the means over the seeds.

    JSON keys: a, b, lines and over_seeds, lists of objects with domain, key, title, better, a, b, difference, low,
    high, paired, winner (a, b or null) and count; and damaged, a list of lines about files that were left out.
    """
    from bench.leaderboard.compare import compare, comparison_tables
    from bench.leaderboard.contestants import side_of
    from bench.leaderboard.measured_contestants import measured_by
    from bench.tables.table import RENDERERS

    how: dict[str, Any] = {"weights_file": weights, "offline": offline, "device": device, "workers": workers}
    with progress() as tell:
        measure_images = measured_by(track, data_root, tell, **how)
        sides: list[Side] = [side_of(given, results, measure_images) for given in (a, b)]
    found = compare(*sides)
    if as_json or kind == "json":
        print_json(asdict(found))
        return
    print_block("\n".join(RENDERERS[kind](table) for table in comparison_tables(found)))
