"""What the caller's process may have set, and what must neither matter here nor be changed: two context managers.

A feature, a sample and a score are functions of their inputs. In a notebook or a training loop they are computed under
whatever the caller has set: autocast, another default dtype or device, TF32, deterministic algorithms, gradients on or
off, numpy's error state. Both managers work as decorators too.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


@contextmanager
def numpy_defaults() -> Iterator[None]:
    """numpy's error state as it is when a process starts: an underflow is 0 and no FloatingPointError."""
    with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
        yield


@contextmanager
def torch_defaults(device: "str | torch.device", *, training: bool = False) -> Iterator[None]:
    """torch as it is when a process starts; settings and random generators are afterwards what they were before.

    `device` is where the network runs. Outside `training` there are no gradients, and float32 is exact on every device:
    TF32, which torch lets a GPU use in convolutions, moves features by 1e-3.
    """
    import torch

    place = torch.device(device)
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng([place] if place.type == "cuda" else []))
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
        stack.callback(_set_deterministic, *_deterministic())
        _set_deterministic(False, False)
        stack.callback(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision())
        settings = _settings(training)
        for owner, name, _ in reversed(settings):
            with suppress(RuntimeError):  # torch refuses to tell the old name of what was set by the new ones
                stack.callback(setattr, owner, name, getattr(owner, name))
        torch.set_float32_matmul_precision("highest")
        for owner, name, wanted in settings:
            setattr(owner, name, wanted)
        stack.enter_context(torch.device("cpu"))  # as the default of what is made without a device
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.set_grad_enabled(training))
        stack.enter_context(torch.autocast(place.type, enabled=False))
        yield


def _deterministic() -> tuple[bool, bool]:
    """Whether torch computes by deterministic algorithms only, and warns only where it has none."""
    import torch

    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_deterministic(wanted: bool, warn_only: bool) -> None:
    """Only where it differs: torch imports its compiler to set it, which takes 2 s."""
    import torch

    if _deterministic() != (wanted, warn_only):
        torch.use_deterministic_algorithms(wanted, warn_only=warn_only)


def _settings(tf32: bool) -> list[tuple[Any, str, Any]]:
    """Owner, name and wanted value of what decides how a network is computed."""
    from torch import backends

    settings = [(backends.cudnn, name, name == "enabled") for name in ("enabled", "benchmark", "deterministic")]
    settings.append((backends.cudnn, "allow_tf32", tf32))
    if not hasattr(backends, "fp32_precision"):  # before torch 2.9
        return [*settings, (backends.cuda.matmul, "allow_tf32", False)]
    # After the old names, which set some of these too; torch wants both to say the same.
    fast = "tf32" if tf32 else "ieee"
    exact = (backends.cuda.matmul, backends.mkldnn.conv, backends.mkldnn.matmul)
    return [
        *settings,
        *((owner, "fp32_precision", fast) for owner in (backends.cudnn.conv, backends.cudnn.rnn)),
        *((owner, "fp32_precision", "ieee") for owner in exact),
    ]
