"""Measuring what earlier runs left behind: a checkpoint, or the samples in a run's folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import registry
from bench.measuring.evaluation import Evaluation, evaluate
from bench.measuring.subject import Subject, open_subject
from bench.options import Progress
from bench.runs.checkpoint_files import checkpoint_file
from bench.runs.jobs import RUN, Job
from bench.runs.made_labels import keep_generated
from bench.runs.run import MEASURED, RESUME, make_record, publish, read_training
from bench.runs.samples import generate_run, load_generated
from bench.storage.files import check_writable
from bench.storage.reading import Missing, read_json
from bench.storage.records import TRAINED_ON, RunRecord, Training, read_record, read_records, record_path
from bench.storage.result_places import in_words
from bench.storage.typed import typed
from metrics.errors import InputError
from reference_models.loop import Loaded, checkpoints, load, to_json
from reference_models.loop.settings import from_json


def open_checkpoint(path: Path, subject: Subject, *, model: str | None = None, device: str = "cpu") -> Loaded:
    """The model of a checkpoint file or a run's folder.

    Raises InputError for a file of another kind, ModelError for one that is missing, cut, of another schema, model or
    image shape.
    """
    return load(
        checkpoint_file(path).path,
        device=device,
        model=model and registry.resolve("models", model),
        shape=subject.dataset.shape,
    )


def job_of(path: Path, loaded: Loaded, subject: Subject) -> Job:
    """The job that a checkpoint is the result of."""
    given = checkpoint_file(path)
    folder = given.path.parent
    recipe = run_of(folder)["recipe"] if (folder / RUN).is_file() else ""
    split = train_split_of(loaded, folder)
    return Job(loaded.spec, loaded.config, subject, loaded.state["seed"], folder, split, given, recipe)


def evaluate_checkpoint(
    job: Job,
    loaded: Loaded,
    evaluation: Evaluation,
    results: Path,
    *,
    force: bool = False,
    report: Progress | None = None,
) -> RunRecord:
    """Sample a trained model, measure it, write its record; in a run's folder the samples are kept for `rescore`."""
    done = read_training(job.folder) or _from_checkpoint(job, loaded)
    check_record(job, evaluation, results, done, force)
    made = generate_run(job, loaded.model, evaluation)
    if (job.folder / RUN).is_file():
        keep_generated(job, loaded.model, evaluation, made)
    record = make_record(job, evaluation, done, evaluate(evaluation, made, report), device=done.device)
    publish(record, job.folder, results)
    return record


def rescore(
    folder: Path,
    subject: Subject,
    evaluation: Evaluation,
    results: Path,
    *,
    force: bool = False,
    report: Progress | None = None,
) -> RunRecord:
    """Measure the stored samples of a run under another protocol, and write its record; no model is loaded."""
    job, done = job_in(folder, subject), read_training(folder)
    check_record(job, evaluation, results, done, force)
    made = load_generated(folder, subject, evaluation.protocol.labels if job.spec.task == "class-conditional" else "")
    record = make_record(job, evaluation, done, evaluate(evaluation, made, report), device=done.device if done else "")
    publish(record, job.folder, results)
    return record


def run_of(folder: Path) -> dict[str, Any]:
    """What a run's folder says it is: model, dataset, train_split, seed, config and recipe ("" where another one than
    that of the data set was not asked for); InputError where it is none."""
    path = folder / RUN
    try:
        values = read_json(path, remedy=RESUME)
    except Missing as error:
        raise InputError(
            f"{folder} is not the folder of a run (it has no {RUN}); give runs/<model>-<data set>-seed<k>"
        ) from error
    kinds = {"model": str, "dataset": str, "train_split": str, "seed": int, "config": dict[str, Any]}
    if not isinstance(values, dict) or set(values) - {"recipe"} != set(kinds):
        raise InputError(f"{path} is of another version; expected the fields {', '.join(kinds)}; run again")
    said = {"recipe": "", **values}
    return {name: typed(kind, said[name], f"{path}: {name}") for name, kind in {**kinds, "recipe": str}.items()}


