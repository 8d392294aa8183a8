"""Downloads that torchvision already knows: the mirrors, the md5 of every file, the unpacking."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.storage.download import is_offline
from metrics.errors import InputError


def fetch_with_torchvision(data_set: str, root: Path, download: Callable[[Any], object], by_hand: str) -> None:
    """Runs `download(torchvision.datasets)`; a failure becomes one InputError that says how to place the files by hand.

    torchvision checks the md5 of what it gets and prints its own progress bar on stderr.
    """
    if is_offline():
        raise InputError(f"{data_set}: BENCH_OFFLINE is set and forbids the download; {by_hand}")
    from torchvision import datasets

    root.mkdir(parents=True, exist_ok=True)
    try:
        download(datasets)
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{data_set}: the download failed ({reason}); run the command again, or {by_hand}") from error
