"""Train a reference model, sample it, measure it, write records and tables."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

import bench
from bench.api.processes import is_follower, processes
from bench.cli._options import examples, json_option, options
from bench.cli._output import duration, print_facts, print_json, progress
from bench.cli._running import follow, resume_command, say_notes, show, show_seeds
from bench.names import counted
from bench.settings.models import RunSettings, SeedSettings

if TYPE_CHECKING:
    from bench.runs.plan import Plan


@click.command(
    epilog=examples(
        "bench run --model dcgan --dataset digits",
        "bench run --model vae --dataset digits --epochs 20 --seed 1 --set zdim=5",
        "bench run --model dcgan --dataset digits --seeds 0-4 --jobs 2",
        "bench run --model cyclegan --dataset edges2shapes --extractor vgg16-random --plan",
    )
)
@click.option("--model", required=True, metavar="NAME", help="See `bench list models`.")
@click.option("--dataset", required=True, metavar="NAME", help="NAME, NAME/DOMAIN or folder:PATH.")
@options(RunSettings, SeedSettings)
@click.option("--plan", is_flag=True, help="Show the steps, the time and the memory, and stop.")
@json_option
@click.pass_context
def command(ctx: click.Context, model: str, dataset: str, settings: dict[str, Any], plan: bool, as_json: bool) -> None:
    """Trains a model, samples it, measures it against disjoint real sets, and writes the tables.

    The state of the run (checkpoint, curves, grids, samples) goes to runs/MODEL-DATASET-seedK. The record goes to
    my-results/runs, with tables and a page of pictures beside it. Changes by --set are part of the names, so variants
    have their own files. All problems, such as missing weights, are found before the training starts. Ctrl-C keeps the
    checkpoint, and --resume continues.

    --seeds trains with each of these seeds and prints the mean over them: no seed is chosen. What is there is kept,
    what has begun goes on, and if a seed fails, the others are trained and it is named at the end (exit code 2).

    JSON: the record (see docs/running.md) with path, files and tables; with --plan the plan; with --seeds a list of
    plans, or runs, failed and tables.
    """
    if is_follower():
        if not (plan or settings["seeds"]):
            follow(model, dataset, settings)
        return
    several = settings["seeds"] is not None
    if plan:
        _show_plan(bench.plan(model, dataset, **settings), settings["jobs"], as_json)
        return
    try:
        with progress("seeds" if settings["jobs"] > 1 else "images") as tell:
            made = bench.run(model, dataset, progress=tell, **settings)
    except KeyboardInterrupt as error:
        say_notes(error, f"; continue with: {resume_command(ctx)}")
        raise
    except Exception as error:
        say_notes(error)
        raise
    (show_seeds if several else show)(made, as_json)


def _show_plan(plan: "Plan | tuple[Plan, ...]", jobs: int, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in plan] if isinstance(plan, tuple) else asdict(plan))
    elif isinstance(plan, tuple):
        print_facts([*_facts(plan[0])[: -1 if plan[0].blocked else None], *_of_seeds(plan, jobs)])
    else:
        print_facts(_facts(plan))


def _of_seeds(plans: "Sequence[Plan]", jobs: int) -> list[tuple[str, str]]:
    """What the plan of several seeds says besides that of the first."""
    side = f", {min(jobs, len(plans))} side by side" if jobs > 1 else ""
    blocked = [(f"seed {one.seed}", one.blocked) for one in plans if one.blocked]
    return [("seeds", f"{', '.join(str(one.seed) for one in plans)}{side}; all of the above is for each"), *blocked]


def _facts(plan: "Plan") -> list[tuple[str, str]]:
    images = " + ".join(f"{count:,}" for count in plan.train_images)
    parameters = ", ".join(f"{name} {count:,}" for name, count in plan.parameters.items())
    steps = (
        "until the minutes are over" if plan.steps is None else f"{counted(plan.steps, 'step')} of {plan.batch_size}"
    )
    if plan.epochs is not None:
        steps += f", {plan.epochs:,.4g} of the recipe's {plan.full_epochs:,.4g} epochs"
    seconds = "" if plan.training_seconds is None else f"about {duration(plan.training_seconds)}"
    memory = "not known on this system" if plan.memory_bytes is None else _mib(plan.memory_bytes)
    return [
        ("model", f"{plan.model}, parameters: {parameters}"),
        ("data", f"{plan.dataset}, {images} training images"),
        ("training", f"{steps}, on {plan.device}"),
        *([("recipe", plan.recipe)] if plan.recipe else []),
        ("time", f"{seconds} of training ({plan.seconds_per_step * 1e3:.0f} ms a step, timed just now: an estimate)"),
        *(
            [("processes", f"{processes()}, by torchrun; time and memory are those of one alone")]
            if processes() > 1
            else []
        ),
        *([("no GPU", plan.laptop)] if plan.laptop else []),
        (
            "measuring",
            f"{plan.measured_images:,} images with {plan.extractor}, resize {plan.resize}: at most "
            f"{duration(plan.measuring_seconds)}, less if features are in the cache",
        ),
        ("memory", f"{memory} at the peak of the trial steps; {_mib(plan.images_bytes)} of training images in the end"),
        ("disk", f"{plan.checkpoint_bytes / 2**20:,.1f} MiB of checkpoint, besides samples and pictures"),
        ("state", plan.folder),
        ("record", plan.record),
        *([("blocked", plan.blocked)] if plan.blocked else []),
    ]


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
