"""Computes the features of a set ahead, or of a shard of it."""

from typing import Any

import click

import bench
from bench.cli._options import Words, examples, json_option, options
from bench.cli._output import print_facts, print_json, print_warnings, progress
from bench.cli.fid import measured_with
from bench.settings.sets import FeatureSettings


@click.command(
    epilog=examples(
        "bench features digits:train --extractor digits-cnn",
        "bench features digits:train --extractor digits-cnn --shard 1/2",
    )
)
@click.argument("images", metavar="IMAGES")
@click.option(
    "--shard", metavar="I/N", help="Only the I-th of N parts.  [default: all; with torchrun, the part of this process]"
)
@click.option(
    "--metrics", type=Words(), default="fid", show_default=True, metavar="M,M,...", help="Compute what these read."
)
@options(FeatureSettings)
@json_option
def command(images: str, shard: str | None, metrics: list[str], settings: dict[str, Any], as_json: bool) -> None:
    """Computes the features of IMAGES and keeps them in the cache, where `bench fid` and all others find them.

    The shards of a set can be computed by a job array, each job with another I, on machines that share the cache
    ($BENCH_CACHE). A shard reads its own images only. What is in the cache is not computed again, in tiles of 1,024
    images, so a job that was ended goes on where it was. `bench cache status IMAGES` says what is missing.

    JSON keys: source, shard, shards, images (of this shard), computed, there, folder, extractor, extractor_version,
    extractor_sha256, resize, taps, limit, seed, version, warnings.
    """
    with progress() as tell:
        result = bench.features(images, shard=shard, metrics=metrics, progress=tell, **settings)
    if as_json:
        print_json(dict(result))
        return
    of = f", shard {result['shard']} of {result['shards']}" if result["shards"] > 1 else ""
    print_facts(
        [
            ("images", f"{result['images']:,} {result['source']}{of}"),
            ("computed", f"{result['computed']:,}; {result['there']:,} were there"),
            ("measured with", measured_with(result)),
            ("folder", result["folder"]),
        ]
    )
    print_warnings(result["warnings"])
