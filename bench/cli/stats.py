"""Writes the statistics of a set to a file that serves as a reference."""

from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import print_facts, print_json, print_warnings, progress
from bench.cli.fid import measured_with
from bench.settings.sets import SetSettings


@click.command(
    epilog=examples(
        "bench stats digits:train -o digits.npz --extractor digits-cnn",
        "bench stats digits:real-1 -o real.npz --extractor pixels --limit 50 --force --json",
    )
)
@click.argument("images", metavar="IMAGES")
@click.option("-o", "--output", type=path_type, required=True, metavar="FILE", help="The .npz file.")
@click.option("--spatial", is_flag=True, help="Add mu_s and sigma_s, for the metric sfid and ADM's evaluator.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@options(SetSettings)
@json_option
def command(images: str, output: Path, spatial: bool, force: bool, settings: dict[str, Any], as_json: bool) -> None:
    """Writes mean and covariance of the features of IMAGES, any set of images.

    `bench fid FILE B` uses the file as a reference. It holds mu, sigma, the count and how they were made. pytorch-fid,
    TTUR and clean-fid can read it too.

    JSON keys: path, dims, count, source, source_digest, extractor, extractor_version, weights_sha256, resize, tap,
    features_version, versions, limit, seed, version, warnings.
    """
    with progress() as tell:
        result = bench.save_statistics(images, output, spatial=spatial, force=force, progress=tell, **settings)
    if as_json:
        print_json(dict(result))
        return
    made = {**result, "extractor_sha256": result["weights_sha256"]}
    print_facts(
        [
            ("written", result["path"]),
            ("images", f"{result['count']:,} {result['source']}"),
            ("features", f"{result['dims']:,} ({result['tap']})"),
            ("measured with", measured_with(made)),
        ]
    )
    print_warnings(result["warnings"])
