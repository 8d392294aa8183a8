"""A training state in one file: tensors in safetensors, everything else as JSON in its header; no pickle anywhere.

    model/NAME                  parameters and buffers
    optimiser/NAME/INDEX/KEY    the state of one parameter (moments, step count)
    random/cpu, random/cuda     states of the global generators
    header "state"              schema, model, settings, data, seed, counters, parameter groups

An exported one has the weights that images are made by and no state of a training; "left_out" in its header names the
networks that it is without.

A file is written beside its destination, flushed to the disk and then renamed over it, so that at any moment, also
after kill -9 or a full disk, the name holds either the previous state or the new one, whole.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

from genbench.errors import one_line, told
from genbench.regular import open_regular
from reference_models import CHECKPOINT
from reference_models.errors import ModelError
from reference_models.loop.files import GO_ON, whole
from reference_models.loop.states import state_of
from reference_models.types import Model

SCHEMA = 1
FILE_NAME = CHECKPOINT
OS_ERROR = re.compile(r"\(os error (\d+)\)")


def save(path: Path, model: Model, state: Mapping[str, Any], device: torch.device) -> None:
    """Write model, optimisers, generators and `state` (JSON values); the previous file stays until this one is whole.

    ModelError where a weight is not finite: such a state must not replace a good one.
    """
    tensors = _weights(model)
    groups = {}
    for name, optimiser in model.optimisers.items():
        content = optimiser.state_dict()
        groups[name] = content["param_groups"]
        for index, entries in content["state"].items():
            tensors |= {f"optimiser/{name}/{index}/{key}": torch.as_tensor(value) for key, value in entries.items()}
    _check(tensors, state["step"], path)
    tensors["random/cpu"] = torch.get_rng_state()
    if device.type == "cuda":
        tensors["random/cuda"] = torch.cuda.get_rng_state(device)

    header = json.dumps({"schema": SCHEMA, **state, "groups": groups})
    plain = {
        name: value.detach().to("cpu").clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
    }
    _write(path, plain, header, f"{GO_ON}: {_kept(path)}")


def export(path: Path, model: Model, state: Mapping[str, Any], *, half: bool = False) -> None:
    """Write the weights that images are made by, for others to use; `state` is that of the model's checkpoint.

    `half` keeps matrices and kernels in 16 bits, which halves the file and moves images by rounding.
    """
    left_out = [name for name in model.training_only if getattr(model, name, None) is not None]
    weights = {
        name: value.half() if half and value.dim() > 1 and value.is_floating_point() else value
        for name, value in _weights(model).items()
        if name.removeprefix("model/").partition(".")[0] not in left_out
    }
    header = json.dumps({**state, "groups": {}, "left_out": left_out, "parameters": parameters_of(model, state)})
    _write(path, {name: value.detach().cpu().contiguous() for name, value in weights.items()}, header, "export again")


def parameters_of(model: Model, state: Mapping[str, Any]) -> int:
    """How many parameters were trained; an exported checkpoint counts those that it is without, too."""
    counted = state.get("parameters")
    return counted if type(counted) is int else sum(weight.numel() for weight in model.parameters())


def leave_out(model: Model, state: Mapping[str, Any], path: Path) -> None:
    """Take the networks out of a model that its exported checkpoint is without; ModelError for others."""
    names = state.get("left_out", [])
    if not isinstance(names, list) or not set(names) <= set(model.training_only):
        raise ModelError(f"{path} is without networks that images are made by ({names!r}); export it again")
    for name in names:
        setattr(model, name, None)


def _write(path: Path, tensors: Mapping[str, Tensor], header: str, remedy: str) -> None:
    with whole(path, remedy) as unfinished:
        try:
            save_file(dict(tensors), unfinished, metadata={"state": header})
        except SafetensorError as error:
            raise _as_os_error(error) from error


def _as_os_error(error: SafetensorError) -> OSError:
    """The OSError behind one of safetensors, which says its number in words only."""
    found = OS_ERROR.search(str(error))
    return OSError(int(found[1]), os.strerror(int(found[1]))) if found else OSError(str(error))


def not_finite(loss: str, value: float, step: int, path: Path) -> ModelError:
    """The error for a loss that is no number any more, in a training whose checkpoint is `path`."""
    return ModelError(f"the loss {loss!r} is {value} at step {step}; {_calmer(path)}")


def check_weights(model: Model, step: int, path: Path) -> None:
    """ModelError where a weight is no number any more, in a training whose checkpoint is `path`."""
    _check(_weights(model), step, path)


def _check(tensors: Mapping[str, Tensor], step: int, path: Path) -> None:
    if broken := _not_finite(tensors):
        raise ModelError(f"{broken} is not finite at step {step}; {_calmer(path)}")


def _weights(model: Model) -> dict[str, Tensor]:
    return {f"model/{name}": value for name, value in model.state_dict().items()}


def _not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor that holds NaN or infinity."""
    broken = (name for name, value in tensors.items() if value.is_floating_point() and not bool(value.isfinite().all()))
    return next(broken, None)


