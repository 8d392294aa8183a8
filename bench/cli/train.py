"""Train a reference model and leave its checkpoint, curves and grids."""

from dataclasses import asdict

import click

from bench.cli._options import examples, json_option
from bench.cli._output import print_facts, print_json, say
from bench.cli._running import Training, job_and_how, resume_command, training_options


@click.command(
    epilog=examples(
        "bench train --model vae --dataset digits --epochs 5",
        "bench train --model dcgan --dataset shapes --minutes 2 --seed 1",
    )
)
@training_options
@json_option
@click.pass_context
def command(ctx: click.Context, training: Training, as_json: bool) -> None:
    """Trains a model in runs/MODEL-DATASET-seedK: the first half of `bench run`. `bench evaluate` is the second half.

    JSON keys: folder, checkpoint, asked, full_epochs, steps, epochs, images, seconds, batch_size, device, precision,
    compiled, losses.
    """
    from bench.runs.jobs import check_places
    from bench.runs.run import fit

    job, how = job_and_how(training)
    check_places(job, how, None)
    try:
        result, done = fit(job, how)
    except KeyboardInterrupt:
        say(f"the checkpoint is in {job.folder}; continue with: {resume_command(ctx)}")
        raise
    if as_json:
        print_json({**asdict(done), "folder": str(job.folder), "checkpoint": str(result.checkpoint)})
        return
    losses = "  ".join(f"{name} {value:.4g}" for name, value in done.losses.items())
    print_facts(
        [
            ("trained", f"{done.steps:,} steps, {done.epochs:,.4g} epochs, {done.seconds:.0f} s on {done.device}"),
            ("losses", f"{losses} (means over the last 100 steps)"),
            ("checkpoint", str(result.checkpoint)),
        ]
    )
    say(f"measure it with: bench evaluate {job.folder}")
