"""Images out of somebody's generator, an ONNX file or TorchScript, run in a process of its own within limits.

Row i of its input is row i of `reference_models.training.Noise` for the protocol's sampling seed, so that an image
depends on (seed, i) only, as for the models of this project. The values that come out are turned into bytes by the rule
of their range:

| range     | rule                                                                    |
|-----------|-------------------------------------------------------------------------|
| -1..1     | floor(clip(127.5 x + 128, 0, 255)), as NVlabs stylegan3 and edm do it   |
| 0..1      | round(255 clip(x, 0, 1))                                                |
| 0..255    | round(clip(x, 0, 255)); bytes stay as they are                          |

An ONNX file is data: ONNX Runtime runs the operators that it knows and nothing else, and weights outside of the file
are refused. TorchScript can read and write files, so it needs `--trust-code`. Windows knows no limit of memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from bench.evaluation import SAMPLING_SEED
from metrics._errors import InputError

NoiseKind = Literal["normal", "uniform-1..1", "uniform0..1"]
OutputRange = Literal["-1..1", "0..1", "0..255"]
NOISE_KINDS: tuple[NoiseKind, ...] = get_args(NoiseKind)
OUTPUT_RANGES: tuple[OutputRange, ...] = get_args(OutputRange)
PROCESS = Path(__file__).with_name("_generator_process.py")
BATCH = 64
TOLD = 3  # exit code of the process where it says itself what was wrong
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "LANG")
MOST_NOISE = 2**20  # numbers per image


@dataclass(frozen=True)
class GeneratorSpec:
    """What a generator is given and what it gives: the shape of one row of noise, its distribution, the range."""

    shape: tuple[int, ...]
    noise: NoiseKind = "normal"
    output: OutputRange = "-1..1"

    def as_settings(self) -> dict[str, Any]:
        """What an entry says about it."""
        return {"noise_dim": "x".join(map(str, self.shape)), "noise": self.noise, "output_range": self.output}

    @classmethod
    def of_settings(cls, settings: dict[str, Any]) -> "GeneratorSpec":
        """From what an entry says; InputError where that is no specification."""
        noise, output = settings.get("noise"), settings.get("output_range")
        if noise not in NOISE_KINDS or output not in OUTPUT_RANGES:
            raise InputError(f"the entry has no noise and output range of a generator: {noise!r}, {output!r}")
        return cls(parse_shape(str(settings.get("noise_dim"))), noise, output)


@dataclass(frozen=True)
class Limits:
    """Of the process: minutes of time, and GiB of memory (address space, which is more than it uses)."""

    minutes: float = 30.0
    gib: float = 12.0


def parse_shape(text: str) -> tuple[int, ...]:
    """`100` or `100x1x1` as the shape of one row of noise; InputError for anything else."""
    parts = text.lower().split("x")
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise InputError(f"--noise-dim {text!r}; expected a length such as 100, or a shape such as 100x1x1")
    shape = tuple(map(int, parts))
    if int(np.prod(shape, dtype=object)) > MOST_NOISE:
        raise InputError(f"--noise-dim {text} is more than {MOST_NOISE:,} numbers for one image; expected fewer")
    return shape


def sample_generator(
    kind: str, path: Path, spec: GeneratorSpec, count: int, image: tuple[int, int, int], limits: Limits
) -> tuple[np.ndarray, tuple[str, ...]]:
    """uint8 [count, c, h, w] of an ONNX or TorchScript generator, and remarks.

    `image` is the shape that the track has: the process may write no more than colour images of that size take.
    Raises InputError where the file is no generator, takes or gives other shapes, gives values that are not finite,
    needs more time or memory than `limits`, or ends by itself.
    """
    with tempfile.TemporaryDirectory(prefix="bench-generator-") as name:
        folder = Path(name)
        np.save(folder / "noise.npy", _noise(spec, count))
        _, height, width = image
        request = {
            "kind": kind,
            "model": str(path.resolve()),
            "output": spec.output,
            "batch": BATCH,
            "bytes": 3 * count * height * width + 4096,
            "memory": int(limits.gib * 2**30),
            "seconds": int(limits.minutes * 60) + 1,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        _run(folder, path, limits)
        images = np.load(folder / "images.npy", allow_pickle=False)
        said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return images, tuple(said)


def _noise(spec: GeneratorSpec, count: int) -> np.ndarray:
    """float32 [count, *shape]."""
    from reference_models.training import Noise

    rows, dim = Noise(SAMPLING_SEED, 0, count), int(np.prod(spec.shape))
    if spec.noise == "normal":
        values = rows.normal(dim).numpy()
    else:
        values = rows.uniform(dim).numpy()
        values = 2 * values - 1 if spec.noise == "uniform-1..1" else values
    return np.ascontiguousarray(values.reshape(count, *spec.shape), np.float32)


def _run(folder: Path, path: Path, limits: Limits) -> None:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder)}
    command = [sys.executable, "-P", str(PROCESS), str(folder)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limits.minutes * 60,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{path} took longer than {limits.minutes:g} minutes; raise --generator-minutes or make it faster"
        ) from error
    if done.returncode == 0:
        return
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode == TOLD:
        raise InputError(f"{path} {lines[-1]}")
    raise InputError(f"{path} ended its process ({_reason(done.returncode, lines)}); no image of it was taken")


def _reason(code: int, lines: list[str]) -> str:
    if code < 0:
        return f"signal {-code}, as where memory or time gives out"
    return lines[-1] if lines else f"exit code {code}"