def _calmer(path: Path) -> str:
    return f"{_kept(path)}; try a lower learning rate (--set lr=...) or another --seed"


def _kept(path: Path) -> str:
    return "the previous checkpoint is kept" if path.exists() else "no checkpoint was written yet"


def read_state(path: Path) -> dict[str, Any]:
    """The JSON part of a checkpoint; ModelError where there is none, where it is cut, or from another schema."""
    if not path.is_file():
        raise ModelError(f"there is no checkpoint at {path}; give a run's folder or its {FILE_NAME}")
    try:
        with told("read", path, ModelError), open_regular(path):
            pass
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is cut or is not a checkpoint ({error}); copy it again or train again") from error
    if "state" not in header:
        raise ModelError(f"{path} holds weights that no training of this project wrote; give a run's folder")
    return state_of(header["state"], SCHEMA, path)


def restore_model(path: Path, model: Model) -> None:
    """Put a checkpoint's weights into a model of the same architecture; ModelError where they do not fit or one of
    them is not finite, which gives images as well as any other number would."""
    with safe_open(path, "pt") as file:
        weights = {name.removeprefix("model/"): file.get_tensor(name) for name in _under(file, "model/")}
    if broken := _not_finite(weights):
        raise ModelError(f"{path}: the weights {broken} hold NaN or infinity; use another checkpoint or train again")
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ModelError(f"{path} does not fit the network ({first}); train the model again") from error


def restore_training(path: Path, model: Model, state: Mapping[str, Any], device: torch.device) -> None:
    """Put a checkpoint's weights, optimisers and random generators back, to go on where it was written.

    ModelError where they do not fit.
    """
    restore_model(path, model)
    try:
        _restore_rest(path, model, state, device)
    except Exception as error:  # what torch trips over in tensors and groups that were changed
        raise ModelError(f"{path} does not fit the optimisers ({one_line(error)}); train the model again") from error


def _restore_rest(path: Path, model: Model, state: Mapping[str, Any], device: torch.device) -> None:
    with safe_open(path, "pt") as file:
        for name, optimiser in model.optimisers.items():
            entries: dict[int, dict[str, Tensor]] = {}
            for key in _under(file, f"optimiser/{name}/"):
                index, entry = key.split("/")[2:]
                entries.setdefault(int(index), {})[entry] = file.get_tensor(key)
            _restore_optimiser(optimiser, entries, state["groups"][name])
        torch.set_rng_state(file.get_tensor("random/cpu"))
        if device.type == "cuda" and "random/cuda" in file.keys():  # noqa: SIM118, the handle is no mapping
            torch.cuda.set_rng_state(file.get_tensor("random/cuda"), device)


def _restore_optimiser(
    optimiser: Optimizer, entries: dict[int, dict[str, Tensor]], groups: list[dict[str, Any]]
) -> None:
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    for index, entry in entries.items():  # moments in the memory layout of their weight, as they were created
        for key, value in entry.items():
            if value.shape == weights[index].shape:
                entry[key] = torch.empty_like(weights[index], dtype=value.dtype).copy_(value)
    optimiser.load_state_dict({"state": entries, "param_groups": groups})


def _under(file: Any, prefix: str) -> list[str]:
    return [key for key in file.keys() if key.startswith(prefix)]  # noqa: SIM118, the handle is no mapping
