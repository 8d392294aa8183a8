"""Images out of a checkpoint or a pretrained generator: PNGs in a folder, or one .npz."""

from pathlib import Path
from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import echo, print_json, say
from bench.names import counted
from bench.settings.models import SampleSettings

SHEET = 64  # images of the one picture


@click.command(
    epilog=examples(
        "bench sample dcgan-digits -n 16",
        "bench sample runs/dcgan-digits-seed0 -n 1000 -o samples",
        "bench sample hub:OWNER/NAME -n 64 -o samples",
        "bench sample runs/dcgan-digits-seed0 -n 64 --seed 7 -o samples.npz --json",
        "bench sample runs/cyclegan-edges2shapes-seed0 --images drawings --direction x-to-y -o coloured",
        "bench sample biggan-deep-256 --classes 207,980 --truncation 0.4 -n 16 -o dogs-and-volcanos",
    )
)
@click.argument("checkpoint", type=path_type)
@click.option(
    "-n",
    "--count",
    type=click.IntRange(min=1),
    help="How many images.  [default: 1000, or all test images if fewer, or all of --images]",
)
@click.option(
    "-o",
    "--output",
    type=path_type,
    help="A new folder for PNGs, or a name that ends in .npz.  [default: one picture of them, NAME-samples.png]",
)
@options(SampleSettings)
@json_option
def command(checkpoint: Path, count: int | None, output: Path | None, settings: dict[str, Any], as_json: bool) -> None:
    """Writes samples of CHECKPOINT: a file, the folder of a run or of an exported model, one of the Hugging Face Hub as
    hub:OWNER/NAME or hub:OWNER/NAME@REVISION, a trained model that comes with genbench (dcgan-digits), or a pretrained
    generator (`bench list pretrained`).

    Image i depends only on the seed and i, not on the count. A model that translates gets the test images of its data
    set, in their order. With --images, a model that translates or reconstructs gets the images of a folder instead: the
    middle square of each, resized. In a folder, each output has the name of its input, and a picture beside the output
    shows the first inputs with their outputs. A pretrained generator needs its weights; `bench weights` shows where
    they are, or where they come from.

    JSON keys: output, count, seed, images, direction, classes, truncation, model, dataset, weights_sha256, source,
    sheet.
    """
    picture = None if output else Path(f"{checkpoint.name.replace(':', '-')}-samples.png")
    made = bench.sample(checkpoint, count=count or (SHEET if picture else None), output=output, **settings)
    if picture:
        made.save_sheet(picture, force=settings["force"])
    if as_json:
        folder = settings["images"]
        about = {"output": str(output or picture), "count": len(made.images), "images": folder and str(folder)}
        about |= {name: settings[name] for name in ("seed", "direction", "classes", "truncation")}
        about |= {
            "model": made.model,
            "dataset": made.dataset,
            "weights_sha256": made.weights_sha256,
            "source": made.source,
        }
        about["sheet"] = made.sheet and str(made.sheet)
        print_json(about)
        return
    echo(output or picture)
    if made.sheet:
        echo(made.sheet)
    say(f"{counted(len(made.images), 'image')} of {made.model}")
    if made.source:
        say(f"{made.source}, sha256 of the weights {made.weights_sha256}")
    if made.official is False:
        say(f"weights {made.weights_sha256}: not known to be the published ones")
