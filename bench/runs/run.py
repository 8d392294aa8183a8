"""From a model's name to a record: train, sample, measure, write.

The folder `runs/<model>-<data set>-seed<k>/` (see `bench.storage.records.run_name`) holds the state of a run:

    run.json                      what is trained: a folder with it is a run, and nothing else is ever removed
    checkpoint.safetensors        the last state; `--resume` goes on from it
    losses.csv, evaluation.csv, *.png, grids/
    training.json                 what the training did
    measured.json                 the extractor and resize that it was last measured with; `bench explore` takes them
    samples*.npz                  generated images, see `bench.runs.samples`
    reconstructions.npz           of the test images, where the model reconstructs
"""

import contextlib
import json
import re
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bench import registry
from bench.measuring.evaluation import Evaluation, Outcome, evaluate
from bench.options import Progress
from bench.runs.jobs import RUN, How, Job
from bench.runs.made_labels import keep_generated
from bench.runs.model_code import code_of
from bench.runs.samples import generate_run
from bench.storage.files import locked, write_text
from bench.storage.provenance import environment, now_utc
from bench.storage.reading import file_sha256, read_json
from bench.storage.records import (
    SCHEMA,
    RunRecord,
    Training,
    read_record,
    record_path,
    slug,
    write_json,
    write_record,
)
from bench.storage.typed import typed
from bench.tables.files import write_figures, write_tables
from genbench.files import is_unfinished, sweep
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import Budget, TrainResult, asked_ranks, find_device, reconstruct, to_json, train
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.types import Model

RESUME = "continue with --resume to write it again"
TRAINING, MEASURED = "training.json", "measured.json"
ABSOLUTE_PATH = re.compile(r"(?<![\w/:.])(?:[A-Za-z]:)?[/\\](?!/)[^\s'\"(),;]+")
MONITORED_VALUES = 10_000 * 28 * 28  # pixels reconstructed every 100 steps: all of Fashion-MNIST's test images


# ----- training


def fit(job: Job, how: How) -> tuple[TrainResult, Training]:
    """Train a job in its folder. Ctrl-C is raised again after the checkpoint; see `reference_models.loop.train`.

    InputError where another process trains in that folder.
    """
    with locked(job.folder, "another `bench run` or `bench train` works in this folder"):
        sweep(path for path in job.folder.rglob(".*") if is_unfinished(path))
        return _fit(job, how)


def _fit(job: Job, how: How) -> tuple[TrainResult, Training]:
    if how.force and not how.resume and (job.folder / RUN).is_file():
        shutil.rmtree(job.folder)
    if how.resume and not (job.folder / FILE_NAME).is_file():
        warnings.warn(nothing_to_resume(job), stacklevel=2)
    about = {
        "model": job.spec.name,
        "dataset": job.subject.name,
        "train_split": job.train_split,
        "seed": job.seed,
        "config": to_json(job.config),
        **({"recipe": job.recipe_name} if job.recipe_name else {}),
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
        asked=how.asked,
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
        code=_code(job, result),
        processes=asked_ranks().size,
    )
    write_text(job.folder / TRAINING, json.dumps(asdict(done), indent=2, sort_keys=True, allow_nan=False) + "\n")
    return result, done


def _code(job: Job, result: TrainResult) -> str:
    """The code that did the last step: that of now, unless an earlier training has done all of them."""
    earlier = read_training(job.folder) if result.resumed_at == result.steps else None
    return code_of(job.spec.name) if earlier is None else earlier.code


def read_training(folder: Path) -> Training | None:
    """What the training in a run's folder did; None where the folder says nothing about it."""
    path = folder / TRAINING
    if not path.is_file():
        return None
    done: Training = typed(Training, read_json(path, remedy=RESUME), str(path))
    return done


def nothing_to_resume(job: Job) -> str:
    """What --resume says where it finds no checkpoint, with the folders that may have been meant."""
    name = job.spec.name + "-" + slug(job.subject.name)
    others = sorted(path.parent.name for path in job.folder.parent.glob(f"{name}-*seed{job.seed}/{FILE_NAME}"))
    there = f" (others there: {', '.join(others)}; other settings have a folder of their own)" if others else ""
    return f"--resume finds no checkpoint in {job.folder}{there}; the training starts from the beginning"


