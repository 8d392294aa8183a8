"""Images out of a checkpoint: PNGs in a folder, or one .npz."""

from pathlib import Path

import click

from bench.cli._options import data_root_option, examples, json_option
from bench.cli._output import print_json, say
from bench.cli._running import device_option, force_option, path_type


@click.command(
    epilog=examples(
        "bench sample runs/dcgan-digits-seed0 -n 1000 -o samples",
        "bench sample runs/dcgan-digits-seed0 -n 64 --seed 7 -o samples.npz --json",
    )
)
@click.argument("checkpoint", type=path_type)
@click.option(
    "-n", "--count", type=click.IntRange(min=1), help="How many.  [default: 1000, or all test images if fewer]"
)
@click.option(
    "-o", "--output", type=path_type, required=True, help="A new folder for PNGs, or a name that ends in .npz."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the noise.")
@click.option(
    "--direction", type=click.Choice(("x-to-y", "y-to-x")), help="Of a translation; its test images are used."
)
@click.option("--dataset", metavar="NAME", help="Where the checkpoint was trained on folder:PATH, this path.")
@device_option
@data_root_option
@force_option
@json_option
def command(
    checkpoint: Path,
    count: int | None,
    output: Path,
    seed: int,
    direction: str | None,
    dataset: str | None,
    device: str,
    data_root: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Samples CHECKPOINT, a file or a run's folder. Image i depends on the seed and i only, whatever the count.

    A model that translates is given the test images of its data set, in their order.

    JSON keys: output, count, seed, direction, model, dataset.
    """
    from bench.samples import sample_noise, save_images, save_pngs, translate_test
    from bench.stored import subject_of_checkpoint
    from metrics._errors import InputError
    from reference_models.training import load

    if output.suffix == ".npz" and output.exists() and not force:
        raise InputError(f"{output} exists; replace it with --force or choose another name")
    loaded = load(checkpoint, device=device)
    if loaded.model.directions:
        subject = subject_of_checkpoint(checkpoint, dataset, data_root)
        images = translate_test(loaded, subject, direction, count)
    else:
        images = sample_noise(loaded, direction, seed, count)
    if output.suffix == ".npz":
        save_images(output, images)
    else:
        save_pngs(output, images, force=force)
    if as_json:
        about = {"output": str(output), "count": len(images), "seed": seed, "direction": direction}
        print_json({**about, "model": loaded.spec.name, "dataset": loaded.state["data"]["name"]})
    else:
        click.echo(output)
        say(f"{len(images):,} images of {loaded.spec.name}")
