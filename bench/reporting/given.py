"""What a report is about: runs, opened from their folders, from a checkpoint in one, or from a record alone.

A folder has the curves and pictures, a record the numbers. Each finds the other: the records of a folder below the
results, the folder of a record in `runs/`, where the training of both is the same one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import registry
from bench.datasets import open_dataset
from bench.runs.jobs import RUN
from bench.runs.run import read_training
from bench.runs.stored import run_of
from bench.storage.reading import read_json
from bench.storage.records import RunRecord, Training, read_record, read_records, run_name, slug, unusual_split
from metrics.errors import InputError
from reference_models.loop import changed_settings
from reference_models.loop.settings import from_json, to_json
from reference_models.types import ImageShape, ModelSpec

EXPECTED = "expected the folder of a run, such as runs/vae-digits-seed0, or the JSON of its record"


@dataclass(frozen=True)
class Given:
    """A run: what was trained, its folder (None where only its record is there), and its records, one per protocol,
    none where it was not measured. `given` is what the user named."""

    given: str
    spec: ModelSpec
    config: Any
    dataset: str
    seed: int
    train_split: str
    folder: Path | None
    training: Training | None
    records: tuple[RunRecord, ...]

    @property
    def recipe_name(self) -> str:
        """The name by which models know their recipe for its data set."""
        base = self.dataset.partition("/")[0]
        if base.startswith("folder:"):
            return base
        return str(registry.load("datasets", base).recipe_name)

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that are not the recipe's."""
        return changed_settings(self.config, self.spec.recipe(self.recipe_name))

    @property
    def slug(self) -> str:
        """A name for files, its own in a document."""
        return slug(run_name(f"{self.spec.name}-{slug(self.dataset)}", self.seed, self.changes, self.train_split))

    @property
    def title(self) -> str:
        """What it is called in titles: model, data set, changed settings, an unusual split, seed."""
        changes = [f"{name}={value}" for name, value in sorted(to_json_values(self.changes).items())]
        split = unusual_split(self.train_split)
        return ", ".join((f"{self.spec.name} on {self.dataset}", *changes, *split, f"seed {self.seed}"))

    @property
    def shape(self) -> ImageShape:
        """Of its images."""
        if self.records:
            return ImageShape(*self.records[0].protocol.shape)
        return ImageShape(*open_dataset(self.dataset.partition("/")[0]).shape)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of its labels; () where the data set has none, and of a folder."""
        base, _, labels = self.dataset.partition("/")
        if base.startswith("folder:"):
            return ()
        dataset = registry.load("datasets", base)
        return tuple((dataset.labelled(labels) if labels and dataset.labelled else dataset).classes)


def to_json_values(values: dict[str, Any]) -> dict[str, Any]:
    """Settings as `--set` reads them."""
    from bench.storage.records import setting_text

    return {name: setting_text(value) for name, value in values.items()}


def open_given(named: Sequence[str | Path], results: Path, workdir: Path) -> tuple[Given, ...]:
    """The runs, in the order in which they were named, each once.

    Raises InputError where none is named, and for what is no run, one that failed, and one that left nothing behind.
    """
    if not named:
        raise InputError(f"a report of nothing: name at least one run; {EXPECTED}")
    found: dict[tuple[str, Any], Given] = {}
    for one in named:
        opened = _open(Path(one), str(one), results, workdir)
        key = (opened.slug, None if opened.folder is None else opened.folder.resolve())
        found.setdefault(key, opened)
    return tuple(found.values())


def _open(path: Path, given: str, results: Path, workdir: Path) -> Given:
    if path.is_file() and path.suffix == ".json" and path.name != RUN:
        return _of_record(path, given, workdir)
    folder = path.parent if path.is_file() else path
    if not folder.is_dir():
        raise InputError(f"{given} does not exist; {EXPECTED}")
    return _of_folder(folder, given, results)


def _of_record(path: Path, given: str, workdir: Path) -> Given:
    values = read_json(path)
    if not (isinstance(values, dict) and "protocol_id" in values):
        raise InputError(f"{path} is not the record of a run; {EXPECTED}")
    record = read_record(path)
    _check_ok(record)
    spec = registry.load("models", record.model)
    name = run_name(f"{record.model}-{slug(record.dataset)}", record.seed, record.recipe_changes, record.train_split)
    folder = workdir / "runs" / name
    there = (folder / RUN).is_file() and read_training(folder) == record.training
    config = from_json(type(spec.recipes["default"]), record.config)
    return Given(
        *(given, spec, config, record.dataset, record.seed, record.train_split),
        folder=folder if there else None,
        training=record.training,
        records=(record,),
    )


def _of_folder(folder: Path, given: str, results: Path) -> Given:
    about = run_of(folder)
    spec = registry.load("models", about["model"])
    config = from_json(type(spec.recipes["default"]), about["config"])
    training = read_training(folder)
    same = [
        one
        for one in read_records(results, about["dataset"], damaged=lambda line: None)
        if (one.model, one.seed, one.config, one.train_split)
        == (spec.name, about["seed"], to_json(config), about["train_split"])
    ]
    measured = [one for one in same if one.status == "ok" and (training is None or one.training == training)]
    for failed in (one for one in same if one.status != "ok" and not measured and training is None):
        _check_ok(failed)
    if training is None and not measured:
        raise InputError(
            f"{folder}: this run has not finished, so there is nothing to report; continue it with --resume"
        )
    # Of records by the same features only the newest: others are by earlier versions of the metrics.
    by_age = sorted(measured, key=lambda one: one.created_utc)
    newest = {(one.protocol.extractor, one.protocol.resize): one for one in by_age}
    return Given(
        *(given, spec, config, about["dataset"], about["seed"], about["train_split"]),
        folder=folder,
        training=training,
        records=tuple(newest.values()),
    )


def _check_ok(record: RunRecord) -> None:
    if record.status != "ok":
        raise InputError(f"the run of {record.title} failed: {record.error}; run it again")


def protocols_of(runs: Iterable[Given]) -> tuple[RunRecord, ...]:
    """All records of runs."""
    return tuple(record for run in runs for record in run.records)
