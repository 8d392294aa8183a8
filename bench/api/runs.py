"""A run: trained, sampled, measured; `run` and `plan`, and what is left of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from bench import registry
from bench.api.processes import processes
from bench.options import checked
from bench.settings.models import RunSettings
from bench.tables.several import Tables
from metrics.errors import InputError
from metrics.options import text

if TYPE_CHECKING:
    from pandas import DataFrame

    from bench.api.seeds import Runs
    from bench.measuring.evaluation import Evaluation
    from bench.measuring.measure import Measure
    from bench.measuring.subject import Subject
    from bench.runs.jobs import How, Job
    from bench.runs.plan import Plan
    from bench.storage.records import RunRecord

Seeds = str | Sequence[int]


@dataclass(frozen=True)
class Run:
    """A record, where it lies, and the tables and pictures beside it."""

    record: "RunRecord"
    path: Path
    files: tuple[Path, ...]

    @property
    def tables(self) -> Tables:
        """Tables 5, 6 and 7 of this run, and its numbers beside those of real images."""
        from bench.second_opinions.stored import tables_of

        return Tables(tuple(tables_of(self.record)))

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON values, with path, files and tables."""
        from bench.tables.table import json_values

        places = {"path": str(self.path), "files": [str(one) for one in self.files]}
        return {**asdict(self.record), **places, "tables": list(map(json_values, self.tables))}

    def __repr__(self) -> str:
        return f"Run({self.record.model} on {self.record.dataset}, seed {self.record.seed}: {self.record.status})"

    def to_frame(self) -> "DataFrame":
        """All rows of its tables in one pandas DataFrame; see `bench.tables`."""
        return self.tables.to_frame()

    def _repr_html_(self) -> str:
        return self.tables._repr_html_()


@overload
def run(model: str, dataset: str, *, seeds: Seeds, jobs: int = 1, **settings: Unpack[RunSettings]) -> "Runs": ...


@overload
def run(model: str, dataset: str, *, seeds: None = None, jobs: int = 1, **settings: Unpack[RunSettings]) -> Run: ...


def run(
    model: str, dataset: str, *, seeds: Seeds | None = None, jobs: int = 1, **settings: Unpack[RunSettings]
) -> "Run | Runs":
    """Trains a reference model, samples it, measures it against disjoint real sets, writes record and tables.

    `seeds`, "0-4" or [0, 3, 7], trains with each, `jobs` of them side by side: what is there already is kept, what has
    begun goes on, and a seed that fails does not stop the others.

    All that can be wrong with it, missing weights first of all, is found before the training starts. Raises InputError
    and ModelError. What ends it later says in a note of the exception where its state lies; `resume` goes on.
    """
    from bench.api.seeds import run_seeds

    how = checked(RunSettings, settings)
    if seeds is not None:
        if processes() > 1:
            raise InputError(f"seeds are trained one by one, and torchrun started {processes()} processes: give --seed")
        return run_seeds(model, dataset, seeds, jobs, how)
    if jobs != 1:
        raise InputError(f"jobs is {jobs}, so many seeds side by side; it needs seeds, such as 0-4")
    return run_one(opened_job(model, dataset, how), how)


@overload
def plan(
    model: str, dataset: str, *, seeds: Seeds, jobs: int = 1, **settings: Unpack[RunSettings]
) -> "tuple[Plan, ...]": ...


@overload
def plan(model: str, dataset: str, *, seeds: None = None, jobs: int = 1, **settings: Unpack[RunSettings]) -> "Plan": ...


def plan(
    model: str, dataset: str, *, seeds: Seeds | None = None, jobs: int = 1, **settings: Unpack[RunSettings]
) -> "Plan | tuple[Plan, ...]":
    """What `run` would do, how long it would take and how much memory; times a few steps and writes nothing.

    Of several `seeds`, a plan for each, whose time is that of the first.
    """
    from bench.api.seeds import plan_seeds
    from bench.runs.plan import make_plan

    how = checked(RunSettings, settings)
    if seeds is not None:
        return plan_seeds(model, dataset, seeds, how)
    opened = opened_job(model, dataset, how)
    return make_plan(opened.job, opened.way, opened.evaluation, how["results"])


