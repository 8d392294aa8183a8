"""What the other processes of a training do, beside the first one that torchrun has started: its steps with it."""

from contextlib import closing
from typing import Any

from genbench.surroundings import torch_defaults
from reference_models.loop.batches import batches
from reference_models.loop.loop import check_fits, find_device, interruption, to_train
from reference_models.loop.ranks import Ranks, from_first
from reference_models.loop.run import Precision, question_of, step_in
from reference_models.loop.together import Together
from reference_models.types import Data, ModelSpec


def follow(
    spec: ModelSpec, config: Any, data: Data, ranks: Ranks, *, seed: int, device: str, precision: Precision
) -> None:
    """Take part in a training as one of `ranks`, which are `joined`, until the first one ends it; nothing is written.

    ModelError where the first one trains something else, or is gone. Ctrl-C and the signals of schedulers are for the
    first one to act on.
    """
    check_fits(spec, data)
    place = ranks.place(find_device(device))
    with torch_defaults(place, training=True):
        together = Together(to_train(spec, config, data, seed, place), ranks)
        first_step = together.begin(question_of(spec, config, data, seed, precision), 0, place)
        with (
            closing(
                batches(data, config.batch_size, seed, first_step, place, spec.task == "paired", ranks.share)
            ) as stream,
            interruption(ranks),
            together.installed(),
        ):
            while from_first(True, ranks):
                step_in(precision, together.step, next(stream), place)
