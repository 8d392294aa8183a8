"""A checkpoint with all that an exploration asks about it, and which models an exploration is for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from bench import registry
from bench.datasets import Split
from bench.datasets.splits import load_part
from bench.measuring.subject import TEST, Subject
from bench.runs.checkpoint_files import checkpoint_file
from bench.runs.generators import Generator, generator_of
from bench.runs.samples import check_asked, sample_noise, translate_test
from bench.runs.stored import open_checkpoint, subject_of_checkpoint, train_split_of
from bench.storage.reading import file_sha256
from bench.storage.records import TRAINED_ON, unusual_split
from genbench.names import did_you_mean
from metrics.errors import InputError
from reference_models.loop import Loaded, to_json
from reference_models.types import ImageShape, Model

NAMED = 12  # labels that a message names at most
PROBE_SHAPE, PROBE_CLASSES = ImageShape(3, 32, 32), 3  # every model's "tiny" settings fit these


@dataclass(frozen=True)
class Explorable:
    """A generator, whether it was trained here or has published weights."""

    generator: Generator

    @property
    def model(self) -> Model:
        return self.generator.model

    @property
    def name(self) -> str:
        """What it is called in titles."""
        return f"{self.generator.name}, truncation {self.model.truncation:g}"

    @property
    def truncation(self) -> float | None:
        """The bound of its noise; None without one."""
        return self.model.truncation if isfinite(self.model.truncation) else None

    def label_name(self, label: int) -> str:
        """What a label is called; its number where it has no name."""
        names = self.generator.classes
        return names[label] if label < len(names) else str(label)

    def label_named(self, word: str, known: Sequence[int]) -> int:
        """The label of this name or number among the known ones; InputError with the close names otherwise."""
        labels = {self.label_name(label): label for label in known}
        for name, label in labels.items():
            if word.strip().lower() in (name.lower(), str(label)):
                return label
        some = ", ".join([*list(labels)[:NAMED], *(["..."] if len(labels) > NAMED else [])])
        meant = did_you_mean(word.strip(), labels, f"There are: {some}.")
        raise InputError(f"{self.generator.name} has no label {word.strip()!r} here. {meant}")

    def about(self) -> dict[str, Any]:
        """What a finding says about the generator: JSON values, no path."""
        made = self.generator
        weights = {"weights_sha256": made.weights_sha256, "weights_official": made.official}
        return {"model": made.name, "dataset": made.dataset, "truncation": self.truncation, **weights}


@dataclass(frozen=True)
class Opened(Explorable):
    """A model that was trained here, the data set that it was trained on, and the file that it came from."""

    loaded: Loaded
    subject: Subject
    path: Path
    source: str = ""

    @property
    def name(self) -> str:
        name, seed = f"{self.loaded.spec.name} on {self.subject.name}", f"seed {self.loaded.state['seed']}"
        return ", ".join((name, *unusual_split(self.train_split), seed))

    @property
    def folder(self) -> Path:
        """Where the checkpoint lies; its curves lie beside it."""
        return self.path.parent

    @property
    def train_split(self) -> str:
        """The split that it was trained on."""
        return train_split_of(self.loaded, self.folder)

    def split(self, name: str = TEST, domain: int = 0) -> Split:
        """A split of the data set, of its first or second domain; InputError where it is missing."""
        return load_part(self.subject.dataset, name, self.subject.root, self.subject.domains[domain])

    def about(self) -> dict[str, Any]:
        state = self.loaded.state
        return {
            "model": self.loaded.spec.name,
            "dataset": self.subject.name,
            **({} if self.train_split == TRAINED_ON else {"train_split": self.train_split}),
            "training_seed": state["seed"],
            "steps": state["step"],
            "config": to_json(self.loaded.config),
            "truncation": self.truncation,
            "checkpoint_sha256": file_sha256(self.path),
            **({"checkpoint_source": self.source} if self.source else {}),
        }


def open_run(
    checkpoint: Path, *, dataset: str | None = None, data_root: Path | None = None, device: str = "cpu"
) -> Opened:
    """The model of a checkpoint file or a run's folder, with its data set; opens no image.

    `dataset` is needed where it was trained on folder:PATH. Raises ModelError for a checkpoint that cannot be used and
    InputError for another data set.
    """
    path, source = checkpoint_file(checkpoint)
    subject = subject_of_checkpoint(path, dataset, data_root)
    loaded = open_checkpoint(path, subject, device=device)
    return Opened(generator_of(loaded), loaded, subject, path, source)


def made(opened: Opened, count: int, seed: int, direction: str | None = None) -> np.ndarray:
    """uint8 images [n, c, h, w] that a model makes: of the noise rows 0 to `count`, or of the first test images.

    InputError for a direction of a model of noise, a missing one of two, and more test images than there are.
    """
    check_asked(opened.generator, direction)
    if opened.model.directions:
        return translate_test(opened.generator, opened.subject, direction, count)
    return sample_noise(opened.generator, seed, count)


def require(opened: Explorable, what: str, can: Callable[[Model], bool]) -> None:
    """InputError that names the models which can do `what`, where this one cannot."""
    if not can(opened.model):
        able = ", ".join(name for name in registry.names("models") if can(_tiny(name)))
        raise InputError(f"{opened.generator.name} {what}; models that do: {able}")


def _tiny(name: str) -> Model:
    spec = registry.load("models", name)
    model: Model = spec.build(spec.recipes["tiny"], PROBE_SHAPE, PROBE_CLASSES)
    return model
