"""Sample a checkpoint and measure it."""

from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import progress
from bench.cli._running import show
from bench.settings.models import Remeasuring


@click.command(epilog=examples("bench evaluate runs/dcgan-digits-seed0", "bench evaluate runs/vae-digits-seed0 --json"))
@click.argument("checkpoint", type=path_type)
@click.option("--model", metavar="NAME", help="Refuse a checkpoint of another model.")
@options(Remeasuring)
@json_option
def command(checkpoint: Path, model: str | None, settings: dict[str, Any], as_json: bool) -> None:
    """Samples CHECKPOINT (a file or the folder of a run), measures it, and writes its record.

    JSON: the record (see docs/running.md) with path, files and tables.
    """
    with progress() as tell:
        made = bench.evaluate(checkpoint, model=model, progress=tell, **settings)
    show(made, as_json)
