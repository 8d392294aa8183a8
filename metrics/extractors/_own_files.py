"""Networks in files: ONNX models, which are data, and TorchScript, which is code of its author."""

import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from genbench.errors import one_line
from genbench.names import did_you_mean
from genbench.surroundings import torch_defaults
from metrics.errors import InputError
from metrics.extractors._engine import check_device
from metrics.extractors.own_networks import OUTPUT, SIZE, Outputs, Run

MOST_LETTERS = 300


def onnx(name: str, content: bytes, output: str) -> tuple[Callable[[str], Run], int]:
    """How a model runs on a device, and the size of its images; InputError where it is none from images to features."""
    session = _session(name, content)
    inputs, outputs = session.get_inputs(), [one.name for one in session.get_outputs()]
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        found = "; ".join(f"{one.name}: {one.type} {one.shape}" for one in inputs) or "none"
        raise InputError(f"{name} has the inputs {found}; expected one, float32 images [b, 3, h, w]")
    if output and output not in outputs:
        raise InputError(f"{name} has no output {output!r}. {did_you_mean(output, outputs)}")
    if len(outputs) != 1 and not output:
        raise InputError(f"{name} has the outputs {', '.join(outputs)}; name one, as in onnx:FILE{OUTPUT}{outputs[0]}")
    fixed, _, *sides = (side if isinstance(side, int) else 0 for side in inputs[0].shape)
    if sides[0] != sides[1]:
        raise InputError(f"{name} takes images of {sides[0]} x {sides[1]} pixels; expected as many rows as columns")

    def run(images: np.ndarray) -> Outputs:
        step = fixed or len(images)
        filled = np.concatenate([images, np.zeros((-len(images) % step, *images.shape[1:]), np.float32)])
        with _trouble(name, images):
            parts = [
                session.run([output or outputs[0]], {inputs[0].name: filled[start : start + step]})[0]
                for start in range(0, len(filled), step)
            ]
        return {"pool": np.concatenate(parts)[: len(images)]}

    return lambda device: run, sides[0] or SIZE


def torchscript(name: str, content: bytes) -> Callable[[str], Run]:
    """How a program runs on a device. Its author's code runs from here on."""
    import torch

    def runs_on(device: str) -> Run:
        check_device(device)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # newer versions of torch discourage such files
                network = torch.jit.load(io.BytesIO(content), map_location=device).eval()
        except Exception as error:
            raise InputError(
                f"{name} is no TorchScript, or damaged ({_last(error)}); save it with torch.jit.save"
            ) from error

        def run(images: np.ndarray) -> Outputs:
            with _trouble(name, images), torch_defaults(device), torch.inference_mode():
                made = network(torch.from_numpy(images).to(device))
            if not isinstance(made, torch.Tensor):
                raise InputError(f"{name} gives a {type(made).__name__}; expected one tensor of features [b, d]")
            return {"pool": made.float().cpu().numpy()}

        return run

    return runs_on


class _trouble:
    """What goes wrong inside of somebody's network is one line that names it."""

    def __init__(self, name: str, images: np.ndarray) -> None:
        self.name, self.images = name, images

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, InputError | MemoryError):
            shape = list(self.images.shape)
            raise InputError(f"{self.name} cannot be run on images {shape}: {_last(error)}") from error


def _last(error: Exception) -> str:
    return one_line(error)[-MOST_LETTERS:]  # TorchScript tells its code first


def _session(name: str, content: bytes) -> Any:
    import onnx as onnx_files
    import onnxruntime
    from google.protobuf.message import DecodeError

    try:
        model = onnx_files.ModelProto.FromString(content)
    except DecodeError as error:
        raise InputError(f"{name} is no ONNX model, or damaged; export it again") from error
    if not model.HasField("graph"):
        raise InputError(f"{name} is no ONNX model: it has no graph; export it again")
    if any(_is_elsewhere(part) for part in _messages(model)):
        raise InputError(f"{name} keeps weights in another file, which its sha256 says nothing of; save it as one file")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InputError(f"{name} cannot be opened by ONNX Runtime: {_last(error)}") from error


def _is_elsewhere(part: Any) -> bool:
    return type(part).__name__ == "TensorProto" and bool(part.data_location == part.EXTERNAL or part.external_data)


def _messages(message: Any) -> Iterator[Any]:
    """A message and all those inside it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in [value] if hasattr(value, "ListFields") else value:
                yield from _messages(one)
