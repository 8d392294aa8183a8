"""Look at what a model learned: pictures with numbers beside them."""

from pathlib import Path
from typing import Any

import click

import bench
from bench.api.explorations import EXPLORATIONS
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import print_columns, print_json, print_tables, progress, say
from bench.names import counted

SHOWN_ROWS = 24  # a longer table is only named: it stands in its file


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
@click.argument("checkpoint", type=path_type)
@options(*EXPLORATIONS["noise"])
@json_option
def noise(checkpoint: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Varies the noise of CHECKPOINT: paths between two noise vectors, linear and spherical, and single numbers of it.

    CHECKPOINT is a file, the folder of a run, or the name of a pretrained generator (`bench list pretrained`).

    JSON: the content of explore.json, with folder and files.
    """
    look("noise", settings, as_json, checkpoint)


@command.command(
    epilog=examples(
        "bench explore manifold runs/vae-digits-seed0",
        "bench explore manifold runs/conv-vae-digits-seed0 --arithmetic 8,3,5 --arithmetic 7,1,9 --json",
    )
)
@click.argument("checkpoint", type=path_type)
@options(*EXPLORATIONS["manifold"])
@json_option
def manifold(checkpoint: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Shows the codes of CHECKPOINT: mixtures of two, a map, a grid, and arithmetic with labels.

    JSON: the content of explore.json, with folder and files.
    """
    look("manifold", settings, as_json, checkpoint)


@command.command(
    epilog=examples(
        "bench explore classes runs/biggan-digits-seed0",
        "bench explore classes runs/cgan-digits-seed0 --pair 3,8 --pair 1,7 --samples 4 --json",
        "bench explore classes biggan-deep-256 --pair 207,208 --truncation 0.4 --extractor efficientnet-lite0",
    )
)
@click.argument("checkpoint", type=path_type)
@options(*EXPLORATIONS["classes"])
@json_option
def classes(checkpoint: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Shows the class embeddings of CHECKPOINT: a map of them, and images between two classes.

    CHECKPOINT is a file, the folder of a run, or the name of a pretrained generator (`bench list pretrained`).

    JSON: the content of explore.json, with folder and files.
    """
    look("classes", settings, as_json, checkpoint)


@command.command(
    epilog=examples(
        "bench explore truncation runs/biggan-digits-seed0",
        "bench explore truncation runs/dcgan-digits-seed0 --at inf,1,0.5,0.25 --repeats 5 --json",
    )
)
@click.argument("checkpoint", type=path_type)
@options(*EXPLORATIONS["truncation"])
@json_option
def truncation(checkpoint: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Measures CHECKPOINT with truncated noise: FID, Inception Score, precision and recall for each bound.

    JSON: the content of explore.json, with folder and files.
    """
    look("truncation", settings, as_json, checkpoint)


@command.command(
    epilog=examples(
        "bench explore steps runs/ddpm-digits-seed0",
        "bench explore steps runs/flow-matching-digits-seed0 --at 1,4,16,64 --repeats 3 --json",
    )
)
@click.argument("checkpoint", type=path_type)
@options(*EXPLORATIONS["steps"])
@json_option
def steps(checkpoint: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Measures CHECKPOINT with fewer and more sampling steps: FID, Inception Score, precision and recall of each.

    JSON: the content of explore.json, with folder and files.
    """
    look("steps", settings, as_json, checkpoint)


@command.command(
    epilog=examples(
        "bench explore neighbours runs/dcgan-digits-seed0",
        "bench explore neighbours runs/cyclegan-edges2shapes-seed0 --direction x-to-y -k 3 --json",
    )
)
@click.argument("checkpoint", type=path_type)
@options(*EXPLORATIONS["neighbours"])
@json_option
def neighbours(checkpoint: Path, settings: dict[str, Any], as_json: bool) -> None:
    """Finds the training images that are nearest to the images of CHECKPOINT, to look for copies.

    JSON: the content of explore.json, with folder and files.
    """
    look("neighbours", settings, as_json, checkpoint)


@command.command(
    epilog=examples(
        "bench explore compare runs/dcgan-digits-seed0 runs/dcgan-digits-seed1",
        "bench explore compare a/runs/cyclegan-edges2shapes-seed0 b/runs/cyclegan-edges2shapes-seed0 --measured --json",
    )
)
@click.argument("checkpoints", nargs=-1, required=True, type=path_type)
@options(*EXPLORATIONS["compare"])
@json_option
def compare(checkpoints: tuple[Path, ...], settings: dict[str, Any], as_json: bool) -> None:
    """Shows CHECKPOINTS of one data set side by side: their images from the same input, and their curves.

    JSON: the content of explore.json, with folder and files.
    """
    look("compare", settings, as_json, *checkpoints)


def look(what: str, settings: dict[str, Any], as_json: bool, *checkpoints: Path) -> None:
    """Explore, and print the tables; where everything lies goes to stderr."""
    from bench.tables.table import aligned

    with progress() as tell:
        made = bench.explore(what, *checkpoints, progress=tell, **settings)
    if as_json:
        print_json(made.as_dict())
        return
    short = [table for table in made.tables if len(table.rows) <= SHOWN_ROWS]
    print_tables(list(map(aligned, short)), "terminal", "")
    for table in made.tables:
        if table not in short:
            say(f"{table.title}: {counted(len(table.rows), 'row')} in {made.folder / table.name}.csv")
    for note in made.tables.warnings:
        say(note)
    for path in made.files:
        if path.suffix == ".png":
            say(f"picture  {path}")
