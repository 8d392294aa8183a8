"""The process that runs somebody's generator: noise.npy and request.json in, images.npy and said.json out.

It limits itself before it reads a byte of the generator, and knows nothing of the rest of this package. What is wrong
with the generator is one line on stderr and exit code 3.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

TOLD = 3
MOST_LETTERS = 300
Network = Callable[[np.ndarray], np.ndarray]


class _Told(Exception):
    """What is wrong with the generator, as the rest of a sentence that begins with its name."""


def main(folder: Path) -> None:
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    _limit(request)
    try:
        images, said = _sample(request, np.load(folder / "noise.npy"))
    except _Told as error:
        sys.stderr.write(f"\n{' '.join(str(error).split())}\n")
        sys.exit(TOLD)
    np.save(folder / "images.npy", images)
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


def _limit(request: dict[str, Any]) -> None:
    try:
        import resource
    except ImportError:  # Windows has none of these limits
        return
    limits = (
        (resource.RLIMIT_AS, request["memory"]),
        (resource.RLIMIT_CPU, request["seconds"] * 64),  # of all its threads; the clock is watched from outside
        (resource.RLIMIT_FSIZE, request["bytes"]),
        (resource.RLIMIT_CORE, 0),
    )
    for which, most in limits:
        _, hard = resource.getrlimit(which)
        resource.setrlimit(which, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _sample(request: dict[str, Any], noise: np.ndarray) -> tuple[np.ndarray, list[str]]:
    try:
        network = {"onnx": _onnx, "torchscript": _torchscript}[request["kind"]](Path(request["model"]))
        step = request["batch"]
        parts = [network(noise[start : start + step]) for start in range(0, len(noise), step)]
    except _Told:
        raise
    except Exception as error:
        last = (" ".join(str(error).split()) or type(error).__name__)[
            -MOST_LETTERS:
        ]  # TorchScript tells its code first
        if isinstance(error, MemoryError) or "allocate" in last:
            raise _Told(f"needs more memory than it is given, see --generator-memory ({last})") from error
        raise _Told(f"cannot be run on noise of shape {list(noise.shape[1:])}: {last}") from error
    values = _channels_first(np.concatenate(parts), len(noise))
    return _to_bytes(values, request["output"])


def _onnx(path: Path) -> Network:
    import onnxruntime

    model = _model(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1:
        raise _Told(f"takes {len(inputs)} inputs ({', '.join(one.name for one in inputs)}); expected noise alone")
    fixed = inputs[0].shape[0] if inputs[0].shape and isinstance(inputs[0].shape[0], int) else 0

    def run(noise: np.ndarray) -> np.ndarray:
        if not fixed:
            return np.asarray(session.run([outputs[0].name], {inputs[0].name: noise})[0])
        filled = np.concatenate([noise, np.zeros((-len(noise) % fixed, *noise.shape[1:]), noise.dtype)])
        parts = [
            session.run([outputs[0].name], {inputs[0].name: filled[start : start + fixed]})[0]
            for start in range(0, len(filled), fixed)
        ]
        return np.concatenate(parts)[: len(noise)]

    return run


def _model(path: Path) -> bytes:
    """The model as it was looked at: the sha256 of the file is that of all of it, no tensor lies anywhere else."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.ModelProto.FromString(path.read_bytes())
    except DecodeError as error:
        raise _Told(f"is not an ONNX model, or damaged ({error}); export it again") from error
    if not model.HasField("graph"):
        raise _Told("is not an ONNX model: it has no graph; export it again")
    model.DiscardUnknownFields()  # what nobody looked at is not run
    for part in _parts(model):
        if isinstance(part, onnx.TensorProto) and (part.data_location == part.EXTERNAL or part.external_data):
            raise _Told(f"keeps its tensor {part.name!r} in another file; save the model with all weights inside")
    return bytes(model.SerializeToString())


def _parts(message: Any) -> Iterator[Any]:
    """A message and all those inside it, whatever they are for: graphs, functions, attributes, sparse tensors."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in [value] if hasattr(value, "ListFields") else value:
                yield from _parts(one)


def _torchscript(path: Path) -> Network:
    import torch

    network = torch.jit.load(str(path), map_location="cpu").eval()

    def run(noise: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            made = network(torch.from_numpy(noise))
        if not isinstance(made, torch.Tensor):
            raise _Told(f"gives a {type(made).__name__}; expected one tensor of images")
        return made.numpy()

    return run


def _channels_first(values: np.ndarray, count: int) -> np.ndarray:
    if values.ndim == 4 and values.shape[1] not in (1, 3) and values.shape[3] in (1, 3):
        values = values.transpose(0, 3, 1, 2)
    if values.ndim != 4 or len(values) != count or values.shape[1] not in (1, 3):
        raise _Told(f"gives {list(values.shape)} for {count} rows of noise; expected [{count}, 1 or 3, h, w]")
    return np.ascontiguousarray(values)


def _to_bytes(values: np.ndarray, output: str) -> tuple[np.ndarray, list[str]]:
    """uint8 [n, c, h, w], and what belongs beside them."""
    if values.dtype == np.uint8:
        return values, []
    values = values.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2, 3)))
    if len(bad):
        raise _Told(f"gives values that are not finite, first for noise row {bad[0]}; look at its weights")
    low, high = (float(end) for end in output.split(".."))
    outside = float(((values < low) | (values > high)).mean())
    if output == "-1..1":
        images = np.floor((values * 127.5 + 128).clip(0, 255))
    else:
        images = np.rint((values.clip(low, high)) * (255 / high))
    said = [f"{outside:.2%} of the generator's values lay outside of {output} and were clipped"] if outside else []
    return images.astype(np.uint8), said


if __name__ == "__main__":
    main(Path(sys.argv[1]))
