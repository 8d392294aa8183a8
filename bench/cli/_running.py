"""What `bench run`, `train`, `evaluate` and `rescore` share: options, the way to their values, and what they print."""

import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from click.core import ParameterSource

from bench.cli._options import data_root_option, gathered, path_type, workers_option
from bench.cli._output import print_block, print_json, say

if TYPE_CHECKING:
    from bench.measuring.evaluation import Evaluation, Subject
    from bench.measuring.measure import Measure
    from bench.runs.jobs import How, Job
    from bench.storage.records import RunRecord

Function = Callable[..., Any]
NOT_REPEATED = ("resume", "force", "plan")

results_option = click.option(
    "--results", type=path_type, default=Path("results"), show_default=True, help="Folder of the records and tables."
)
force_option = click.option("--force", is_flag=True, help="Replace existing output.")
device_option = click.option("--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", show_default=True)


@dataclass(frozen=True)
class Training:
    """What is trained, and how."""

    model: str
    dataset: str
    seed: int
    settings: tuple[str, ...]
    steps: int | None
    epochs: float | None
    minutes: float | None
    grid_steps: int | None
    grid_epochs: float | None
    train_split: str
    device: str
    precision: Literal["float32", "bf16"]
    compile: bool
    log: Literal["tensorboard"] | None
    resume: bool
    force: bool
    workdir: Path
    data_root: Path | None


@dataclass(frozen=True)
class Extracting:
    """Which features: those of a data set's protocol, or of another extractor."""

    extractor: str | None
    resize: str | None
    weights: Path | None
    offline: bool
    workers: int


@dataclass(frozen=True)
class Judging(Extracting):
    """Which protocol, and where its records go."""

    results: Path


EXTRACTING_OPTIONS = (
    click.option("--extractor", metavar="NAME", help="See `bench list extractors`.  [default: the data set's]"),
    click.option("--resize", metavar="MODE", help="tf1, clean or torch.  [default: the extractor's first]"),
    click.option("--weights", type=path_type, metavar="FILE", help="Weights of the extractor.  [env: BENCH_WEIGHTS]"),
    click.option("--offline", is_flag=True, help="Never download weights; BENCH_OFFLINE=1 does the same."),
    workers_option,
)


def training_options(function: Function) -> Function:
    """Everything about the training, as `training`."""
    return gathered(
        function,
        "training",
        Training,
        click.option("--model", required=True, metavar="NAME", help="See `bench list models`."),
        click.option("--dataset", required=True, metavar="NAME", help="NAME, NAME/DOMAIN or folder:PATH."),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
        click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a setting of the recipe."),
        click.option("--steps", type=int, help="Stop after this many steps."),
        click.option("--epochs", type=float, help="Stop after this many epochs.  [default: the recipe's]"),
        click.option("--minutes", type=float, help="Stop after this many minutes of training."),
        click.option("--grid-steps", type=int, help="Pictures every N steps.  [default: a tenth of the run]"),
        click.option("--grid-epochs", type=float, help="Pictures every N epochs."),
        click.option("--train-split", default="train", show_default=True, help="The split to train on."),
        device_option,
        click.option("--precision", type=click.Choice(("float32", "bf16")), default="float32", show_default=True),
        click.option("--compile", is_flag=True, help="torch.compile the networks."),
        click.option("--log", type=click.Choice(("tensorboard",)), help="Also write the curves for TensorBoard."),
        click.option("--resume", is_flag=True, help="Continue an interrupted run."),
        click.option("--force", is_flag=True, help="Start again and replace an existing run or record."),
        click.option("--workdir", type=path_type, default=Path(), help="Folder for runs/.  [default: this folder]"),
        data_root_option,
    )


def judging_options(function: Function) -> Function:
    """Everything about the protocol, as `judging`."""
    return gathered(function, "judging", Judging, *EXTRACTING_OPTIONS, results_option)


def extracting_options(function: Function) -> Function:
    """Everything about the features, as `extracting`."""
    return gathered(function, "extracting", Extracting, *EXTRACTING_OPTIONS)


def job_and_how(training: Training) -> "tuple[Job, How]":
    """The checked job and the way to train it."""
    from bench import registry
    from bench.measuring.evaluation import open_subject
    from bench.runs.jobs import How, prepare
    from metrics.errors import InputError
    from reference_models.loop import Budget, Every, find_device

    if training.log and not find_spec("tensorboard"):
        raise InputError("--log tensorboard needs tensorboard, which is not installed: pip install tensorboard")
    model = registry.resolve("models", training.model)
    subject = open_subject(training.dataset, training.data_root)
    budget = Budget(training.steps, training.epochs, training.minutes)
    pictures = Every(training.grid_steps, training.grid_epochs)
    find_device(training.device)
    job = prepare(
        model,
        subject,
        seed=training.seed,
        settings=training.settings,
        workdir=training.workdir,
        train_split=training.train_split,
    )
    how = How(
        budget=budget,
        pictures=pictures,
        device=training.device,
        precision=training.precision,
        compile=training.compile,
        log=training.log,
        resume=training.resume,
        force=training.force,
    )
    return job, how


def open_protocol(subject: "Subject", judging: Judging, device: str) -> "Evaluation":
    """The evaluation of a data set; before anything is trained, because weights may be missing."""
    from bench.measuring.evaluation import open_evaluation

    return open_evaluation(subject, open_measure(subject, judging, device))


def open_measure(subject: "Subject | None", extracting: Extracting, device: str) -> "Measure":
    """The extractor that was asked for, or the one of the data set's protocol; without a data set the usual one."""
    from bench.measuring.evaluation import find_measure
    from bench.measuring.measure import measure

    how: dict[str, Any] = {
        "resize": extracting.resize,
        "weights_file": extracting.weights,
        "offline": extracting.offline,
        "device": device,
        "workers": extracting.workers,
    }
    if subject is None:
        return measure(extracting.extractor, **how) if extracting.extractor else measure(**how)
    return find_measure(subject, extracting.extractor, **how)


def show(record: "RunRecord", results: Path, as_json: bool) -> None:
    """Print the tables of a run; where everything lies goes to stderr."""
    from bench.runs.run import place_of
    from bench.tables.files import written
    from bench.tables.run_tables import run_tables
    from bench.tables.table import json_values, terminal

    tables = run_tables(record)
    files = written(record, results)
    if as_json:
        places = {"path": str(place_of(record, results)), "files": [str(one) for one in files]}
        print_json({**asdict(record), **places, "tables": list(map(json_values, tables))})
        return
    print_block("\n".join(terminal(table) for table in tables))
    say(f"record   {place_of(record, results)}")
    for word, suffix in (("tables", ".md"), ("pictures", ".webp")):
        for path in (one for one in files if one.suffix == suffix):
            say(f"{word:8} {path}")


def resume_command(ctx: click.Context) -> str:
    """The command line that goes on with this one."""
    words = ctx.command_path.split()
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE and name not in NOT_REPEATED:
            value = ctx.params[name]
            for one in value if isinstance(value, tuple) else (value,):
                words += [parameter.opts[0]] if isinstance(one, bool) else [parameter.opts[0], str(one)]
    return shlex.join([*words, "--resume"])
