"""An extractor that the caller hands over: a torch module, or a function, of images uint8 [b, 3, h, w] to [b, d].

Its name holds the first digits of a hash, and the whole hash stands where shipped networks have that of their weights:
of a module, of its classes, settings, parameters and buffers; of a function, of its code and of what that refers to.
Not all that a function does can be seen there, so the features of one are never kept in the cache.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from bench.sources import ImageSource
from genbench.surroundings import torch_defaults
from metrics.arithmetic.arrays import plain_array
from metrics.errors import InputError
from metrics.extractors.types import Extract, Extractor, Features

RESIZE = "its own"
PLAIN = (str, int, float, bool, bytes, complex, type(None))


@dataclass(frozen=True)
class Build:
    """Makes the function that `Extractor.build` makes; `width` is 0 where no image was looked at yet."""

    network: Callable[..., Any]
    name: str
    width: int = 0

    def __call__(self, weights: Path | None, resize: str, device: str, taps: tuple[str, ...]) -> Extract:
        return self.features

    def features(self, images: np.ndarray) -> Features:
        """The checked features of a batch; InputError for anything but finite numbers [b, d] of one width."""
        given = _of_module(self.network, images) if is_module(self.network) else self.network(images)
        values = plain_array(given, f"the features of {self.name}")
        if values.ndim != 2 or len(values) != len(images) or not values.size or values.dtype.kind not in "fiu":
            raise InputError(
                f"{self.name} returned {values.dtype} {list(values.shape)} for {len(images)} images; expected numbers "
                f"[{len(images)}, d], one row per image"
            )
        if not np.isfinite(values).all():
            raise InputError(f"{self.name} returned NaN or infinity; expected finite numbers; look at its weights")
        if self.width and values.shape[1] != self.width:
            raise InputError(
                f"{self.name} returned {values.shape[1]} features for some images and {self.width} for others; "
                "expected one width for images of every size"
            )
        return {"pool": np.array(values, np.float32)}


def own_extractor(network: Callable[..., Any]) -> tuple[Extractor, str]:
    """The extractor of a torch module or a function, and its hash."""
    sha256 = identity(network)
    word = getattr(network, "__name__", "") or type(network).__name__
    name = f"own network {word} ({sha256[:12]})"
    return Extractor(name, name, "the caller", name, {"pool": 0}, "pool", (RESIZE,), Build(network, name)), sha256


def sized(extractor: Extractor, source: ImageSource) -> Extractor:
    """An extractor of the caller's that knows its width, from the first image; any other as it is, unread."""
    build = extractor.build
    if not isinstance(build, Build) or not source.count:
        return extractor
    width = build.features(source.read(0)[None])["pool"].shape[1]
    return replace(extractor, taps={"pool": width}, build=replace(build, width=width))


def is_module(given: Any) -> bool:
    """Whether it is a torch module; torch is not imported to find that out."""
    return hasattr(given, "named_parameters") and hasattr(given, "named_modules")


def _of_module(module: Any, images: np.ndarray) -> Any:
    """What a module returns in its state for evaluation; it is left as it was."""
    import torch

    training = [(one, one.training) for one in module.modules()]
    first = next(chain(module.parameters(), module.buffers()), None)
    device = torch.device("cpu") if first is None else first.device
    module.eval()
    try:
        with torch_defaults(device), torch.inference_mode():
            return module(torch.from_numpy(images).to(device))
    finally:
        for one, state in training:
            one.training = state


# ----- identity


def identity(network: Callable[..., Any]) -> str:
    """sha256 of all that can be seen of a module or a function."""
    digest = hashlib.sha256()
    for part in _parts(network, {}):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _parts(value: Any, seen: dict[int, Any]) -> Iterator[bytes]:
    if isinstance(value, PLAIN):
        yield repr(value).encode()
    elif id(value) in seen:
        yield b"again"
    else:
        seen[id(value)] = value  # kept, so that its id stays its own
        yield type(value).__qualname__.encode()
        for part in _inside(value):
            yield from _parts(part, seen)


def _inside(value: Any) -> Iterator[Any]:
    """What a value is made of, as far as it is known how to look."""
    if isinstance(value, type | ModuleType):  # torch and its classes have the methods that are looked for below
        yield value.__name__
    elif is_module(value):
        for name, one in value.named_modules():
            plain = {key: held for key, held in sorted(vars(one).items()) if isinstance(held, PLAIN)}
            yield from (name, type(one).__qualname__, type(one).forward, {**plain, "training": None})
        yield from chain.from_iterable(chain(value.named_parameters(), value.named_buffers()))
    elif hasattr(value, "detach"):
        flat = value.detach().cpu().contiguous().reshape(-1)
        yield from (str(value.dtype), str(tuple(value.shape)), flat.view(_bytes()).numpy().tobytes())
    elif isinstance(value, np.ndarray):
        yield from (str(value.dtype), str(value.shape), np.ascontiguousarray(value).tobytes())
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, FunctionType):
        used = [value.__globals__[name] for name in _names(value.__code__) if name in value.__globals__]
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        yield from (value.__code__, value.__defaults__, value.__kwdefaults__, cells, used)
    elif isinstance(value, CodeType):
        yield from (value.co_code, value.co_names, value.co_consts)
    elif isinstance(value, list | tuple):
        yield from value
    elif isinstance(value, set | frozenset):
        yield sorted(map(repr, value))
    elif isinstance(value, dict):
        yield from chain.from_iterable(value.items())
    elif callable(value) and hasattr(value, "__dict__") and isinstance(type(value).__call__, FunctionType):
        yield from (type(value).__call__, vars(value))
    else:
        yield getattr(value, "__name__", "")


def _names(code: CodeType) -> Iterator[str]:
    """The names that a function uses, with those of the functions in it."""
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _names(const)


def _bytes() -> Any:
    import torch

    return torch.uint8
