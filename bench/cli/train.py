"""Train a reference model and leave its checkpoint, curves and grids."""

from typing import Any

import click

import bench
from bench.api.processes import is_follower
from bench.cli._options import examples, json_option, options
from bench.cli._output import print_facts, print_json, progress, say
from bench.cli._running import follow, resume_command, say_notes
from bench.names import counted
from bench.settings.models import TrainSettings


@click.command(
    epilog=examples(
        "bench train --model vae --dataset digits --epochs 5",
        "bench train --model dcgan --dataset shapes --minutes 2 --seed 1",
    )
)
@click.option("--model", required=True, metavar="NAME", help="See `bench list models`.")
@click.option("--dataset", required=True, metavar="NAME", help="NAME, NAME/DOMAIN or folder:PATH.")
@options(TrainSettings)
@json_option
@click.pass_context
def command(ctx: click.Context, model: str, dataset: str, settings: dict[str, Any], as_json: bool) -> None:
    """Trains a model in runs/MODEL-DATASET-seedK: the first half of `bench run`. `bench evaluate` is the second half.

    JSON keys: folder, checkpoint, asked, full_epochs, steps, epochs, images, seconds, batch_size, device, precision,
    compiled, losses.
    """
    if is_follower():
        follow(model, dataset, settings)
        return
    try:
        with progress() as tell:
            made = bench.train(model, dataset, progress=tell, **settings)
    except KeyboardInterrupt as error:
        say_notes(error, f"; continue with: {resume_command(ctx)}")
        raise
    if as_json:
        print_json(made.as_dict())
        return
    done = made.done
    losses = "  ".join(f"{name} {value:.4g}" for name, value in done.losses.items())
    print_facts(
        [
            (
                "trained",
                f"{counted(done.steps, 'step')}, {done.epochs:,.4g} epochs, {done.seconds:.0f} s on {done.device}",
            ),
            ("losses", f"{losses} (means over the last 100 steps)"),
            ("checkpoint", str(made.checkpoint)),
        ]
    )
    say(f"measure it with: bench evaluate {made.folder}")
