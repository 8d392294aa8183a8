"""What a run would do and cost, found out by doing a little of it: some real training steps, some real features.

Everything here is an estimate of this machine at this moment; a loaded machine gives larger ones.
"""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.measuring.evaluation import Evaluation, array_source, noise
from bench.measuring.sets import taps_for
from bench.runs.jobs import How, Job, check_places
from bench.runs.laptop import LAPTOP, laptop_recipe
from bench.storage.records import record_path
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import epoch_images, estimate, find_device, kept_bytes

TIMED_IMAGES = 16
LONG_SECONDS = 3600  # of a training without a GPU


@dataclass(frozen=True)
class Plan:
    """What would be done; `steps` and `training_seconds` are None where only minutes were asked for.

    `blocked` says what has to be decided before the run can start, such as --resume where its folder is used; "" where
    nothing is in the way. `recipe` is the one that was asked for ("": that of the data set), and `laptop` says what to
    do about a training of more than an hour without a GPU, "" where it is none. `memory_bytes` is the peak of this
    process after the trial (of the GPU, where one is used); None where the system does not tell. `images_bytes` are the
    training images that are kept in memory besides.
    """

    model: str
    dataset: str
    seed: int
    device: str
    train_images: tuple[int, ...]
    batch_size: int
    parameters: dict[str, int]
    steps: int | None
    epochs: float | None
    full_epochs: float
    seconds_per_step: float
    training_seconds: float | None
    measured_images: int
    measuring_seconds: float
    memory_bytes: int | None
    images_bytes: int
    checkpoint_bytes: int
    extractor: str
    resize: str
    protocol_id: str
    folder: str
    record: str
    blocked: str
    recipe: str
    laptop: str


def make_plan(job: Job, how: How, evaluation: Evaluation, results: Path) -> Plan:
    """Time a few steps and a few images, and say what the whole run would take; nothing is written."""
    cost = estimate(job.spec, job.config, job.data, budget=how.budget, device=how.device)
    device = find_device(how.device)
    sets = evaluation.known.values()
    images = sum(source.count for source in sets) + sum(evaluation.protocol.generated)
    minutes = how.budget.minutes
    seconds = min((one for one in (cost.total_seconds, minutes and minutes * 60) if one is not None), default=None)
    protocol = evaluation.protocol
    record = record_path(results, protocol.dataset, protocol.id, job.name)
    return Plan(
        model=job.spec.name,
        dataset=job.subject.name,
        seed=job.seed,
        device=device.type,
        train_images=tuple(images.count for images in job.data.train),
        batch_size=job.config.batch_size,
        parameters=dict(cost.parameters),
        steps=cost.total_steps,
        epochs=cost.total_steps and cost.total_steps * job.config.batch_size / epoch_images(job.data),
        full_epochs=job.recipe.epochs,
        seconds_per_step=cost.seconds_per_step,
        training_seconds=seconds,
        measured_images=images,
        measuring_seconds=_seconds_per_image(evaluation) * images,
        memory_bytes=_peak_bytes(device.type),
        images_bytes=kept_bytes(job.data, cost.total_steps and cost.total_steps * job.config.batch_size),
        checkpoint_bytes=cost.checkpoint_bytes,
        extractor=protocol.extractor,
        resize=protocol.resize,
        protocol_id=protocol.id,
        folder=str(job.folder),
        record=str(record),
        blocked=_blocked(job, how, record),
        recipe=job.recipe_name,
        laptop="" if device.type != "cpu" or (seconds or 0) <= LONG_SECONDS else _for_a_laptop(job),
    )


def _for_a_laptop(job: Job) -> str:
    """What to do where there is no GPU for the recipe."""
    needs = "such a recipe needs a GPU"
    if job.recipe_name == LAPTOP:
        return f"{needs}; --steps N ends it earlier"
    found = laptop_recipe(job.spec.name, job.subject.dataset.recipe_name)
    if found is None:
        return f"{needs}; {job.spec.name} has no laptop recipe for {job.subject.name}, so --steps N ends it earlier"
    return f"{needs}; --recipe laptop does without: {found}"


def _blocked(job: Job, how: How, record: Path) -> str:
    try:
        check_places(job, how, record)
    except (InputError, ModelError) as error:
        return str(error)
    return ""


def _seconds_per_image(evaluation: Evaluation) -> float:
    source = array_source(noise(evaluation.protocol.shape, TIMED_IMAGES), "noise")
    measure = replace(evaluation.measure, cache=None, progress=None)
    taps = taps_for(measure, evaluation.metrics)
    measure.features(source, taps)  # the first pass makes the network
    started = time.perf_counter()
    measure.features(source, taps)
    return (time.perf_counter() - started) / TIMED_IMAGES


def _peak_bytes(device: str) -> int | None:
    if device == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated())
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