def train_split_of(loaded: Loaded, folder: Path) -> str:
    """The split that the model of a checkpoint was trained on: as it says itself or, of an earlier one, as the run in
    its folder says; "train" where neither does."""
    said = str(run_of(folder)["train_split"]) if (folder / RUN).is_file() else TRAINED_ON
    return str(loaded.state["data"].get("split", said))


def job_in(folder: Path, subject: Subject) -> Job:
    """The job whose state lies in a folder."""
    about = run_of(folder)
    spec = registry.load("models", about["model"])
    config = from_json(type(spec.recipes["default"]), about["config"])
    return Job(spec, config, subject, about["seed"], folder, about["train_split"], recipe_name=about["recipe"])


def measured_with(folder: Path) -> dict[str, str]:
    """The extractor and resize with which the run in a folder was last measured; empty where it was not."""
    path = folder / MEASURED
    if not path.is_file():
        return {}
    values = typed(dict[str, str], read_json(path, remedy="measure the run again with `bench evaluate`"), str(path))
    return {name: values[name] for name in ("extractor", "resize") if name in values}


def check_record(job: Job, evaluation: Evaluation, results: Path, done: Training | None, force: bool) -> None:
    """InputError where the record of another training of this model and seed stands, and `force` was not given, and
    where nothing can be written."""
    path = record_path(results, job.subject.name, evaluation.protocol.id, job.name)
    check_writable(path.parent)
    if path.exists() and not force:
        earlier = read_record(path)
        if earlier.status == "ok" and earlier.config != to_json(job.config):
            raise InputError(
                f"{path} is the record of other settings; replace it with --force or choose another --results"
            )
        if earlier.status == "ok" and earlier.training and done and earlier.training.steps != done.steps:
            raise InputError(
                f"{path} is the record of {earlier.training.steps:,} steps of training, this run has {done.steps:,}; "
                "replace it with --force or choose another --results"
            )


def _from_checkpoint(job: Job, loaded: Loaded) -> Training:
    state = loaded.state
    return Training(
        asked={},
        full_epochs=job.recipe.epochs,
        steps=state["step"],
        epochs=state["images"] / max(state["data"]["counts"]),
        images=state["images"],
        seconds=state["seconds"],
        batch_size=loaded.config.batch_size,
        device="",
        precision=state["precision"],
        compiled=False,
        losses={},
    )


def subject_of_checkpoint(path: Path, named: str | None, root: Path | None) -> Subject:
    """The data set that a checkpoint was trained on; `named` where that was folder:PATH, which is not stored."""
    path = checkpoint_file(path).path
    return subject_of(path, checkpoints.read_state(path)["data"]["name"], named, root)


def subject_of_run(folder: Path, named: str | None, root: Path | None) -> Subject:
    """The data set of a run's folder; `named` as in `subject_of_checkpoint`."""
    return subject_of(folder, run_of(folder)["dataset"], named, root)


def subject_of(path: Path, stored: str, named: str | None, root: Path | None) -> Subject:
    """The data set `stored`, or the one `named`, which must be the same; InputError otherwise."""
    if named is None and stored.startswith("folder:"):
        size = stored.rpartition(":")[2]
        raise InputError(f"{path} was trained on {stored!r}; say where that is with --dataset folder:PATH:{size}")
    subject = open_subject(named or stored, root)
    if subject.name != stored:
        raise InputError(f"{path} was trained on {stored!r}, not on {subject.name!r}; measure it on its own data set")
    return subject


def chosen_records(
    results: Path, model: str | None, dataset: str | None, protocol: str, damaged: Callable[[str], None]
) -> list[RunRecord]:
    """The records of a model, a data set and a protocol (each None or "" for all); InputError where there are none.

    `damaged` is told of each record that cannot be used.
    """
    name = registry.resolve("models", model) if model else ""
    if dataset and not dataset.startswith("folder:"):
        registry.resolve("datasets", dataset.partition("/")[0])
    readable = read_records(results, dataset or "", protocol, damaged=damaged)
    found = [one for one in readable if name in ("", one.model)]
    if not found:
        words = ("of", name), ("on", dataset), ("under", protocol)
        asked = "".join(f" {word} {value}" for word, value in words if value)
        raise InputError(f"no records{asked} below {in_words(results)}; make one with `bench run`, or give --results")
    return found
