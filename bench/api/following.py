"""A process that torchrun started beside the first one: it takes part in a training, and writes nothing."""

from collections.abc import Mapping
from typing import Any

from bench.api.runs import prepared_job
from bench.options import checked, known
from bench.settings.models import TrainSettings


def follow(model: str, dataset: str, settings: Mapping[str, Any]) -> None:
    """Take part in the training that the first process does with the same `settings`, to its end."""
    from reference_models.loop import asked_ranks, follow, joined

    names = known(TrainSettings)
    how = checked(TrainSettings, {name: value for name, value in settings.items() if name in names})
    ranks = asked_ranks()
    with joined(ranks):
        job, way = prepared_job(model, dataset, how | {"progress": None})
        follow(job.spec, job.config, job.data, ranks, seed=job.seed, device=way.device, precision=way.precision)
