"""Everything that runs otherwise on a GPU, tried once in less than eight minutes, with a report.

    python scripts/gpu_check.py -o gpu-check                # needs a CUDA GPU
    python scripts/gpu_check.py -o gpu-check --device cpu   # tries the script itself

It writes report.md and report.json, which name the card, and ends with exit code 1 where a check failed:

- features of three networks, float32 against the CPU and bfloat16 against float32, with images per second;
- KID, PRDC and nearest neighbours, whose products the GPU makes: the same numbers as on the CPU;
- training of four models in float32 and in bfloat16: the losses of the first steps beside those on the CPU;
- training with torch.compile, and as `torchrun` with one process starts it.

Images are decoded by the CPU on every device, so there is no other way of decoding to check. The weights of Inception
are random. Nothing is downloaded. What does not fit into the time is left out and listed as such.
"""

import argparse
import json
import math
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

import bench
from bench import registry, weights
from bench.measuring.products import by_torch
from bench.storage.files import write_text
from genbench.errors import one_line
from metrics import kid, memorisation, prdc
from metrics.errors import InputError

TESTS = Path(__file__).parent.parent / "tests"
SECONDS = 450.0
NETWORKS = ("inception", "efficientnet-lite0", "digits-cnn")
MODELS = {"vae": "digits", "dcgan": "digits", "pix2pix": "edges2shapes", "cyclegan": "edges2shapes"}
STEPS = 3
FLOAT32, BF16, LOSS, LOSS_BF16 = 1e-4, 0.1, 0.01, 0.2  # how far apart, relative


@dataclass(frozen=True)
class Check:
    """What was tried, whether it is as it should be (None: it could not be tried), the figures, and the time."""

    name: str
    ok: bool | None
    said: str
    seconds: float = 0.0


Task = Callable[[], tuple[bool, str]]


def tasks(device: str, folder: Path) -> Iterator[tuple[str, Task]]:
    """All checks by name; the short ones first."""
    many = 64 if device == "cpu" else 512
    path = folder / "inception.pth"
    for name in NETWORKS:
        yield f"features of {name}, float32", partial(_features, name, device, path, many)
    for name in NETWORKS:
        yield f"features of {name}, bfloat16", partial(_lowered, name, device, path, many)
    rows = 2_500 if device == "cpu" else 20_000
    yield f"KID, PRDC and neighbours of {rows:,} images", partial(_products, device, rows)
    for model in MODELS:
        yield f"training of {model}, float32", partial(_training, model, device, folder, "float32")
        yield f"training of {model}, bfloat16", partial(_training, model, device, folder, "bf16")
    yield "training as torchrun starts it", partial(_torchrun, device, folder)
    yield "training with torch.compile", partial(_compiled, device, folder)


# ----- checks


def _features(name: str, device: str, path: Path, many: int) -> tuple[bool, str]:
    images = _images(16)
    expected, found = (_extract(name, place, path)(images) for place in ("cpu", device))
    apart = _apart(found, expected)
    return apart < FLOAT32, f"{apart:.1e} from the CPU; {_speed(_extract(name, device, path), many)}"


def _lowered(name: str, device: str, path: Path, many: int) -> tuple[bool, str]:
    images = _images(16)
    expected, low = _extract(name, device, path)(images), _extract(f"{name}@bf16", device, path)
    apart = _apart(low(images), expected)
    return apart < BF16, f"{apart:.1e} from float32; {_speed(low, many)}"


def _products(device: str, rows: int) -> tuple[bool, str]:
    draw = np.random.default_rng(0)
    real, generated = (np.maximum(draw.normal(size=(rows, 256)), 0).astype(np.float32) for _ in range(2))
    few = slice(0, 2_000)
    same, moved, said = True, 0.0, []
    for name, compute, given in (
        ("PRDC", prdc.compute, (real, generated)),
        ("neighbours", memorisation.compute, (real, generated[few], real[few] + np.float32(0.1))),
        ("KID", kid.compute, (real, generated)),
    ):
        began = time.perf_counter()
        expected = compute(*given)
        between = time.perf_counter()
        with by_torch(device):
            found = compute(*given)
        said.append(f"{name} {between - began:.2f} s, here {time.perf_counter() - between:.2f} s")
        if name == "KID":
            moved = abs(found["kid"] - expected["kid"]) / expected["kid_sd"]
        else:
            same = same and found == expected
    equal = "equal" if same else "NOT equal"
    return same and moved < 1e-3, f"PRDC and neighbours {equal}, KID off by {moved:.1e} of its sd; {'; '.join(said)}"


def _training(model: str, device: str, folder: Path, precision: str) -> tuple[bool, str]:
    with _noise_of_the_cpu():
        expected = _losses(model, "cpu", folder, "float32")
        began = time.perf_counter()
        found = _losses(model, device, folder, precision)
    apart = max(abs(found[name] - value) / max(abs(value), 1.0) for name, value in expected.items())
    most = LOSS if precision == "float32" else LOSS_BF16
    finite = all(map(math.isfinite, found.values()))
    return finite and apart < most, (
        f"after {STEPS} steps the losses are {apart:.1e} from the CPU's in float32; {time.perf_counter() - began:.1f} s"
    )


def _compiled(device: str, folder: Path) -> tuple[bool, str]:
    plain, compiled = (_losses("dcgan", device, folder, "float32", compiled=one) for one in (False, True))
    apart = max(abs(compiled[name] - value) / max(abs(value), 1.0) for name, value in plain.items())
    return apart < LOSS, f"after {STEPS} steps the losses are {apart:.1e} from those without"


