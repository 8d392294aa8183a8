"""Curves and pictures for a viewer that follows trainings: TensorBoard, or Weights & Biases.

Both write below the folder of the run and send nothing anywhere. Weights & Biases works offline unless the environment
variable WANDB_MODE says otherwise; `wandb sync` sends later what lies there.
"""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

import numpy as np

from reference_models.errors import ModelError

Log = Literal["tensorboard", "wandb"]


class Writer(Protocol):
    """What a training tells its viewer."""

    def scalar(self, name: str, value: float, step: int) -> None: ...

    def image(self, name: str, picture: np.ndarray, step: int) -> None:
        """A uint8 picture [H, W, 3]."""


@contextmanager
def logger(log: Log | None, folder: Path, step: int) -> Iterator[Writer | None]:
    """The writer that was asked for, closed at the end however that comes; None where none is. It goes on after `step`.

    ModelError where its package is not installed.
    """
    if log is None:
        yield None
        return
    with _OPENED[log](folder, step) as writer:
        yield writer


class _TensorBoard:
    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def scalar(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)

    def image(self, name: str, picture: np.ndarray, step: int) -> None:
        self._writer.add_image(name, picture, step, dataformats="HWC")


@contextmanager
def _tensorboard(folder: Path, step: int) -> Iterator[Writer]:
    module = _module("torch.utils.tensorboard", "tensorboard")
    with module.SummaryWriter(folder / "tensorboard", purge_step=step + 1) as writer:
        yield _TensorBoard(writer)


class _Wandb:
    """Its own steps only ever grow, and losses come later than pictures do: each value is logged with its own step."""

    def __init__(self, module: ModuleType, run: Any) -> None:
        self._module, self._run = module, run
        run.define_metric("*", step_metric="step")

    def scalar(self, name: str, value: float, step: int) -> None:
        self._run.log({name: value, "step": step})

    def image(self, name: str, picture: np.ndarray, step: int) -> None:
        self._run.log({name: self._module.Image(picture), "step": step})


@contextmanager
def _wandb(folder: Path, step: int) -> Iterator[Writer]:
    module = _module("wandb", "wandb")
    quiet = module.Settings(silent=True, console="off")
    mode = os.environ.get("WANDB_MODE", "offline")
    # A resumed training is another run of the same group, whose steps go on.
    about = {"project": "genbench", "name": folder.name, "group": folder.name, "config": {"resumed_at": step}}
    with module.init(dir=folder, mode=mode, settings=quiet, **about) as run:
        yield _Wandb(module, run)


def _module(name: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ModelError(f"--log {package} needs {package}; pip install {package}") from error


_OPENED: dict[str, Callable[[Path, int], AbstractContextManager[Writer]]] = {
    "tensorboard": _tensorboard,
    "wandb": _wandb,
}
