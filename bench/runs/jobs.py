"""What a run is before it starts: the job and how it is done, checked so far that only the training is left.

What can be wrong with a run (names, shapes, weights, folders) is found here, before the first step of its training.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import registry
from bench.datasets.splits import load_part
from bench.measuring.subject import TEST, Subject
from bench.runs.checkpoint_files import CheckpointFile
from bench.runs.laptop import LAPTOP, laptop_recipes, require_laptop_recipe
from bench.storage.files import check_writable
from bench.storage.records import TRAINED_ON, read_record, run_name, slug
from genbench.names import did_you_mean
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import Budget, Every, built, changed_settings, check_fits, to_json, with_settings
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.loop.logs import Log
from reference_models.loop.run import Precision, earlier_state, question_of
from reference_models.types import Data, ImageShape, ModelSpec

RUN = "run.json"


@dataclass(frozen=True)
class Job:
    """What is trained, on what, and where its state lies.

    `recipe_name` is the name of the recipe that was asked for ("": that of the data set), and `steps` its budget where
    it is one of steps.
    """

    spec: ModelSpec
    config: Any
    subject: Subject
    seed: int
    folder: Path
    train_split: str = TRAINED_ON
    given: CheckpointFile | None = None  # where it is no training of this folder
    recipe_name: str = ""
    steps: int | None = None

    @cached_property
    def data(self) -> Data:
        """Training and test images; InputError where they are missing."""
        return load_data(self.subject, self.train_split)

    @property
    def checkpoint(self) -> Path:
        """The file of its state."""
        return self.given.path if self.given else self.folder / FILE_NAME

    @property
    def source(self) -> str:
        """Where a published checkpoint is from; "" of any other."""
        return self.given.source if self.given else ""

    @property
    def recipe(self) -> Any:
        """That of the data set, which its settings and its budget are held against."""
        return self.spec.recipe(self.subject.dataset.recipe_name)

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that are not the recipe's."""
        return changed_settings(self.config, self.recipe)

    @property
    def name(self) -> str:
        """The name of its record."""
        return run_name(self.spec.name, self.seed, self.changes, self.train_split)


@dataclass(frozen=True)
class How:
    """How a job is trained; nothing here is part of what it is. `pictures` are the interval of the grids."""

    budget: Budget = field(default_factory=Budget)
    pictures: Every = field(default_factory=Every)
    device: str = "auto"
    precision: Precision = "float32"
    compile: bool = False
    log: Log | None = None
    resume: bool = False
    force: bool = False
    progress: bool = True

    @property
    def asked(self) -> dict[str, int | float]:
        """What was said about the budget, as records keep it."""
        return {unit: amount for unit, amount in vars(self.budget).items() if amount is not None}


def prepare(
    model: str,
    subject: Subject,
    *,
    seed: int = 0,
    settings: tuple[str, ...] = (),
    workdir: Path = Path(),
    train_split: str = TRAINED_ON,
    recipe: str | None = None,
) -> Job:
    """The model with its settings and the data that it is trained on.

    `settings` are `name=value` texts that replace fields of the recipe, or of the `recipe` of another data set, or of
    "laptop". Raises InputError or ModelError for an unknown model, setting, recipe or split, for missing data, and for
    a model whose task or network does not fit the data.
    """
    spec: ModelSpec = registry.load("models", model)
    if seed < 0:
        raise InputError(f"--seed {seed}; expected 0 or more")
    own = spec.recipe(subject.dataset.recipe_name)
    start, steps = named_recipe(spec, subject.dataset.recipe_name, recipe or "")
    config = with_settings(start, settings, of=spec.name)
    if train_split == f"{TRAINED_ON}:{subject.dataset.splits.get(TRAINED_ON)}":  # the first of as many: all of them
        train_split = TRAINED_ON
    folder = workdir / "runs" / _folder_name(spec, subject, seed, changed_settings(config, own), train_split)
    job = Job(spec, config, subject, seed, folder, train_split, recipe_name=recipe or "", steps=steps)
    check_fits(spec, job.data)
    try:
        built(spec, config, job.data.shape, len(job.data.classes))
    except ModelError:
        raise
    except ValueError as error:  # of torch, about a number that the settings gave it
        raise InputError(f"{spec.name} cannot be built with {', '.join(settings) or config} ({error})") from error
    return job