def _grids_of_the_source(job: Job, budget: Budget) -> int | None:
    """Steps between two rounds of pictures as the model's source names them; None where it does not, or where the
    budget would end before."""
    every = job.spec.grid_every.get(job.subject.dataset.name)
    total = budget.total_steps(job.config, job.data)
    return every if every and (total is None or total > every) else None


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


def run(job: Job, how: How, evaluation: Evaluation, results: Path, report: Progress | None = None) -> RunRecord:
    """Train, sample, measure, write record, tables and figures; what fails leaves a record that says so and no table,
    unless the record of an earlier run stands there and `how.force` was not given.

    KeyboardInterrupt leaves the checkpoint and no record.
    """
    done: Training | None = None
    try:
        result, done = fit(job, how)
        made = generate_run(job, result.model, evaluation)
        keep_generated(job, result.model, evaluation, made)
        found = evaluate(evaluation, made, report)
    except Exception as error:
        failed = make_record(job, evaluation, done, None, error=error_line(error), device=how.device)
        with contextlib.suppress(InputError):  # a disk that is full for the samples may be full for the record too
            if how.force or not _stands(place_of(failed, results)):
                write_record(place_of(failed, results), failed)
                write_tables(failed, results)
        raise
    record = make_record(job, evaluation, done, found, device=done.device)
    publish(record, job.folder, results)
    return record


def _stands(path: Path) -> bool:
    """Whether a record of a run that did not fail is there: a repetition that fails must not cost what was measured."""
    return path.exists() and read_record(path).status == "ok"


def publish(record: RunRecord, run_folder: Path, results: Path) -> None:
    """Write the record of a run, then its page of pictures and its tables; `bench.tables.files` says which.

    InputError where there is no room, and how to go on: nothing that was measured is lost.
    """
    write_record(place_of(record, results), record)
    try:
        if (run_folder / RUN).is_file():
            how = record.protocol
            write_json(run_folder / MEASURED, {"extractor": how.extractor, "resize": how.resize})
        write_figures(record, run_folder, results)
        write_tables(record, results)
    except InputError as error:
        raise InputError(
            f"{error}; the record is written, `bench evaluate {run_folder}` makes its tables and figures again"
        ) from error


def make_record(
    job: Job, evaluation: Evaluation, done: Training | None, found: Outcome | None, *, device: str, error: str = ""
) -> RunRecord:
    """The record of a run, or of a failed one where nothing was `found`."""
    checkpoint = job.checkpoint
    return RunRecord(
        schema=SCHEMA,
        status="ok" if found else "failed",
        error=error,
        model=job.spec.name,
        task=job.spec.task,
        seed=job.seed,
        config=to_json(job.config),
        recipe_changes=job.changes,
        dataset=job.subject.name,
        protocol_id=evaluation.protocol.id,
        protocol=evaluation.protocol,
        training=done,
        environment=environment(device, registry.package_of("models", job.spec.name)),
        checkpoint_sha256=file_sha256(checkpoint) if checkpoint.is_file() else "",
        samples=found.samples if found else {},
        sets=found.sets if found else (),
        pairs=found.pairs if found else (),
        warnings=found.warnings if found else (),
        created_utc=now_utc(),
        source=job.source,
        recipe=job.recipe_name,
        train_split=job.train_split,
    )


def place_of(record: RunRecord, results: Path) -> Path:
    """Where a record lies below `results`."""
    return record_path(results, record.dataset, record.protocol_id, record.name)


def error_line(error: Exception) -> str:
    """What a failed record says: the message in one line, of absolute paths their last part only."""
    kind = "" if isinstance(error, InputError | ModelError) else f"{type(error).__name__}: "
    line = " ".join(str(error).split()) or type(error).__name__
    return kind + ABSOLUTE_PATH.sub(lambda path: path[0].replace("\\", "/").rpartition("/")[2], line)
