"""A checkpoint with all that an exploration asks about it, and which models an exploration is for."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import registry
from bench.datasets import Split
from bench.evaluation import TEST, Subject
from bench.generators import Generator, generator_of
from bench.provenance import file_sha256
from bench.runner import RUN
from bench.samples import check_asked, sample_noise, translate_test
from bench.stored import open_checkpoint, run_of, subject_of_checkpoint
from metrics._errors import InputError
from reference_models._types import ImageShape, Model
from reference_models.training import Loaded, to_json
from reference_models.training.checkpoints import FILE_NAME

LABELS_LISTED = 100  # of more, an error names the first and the last
PROBE_SHAPE, PROBE_CLASSES = ImageShape(3, 32, 32), 3  # every model's "tiny" settings fit these


@dataclass(frozen=True)
class Opened:
    """A trained model, the data set that it was trained on, and the file that it came from."""

    loaded: Loaded
    subject: Subject
    path: Path

    @property
    def model(self) -> Model:
        return self.loaded.model

    @property
    def model_name(self) -> str:
        return self.loaded.spec.name

    @property
    def name(self) -> str:
        """What it is called in titles: the model, its data set and its seed."""
        return f"{self.model_name} on {self.subject.name}, seed {self.loaded.state['seed']}"

    @property
    def batch_size(self) -> int:
        return generator_of(self.loaded).batch_size

    @property
    def folder(self) -> Path:
        """Where the checkpoint lies; its curves lie beside it."""
        return self.path.parent

    @property
    def train_split(self) -> str:
        """The split that it was trained on, where its folder says so; otherwise "train"."""
        return str(run_of(self.folder)["train_split"]) if (self.folder / RUN).is_file() else "train"

    def label_name(self, label: int) -> str:
        """What a label is called; its number where the data set has no names."""
        names = self.subject.dataset.classes
        return names[label] if label < len(names) else str(label)

    def label_named(self, word: str, known: Iterable[int]) -> int:
        """The label of this name or number among the known ones; InputError with the close names otherwise."""
        return _label_named(word, {self.label_name(label): label for label in known}, self.subject.name)

    def split(self, name: str = TEST, domain: int = 0) -> Split:
        """A split of the data set, of its first or second domain; InputError where it is missing."""
        return self.subject.dataset.load(name, self.subject.root, self.subject.domains[domain])

    def about(self) -> dict[str, Any]:
        """What a finding says about the model: JSON values, no path."""
        state = self.loaded.state
        return {
            "model": self.model_name,
            "dataset": self.subject.name,
            "training_seed": state["seed"],
            "steps": state["step"],
            "config": to_json(self.loaded.config),
            "checkpoint_sha256": file_sha256(self.path),
        }


@dataclass(frozen=True)
class OpenedPretrained:
    """A generator with published weights: no run and no data set lie beside it."""

    generator: Generator

    @property
    def model(self) -> Model:
        return self.generator.model

    @property
    def model_name(self) -> str:
        return self.generator.name

    @property
    def name(self) -> str:
        """What it is called in titles: its name and its truncation."""
        return f"{self.generator.name}, truncation {self.model.truncation:g}"

    @property
    def batch_size(self) -> int:
        return self.generator.batch_size

    def label_name(self, label: int) -> str:
        """The number of a label: names of its classes are not kept here."""
        return str(label)

    def label_named(self, word: str, known: Iterable[int]) -> int:
        """The label of this number among the known ones; InputError otherwise."""
        return _label_named(word, {str(label): label for label in known}, self.generator.name)

    def about(self) -> dict[str, Any]:
        """What a finding says about the generator: JSON values, no path."""
        return {
            "model": self.generator.name,
            "dataset": self.generator.dataset,
            "truncation": self.model.truncation,
            "weights_sha256": self.generator.weights_sha256,
            "weights_official": self.generator.official,
        }


def _label_named(word: str, labels: Mapping[str, int], where: str) -> int:
    for name, label in labels.items():
        if word.strip().lower() in (name.lower(), str(label)):
            return label
    close = difflib.get_close_matches(word.strip(), labels, n=2, cutoff=0.5)
    few = list(labels) if len(labels) <= LABELS_LISTED else [*list(labels)[:2], "...", list(labels)[-1]]
    meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are: {', '.join(few)}."
    raise InputError(f"{where} has no label {word.strip()!r} here. {meant}")


def open_run(
    checkpoint: Path, *, dataset: str | None = None, data_root: Path | None = None, device: str = "cpu"
) -> Opened:
    """The model of a checkpoint file or a run's folder, with its data set; opens no image.

    `dataset` is needed where it was trained on folder:PATH. Raises ModelError for a checkpoint that cannot be used and
    InputError for another data set.
    """
    path = checkpoint / FILE_NAME if checkpoint.is_dir() else checkpoint
    subject = subject_of_checkpoint(path, dataset, data_root)
    return Opened(open_checkpoint(path, subject, device=device), subject, path)


def made(opened: Opened, count: int, seed: int, direction: str | None = None) -> np.ndarray:
    """uint8 images [n, c, h, w] that a model makes: of the noise rows 0 to `count`, or of the first test images.

    InputError for a direction of a model of noise, a missing one of two, and more test images than there are.
    """
    generator = generator_of(opened.loaded)
    check_asked(generator, direction)
    if opened.model.directions:
        return translate_test(generator, opened.subject, direction, count)
    return sample_noise(generator, seed, count)


def require(opened: Opened | OpenedPretrained, what: str, can: Callable[[Model], bool]) -> None:
    """InputError that names the models which can do `what`, where this one cannot."""
    if not can(opened.model):
        able = ", ".join(name for name in registry.names("models") if can(_tiny(name)))
        raise InputError(f"{opened.model_name} {what}; models that do: {able}")


def _tiny(name: str) -> Model:
    spec = registry.load("models", name)
    model: Model = spec.build(spec.recipes["tiny"], PROBE_SHAPE, PROBE_CLASSES)
    return model
