"""A trained model from its checkpoint, and what a training will cost before it starts."""

import importlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from genbench.errors import one_line
from genbench.surroundings import torch_defaults
from reference_models.errors import ModelError
from reference_models.loop import checkpoints
from reference_models.loop.averaging import built
from reference_models.loop.batches import batches
from reference_models.loop.loop import Budget, check_fits, find_device
from reference_models.loop.settings import from_json
from reference_models.types import Data, ImageShape, Model, ModelSpec

PACKAGE = Path(__file__).resolve().parent.parent
SLOW_STEP = 5.0  # seconds


class Loaded(NamedTuple):
    """A model in evaluation mode with what it was trained as; `state` is the JSON part of its checkpoint."""

    spec: ModelSpec
    config: Any
    model: Model
    state: dict[str, Any]


def load(
    path: Path,
    *,
    device: str = "cpu",
    model: str | None = None,
    shape: tuple[int, int, int] | None = None,
    spec: ModelSpec | None = None,
) -> Loaded:
    """The model of a checkpoint file or of a run's folder.

    `model` and `shape` say what is expected; `spec` is for models outside this package. ModelError for a file that is
    missing, cut, of another schema, of another model or of another image shape.
    """
    path = path / checkpoints.FILE_NAME if path.is_dir() else path
    state = checkpoints.read_state(path)
    name, stored = state["model"], tuple(state["data"]["shape"])
    wanted = model or (spec.name if spec else name)
    if name != wanted:
        raise ModelError(f"{path} is a checkpoint of {name!r}, not of {wanted!r}; give one of {wanted!r}")
    if shape is not None and tuple(shape) != stored:
        raise ModelError(
            f"{path} makes images of {_by(stored)}, the data are {_by(shape)}; "
            f"use the data set {state['data']['name']!r}"
        )
    spec = spec or _spec(name)
    config = from_json(type(spec.recipes["default"]), state["settings"])
    place = find_device(device)
    with torch_defaults(place):
        network = _built(spec, config, state, path)
        checkpoints.leave_out(network, state, path)
        checkpoints.restore_model(path, network)
    return Loaded(spec, config, network.to(place).eval(), state)


def _built(spec: ModelSpec, config: Any, state: dict[str, Any], path: Path) -> Model:
    try:
        return built(spec, config, ImageShape(*state["data"]["shape"]), len(state["data"]["classes"]))
    except (ModelError, MemoryError):
        raise
    except Exception as error:  # what torch trips over in settings that nobody would choose
        raise ModelError(f"{path} holds settings of no network ({one_line(error)}); train the model again") from error


@dataclass(frozen=True)
class Cost:
    """What a training takes: measured on a few steps, without a folder and without a trace."""

    parameters: dict[str, int]
    total_steps: int | None
    seconds_per_step: float
    checkpoint_bytes: int

    @property
    def total_seconds(self) -> float | None:
        """Time of the whole budget; None where only its minutes are given."""
        return None if self.total_steps is None else self.total_steps * self.seconds_per_step


def estimate(
    spec: ModelSpec, config: Any, data: Data, *, budget: Budget | None = None, device: str = "auto", steps: int = 3
) -> Cost:
    """Build the model, time some steps after one for warming up, and count parameters and bytes. A first step of more
    than SLOW_STEP seconds is the estimate itself: what warming up adds to it is little, and more would keep waiting."""
    check_fits(spec, data)
    place = find_device(device)
    with torch_defaults(place, training=True):
        model = built(spec, config, data.shape, len(data.classes)).to(place).train()
        stream = batches(data, config.batch_size, 0, 0, place, spec.task == "paired")
        seconds = _seconds_of(model, stream, 1)
        if seconds <= SLOW_STEP:
            seconds = _seconds_of(model, stream, steps) / steps
        stream.close()
    state_bytes = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    moment_bytes = sum(
        value.numel() * value.element_size()
        for optimiser in model.optimisers.values()
        for entry in optimiser.state.values()
        for value in entry.values()
        if isinstance(value, torch.Tensor)
    )
    counts = {name: sum(weight.numel() for weight in child.parameters()) for name, child in model.named_children()}
    total = (budget or Budget()).total_steps(config, data)
    return Cost(counts, total, seconds, state_bytes + moment_bytes)


def _seconds_of(model: Any, stream: Iterator[Any], steps: int) -> float:
    started = time.perf_counter()
    for _ in range(steps):
        losses = model.train_step(next(stream))
    [float(value) for value in losses.values()]  # waits for the device
    return time.perf_counter() - started


def _spec(name: str) -> ModelSpec:
    module = name.replace("-", "_")
    unknown = ModelError(f"the checkpoint is of the model {name!r}, which this version does not have; update bench")
    if not (module.isidentifier() and (PACKAGE / f"{module}.py").is_file()):
        raise unknown
    found = getattr(importlib.import_module(f"reference_models.{module}"), "MODEL", None)
    if found is None:
        raise unknown
    return found


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
