"""Measure the stored samples of a run with another extractor."""

from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import progress
from bench.cli._running import show
from bench.settings.models import Remeasuring


@click.command(
    epilog=examples(
        "bench rescore runs/dcgan-digits-seed0 --extractor pixels",
        "bench rescore runs/dcgan-digits-seed0 --extractor digits-cnn --resize tf1 --json",
    )
)
@click.argument("folder", type=path_type)
@options(Remeasuring)
@json_option
def command(folder: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Measures the samples in FOLDER (of a run) under another protocol. It loads no model and samples nothing.

    JSON: the record (see docs/running.md) with path, files and tables.
    """
    with progress() as tell:
        made = bench.rescore(folder, progress=tell, **settings)
    show(made, as_json)
