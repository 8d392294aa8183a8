"""What the commands of `bench explore` share: options, the way to what is looked at, and what they print."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli._options import data_root_option, gathered, json_option, path_type
from bench.cli._output import print_block, print_json, say
from bench.cli._running import Extracting, device_option, force_option, open_measure

if TYPE_CHECKING:
    from bench.exploring import Explorable, Explored, Opened
    from bench.measuring.measure import Measure

Function = Callable[..., Any]
GENERATOR_WEIGHTS = "--generator-weights"  # `--weights` are the extractor's
SHOWN_ROWS = 24  # a longer table is only named: it stands in its file


@dataclass(frozen=True)
class Looking:
    """What is looked at, and where the finding goes."""

    output: Path | None
    dataset: str | None
    data_root: Path | None
    device: str
    force: bool
    as_json: bool


def looking_options(function: Function) -> Function:
    """The checkpoint's data set, the device, the folder and how to print, as `looking`."""
    return gathered(
        function,
        "looking",
        Looking,
        click.option(
            "-o", "--output", type=path_type, help="A new folder.  [default: explore/... beside the checkpoint]"
        ),
        click.option("--dataset", metavar="NAME", help="The PATH, if the checkpoint was trained on folder:PATH."),
        data_root_option,
        device_option,
        force_option,
        json_option,
    )


checkpoint_argument = click.argument("checkpoint", type=path_type)
truncation_option = click.option(
    "--truncation", type=float, metavar="T", help="Use only noise within [-T, T].  [default: the model's]"
)
generator_weights_option = click.option(
    GENERATOR_WEIGHTS,
    type=path_type,
    metavar="FILE",
    help="Weights of a pretrained generator.  [env: BENCH_WEIGHTS]",
)
seed_option = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the noise.")
steps_option = click.option("--steps", type=int, default=9, show_default=True, help="The number of images on a path.")


def ready(looking: Looking, name: str, checkpoints: Sequence[Path]) -> tuple[Path, "list[Opened]"]:
    """The folder that will be written, checked, and the opened checkpoints."""
    from bench.exploring import check_folder, default_folder, open_run

    folder = looking.output or default_folder(name, checkpoints[0])
    check_folder(folder, looking.force)
    where = {"dataset": looking.dataset, "data_root": looking.data_root, "device": looking.device}
    return folder, [open_run(one, **where) for one in checkpoints]  # type: ignore[arg-type]


def ready_generator(
    looking: Looking, name: str, source: Path, weights: Path | None, extracting: Extracting, truncation: float | None
) -> "tuple[Path, Explorable, Measure]":
    """The same for a checkpoint or for the name of a pretrained generator, and the extractor: that of the data set."""
    from bench.exploring import Explorable, check_folder
    from bench.runs.generators import open_generator, pretrained_name

    opened: Explorable
    pretrained = pretrained_name(source)
    if pretrained or weights:
        folder = looking.output or Path("explore") / f"{name}-{pretrained}"
        check_folder(folder, looking.force)
        measure = open_measure(None, extracting, looking.device)
        generator = open_generator(
            source,
            weights_file=weights,
            offline=extracting.offline,
            device=looking.device,
            weights_option=GENERATOR_WEIGHTS,
        )
        opened = Explorable(generator)
    else:
        folder, (checkpoint,) = ready(looking, name, [source])
        measure, opened = open_measure(checkpoint.subject, extracting, looking.device), checkpoint
    if truncation is not None:
        opened.model.truncate(truncation)
    return folder, opened, measure


def show(found: "Explored", folder: Path, looking: Looking) -> None:
    """Write a finding and print its tables; where everything lies goes to stderr."""
    from bench.exploring import write
    from bench.tables.table import aligned, terminal

    files = write(found, folder, force=looking.force)
    if looking.as_json:
        print_json({**found.json(), "folder": str(folder), "files": [str(path) for path in files]})
        return
    short = [table for table in found.tables if len(table.rows) <= SHOWN_ROWS]
    print_block("\n".join(terminal(aligned(table)) for table in short))
    for table in found.tables:
        if table not in short:
            say(f"{table.title}: {len(table.rows):,} rows in {folder / table.name}.csv")
    for note in found.notes:
        say(note)
    for path in files:
        if path.suffix == ".png":
            say(f"picture  {path}")
