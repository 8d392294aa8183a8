"""Where a number was made: versions, hardware, the commit of the code. Never a host, a user or a path."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bench import __version__
from bench.registry import ROOT
from bench.storage.records import Environment

PACKAGES = ("torch", "numpy", "scipy", "onnxruntime", "scikit-learn", "pillow")
TIME = "%Y-%m-%dT%H:%M:%SZ"
TIME_LENGTH = len("2026-01-31T12:00:00Z")
CODE = ("bench", "genbench", "metrics", "reference_models")


def environment(device: str, plug_in: str = "") -> Environment:
    """This machine and its versions; the GPU's name where `device` is one. `plug_in` is another package, `acme 1.0`,
    that took part."""
    name, _, version = plug_in.rpartition(" ")
    other = {name: version} if name else {}
    return Environment(
        bench=__version__,
        python=platform.python_version(),
        packages={name: importlib.metadata.version(name) for name in PACKAGES} | other,
        system=platform.system(),
        machine=platform.machine(),
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        gpu=_gpu(device),
        commit=commit(),
    )


def commit() -> str:
    """The git commit of the code, with "+changes" where files differ from it; "" outside a checkout or without git."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return ""
    head = _git("rev-parse", "HEAD")
    return f"{head}+changes" if head and _git("status", "--porcelain", "--", *CODE) else head


def now_utc() -> str:
    """The time as `2026-01-31T12:00:00Z`."""
    return datetime.now(UTC).strftime(TIME)


def time_of(text: str) -> datetime | None:
    """A time as `now_utc` writes it; None where it is none."""
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC) if len(text) == TIME_LENGTH else None
    except ValueError:
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    """The processor's name: Linux tells it in a file only."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu(device: str) -> str:
    if not device.startswith("cuda"):
        return ""
    import torch

    return str(torch.cuda.get_device_name(device))
