"""A trained model as a folder for others: weights, settings, a model card."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import echo, print_json, say
from bench.settings.models import ExportSettings


@click.command(
    epilog=examples(
        "bench export runs/dcgan-digits-seed0 -o dcgan-digits",
        "bench export runs/dcgan-digits-seed0 -o dcgan-digits --half --json",
    )
)
@click.argument("run", type=path_type)
@click.option("-o", "--output", type=path_type, required=True, help="A new folder.")
@options(ExportSettings)
@json_option
def command(run: Path, output: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Writes the model of RUN, the folder of a run or a checkpoint, for others.

    The folder has the layout that the Hugging Face Hub shows: model.safetensors with the weights that images are made
    by, config.json with settings, data, seed and the sha256 of the weights, README.md (the model card) with the table
    and the protocol of its record, and preview.png. `bench sample`, `evaluate`, `explore` and `submit` take the folder.
    `hf upload OWNER/NAME FOLDER` of huggingface-hub uploads it, and hub:OWNER/NAME names it then.

    JSON keys: folder, sha256, size, measured.
    """
    done = bench.export(run, output, **settings)
    if as_json:
        print_json({**asdict(done), "folder": str(done.folder)})
        return
    echo(done.folder)
    say(f"{done.size / 1e6:,.2f} MB of weights, sha256 {done.sha256}")
    if not done.measured:
        say("no record of this checkpoint: the card has no table; measure it with `bench evaluate` and export it again")