@dataclass(frozen=True)
class OpenedJob:
    """A checked job, the way to train it, what measures it."""

    job: "Job"
    way: "How"
    evaluation: "Evaluation"

    def record(self, results: Path) -> Path:
        """Where its record goes."""
        from bench.storage.records import record_path

        protocol = self.evaluation.protocol
        return record_path(results, protocol.dataset, protocol.id, self.job.name)


def opened_job(model: str, dataset: str, how: Any) -> OpenedJob:
    """What `run` starts with, all that can be wrong with it found."""
    job, way = prepared_job(model, dataset, how)
    return OpenedJob(job, way, evaluation_of(job.subject, how))


def run_one(opened: OpenedJob, how: Any) -> Run:
    """Trains, samples and measures one seed."""
    from bench.runs.jobs import check_places
    from bench.runs.run import run as run_job
    from bench.storage.records import read_records

    job, protocol, path = opened.job, opened.evaluation.protocol, opened.record(how["results"])
    check_places(job, opened.way, path)
    # Damaged records of this protocol are told now and not after the training.
    read_records(how["results"], protocol.dataset, protocol.id, without=path if opened.way.force else None)
    try:
        record = run_job(job, opened.way, opened.evaluation, how["results"], how["progress"])
    except KeyboardInterrupt as error:
        error.add_note(f"the checkpoint is in {job.folder}")
        raise
    except Exception as error:
        error.add_note(f"the run stopped; its state is in {job.folder}")
        raise
    return run_of(record, how["results"])


def open_measure(subject: "Subject | None", how: Mapping[str, Any]) -> "Measure":
    """The extractor that was asked for, or the one of the data set's protocol; without a data set the usual one."""
    from bench.measuring.evaluation import find_measure
    from bench.measuring.measure import measure
    from bench.measuring.spreading import spread_of

    said = {name: how[name] for name in ("resize", "offline", "device", "workers")}
    said |= {"weights_file": how["weights"], "spread": spread_of(how)}
    extractor = how["extractor"]
    if subject is None:
        return measure(extractor, **said) if extractor else measure(**said)
    return find_measure(subject, extractor, **said)


def evaluation_of(subject: "Subject", how: Mapping[str, Any]) -> "Evaluation":
    """The protocol that was asked for, with the real images of the data set."""
    from bench.measuring.evaluation import open_evaluation
    from bench.measuring.scoring import Options

    return open_evaluation(subject, open_measure(subject, how), Options(splits=how["is_splits"]))


def prepared_job(model: str, dataset: str, how: Any) -> "tuple[Job, How]":
    """The checked job and the way to train it."""
    from bench.measuring.subject import open_subject
    from bench.runs.jobs import How, prepare
    from reference_models.loop import Budget, Every, asked_ranks, check_shared, find_device

    if (log := how["log"]) and not find_spec(log):
        raise InputError(f"--log {log} needs {log}, which is not installed: pip install {log}")
    name = registry.resolve("models", text(model, "model"))
    subject = open_subject(text(dataset, "dataset"), how["data_root"])
    pictures = Every(how["grid_steps"], how["grid_epochs"])
    find_device(how["device"])
    asked = {key: how[key] for key in ("seed", "settings", "workdir", "train_split", "recipe")}
    job = prepare(name, subject, **asked)
    budget = Budget(how["steps"], how["epochs"], how["minutes"])
    budget = Budget(steps=job.steps) if budget == Budget() else budget
    check_shared(job.spec, job.config, job.data, asked_ranks(), compile=how["compile"])
    way = {key: how[key] for key in ("device", "precision", "compile", "log", "resume", "force")}
    return job, How(budget=budget, pictures=pictures, progress=how["progress"] is not None, **way)


def run_of(record: "RunRecord", results: Path) -> Run:
    """A record of a run with what lies beside it."""
    from bench.runs.run import place_of
    from bench.tables.files import written

    return Run(record, place_of(record, results), tuple(written(record, results)))
