"""From a model's name to a record: train, sample, measure, write.

The folder `runs/<model>-<data set>-seed<k>/` holds the state of a run:

    run.json                      what is trained: a folder with it is a run, and nothing else is ever removed
    checkpoint.safetensors        the last state; `--resume` goes on from it
    losses.csv, evaluation.csv, *.png, grids/
    training.json                 what the training did
    samples*.npz                  generated images, see `bench.samples`
    reconstructions.npz           of the test images, where the model reconstructs

What can be wrong with a run (names, shapes, weights, folders) is found before the first step of its training.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench import registry
from bench.evaluation import TEST, Evaluation, Report, Result, Subject, evaluate
from bench.files import write_text
from bench.provenance import environment, file_sha256, now_utc
from bench.records import (
    SCHEMA,
    RunRecord,
    Training,
    read_record,
    record_path,
    slug,
    write_record,
)
from bench.samples import generate, save_generated
from bench.table_files import copy_figures, write_tables
from metrics._errors import InputError
from reference_models._errors import ModelError
from reference_models._types import Data, ImageShape, Model, ModelSpec
from reference_models.training import (
    Budget,
    Every,
    TrainResult,
    check_fits,
    find_device,
    reconstruct,
    to_json,
    train,
    with_settings,
)
from reference_models.training.checkpoints import FILE_NAME
from reference_models.training.run import Precision, earlier_state, question_of

RUN, TRAINING = "run.json", "training.json"
ABSOLUTE_PATH = re.compile(r"(?<![\w/:.])(?:[A-Za-z]:)?[/\\](?!/)[^\s'\"(),;]+")
MONITORED_VALUES = 10_000 * 28 * 28  # pixels reconstructed every 100 steps: all of Fashion-MNIST's test images


@dataclass(frozen=True)
class Job:
    """What is trained, on what, and where its state lies."""

    spec: ModelSpec
    config: Any
    subject: Subject
    seed: int
    folder: Path
    train_split: str = "train"

    @cached_property
    def data(self) -> Data:
        """Training and test images; InputError where they are missing."""
        return load_data(self.subject, self.train_split)

    @property
    def recipe(self) -> Any:
        return self.spec.recipe(self.subject.dataset.name)


@dataclass(frozen=True)
class How:
    """How a job is trained; nothing here is part of what it is. `pictures` are the interval of the grids."""

    budget: Budget = field(default_factory=Budget)
    pictures: Every = field(default_factory=Every)
    device: str = "auto"
    precision: Precision = "float32"
    compile: bool = False
    log: Literal["tensorboard"] | None = None
    resume: bool = False
    force: bool = False
    progress: bool = True


# ----- before the training


def prepare(
    model: str,
    subject: Subject,
    *,
    seed: int = 0,
    settings: tuple[str, ...] = (),
    workdir: Path = Path(),
    train_split: str = "train",
) -> Job:
    """The model with its settings and the data that it is trained on.

    `settings` are `name=value` texts that replace fields of the recipe. Raises InputError or ModelError for an unknown
    model, setting or split, for missing data, and for a model whose task or network does not fit the data.
    """
    spec: ModelSpec = registry.load("models", model)
    if seed < 0:
        raise InputError(f"--seed {seed}; expected 0 or more")
    config = with_settings(spec.recipe(subject.dataset.name), settings)
    folder = workdir / "runs" / f"{spec.name}-{slug(subject.name)}-seed{seed}"
    job = Job(spec, config, subject, seed, folder, train_split)
    check_fits(spec, job.data)
    try:
        spec.build(config, job.data.shape, len(job.data.classes))
    except ValueError as error:  # of torch, about a number that the settings gave it
        raise InputError(f"{spec.name} cannot be built with {', '.join(settings) or config} ({error})") from error
    return job


def load_data(subject: Subject, train_split: str = "train") -> Data:
    """Training and test images of a subject as the models want them; InputError where they are missing."""
    dataset = subject.dataset
    tests = tuple(dataset.load(TEST, subject.root, one) for one in subject.domains) if TEST in dataset.splits else ()
    return Data(
        name=subject.name,
        shape=ImageShape(*dataset.shape),
        train=tuple(dataset.load(train_split, subject.root, domain) for domain in subject.domains),
        test=tests,
        domains=subject.domains if len(subject.domains) > 1 else (),
        paired=subject.paired,
        classes=dataset.classes,
    )


def check_places(job: Job, how: How, record: Path | None) -> None:
    """InputError where a run, or another record, stands where this one would be written, and `force` was not given.

    A record of the same model, settings and budget is what a repetition of the run writes again, and may be replaced.
    ModelError where `resume` would go on with another run than the one in the folder.
    """
    if how.resume and (job.folder / FILE_NAME).exists():
        earlier_state(job.folder / FILE_NAME, question_of(job.spec, job.config, job.data, job.seed, how.precision))
    used = job.folder.exists() and any(job.folder.iterdir())
    if used and how.force and not how.resume and not (job.folder / RUN).is_file():
        raise InputError(f"{job.folder} is no folder of a run (it has no {RUN}), so --force does not empty it; move it")
    if used and not (how.force or how.resume):
        raise InputError(
            f"{job.folder} exists; go on with --resume, start anew with --force, or choose another --seed or --workdir"
        )
    if record and record.exists() and not (how.force or how.resume):
        earlier = read_record(record)
        asked = earlier.training and earlier.training.asked
        if earlier.status == "ok" and (earlier.config, asked) != (to_json(job.config), _asked(how.budget)):
            raise InputError(
                f"{record} is the record of this model and seed with other settings or another budget; replace it with "
                "--force, or choose another --seed or --results"
            )


# ----- training


def fit(job: Job, how: How) -> tuple[TrainResult, Training]:
    """Train a job in its folder. Ctrl-C is raised again after the checkpoint; see `reference_models.training.train`."""
    if how.force and not how.resume and (job.folder / RUN).is_file():
        shutil.rmtree(job.folder)
    about = {
        "model": job.spec.name,
        "dataset": job.subject.name,
        "train_split": job.train_split,
        "seed": job.seed,
        "config": to_json(job.config),
    }
    write_text(job.folder / RUN, json.dumps(about, indent=2, sort_keys=True) + "\n")
    device = find_device(how.device)
    result = train(
        job.spec,
        job.config,
        job.data,
        folder=job.folder,
        budget=how.budget,
        seed=job.seed,
        device=how.device,
        precision=how.precision,
        compile=how.compile,
        grid_every=how.pictures.in_steps(job.config, job.data) or _grids_of_the_source(job, how.budget),
        evaluate=_monitor(job),
        resume=how.resume,
        log=how.log,
        progress=how.progress,
    )
    done = Training(
        asked=_asked(how.budget),
        full_epochs=job.recipe.epochs,
        steps=result.steps,
        epochs=result.epochs,
        images=result.images,
        seconds=result.seconds,
        batch_size=job.config.batch_size,
        device=device.type,
        precision=how.precision,
        compiled=how.compile,
        losses=dict(result.losses),
    )
    write_text(job.folder / TRAINING, json.dumps(asdict(done), indent=2, sort_keys=True, allow_nan=False) + "\n")
    return result, done


def _grids_of_the_source(job: Job, budget: Budget) -> int | None:
    """Steps between two rounds of pictures as the model's source names them; None where it does not, or where the
    budget would end before."""
    every = job.spec.grid_every.get(job.subject.dataset.name)
    total = budget.total_steps(job.config, job.data)
    return every if every and total and total > every else None


def _asked(budget: Budget) -> dict[str, int | float]:
    return {unit: amount for unit, amount in vars(budget).items() if amount is not None}


def _monitor(job: Job) -> Callable[[Model], Mapping[str, float]] | None:
    """The reconstruction error of test images, every 100 steps: the seed's section 5.2.3 asks the VAE for it.

    Of all test images, or of as many evenly spread ones as have the pixels of Fashion-MNIST's 10,000.
    """
    if job.spec.task != "reconstruct" or not job.data.test:
        return None
    from metrics.mse import per_image

    test = job.data.test[0]
    count = min(test.count, max(2, MONITORED_VALUES // int(np.prod(job.data.shape))))
    rows = np.unique(np.linspace(0, test.count - 1, count).round().astype(int))
    images = test.take(rows)
    return lambda model: {"reconstruction_mse": float(per_image(images, reconstruct(model, images)).mean())}


# ----- everything together


def run(job: Job, how: How, evaluation: Evaluation, results: Path, report: Report | None = None) -> RunRecord:
    """Train, sample, measure, write record, tables and figures; what fails leaves a record that says so and no table.

    KeyboardInterrupt leaves the checkpoint and no record.
    """
    done: Training | None = None
    try:
        result, done = fit(job, how)
        made = generate(result.model, job.spec.task, evaluation)
        save_generated(job.folder, made)
        found = evaluate(evaluation, made, report)
    except Exception as error:
        failed = make_record(job, evaluation, done, None, error=error_line(error), device=how.device)
        with contextlib.suppress(InputError):  # a disk that is full for the samples may be full for the record too
            write_record(place_of(failed, results), failed)
            write_tables(failed, results)
        raise
    record = make_record(job, evaluation, done, found, device=done.device)
    publish(record, job.folder, results)
    return record


def publish(record: RunRecord, run_folder: Path, results: Path) -> None:
    """Write the record of a run, then its tables and copies of its figures; `write_tables` says which.

    InputError where there is no room, and how to go on: nothing that was measured is lost.
    """
    write_record(place_of(record, results), record)
    try:
        copy_figures(record, run_folder, results)
        write_tables(record, results)
    except InputError as error:
        raise InputError(
            f"{error}; the record is written, `bench evaluate {run_folder}` makes its tables and figures again"
        ) from error


def make_record(
    job: Job, evaluation: Evaluation, done: Training | None, found: Result | None, *, device: str, error: str = ""
) -> RunRecord:
    """The record of a run, or of a failed one where nothing was `found`."""
    config, recipe = to_json(job.config), to_json(job.recipe)
    checkpoint = job.folder / FILE_NAME
    return RunRecord(
        schema=SCHEMA,
        status="ok" if found else "failed",
        error=error,
        model=job.spec.name,
        task=job.spec.task,
        seed=job.seed,
        config=config,
        recipe_changes={name: value for name, value in config.items() if recipe[name] != value},
        dataset=job.subject.name,
        protocol_id=evaluation.protocol.id,
        protocol=evaluation.protocol,
        training=done,
        environment=environment(device),
        checkpoint_sha256=file_sha256(checkpoint) if checkpoint.is_file() else "",
        samples=found.samples if found else {},
        sets=found.sets if found else (),
        pairs=found.pairs if found else (),
        warnings=found.warnings if found else (),
        created_utc=now_utc(),
    )


def place_of(record: RunRecord, results: Path) -> Path:
    """Where a record lies below `results`."""
    return record_path(results, record.dataset, record.protocol_id, record.model, record.seed)


def error_line(error: Exception) -> str:
    """What a failed record says: the message in one line, of absolute paths their last part only."""
    kind = "" if isinstance(error, InputError | ModelError) else f"{type(error).__name__}: "
    line = " ".join(str(error).split()) or type(error).__name__
    return kind + ABSOLUTE_PATH.sub(lambda path: path[0].replace("\\", "/").rpartition("/")[2], line)
