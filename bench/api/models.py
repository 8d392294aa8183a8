"""Models trained, sampled and measured, and the tables of what came out of it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bench.api.runs import Run, evaluation_of, prepared_job, run_of
from bench.options import checked
from bench.settings.models import ExportSettings, Remeasuring, SampleSettings, TrainSettings
from bench.storage.result_places import OWN, results_folder
from bench.tables.several import Tables, told_apart
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import place, whole_number

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame

    from bench.storage.records import Training

NO_FOLDER = {".npy", ".zip", ".png", ".jpg", ".jpeg", ".gif"}  # names that would make a folder surprising


@dataclass(frozen=True)
class Trained:
    """What a training did, its folder and its checkpoint."""

    folder: Path
    checkpoint: Path
    done: "Training"

    def to_frame(self) -> "DataFrame":
        """The curves of the training as a pandas DataFrame, a row per step that was noted."""
        import pandas as pd

        return pd.read_csv(self.folder / "losses.csv")

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self.done), "folder": str(self.folder), "checkpoint": str(self.checkpoint)}


@dataclass(frozen=True)
class Exported:
    """An exported model: its folder, sha256 and bytes of its weights, whether its card has a table."""

    folder: Path
    sha256: str
    size: int
    measured: bool


@dataclass(frozen=True)
class Sampled:
    """Images uint8 [n, c, h, w] of a generator; `labels` say what they should be of, () where that is not known;
    `official` is False where its weights are not the published ones; `sheet` is a picture of inputs beside outputs;
    `source` says where a published checkpoint is from, as `hub:OWNER/NAME@COMMIT`."""

    images: "np.ndarray"
    model: str
    dataset: str
    weights_sha256: str | None
    official: bool | None
    labels: tuple[str, ...] = ()
    sheet: Path | None = None
    source: str = ""

    def save_sheet(self, path: str | Path, *, force: bool = False) -> None:
        """Writes the first 64 images as one PNG; InputError where there is a file and `force` was not given."""
        from bench.runs.samples import save_sheet

        where = expanded(place(path, "the path"))
        if where.exists() and not force:
            raise InputError(f"{where} exists; replace it with --force or choose another name")
        save_sheet(where, self.images)

    def __repr__(self) -> str:
        return f"Sampled({len(self.images):,} images of {self.model})"


def train(model: str, dataset: str, **settings: Unpack[TrainSettings]) -> Trained:
    """The first half of `run`: trains a model in runs/MODEL-DATASET-seedK; `evaluate` is the other half."""
    from bench.runs.jobs import check_places
    from bench.runs.run import fit

    job, way = prepared_job(model, dataset, checked(TrainSettings, settings))
    check_places(job, way, None)
    try:
        result, done = fit(job, way)
    except KeyboardInterrupt as error:
        error.add_note(f"the checkpoint is in {job.folder}")
        raise
    return Trained(job.folder, result.checkpoint, done)


def sample(
    checkpoint: str | Path,
    *,
    count: int | None = None,
    output: str | Path | None = None,
    **settings: Unpack[SampleSettings],
) -> Sampled:
    """Images of a checkpoint file, of the folder of a run or of an exported model, of `hub:OWNER/NAME`, or of a
    generator by name.

    Image i depends on the seed and i only. `output` writes them too: PNGs into a new folder, or one .npz. Outputs of
    the caller's `images` keep their names, and a picture of inputs beside outputs is written beside the output.
    """
    from bench.runs.generators import open_generator
    from bench.runs.made_labels import of_noise, of_test
    from bench.runs.samples import check_asked, draw_beside, from_folder, sample_noise, translate_test
    from bench.runs.stored import subject_of_checkpoint

    how = checked(SampleSettings, settings)
    count = None if count is None else whole_number(count, "count", 1)
    source, folder, direction = expanded(place(checkpoint, "the checkpoint")), how["images"], how["direction"]
    target = None if output is None else _target(expanded(place(output, "output")), folder, how["force"])
    made = open_generator(source, weights_file=how["weights"], offline=how["offline"], device=how["device"])
    check_asked(made, direction, how["classes"], how["truncation"], folder)
    labels: tuple[str, ...] = ()
    given = sheet = None
    if folder:
        given, images = from_folder(made, folder, direction, count)
    elif made.model.directions:
        subject = subject_of_checkpoint(source, how["dataset"], how["data_root"])
        images = translate_test(made, subject, direction, count)
        labels = of_test(made, subject, direction, len(images))
    else:
        images = sample_noise(made, how["seed"], count, classes=how["classes"], truncation=how["truncation"])
        labels = of_noise(made, how["seed"], len(images), how["classes"])
    if target:
        _save(target, images, labels, folder, how["force"])
        if given is not None:
            sheet = draw_beside(target, given, images, f"{made.name}: input, output")
    return Sampled(images, made.name, made.dataset, made.weights_sha256, made.official, labels, sheet, made.source)


def export(run: str | Path, folder: str | Path, **settings: Unpack[ExportSettings]) -> Exported:
    """Writes the model of a run for others: weights, settings and a model card with the table of its record, in the
    layout of the Hugging Face Hub. `sample` and `evaluate` take the folder."""
    from bench.runs.exporting import export_run

    how = checked(ExportSettings, settings)
    given, where = expanded(place(run, "the run")), expanded(place(folder, "the folder"))
    done = export_run(given, where, how["results"], half=how["half"], force=how["force"])
    return Exported(where, done.sha256, done.size, done.measured)


def evaluate(checkpoint: str | Path, *, model: str | None = None, **settings: Unpack[Remeasuring]) -> Run:
    """The second half of `run`: samples a checkpoint (a file or a run's folder), measures it and writes its record."""
    from bench.runs.stored import evaluate_checkpoint, job_of, open_checkpoint, subject_of_checkpoint

    how, path = checked(Remeasuring, settings), expanded(place(checkpoint, "the checkpoint"))
    subject = subject_of_checkpoint(path, how["dataset"], how["data_root"])
    loaded = open_checkpoint(path, subject, model=model, device=how["device"])
    job = job_of(path, loaded, subject)
    evaluation = evaluation_of(subject, how)
    record = evaluate_checkpoint(job, loaded, evaluation, how["results"], force=how["force"], report=how["progress"])
    return run_of(record, how["results"])


def rescore(folder: str | Path, **settings: Unpack[Remeasuring]) -> Run:
    """Measures the stored samples of a run under another protocol; no model is loaded and nothing is sampled."""
    from bench.runs.stored import rescore as rescore_run
    from bench.runs.stored import subject_of_run

    how, path = checked(Remeasuring, settings), expanded(place(folder, "the folder"))
    subject = subject_of_run(path, how["dataset"], how["data_root"])
    evaluation = evaluation_of(subject, how)
    record = rescore_run(path, subject, evaluation, how["results"], force=how["force"], report=how["progress"])
    return run_of(record, how["results"])


def tables(
    model: str | None = None,
    dataset: str | None = None,
    *,
    protocol: str = "",
    results: str | Path = OWN,
) -> Tables:
    """The tables of the records below `results`: a comparison per protocol, the means of models that were trained with
    several seeds, then Tables 5, 6 and 7 of each run and its numbers beside those of real images.

    `warnings` name damaged records and failed runs, which have no tables. InputError where there is no record.
    """
    from bench.runs.stored import chosen_records
    from bench.second_opinions.stored import tables_of
    from bench.storage.families import families, recipe_of
    from bench.tables.comparison import comparison_tables
    from bench.tables.seed_means import ONE_OF_SEVERAL, ONE_SEED
    from bench.tables.seed_tables import seed_tables

    said: list[str] = []
    where = results_folder(results)
    records = chosen_records(where, model, dataset, protocol, lambda why: said.append(f"damaged and not shown: {why}"))
    good = [record for record in records if record.status == "ok"]
    failed = [record for record in records if record.status == "failed"]
    said += [f"failed: {one.model} on {one.dataset}, seed {one.seed}: {one.error}" for one in failed]
    compared = comparison_tables(records) if len(good) > 1 else []
    several = [family for family in families(records) if family.several]
    means = [table for family in several for table in seed_tables(family)]
    known = [recipe_of(family.first) for family in several]
    notes = [ONE_OF_SEVERAL if recipe_of(record) in known else ONE_SEED for record in good]
    single = [table for record, note in zip(good, notes, strict=True) for table in tables_of(record, note)]
    return Tables(told_apart((*compared, *means, *single)), tuple(said))


def _target(output: Path, folder: Path | None, force: bool) -> Path:
    """Where images go; InputError where they cannot, before they are made."""
    if output.suffix.lower() in NO_FOLDER:
        raise InputError(f"-o {output}: the output is a folder of PNG files or one .npz; choose such a name")
    if output.suffix == ".npz" and output.exists() and not force:
        raise InputError(f"{output} exists; replace it with --force or choose another name")
    if folder and output.resolve() == folder.resolve():
        raise InputError(f"-o {output} is the folder of the images themselves; choose another")
    return output


def _save(output: Path, images: "np.ndarray", labels: tuple[str, ...], folder: Path | None, force: bool) -> None:
    from bench.runs.samples import names_like, save_images, save_pngs

    if output.suffix == ".npz":
        save_images(output, images, labels)
    else:
        save_pngs(output, images, names_like(folder, len(images)) if folder else (), force=force)
