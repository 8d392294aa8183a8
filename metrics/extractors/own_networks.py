"""Anybody's network as an extractor: `torchvision:NAME`, `timm:NAME`, `onnx:FILE` and `torchscript:FILE`.

Asking for one by name costs nothing; `open` looks at the network, which tells its input, its outputs and their widths.
Of the libraries' networks `pool` is what the last linear layer reads, and `logits` what it gives; a file gives `pool`.
A file is known by its sha256, like weights. Each is a family of its own, so its numbers stand beside none of another.

The whole image is resized to the square that the network takes. `--resize MODE` or `MODE/SCALING` names how; both are a
part of every number. Modes are those of `resizing`, scalings those below, the default is `clean` with ImageNet's mean
and deviation, unless timm says that a network was trained with another scaling. Networks run in torch as they are, an
ONNX model in ONNX Runtime on the CPU.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genbench.errors import told
from genbench.places import expanded
from metrics.errors import InputError
from metrics.extractors import resizing
from metrics.extractors.types import Extract, Extractor, Features, Images

SIZE = 224  # where a file does not say
VERSION = 1
OUTPUT = "#"  # between a file and the name of its output
HALF = (0.5, 0.5, 0.5)
SCALINGS = {  # name: mean and deviation of pixels in [0, 1]
    "imagenet": (resizing.IMAGENET_MEAN, resizing.IMAGENET_SD),
    "clip": (resizing.CLIP_MEAN, resizing.CLIP_SD),
    "-1..1": (HALF, HALF),
    "0..1": ((0.0,) * 3, (1.0,) * 3),
    "0..255": ((0.0,) * 3, (1 / 255,) * 3),
}
USUAL = "imagenet"
MODES = ("clean", *(mode for mode in resizing.RESIZES if mode != "clean"))

Outputs = Mapping[str, np.ndarray]
Run = Callable[[np.ndarray], Outputs]  # of scaled images float32 [b, 3, h, w]


def is_own(name: str) -> bool:
    """Whether this is the name of somebody's network, there or not."""
    kind, colon, rest = name.partition(":")
    return kind in KINDS and bool(colon and rest)


def load(name: str) -> Extractor:
    """The extractor of such a name, before anything of it is looked at: nobody knows yet how wide its features are."""
    kind, _, rest = name.partition(":")
    short = f"{kind}:{Path(rest).name}" if kind in OF_FILES else name
    return Extractor(
        name=short,
        title=short,
        source="somebody's network",
        family=short,
        taps={"pool": 0},
        pool="pool",
        resize=preprocessings(),
        build=_unopened,
        is_code=kind == "torchscript",
        open=partial(KINDS[kind], short, rest),
        version=VERSION,
    )


def _unopened(weights: Path | None, resize: str, device: str, taps: tuple[str, ...]) -> Extract:
    raise TypeError("open it first")


# ----- images


def preprocessings(scaling: str = USUAL) -> tuple[str, ...]:
    """What `--resize` takes, the default first; a mode alone stands for the usual scaling."""
    scalings = (scaling, *(name for name in SCALINGS if name != scaling))
    return tuple(mode if name == USUAL else f"{mode}/{name}" for name in scalings for mode in MODES)


def prepared(images: Images, preprocessing: str, size: int) -> np.ndarray:
    """The input of a network: float32 [b, 3, size, size]."""
    mode, _, scaling = preprocessing.partition("/")
    return resizing.standardise(resizing.resize(images, mode, size), *SCALINGS[scaling or USUAL])


def runner(name: str, run: Run, preprocessing: str, size: int, taps: Mapping[str, int]) -> Extract:
    """The function that `Extractor.build` makes; InputError where an output is no [b, d] of the width that is known."""

    def extract(images: Images) -> Features:
        found = run(prepared(images, preprocessing, size))
        for tap, values in found.items():
            if values.shape != (len(images), taps[tap]):
                raise InputError(_not_rows(name, values.shape, len(images)))
        return {tap: np.asarray(values, np.float32) for tap, values in found.items()}

    return extract


def _not_rows(name: str, shape: tuple[int, ...], count: int) -> str:
    return f"{name} gives {list(shape)} for {count} images; expected [{count}, d], one row of features per image"


# ----- files


def _open_onnx(name: str, rest: str) -> Extractor:
    from metrics.extractors import _own_files

    content, output = _content(name, rest)
    return _of_file(name, content, *_own_files.onnx(name, content, output))


def _open_torchscript(name: str, rest: str) -> Extractor:
    from metrics.extractors import _own_files

    content, output = _content(name, rest)
    if output:
        raise InputError(f"{name}: TorchScript gives one output, which has no name; leave {OUTPUT}{output} out")
    return _of_file(name, content, _own_files.torchscript(name, content), SIZE)


def _content(name: str, rest: str) -> tuple[bytes, str]:
    place, _, output = rest.partition(OUTPUT)
    path = expanded(Path(place))
    if not path.is_file():
        raise InputError(f"{name}: no file {str(path)!r}; expected a network, as in --extractor onnx:FILE")
    with told("read", path, InputError):
        return path.read_bytes(), output


def _of_file(name: str, content: bytes, runs_on: Callable[[str], Run], size: int) -> Extractor:
    """The extractor of a network that `runs_on` a device; its width is seen on one image."""
    values = runs_on("cpu")(np.zeros((1, 3, size, size), np.float32))["pool"]
    if values.ndim != 2 or len(values) != 1 or not values.size:
        raise InputError(_not_rows(name, values.shape, 1))
    taps = {"pool": values.shape[1]}

    def build(weights: Path | None, resize: str, device: str, asked: tuple[str, ...]) -> Extract:
        return runner(name, runs_on(device), resize, size, taps)

    return Extractor(
        name=name,
        title=name,
        source="somebody's network",
        family=name,
        taps=taps,
        pool="pool",
        resize=preprocessings(),
        build=build,
        carries=hashlib.sha256(content).hexdigest(),
        version=VERSION,
    )


# ----- libraries


def _open_torchvision(name: str, rest: str) -> Extractor:
    from metrics.extractors import _own_libraries

    return _own_libraries.of_torchvision(name, rest)


def _open_timm(name: str, rest: str) -> Extractor:
    from metrics.extractors import _own_libraries

    return _own_libraries.of_timm(name, rest)


OF_FILES: Mapping[str, Callable[[str, str], Extractor]] = {"onnx": _open_onnx, "torchscript": _open_torchscript}
KINDS: Mapping[str, Any] = {"torchvision": _open_torchvision, "timm": _open_timm, **OF_FILES}
