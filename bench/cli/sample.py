"""Images out of a checkpoint or a pretrained generator: PNGs in a folder, or one .npz."""

from pathlib import Path

import click

from bench.cli._options import data_root_option, examples, json_option, path_type
from bench.cli._output import echo, print_json, say
from bench.cli._running import device_option, force_option

NO_FOLDER = {".npy", ".zip", ".png", ".jpg", ".jpeg", ".gif"}  # names that would make a folder surprising


@click.command(
    epilog=examples(
        "bench sample runs/dcgan-digits-seed0 -n 1000 -o samples",
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
    "-o", "--output", type=path_type, required=True, help="A new folder for PNGs, or a name that ends in .npz."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the noise.")
@click.option(
    "--images",
    "folder",
    type=path_type,
    metavar="DIR",
    help="Images to translate or reconstruct.  [default: test images]",
)
@click.option("--direction", type=click.Choice(("x-to-y", "y-to-x")), help="Of a translation.")
@click.option("--classes", metavar="A,B,...", help="Labels, by name or number; the images take them in turn.")
@click.option("--truncation", type=float, metavar="T", help="Use only noise within [-T, T].  [default: the model's]")
@click.option(
    "--weights", type=path_type, metavar="FILE", help="Weights of a pretrained generator.  [env: BENCH_WEIGHTS]"
)
@click.option("--offline", is_flag=True, help="Never download weights; BENCH_OFFLINE=1 does the same.")
@click.option("--dataset", metavar="NAME", help="The PATH, if the checkpoint was trained on folder:PATH.")
@device_option
@data_root_option
@force_option
@json_option
def command(
    checkpoint: Path,
    count: int | None,
    output: Path,
    seed: int,
    folder: Path | None,
    direction: str | None,
    classes: str | None,
    truncation: float | None,
    weights: Path | None,
    offline: bool,
    dataset: str | None,
    device: str,
    data_root: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Writes samples of CHECKPOINT: a file, the folder of a run, or a pretrained generator (`bench list pretrained`).

    Image i depends only on the seed and i, not on the count. A model that translates gets the test images of its data
    set, in their order. With --images, a model that translates or reconstructs gets the images of a folder instead: the
    middle square of each, resized. In a folder, each output has the name of its input. A pretrained generator needs its
    weights; `bench weights` shows where they are, or where they come from.

    JSON keys: output, count, seed, images, direction, classes, truncation, model, dataset, weights_sha256.
    """
    from bench.runs.generators import open_generator
    from bench.runs.samples import (
        check_asked,
        from_folder,
        names_like,
        sample_noise,
        save_images,
        save_pngs,
        translate_test,
    )
    from bench.runs.stored import subject_of_checkpoint
    from metrics.errors import InputError

    if output.suffix.lower() in NO_FOLDER:
        raise InputError(f"-o {output}: the output is a folder of PNG files or one .npz; choose such a name")
    if output.suffix == ".npz" and output.exists() and not force:
        raise InputError(f"{output} exists; replace it with --force or choose another name")
    if folder and output.resolve() == folder.resolve():
        raise InputError(f"-o {output} is the folder of the images themselves; choose another")
    generator = open_generator(checkpoint, weights_file=weights, offline=offline, device=device)
    check_asked(generator, direction, classes, truncation, folder)
    if folder:
        images = from_folder(generator, folder, direction, count)
    elif generator.model.directions:
        subject = subject_of_checkpoint(checkpoint, dataset, data_root)
        images = translate_test(generator, subject, direction, count)
    else:
        images = sample_noise(generator, seed, count, classes=classes, truncation=truncation)
    if output.suffix == ".npz":
        save_images(output, images)
    else:
        save_pngs(output, images, names_like(folder, len(images)) if folder else (), force=force)
    if as_json:
        about = {"output": str(output), "count": len(images), "seed": seed, "images": folder and str(folder)}
        about |= {"direction": direction, "classes": classes, "truncation": truncation}
        about |= {"model": generator.name, "dataset": generator.dataset, "weights_sha256": generator.weights_sha256}
        print_json(about)
        return
    echo(output)
    say(f"{len(images):,} images of {generator.name}")
    if generator.official is False:
        say(f"weights {generator.weights_sha256}: not known to be the published ones")
