"""How a feature network is run: ONNX Runtime on the CPU, torch (channels_last) on a GPU; float32 on both.

In bfloat16, which has to be asked for, torch runs it on either (`_bfloat16`).

Measured with the FID Inception at 299 x 299, 11.4 GFLOP per image. On 2 cores with two AVX-512 units each: eager torch
9-11 images/s, torch with folded batch norm and channels_last 18-21, ONNX Runtime 30-33 at a relative error of 2e-7. On
one core of a Zen 4, in CPU time per image: 184, 121 and 104 ms; the last is 110 GFLOP/s, about what that core can do,
and 98 % of it are convolutions. Time does not depend on the batch size, memory does: 0.4 GB at 1 image, 0.8 at 16,
1.3 at 32.

The ONNX model is made once and kept in the cache folder under the sha256 of everything that it depends on; with it
there, torch is not imported at all.
"""

import hashlib
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genbench.errors import reason
from genbench.files import write_bytes
from genbench.places import cache_folder
from genbench.regular import open_regular
from genbench.shapes import Float32
from genbench.surroundings import torch_defaults
from genbench.threads import asked_threads
from metrics.errors import InputError

if TYPE_CHECKING:
    import torch

Network = Callable[[Float32[np.ndarray, "b c h w"]], dict[str, Float32[np.ndarray, "b _"]]]

VERSION = 1  # of the ONNX models: goes up when _graph.py writes another one for the same network
_LOWERED: ContextVar[list[str] | None] = ContextVar("lowered", default=None)
_ONE_EXPORT = threading.Lock()  # torch traces with global state: of two exports at once one fails


def compile_network(
    make: "Callable[[], torch.nn.Module]",
    key: str,
    input_shape: tuple[int, int, int],
    outputs: tuple[str, ...],
    device: str = "cpu",
) -> Network:
    """A function from float32 [b, c, h, w] to {output: float32 [b, d]} that runs a network as fast as the device can.

    `make()` returns the network with its weights: a module from images to {name: [b, d]}; it is not called where the
    compiled network is in the cache. `key` names everything that `make` depends on (the extractor, its version, the
    sha256 of its weights); `input_shape` is (c, h, w). `device` is `cpu`, `cuda` or `cuda:N`. Raises InputError for
    any other device and for a GPU that is not there.
    """
    if device == "cpu" and _LOWERED.get() is None:
        return _onnx_runtime(make, key, input_shape, outputs)
    return torch_network(make, outputs, device)


@contextmanager
def in_bfloat16(device: str) -> Iterator[list[str]]:
    """Networks that are compiled inside run in bfloat16; their outputs come into the list.

    InputError where the device has no instructions for it, which makes it slower than float32.
    """
    check_device(device)
    if not _has_bfloat16(device):
        what = "this processor has no bfloat16 (AVX512_BF16 or AMX)" if device == "cpu" else f"{device} has no bfloat16"
        raise InputError(f"{what}: it would be slower than float32; leave --precision bf16 out")
    run: list[str] = []
    token = _LOWERED.set(run)
    try:
        yield run
    finally:
        _LOWERED.reset(token)


def _has_bfloat16(device: str) -> bool:
    import torch

    if device != "cpu":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if not known:  # before torch 2.10
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def check_device(device: str) -> None:
    """InputError for anything but `cpu`, `cuda` and `cuda:N`, and for a GPU that is not there."""
    if device == "cpu":
        return
    if not re.fullmatch(r"cuda(:\d+)?", device):
        raise InputError(f"no device {device!r}; expected cpu, cuda or cuda:N")
    import torch

    if not torch.cuda.is_available():
        raise InputError(f"device {device!r} is not there: torch sees no CUDA GPU. Use --device cpu")


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ----- CPU


def _onnx_runtime(make: Callable[[], Any], key: str, input_shape: tuple[int, ...], outputs: tuple[str, ...]) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    options.intra_op_num_threads = asked_threads()  # 0: one for each core
    # A thread that spins between two batches takes a core from the decoding of images and from numpy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    name = hashlib.sha256(repr((VERSION, key, input_shape, outputs)).encode()).hexdigest()
    with _ONE_EXPORT:
        model = _kept_or_exported(make, name, input_shape, outputs)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(images: Float32[np.ndarray, "b c h w"]) -> dict[str, Float32[np.ndarray, "b _"]]:
        return dict(zip(outputs, session.run(list(outputs), {"images": images}), strict=True))

    return run


def _kept_or_exported(
    make: Callable[[], Any], name: str, input_shape: tuple[int, ...], outputs: tuple[str, ...]
) -> bytes:
    model = _read(cache_folder() / "engines", name)
    if model is None:
        from metrics.extractors import _graph

        with torch_defaults("cpu"):
            model = _graph.to_onnx(_graph.select(make(), outputs), input_shape, outputs)
        _write(cache_folder() / "engines", name, model)
    return model


def _read(folder: Path, name: str) -> bytes | None:
    """The kept model, or None; the file ends in its own sha256, so a truncated or foreign one is a miss."""
    try:
        with open_regular(folder / f"{name}.engine") as file:
            content = file.read()
    except OSError:
        return None
    model, digest = content[:-32], content[-32:]
    return model if hashlib.sha256(model).digest() == digest else None


def _write(folder: Path, name: str, model: bytes) -> None:
    try:
        write_bytes(folder / f"{name}.engine", model + hashlib.sha256(model).digest())
    except OSError as error:
        why = reason(error)
        warnings.warn(f"the compiled network cannot be kept in {folder} ({why}): each run compiles", stacklevel=2)


# ----- torch


def torch_network(make: Callable[[], Any], outputs: tuple[str, ...], device: str) -> Network:
    """The network run by torch, in float32 whatever the caller has set; InputError where the device is not there.

    On a CPU too for vision transformers, which are products of matrices and little else: DINOv2 ViT-B/14 takes 0.78 s
    of CPU per image so and 0.91 s with ONNX Runtime, whose model takes 22 s to make and as much room as the weights.
    """
    check_device(device)
    import torch

    from metrics.extractors import _bfloat16, _graph

    lowered = _LOWERED.get()
    if lowered is not None:
        lowered += outputs
    with torch_defaults(device):
        network = _graph.select(make(), outputs).to(device)
        for weight in network.parameters():  # not `network.to(memory_format=...)`, which buffers [a, b, c, d, e] break
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        if lowered is not None:
            _bfloat16.lower(network, device)

    kind = torch.device(device).type
    fast = partial(torch.autocast, kind, torch.bfloat16) if lowered is not None else nullcontext
    most = _bfloat16.BATCH if lowered is not None and kind == "cpu" else None

    def run(images: Float32[np.ndarray, "b c h w"]) -> dict[str, Float32[np.ndarray, "b _"]]:
        with torch_defaults(device), torch.inference_mode(), fast():
            parts = torch.from_numpy(images).split(most or len(images))
            found = [network(part.to(device, memory_format=torch.channels_last)) for part in parts]
            return {
                name: torch.cat(values).float().cpu().numpy()
                for name, values in zip(outputs, zip(*found, strict=True), strict=True)
            }

    return run
