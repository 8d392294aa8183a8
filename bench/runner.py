"""From a model's name to a record: train, sample, measure, write.

The folder `runs/<model>-<data set>-seed<k>/` holds the state of a run:

    run.json                      what is trained: a folder with it is a run, and nothing else is ever removed
    checkpoint.safetensors        the last state; `--resume` goes on from it
    losses.csv, evaluation.csv, *.png, grids/
    training.json                 what the training did
    samples*.npz                  generated images uint8 [n, h, w, c], one file per domain; `bench fid` reads them
    reconstructions.npz           of the test images, where the model reconstructs

Sample i depends on the noise row (sampling seed, i) only, or on real image i where the model translates. Everything
that can be wrong with a run (names, shapes, weights, folders) is found before the first step of its training.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import registry
from bench.evaluation import (
    GENERATED,
    REAL_1,
    RECONSTRUCTED,
    SAMPLING_SEED,
    TEST,
    Arrays,
    Evaluation,
    Report,
    Result,
    Subject,
    evaluate,
)
from bench.provenance import environment, file_sha256, now_utc
from bench.records import SCHEMA, RunRecord, Training, record_path, run_name, slug, typed, write_record, write_text
from metrics._errors import InputError
from reference_models._errors import ModelError
from reference_models._types import Data, ImageShape, Model, ModelSpec
from reference_models.training import Budget, TrainResult, check_fits, find_device
from reference_models.training import reconstruct, sample, to_json, train, translate, with_settings

RUN, TRAINING = "run.json", "training.json"
MONITORED_VALUES = 10_000 * 28 * 28  # pixels reconstructed every 100 steps: all of Fashion-MNIST's test images
DIRECTIONS = {0: "y-to-x", 1: "x-to-y"}  # which direction makes images of the first and of the second domain


@dataclass(frozen=True)
class Job:
    """What is to be trained, resolved and checked against the data."""

    spec: ModelSpec
    config: Any
    subject: Subject
    data: Data
    seed: int
    folder: Path

    @property
    def recipe(self) -> Any:
        return self.spec.recipe(self.subject.dataset.name)

    @property
    def full_steps(self) -> int | None:
        """The steps of the recipe's own budget on these data, at its own batch size."""
        return Budget().total_steps(self.recipe, self.data)


@dataclass(frozen=True)
class How:
    """How a job is trained; nothing here is part of what it is."""

    budget: Budget = field(default_factory=Budget)
    device: str = "auto"
    precision: str = "float32"
    compile: bool = False
    log: str | None = None
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
    data = load_data(subject, train_split)
    check_fits(spec, data)
    spec.build(config, data.shape, len(data.classes))
    folder = workdir / "runs" / f"{spec.name}-{slug(subject.name)}-seed{seed}"
    return Job(spec, config, subject, data, seed, folder)


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
    """
    used = job.folder.exists() and any(job.folder.iterdir())
    if used and how.force and not how.resume and not (job.folder / RUN).is_file():
        raise InputError(f"{job.folder} is no folder of a run (it has no {RUN}), so --force does not empty it; move it")
    if used and not (how.force or how.resume):
        raise InputError(
            f"{job.folder} exists; go on with --resume, start anew with --force, or choose another --seed or --workdir"
        )
    if record and record.exists() and not (how.force or how.resume):
        earlier = json.loads(record.read_text(encoding="utf-8"))
        asked = (earlier.get("training") or {}).get("asked")
        if earlier.get("status") == "ok" and (earlier.get("config"), asked) != (
            to_json(job.config),
            _asked(how.budget),
        ):
            raise InputError(
                f"{record} is the record of this model and seed with other settings or another budget; replace it with "
                "--force, or choose another --seed or --results"
            )


# ----- training


def fit(job: Job, how: How) -> tuple[TrainResult, Training]:
    """Train a job in its folder. KeyboardInterrupt comes after the checkpoint; see `reference_models.training.train`."""
    if how.force and not how.resume and (job.folder / RUN).is_file():
        shutil.rmtree(job.folder)
    about = {"model": job.spec.name, "dataset": job.subject.name, "seed": job.seed, "config": to_json(job.config)}
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
        precision=how.precision,  # type: ignore[arg-type]
        compile=how.compile,
        evaluate=_monitor(job),
        resume=how.resume,
        log=how.log,  # type: ignore[arg-type]
        progress=how.progress,
    )
    done = Training(
        asked=_asked(how.budget),
        full_steps=job.full_steps,
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
    images = np.concatenate([test.read(int(row), int(row) + 1) for row in rows])
    return lambda model: {"reconstruction_mse": float(per_image(images, reconstruct(model, images)).mean())}


# ----- sampling


def generate(model: Model, task: str, evaluation: Evaluation) -> Arrays:
    """The images that the protocol asks for, uint8 [n, c, h, w] by (set, domain), with the test images beside their
    reconstructions. The same for any batch size but for rounding."""
    subject = evaluation.subject
    made: dict[tuple[str, str], np.ndarray] = {}
    if model.directions:
        for place, label in enumerate(subject.labels):
            direction = DIRECTIONS[place]
            if direction in model.directions:
                given = subject.images(REAL_1, subject.labels[1 - place])
                made[GENERATED, label] = translate(model, given, direction)  # type: ignore[arg-type]
    else:
        made[GENERATED, ""] = sample(model, SAMPLING_SEED, 0, evaluation.count())
    if task == "reconstruct":
        made[TEST, ""] = subject.test_images()
        made[RECONSTRUCTED, ""] = reconstruct(model, made[TEST, ""])
    return made


def samples_path(folder: Path, label: str) -> Path:
    return folder / f"samples{'-' if label else ''}{slug(label)}.npz"


def save_generated(folder: Path, made: Arrays) -> None:
    """Write generated sets and reconstructions as npz, [n, h, w, c] as `arr_0`; InputError where there is no room."""
    for (name, label), images in made.items():
        if name != TEST:
            path = samples_path(folder, label) if name == GENERATED else folder / "reconstructions.npz"
            save_images(path, images)


def save_images(path: Path, images: np.ndarray) -> None:
    """uint8 [n, c, h, w] as an npz with `arr_0` uint8 [n, h, w, c], whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            np.savez(file, arr_0=np.ascontiguousarray(images.transpose(0, 2, 3, 1)))
        unfinished.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot write {path} ({error.strerror or error}); free some space and use --resume"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def load_generated(folder: Path, subject: Subject) -> Arrays:
    """What `save_generated` wrote; InputError where a file is missing or damaged."""
    made = {(GENERATED, label): _load_images(samples_path(folder, label)) for label in subject.labels}
    if (folder / "reconstructions.npz").is_file():
        made |= {(TEST, ""): subject.test_images(), (RECONSTRUCTED, ""): _load_images(folder / "reconstructions.npz")}
    return made


