"""On which device a network runs: "auto" is a GPU where there is one."""

import os
from pathlib import Path

from bench.settings.shared import DEVICES
from metrics.errors import InputError


def placed(asked: str) -> str:
    """The device of a word of `DEVICES`; InputError for another word, and for a GPU that is not there.

    Of several processes that torchrun has started, each has a GPU of its own.
    """
    if asked not in DEVICES:
        raise InputError(f"no device {asked!r}; there are: {', '.join(DEVICES)}")
    if asked == "cpu" or (asked == "auto" and not _nvidia_driver()):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        rank = os.environ.get("LOCAL_RANK", "")
        return f"cuda:{int(rank) % torch.cuda.device_count()}" if rank.isdecimal() else "cuda"
    if asked == "cuda":
        raise InputError("no CUDA device here; use --device cpu or auto")
    return "cpu"


def _nvidia_driver() -> bool:
    """Asking torch costs seconds; without the driver there is nothing to ask."""
    return Path("/dev/nvidiactl").exists() or (os.name == "nt" and Path("C:/Windows/System32/nvcuda.dll").exists())
