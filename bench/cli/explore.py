"""Look at what a model learned: pictures with numbers beside them."""

from functools import partial
from pathlib import Path

import click

from bench.cli._exploring import (
    Looking,
    checkpoint_argument,
    generator_weights_option,
    looking_options,
    ready,
    ready_generator,
    seed_option,
    show,
    steps_option,
    truncation_option,
)
from bench.cli._options import examples, json_option, path_type
from bench.cli._output import print_columns, print_json, progress
from bench.cli._running import Extracting, extracting_options, open_measure


@click.group(
    invoke_without_command=True,
    epilog=examples("bench explore", "bench explore noise runs/dcgan-digits-seed0", "bench explore --json"),
)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Shows what a model has learned: pictures and numbers, in a folder beside the checkpoint.

    Every exploration writes explore.json (all numbers), its tables as CSV and its pictures, and prints the tables.
    Without a command, it lists the explorations. JSON: a list of objects with name, title.
    """
    if ctx.invoked_subcommand is not None:
        return
    assert isinstance(ctx.command, click.Group)
    rows = [{"name": name, "title": one.get_short_help_str(200)} for name, one in sorted(ctx.command.commands.items())]
    if as_json:
        print_json(rows)
    else:
        print_columns([(row["name"], row["title"]) for row in rows], ("exploration", "what it shows"))


@command.command(
    epilog=examples(
        "bench explore noise runs/dcgan-digits-seed0",
        "bench explore noise runs/vae-digits-seed0 --pairs 6 --steps 12 --seed 3 -o noise --json",
    )
)
@checkpoint_argument
@click.option("--pairs", type=int, default=3, show_default=True, help="Pairs of noise vectors.")
@steps_option
@click.option("--dims", type=int, default=8, show_default=True, help="How many single numbers of the noise to vary.")
@seed_option
@truncation_option
@generator_weights_option
@extracting_options
@looking_options
def noise(
    checkpoint: Path,
    pairs: int,
    steps: int,
    dims: int,
    seed: int,
    truncation: float | None,
    generator_weights: Path | None,
    extracting: Extracting,
    looking: Looking,
) -> None:
    """Varies the noise of CHECKPOINT: paths between two noise vectors, linear and spherical, and single numbers of it.

    CHECKPOINT is a file, the folder of a run, or the name of a pretrained generator (`bench list pretrained`).

    JSON: the content of explore.json, with folder and files.
    """
    from bench.exploring.noise import explore

    folder, opened, measure = ready_generator(looking, "noise", checkpoint, generator_weights, extracting, truncation)
    show(explore(opened, measure, seed=seed, pairs=pairs, steps=steps, dims=dims), folder, looking)


@command.command(
    epilog=examples(
        "bench explore manifold runs/vae-digits-seed0",
        "bench explore manifold runs/conv-vae-digits-seed0 --arithmetic 8,3,5 --arithmetic 7,1,9 --json",
    )
)
@checkpoint_argument
@click.option("--pairs", type=int, default=4, show_default=True, help="Pairs of test images.")
@steps_option
@click.option("--grid", type=int, metavar="N", help="N x N images, for codes of 2 numbers.  [default: 15]")
@click.option("--arithmetic", multiple=True, metavar="A,B,C", help="Three labels for a - b + c.  [default: chosen]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed for the test images.")
@extracting_options
@looking_options
def manifold(
    checkpoint: Path,
    pairs: int,
    steps: int,
    grid: int | None,
    arithmetic: tuple[str, ...],
    seed: int,
    extracting: Extracting,
    looking: Looking,
) -> None:
    """Shows the codes of CHECKPOINT: mixtures of two, a map, a grid, and arithmetic with labels.

    JSON: the content of explore.json, with folder and files.
    """
    from bench.exploring.manifold import explore

    folder, (opened,) = ready(looking, "manifold", [checkpoint])
    measure = open_measure(opened.subject, extracting, looking.device)
    found = explore(opened, measure, seed=seed, pairs=pairs, steps=steps, grid=grid, arithmetic=arithmetic)
    show(found, folder, looking)


@command.command(
    epilog=examples(
        "bench explore classes runs/biggan-digits-seed0",
        "bench explore classes runs/cgan-digits-seed0 --pair 3,8 --pair 1,7 --samples 4 --json",
        "bench explore classes biggan-deep-256 --pair 207,208 --truncation 0.4 --extractor vgg16-random",
    )
)
@checkpoint_argument
@click.option(
    "--pair", "pairs", multiple=True, metavar="A,B", help="Two classes to interpolate.  [default: four pairs]"
)
@click.option("--samples", type=int, default=2, show_default=True, help="Rows of noise for each pair.")
@steps_option
@seed_option
@truncation_option
@generator_weights_option
@extracting_options
@looking_options
def classes(
    checkpoint: Path,
    pairs: tuple[str, ...],
    samples: int,
    steps: int,
    seed: int,
    truncation: float | None,
    generator_weights: Path | None,
    extracting: Extracting,
    looking: Looking,
) -> None:
    """Shows the class embeddings of CHECKPOINT: a map of them, and images between two classes.

    CHECKPOINT is a file, the folder of a run, or the name of a pretrained generator (`bench list pretrained`).

    JSON: the content of explore.json, with folder and files.
    """
    from bench.exploring.classes import explore

    folder, opened, measure = ready_generator(looking, "classes", checkpoint, generator_weights, extracting, truncation)
    show(explore(opened, measure, pairs=pairs, samples=samples, steps=steps, seed=seed), folder, looking)


@command.command(
    epilog=examples(
        "bench explore truncation runs/biggan-digits-seed0",
        "bench explore truncation runs/dcgan-digits-seed0 --at inf,1,0.5,0.25 --repeats 5 --json",
    )
)
@checkpoint_argument
@click.option(
    "--at", "bounds", metavar="T,T...", help="Bounds of the noise; inf means no bound.  [default: inf to 0.25]"
)
@click.option(
    "--repeats", type=int, default=3, show_default=True, help="How many tables of noise, for precision and recall."
)
@extracting_options
@looking_options
def truncation(checkpoint: Path, bounds: str | None, repeats: int, extracting: Extracting, looking: Looking) -> None:
    """Measures CHECKPOINT with truncated noise: FID, Inception Score, precision and recall for each bound.

    JSON: the content of explore.json, with folder and files.
    """
    from bench.exploring.truncation import BOUNDS, explore
    from bench.measuring.evaluation import open_evaluation

    chosen = BOUNDS if bounds is None else [_number(word) for word in bounds.split(",")]
    folder, (opened,) = ready(looking, "truncation", [checkpoint])
    evaluation = open_evaluation(opened.subject, open_measure(opened.subject, extracting, looking.device))
    with progress() as tell:
        found = explore(opened, evaluation, bounds=chosen, repeats=repeats, report=tell)
    show(found, folder, looking)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise click.BadParameter(f"{word!r} is not a number; write for example --at inf,1,0.5") from None


@command.command(
    epilog=examples(
        "bench explore neighbours runs/dcgan-digits-seed0",
        "bench explore neighbours runs/cyclegan-edges2shapes-seed0 --direction x-to-y -k 3 --json",
    )
)
@checkpoint_argument
@click.option("--shown", type=int, default=6, show_default=True, help="Images in each part of the pictures.")
@click.option("-k", "--neighbours", "k", type=int, default=4, show_default=True, help="Neighbours of each.")
@click.option(
    "--samples", type=int, metavar="N", help="Generated images to compare.  [default: as many as for testing, or 1000]"
)
@click.option("--limit", type=int, metavar="N", help="Search N random training images.  [default: all]")
@click.option("--direction", type=click.Choice(("x-to-y", "y-to-x")), help="Direction of a translation.")
@seed_option
@extracting_options
@looking_options
def neighbours(
    checkpoint: Path,
    shown: int,
    k: int,
    samples: int | None,
    limit: int | None,
    direction: str | None,
    seed: int,
    extracting: Extracting,
    looking: Looking,
) -> None:
    """Finds the training images that are nearest to the images of CHECKPOINT, to look for copies.

    JSON: the content of explore.json, with folder and files.
    """
    from bench.exploring.neighbours import explore

    folder, (opened,) = ready(looking, "neighbours", [checkpoint])
    measure = open_measure(opened.subject, extracting, looking.device)
    with progress() as tell:
        found = explore(
            opened,
            measure,
            shown=shown,
            k=k,
            samples=samples,
            seed=seed,
            direction=direction,
            limit=limit,
            report=partial(tell, "training images"),
        )
    show(found, folder, looking)


@command.command(
    epilog=examples(
        "bench explore compare runs/dcgan-digits-seed0 runs/dcgan-digits-seed1",
        "bench explore compare a/runs/cyclegan-edges2shapes-seed0 b/runs/cyclegan-edges2shapes-seed0 --measured --json",
    )
)
@click.argument("checkpoints", nargs=-1, required=True, type=path_type)
@click.option("--count", type=int, default=9, show_default=True, help="How many images of each to show.")
@click.option("--measured", is_flag=True, help="Also measure each under the data set's protocol.")
@seed_option
@extracting_options
@looking_options
def compare(
    checkpoints: tuple[Path, ...], count: int, measured: bool, seed: int, extracting: Extracting, looking: Looking
) -> None:
    """Shows CHECKPOINTS of one data set side by side: their images from the same input, and their curves.

    JSON: the content of explore.json, with folder and files.
    """
    from bench.exploring.compare import explore
    from bench.measuring.evaluation import open_evaluation

    folder, opened = ready(looking, "compare", checkpoints)
    evaluation = None
    if measured:
        subject = opened[0].subject
        evaluation = open_evaluation(subject, open_measure(subject, extracting, looking.device))
    with progress() as tell:
        found = explore(opened, evaluation, count=count, seed=seed, report=tell)
    show(found, folder, looking)
