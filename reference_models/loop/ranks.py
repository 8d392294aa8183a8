"""The processes that train one model together, as torchrun starts them, and what they tell each other.

The first one (rank 0) decides and writes; the others take part in its steps. PyTorch's gloo carries what lies on the
CPU, NCCL what lies on GPUs. When a process ends, its connections close, so that the others end too instead of waiting.
"""

import io
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import torch
from torch import Tensor, distributed

from genbench.signals import ending
from reference_models.errors import ModelError

APART = "the processes of this training do not find each other; end those that are left, and start all of them again"
PATIENCE = timedelta(minutes=30)  # for a process that answers nothing, which may draw pictures or read data


@dataclass(frozen=True)
class Ranks:
    """This process by number, of so many."""

    number: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        return self.number == 0

    @property
    def share(self) -> slice:
        """Its rows of what all have together. Each takes every `size`-th row: the halves of its share are then its
        shares of the halves, so that a model that cuts a batch, or puts two together, has the same rows in each."""
        return slice(self.number, None, self.size)

    def place(self, device: torch.device) -> torch.device:
        """Its own GPU where several processes use GPUs; ModelError where there are not enough."""
        if self.size == 1 or device.type != "cuda":
            return device
        local, here = (int(os.environ.get(name, "0")) for name in ("LOCAL_RANK", "LOCAL_WORLD_SIZE"))
        if here > torch.cuda.device_count():
            raise ModelError(
                f"{here} processes and GPUs: {torch.cuda.device_count()}; start as many processes as there are GPUs "
                "(torchrun --nproc-per-node), or give --device cpu"
            )
        return torch.device("cuda", local)


ALONE = Ranks()


def asked_ranks() -> Ranks:
    """What torchrun has said to this process (RANK and WORLD_SIZE); one of one where nothing was said."""
    number, size = (os.environ.get(name, "") for name in ("RANK", "WORLD_SIZE"))
    return Ranks(int(number), int(size)) if number.isdecimal() and size.isdecimal() else ALONE


def launcher() -> int | None:
    """The process that torchrun itself is, if it started this one; another number once it was killed, or None where
    nothing was started by it."""
    return os.getppid() if "TORCHELASTIC_RUN_ID" in os.environ else None


@contextmanager
def joined(ranks: Ranks) -> Iterator[None]:
    """The processes are connected; ModelError where they do not find each other."""
    if ranks.size == 1:
        yield
        return
    with _signals_end_it(), _told(APART):
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, rank=ranks.number, world_size=ranks.size, timeout=PATIENCE)
    try:
        yield
    finally:
        distributed.destroy_process_group()


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """While the others are waited for, torchrun ends this process at once: Python's handlers do not run meanwhile."""
    here = threading.current_thread() is threading.main_thread()
    previous = {one: signal.signal(one, signal.SIG_DFL) for one in ((signal.SIGINT, *ending()) if here else ())}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def summed(values: Tensor) -> Tensor:
    """The sum of these values over all processes, which takes their place."""
    with _told():
        distributed.all_reduce(values)
    return values


def from_first(value: bool, ranks: Ranks) -> bool:
    """What the first process says."""
    if ranks.size == 1:
        return value
    said = torch.tensor([value], dtype=torch.uint8)
    with _told():
        distributed.broadcast(said, 0)
    return bool(said)


def state_from_first(state: Any) -> Any:
    """A state of tensors, numbers and texts that the first process gives; on the CPU in the others."""
    packed = io.BytesIO()
    if state is not None:
        torch.save(state, packed)
    content = torch.frombuffer(bytearray(packed.getvalue() or b" "), dtype=torch.uint8)
    length = torch.tensor([len(content)])
    with _told():
        distributed.broadcast(length, 0)
        content = content if state is not None else torch.empty(int(length), dtype=torch.uint8)
        distributed.broadcast(content, 0)
    return torch.load(io.BytesIO(content.numpy().tobytes()), map_location="cpu", weights_only=True)


class SumOverRanks(torch.autograd.Function):
    """The sum over all processes; its gradient, of the sum of the losses of all, is such a sum as well."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return summed(values.clone(memory_format=torch.contiguous_format))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return cast(Tensor, SumOverRanks.apply(gradients[0]))


@contextmanager
def _told(
    what: str = "another process of this training has ended, or has answered nothing for 30 minutes; "
    "--resume goes on from the last checkpoint, where one was written",
) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ModelError(what) from error
