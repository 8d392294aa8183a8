"""Reading weight files without running what is in them: safetensors, or torch files of plain tensors."""

import pickle
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from metrics.errors import InputError
from metrics.extractors.foreign import TORCH, content_kind, file_kind, layout_of, wrapper_of

REMEDY = "expected a state dict of tensors (.pth or .safetensors); fetch the published file again"
COUNTER = ".num_batches_tracked"  # of batch norm: plays no part in evaluation, and some public files lack it


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a state dict by name. Raises InputError for anything but a file of plain, finite tensors."""
    if not path.is_file():
        raise InputError(f"no weights file {str(path)!r}; expected a .pth or .safetensors file")
    if (kind := file_kind(path)) not in ("", TORCH):
        raise InputError(f"weights file {path.name} is {kind}; {REMEDY}")
    try:
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"weights file {path.name} is a pickle with code in it, as torch.save(model) writes, or damaged; {REMEDY}"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # whatever torch trips over in a damaged file
        raise InputError(f"weights file {path.name} is damaged, or no weights file; {REMEDY}") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        found = content_kind(state) or "something else than named tensors"
        raise InputError(f"weights file {path.name} holds {found}; {REMEDY}")
    if wrapper := wrapper_of(state):
        raise InputError(f"weights file {path.name} was saved from {wrapper}")
    for key, value in state.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise InputError(f"weights file {path.name}: {key!r} holds NaN or infinity; {REMEDY}")
    return state


State = dict[str, torch.Tensor]


def load_network(
    make: Callable[[], nn.Module], path: Path, translate: Callable[[State], State] = lambda state: state
) -> nn.Module:
    """`make()` in evaluation mode and float32 with the weights of a file, whose names `translate` turns into its own.

    Raises InputError naming the first key that is missing, of another shape, or not a part of the network.
    """
    state = {key: _plain(value) for key, value in translate(read_state(path)).items() if not key.endswith(COUNTER)}
    network = planned(make)
    for key, expected in network.state_dict().items():
        if key.endswith(COUNTER):
            state[key] = torch.zeros((), dtype=torch.int64)
        elif key not in state:
            raise InputError(f"weights file {path.name} lacks the key {key!r}; {_another(state)}")
        elif state[key].shape != expected.shape:
            found, wanted = tuple(state[key].shape), tuple(expected.shape)
            raise InputError(
                f"weights file {path.name}: key {key!r} has shape {found}, expected {wanted}; {_another(state)}"
            )
    unknown = sorted(set(state) - set(network.state_dict()))
    if unknown:
        raise InputError(f"weights file {path.name} has the unknown key {unknown[0]!r}; {_another(state)}")
    network.load_state_dict(state, assign=True)
    return network.eval()


def planned(make: Callable[[], nn.Module]) -> nn.Module:
    """`make()` without numbers, so that nothing is initialised only to be replaced; with them where it needs them to be
    made, or has some that no file holds."""
    try:
        with torch.device("meta"):
            network = make()
    except NotImplementedError:
        return make()
    held = network.state_dict()
    return make() if any(one.is_meta and name not in held for name, one in network.named_buffers()) else network


def _plain(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value


def _another(state: Iterable[str]) -> str:
    return f"it belongs to another network{', ' + layout if (layout := layout_of(state)) else ''}"
