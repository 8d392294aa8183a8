"""Images out of somebody's generator, an ONNX file or TorchScript, run in a process of its own within limits.

Row i of its input is row i of `reference_models.loop.Noise` for the protocol's sampling seed, so that an image
depends on (seed, i) only, as for the models of this project. The values that come out are turned into bytes by the rule
of their range:

| range     | rule                                                                    |
|-----------|-------------------------------------------------------------------------|
| -1..1     | floor(clip(127.5 x + 128, 0, 255)), as NVlabs stylegan3 and edm do it   |
| 0..1      | round(255 clip(x, 0, 1))                                                |
| 0..255    | round(clip(x, 0, 255)); bytes stay as they are                          |

An ONNX file is data: ONNX Runtime runs the operators that it knows and nothing else, and weights outside of the file
are refused. TorchScript can read and write files, so it needs `--trust-code`. Both run as `_isolation` says. Nothing of
what the process prints is kept but MOST_SAID bytes of messages. Windows knows no limit of memory.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from bench.measuring.evaluation import SAMPLING_SEED
from bench.storage.array_files import read_array
from bench.storage.reading import read_json
from bench.submissions._isolation import Isolation, isolated, isolation
from metrics.errors import InputError

NoiseKind = Literal["normal", "uniform-1..1", "uniform0..1"]
OutputRange = Literal["-1..1", "0..1", "0..255"]
NOISE_KINDS: tuple[NoiseKind, ...] = get_args(NoiseKind)
OUTPUT_RANGES: tuple[OutputRange, ...] = get_args(OutputRange)
PROCESS = Path(__file__).resolve().with_name("_generator_process.py")
BATCH = 64
TOLD = 3  # exit code of the process where it says itself what was wrong
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "LANG")
MOST_NOISE = 2**20  # numbers per image
MOST_SAID = 2**20  # bytes of messages


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


class Made(NamedTuple):
    """Images uint8 [count, c, h, w] of a generator, remarks about them, and how it was kept apart."""

    images: np.ndarray
    remarks: tuple[str, ...]
    isolation: Isolation


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
) -> Made:
    """The images of an ONNX or TorchScript generator.

    `image` is the shape that the track has: no file that the process writes may be larger than colour images of that
    size. Raises InputError where the file is no generator, takes or gives other shapes, gives values that are not
    finite, needs more time or memory than `limits`, floods its messages, or ends by itself.
    """
    with tempfile.TemporaryDirectory(prefix="bench-generator-") as name:
        folder = Path(name).resolve()
        np.save(folder / "noise.npy", _noise(spec, count))
        _, height, width = image
        most = 3 * count * height * width + 4096
        request = {
            "kind": kind,
            "model": str(path.resolve()),
            "output": spec.output,
            "batch": BATCH,
            "bytes": most,
            "memory": int(limits.gib * 2**30),
            "seconds": int(limits.minutes * 60) + 1,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        chosen = _run(folder, path, limits)
        images, remarks = _left(folder, path, count, most)
    return Made(images, remarks, chosen)


def _left(folder: Path, path: Path, count: int, most: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Images and remarks as the process left them: what ran in it may have written anything in their place."""
    try:
        images, said = read_array(folder / "images.npy", most=most), read_json(folder / "said.json", most=MOST_SAID)
    except InputError as error:
        raise InputError(f"{path} ended without images that can be read ({error}); export it again") from error
    fits = images.ndim == 4 and len(images) == count and images.dtype == np.uint8
    if not (fits and isinstance(said, list) and all(isinstance(one, str) for one in said)):
        raise InputError(f"{path} left something else than {count} images; export it again")
    return images, tuple(said)


def _noise(spec: GeneratorSpec, count: int) -> np.ndarray:
    """float32 [count, *shape]."""
    from reference_models.loop import Noise

    rows, dim = Noise(SAMPLING_SEED, 0, count), int(np.prod(spec.shape))
    if spec.noise == "normal":
        values = rows.normal(dim).numpy()
    else:
        values = rows.uniform(dim).numpy()
        values = 2 * values - 1 if spec.noise == "uniform-1..1" else values
    return np.ascontiguousarray(values.reshape(count, *spec.shape), np.float32)


def _run(folder: Path, path: Path, limits: Limits) -> Isolation:
    """Run the process to its end, as isolated as can be here; InputError where that is no good one."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder)}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}  # the limit on the size of its files would cut them in the middle
    command = [sys.executable, "-P", str(PROCESS), str(folder)]
    chosen, late = isolation(), threading.Event()
    process = subprocess.Popen(
        isolated(chosen, command, folder, (PROCESS, path.resolve())),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with _ended(process), _clock(process, limits.minutes * 60, late):
        assert process.stderr is not None
        said = process.stderr.read(MOST_SAID + 1)
        if len(said) <= MOST_SAID:
            process.wait()
    if late.is_set():
        raise InputError(
            f"{path} took longer than {limits.minutes:g} minutes; raise --generator-minutes or make it faster"
        )
    if len(said) > MOST_SAID:
        raise InputError(f"{path} writes more than {MOST_SAID:,} bytes of messages; export it without its prints")
    if process.returncode == 0:
        return chosen
    lines = said.decode("utf-8", "replace").strip().splitlines()
    if process.returncode == TOLD:
        raise InputError(f"{path} {lines[-1]}")
    raise InputError(f"{path} ended its process ({_reason(process.returncode, lines)}); no image of it was taken")


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens meanwhile, the process and all that it started are gone afterwards."""
    try:
        yield
    finally:
        _kill(process)
        process.wait()
        if process.stderr:
            process.stderr.close()


@contextlib.contextmanager
def _clock(process: subprocess.Popen[bytes], seconds: float, late: threading.Event) -> Iterator[None]:
    """Sets `late` and ends the process after so many seconds."""

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if not hasattr(os, "killpg"):
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # gone already; macOS says so of zombies
        os.killpg(process.pid, signal.SIGKILL)


def _reason(code: int, lines: list[str]) -> str:
    if code < 0 or code > 128:  # bubblewrap passes a signal on as 128 and its number
        return f"signal {-code if code < 0 else code - 128}, as where memory or time gives out"
    return lines[-1] if lines else f"exit code {code}"