def _torchrun(device: str, folder: Path) -> tuple[bool, str]:
    words = ["torch.distributed.run", "--standalone", "--nproc-per-node", "1", "-m", "bench", "train", "--json"]
    words += ["--model", "dcgan", "--dataset", "digits", "--recipe", "tiny", "--steps", str(STEPS), "--device", device]
    command = [sys.executable, "-m", *words, "--force", "--workdir", str(folder / "torchrun")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        return False, f"exit code {done.returncode}: {one_line(done.stderr[-500:])}"
    expected, found = _losses("dcgan", device, folder, "float32"), json.loads(done.stdout)["losses"]
    return found == expected, f"the losses are {'' if found == expected else 'NOT '}those of a plain process"


# ----- what they share


def _images(count: int) -> np.ndarray:
    from _random_weights import random_images

    return random_images(0, count, 64, 64)


def _extract(name: str, device: str, path: Path) -> Callable[[np.ndarray], np.ndarray]:
    plugin = registry.load("extractors", name)
    place = path if plugin.weights else weights.ready(plugin, None, True).path
    run = plugin.build(place, plugin.resize[0], device, (plugin.pool,))
    return lambda images: np.asarray(run(images)[plugin.pool], np.float64)


def _speed(extract: Callable[[np.ndarray], np.ndarray], many: int) -> str:
    images = np.tile(_images(32), (many // 32, 1, 1, 1))
    extract(images[:32])
    began = time.perf_counter()
    for start in range(0, many, 32):
        extract(images[start : start + 32])
    return f"{many / (time.perf_counter() - began):.0f} images/s"


def _apart(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@contextmanager
def _noise_of_the_cpu() -> Iterator[None]:
    """Inside, noise and dropout are drawn on the CPU: a GPU draws other numbers from the same seed."""
    normal, uniform = torch.randn, torch.rand

    def moved(draw: Callable[..., Any], *size: Any, device: Any = None, **how: Any) -> Any:
        return draw(*size, **how).to(device)

    def dropout(x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        return x * (uniform(x.shape) >= p).to(x) / (1 - p) if training else x

    with (
        patch.object(torch, "randn", partial(moved, normal)),
        patch.object(torch, "rand", partial(moved, uniform)),
        patch.object(torch, "randn_like", lambda x: normal(x.shape).to(x)),
        patch.object(torch.nn.functional, "dropout", dropout),
    ):
        yield


def _losses(model: str, device: str, folder: Path, precision: str, *, compiled: bool = False) -> dict[str, float]:
    how: dict[str, Any] = {"recipe": "tiny", "steps": STEPS, "precision": precision, "compile": compiled}
    done = bench.train(model, MODELS[model], device=device, workdir=folder / "plain", force=True, **how).done
    return {name: float(value) for name, value in done.losses.items()}


# ----- the report


def card(device: str) -> str:
    """The name of what this ran on."""
    if device == "cpu":
        return f"CPU ({platform.processor() or platform.machine()}): the script was tried, no GPU was checked"
    about = torch.cuda.get_device_properties(device)
    return f"{about.name}, {about.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"


def tried(name: str, task: Task, left: float) -> Check:
    """One check; what it raises is a failure, and what is refused or does not fit into the time is no failure."""
    if left <= 0:
        return Check(name, None, "left out: no time was left")
    began = time.perf_counter()
    try:
        ok, said = task()
    except InputError as error:
        return Check(name, None, str(error), time.perf_counter() - began)
    except Exception as error:  # noqa: BLE001  a report says of everything else how it went
        return Check(name, False, f"{type(error).__name__}: {one_line(error)}", time.perf_counter() - began)
    return Check(name, bool(ok), said, time.perf_counter() - began)


def markdown(about: str, checks: list[Check]) -> str:
    """The report as a table."""
    words = {True: "ok", False: "FAILED", None: "not tried"}
    rows = [f"| {one.name} | {words[one.ok]} | {one.said} | {one.seconds:.0f} s |" for one in checks]
    head = f"# {about}\n\ntorch {torch.__version__}, Python {platform.python_version()}\n"
    return "\n".join([head, "| check | | figures | time |", "|---|---|---|---|", *rows, ""])


def main() -> int:
    """Runs all checks, writes the report; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the report")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    asked = parser.parse_args()
    if asked.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch sees no CUDA GPU here; --device cpu tries the script itself")
    sys.path.insert(0, str(TESTS))
    from _random_weights import write_torch_fidelity

    end, about, checks = time.perf_counter() + SECONDS, card(asked.device), []
    with tempfile.TemporaryDirectory() as made:
        write_torch_fidelity(Path(made) / "inception.pth")
        for name, task in tasks(asked.device, Path(made)):
            checks.append(tried(name, task, end - time.perf_counter()))
            print({True: "ok", False: "FAILED", None: "-"}[checks[-1].ok], name, checks[-1].said, sep="  ", flush=True)
    asked.output.mkdir(parents=True, exist_ok=True)
    write_text(asked.output / "report.md", markdown(about, checks))
    report = {"device": about, "torch": torch.__version__, "checks": [asdict(one) for one in checks]}
    write_text(asked.output / "report.json", json.dumps(report, indent=1) + "\n")
    return int(any(one.ok is False for one in checks))


if __name__ == "__main__":
    sys.exit(main())