def _load_images(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return np.ascontiguousarray(stored["arr_0"].transpose(0, 3, 1, 2))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        why = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise InputError(f"{path} {why}; make it again with `bench evaluate {path.parent}`") from error


# ----- everything together


def run(job: Job, how: How, evaluation: Evaluation, results: Path, report: Report | None = None) -> RunRecord:
    """Train, sample, measure, and write the record; what fails after the start leaves a record that says so.

    KeyboardInterrupt leaves the checkpoint and no record. Tables and figures are the caller's: `bench.tables`.
    """
    done: Training | None = None
    try:
        result, done = fit(job, how)
        made = generate(result.model, job.spec.task, evaluation)
        save_generated(job.folder, made)
        found = evaluate(evaluation, made, report)
    except Exception as error:
        failed = make_record(job, evaluation, done, None, error=_line(error), device=how.device)
        write_record(place_of(failed, results), failed)
        raise
    record = make_record(job, evaluation, done, found, device=done.device)
    write_record(place_of(record, results), record)
    return record


def make_record(
    job: Job, evaluation: Evaluation, done: Training | None, found: Result | None, *, device: str, error: str = ""
) -> RunRecord:
    """The record of a run, or of a failed one where nothing was `found`."""
    config, recipe = to_json(job.config), to_json(job.recipe)
    checkpoint = job.folder / "checkpoint.safetensors"
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


def copy_figures(job_folder: Path, results: Path, record: RunRecord) -> tuple[Path, ...]:
    """Copies of the last curves and pictures of a run, beside its tables; replaces those of an earlier run."""
    folder = results / "figures" / slug(record.dataset) / run_name(record.model, record.seed)
    pictures = sorted(job_folder.glob("*.png"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(Path(shutil.copyfile(picture, folder / picture.name)) for picture in pictures)
    except OSError as error:
        raise InputError(f"cannot copy the figures to {folder} ({error.strerror or error})") from error


def read_training(folder: Path) -> Training | None:
    """What the training in a run's folder did; None where the folder says nothing about it."""
    path = folder / TRAINING
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}); go on with --resume to write it again") from error
    done: Training = typed(Training, values, str(path))
    return done


def _line(error: Exception) -> str:
    kind = "" if isinstance(error, InputError | ModelError) else f"{type(error).__name__}: "
    return kind + (" ".join(str(error).split()) or type(error).__name__)
