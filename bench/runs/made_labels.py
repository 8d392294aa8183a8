"""What made images should be of: the class that a model was asked for, or that of the image that it was given."""

from collections.abc import Iterable

from bench.measuring.evaluation import RECONSTRUCTED, SAMPLING_SEED, Arrays, Evaluation
from bench.measuring.subject import TEST, Subject
from bench.protocol import IN_TURN
from bench.runs.generators import Generator
from bench.runs.jobs import Job
from bench.runs.samples import asked_labels, noise_labels, save_generated, tested_split
from bench.sources.labels import of_values
from reference_models.types import Model

Labels = dict[tuple[str, str], tuple[str, ...]]


def keep_generated(job: Job, model: Model, evaluation: Evaluation, made: Arrays) -> None:
    """Write what a model made into the folder of its run, with the classes of the images and how they were chosen."""
    asked = evaluation.protocol.labels if model.classes else IN_TURN
    save_generated(job.folder, made, job.subject.dataset.translated, of_run(model, evaluation, made), asked)


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
        numbers = asked_labels(model, evaluation.protocol.labels, SAMPLING_SEED, 0, evaluation.count())
    return of_values(numbers, subject.dataset.classes)


def of_noise(generator: Generator, seed: int, count: int, classes: str | None) -> tuple[str, ...]:
    """Of the images of the noise rows 0 to `count`."""
    return of_values(noise_labels(generator, seed, count, classes), generator.classes)


def of_test(generator: Generator, subject: Subject, direction: str | None, count: int) -> tuple[str, ...]:
    """Of the translations of the first `count` test images."""
    numbers = tested_split(generator, subject, direction)[0].labels
    return of_values(None if numbers is None else numbers[:count], subject.dataset.classes)