def with_seed(job: Job, seed: int) -> Job:
    """The same with another seed, in a folder beside it."""
    name = _folder_name(job.spec, job.subject, seed, job.changes, job.train_split)
    return replace(job, seed=seed, folder=job.folder.with_name(name))


def _folder_name(spec: ModelSpec, subject: Subject, seed: int, changes: dict[str, Any], train_split: str) -> str:
    return run_name(f"{spec.name}-{slug(subject.name)}", seed, changes, train_split)


def named_recipe(spec: ModelSpec, dataset: str, name: str) -> tuple[Any, int | None]:
    """The configuration of the recipe of this name, and its steps where it says how many: that of `dataset` for "", the
    laptop's for it, or that of another data set. InputError with the names of all where there is none."""
    if name == LAPTOP:
        laptop = require_laptop_recipe(spec.name, dataset)
        return with_settings(spec.recipe(dataset), laptop.changes), laptop.steps
    if name and name not in spec.recipes:
        known = [*spec.recipes, *([LAPTOP] if spec.name in laptop_recipes() else [])]
        there = f"It has recipes for {', '.join(known)}."
        raise InputError(f"{spec.name} has no recipe {name!r}. {did_you_mean(name, known, there)}")
    return spec.recipe(name or dataset), None


def load_data(subject: Subject, train_split: str = TRAINED_ON) -> Data:
    """Training and test images of a subject as the models want them; `train:88` are the first 88 of that split.

    InputError where they are missing.
    """
    dataset = subject.dataset
    tests = tuple(dataset.load(TEST, subject.root, one) for one in subject.domains) if TEST in dataset.splits else ()
    return Data(
        name=subject.name,
        shape=ImageShape(*dataset.shape),
        train=tuple(load_part(dataset, train_split, subject.root, domain) for domain in subject.domains),
        test=tests,
        domains=subject.domains if len(subject.domains) > 1 else (),
        paired=subject.paired,
        classes=dataset.classes,
        split="" if train_split == TRAINED_ON else train_split,
    )


def check_places(job: Job, how: How, record: Path | None) -> None:
    """InputError where a run, or another record, stands where this one would be written, and `force` was not given, and
    where nothing can be written.

    A record of the same model, settings and budget is what a repetition of the run writes again, and may be replaced.
    ModelError where `resume` would go on with another run than the one in the folder.
    """
    if how.resume and (job.folder / FILE_NAME).exists():
        earlier_state(job.folder / FILE_NAME, question_of(job.spec, job.config, job.data, job.seed, how.precision))
    check_writable(job.folder)
    if record:
        check_writable(record.parent)
    used = job.folder.exists() and any(job.folder.iterdir())
    if used and how.force and not how.resume and not (job.folder / RUN).is_file():
        raise InputError(
            f"{job.folder} is not the folder of a run (it has no {RUN}), so --force does not empty it; move it"
        )
    if used and not (how.force or how.resume):
        raise InputError(
            f"{job.folder} exists; continue with --resume, start again with --force, "
            "or choose another --seed or --workdir"
        )
    if record and record.exists() and not (how.force or how.resume):
        check_same(job, how, record)


def check_same(job: Job, how: How, record: Path) -> bool:
    """Whether a record of this job is there that did not fail; InputError where it has other settings or another
    budget."""
    earlier = read_record(record)
    if earlier.status != "ok":
        return False
    asked = earlier.training and earlier.training.asked
    if (earlier.config, asked) != (to_json(job.config), how.asked):
        raise InputError(
            f"{record} is the record of this model and seed with other settings or another budget; replace it with "
            "--force, or choose another --seed or --results"
        )
    return True
