"""What made images should be of: the class that a model was asked for, or that of the image that it was given."""

from collections.abc import Iterable

import numpy as np

from bench.measuring.evaluation import RECONSTRUCTED, Evaluation
from bench.measuring.subject import TEST, Subject
from bench.runs.generators import Generator
from bench.runs.samples import labels_in_turn, tested_split
from bench.sources.labels import of_values
from reference_models.types import Model

Labels = dict[tuple[str, str], tuple[str, ...]]


def of_run(model: Model, evaluation: Evaluation, made: Iterable[tuple[str, str]]) -> Labels:
    """The classes of the images of each set and domain of a run, () where they are not known."""
    return {key: _of_set(model, evaluation, *key) for key in made}


def _of_set(model: Model, evaluation: Evaluation, name: str, label: str) -> tuple[str, ...]:
    subject = evaluation.subject
    if name in (TEST, RECONSTRUCTED):
        numbers = subject.test_split().labels
    elif model.directions:
        other = next(one for one in subject.labels if one != label)
        numbers = subject.split(subject.dataset.translated, other).labels
    else:
        numbers = np.arange(evaluation.count()) % model.classes if model.classes else None
    return of_values(numbers, subject.dataset.classes)


def of_noise(generator: Generator, count: int, classes: str | None) -> tuple[str, ...]:
    """Of the images of the noise rows 0 to `count`."""
    return of_values(labels_in_turn(generator, count, classes), generator.classes)


def of_test(generator: Generator, subject: Subject, direction: str | None, count: int) -> tuple[str, ...]:
    """Of the translations of the first `count` test images."""
    numbers = tested_split(generator, subject, direction)[0].labels
    return of_values(None if numbers is None else numbers[:count], subject.dataset.classes)
