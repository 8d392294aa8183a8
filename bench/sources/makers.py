"""Functions that make images: `make(n, seed)` returns n of them, as an array or tensor, a list, or in batches.

`n` is the limit of the set, or else the default that the function itself has for it (`functools.partial(make,
n=5000)`), and `seed` the seed of the set.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from bench.sources._types import ImageSource
from bench.sources.gathered import from_items
from metrics.errors import InputError
from metrics.options import shown, whole_number


def from_maker(make: Callable[..., Any], count: int | None, seed: int) -> ImageSource:
    """The images that `make(n=count, seed=seed)` returns; InputError where it takes neither, or returns others."""
    name, parameters = _name(make), check_maker(make)
    wanted = count if count is not None else _own_count(parameters, name)
    made = make(n=wanted, seed=seed)
    if not isinstance(made, Iterable) or isinstance(made, str | bytes):
        raise InputError(f"{name} returned {shown(made)}; expected {wanted:,} images, as an array, a tensor or a list")
    batches = [made] if hasattr(made, "ndim") else made
    source = from_items(name, "function", batches, lambda count: None)
    if source.count != wanted:
        raise InputError(f"{name} made {source.count:,} images; it was asked for {wanted:,}; expected as many")
    return source


def check_maker(make: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function; InputError unless n and seed are among them, before anything expensive."""
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):
        parameters = MappingProxyType({})
    if not {"n", "seed"} <= set(parameters):
        takes = ", ".join(parameters) or "nothing that is known"
        raise InputError(f"{_name(make)} takes {takes}; expected a function make(n, seed) that returns n images")
    return parameters


def _own_count(parameters: Mapping[str, inspect.Parameter], name: str) -> int:
    default = parameters["n"].default
    if default is inspect.Parameter.empty:
        raise InputError(f"{name}(n, seed) does not know how many images to make; give limit, or n a default")
    return whole_number(default, f"n of {name}", 1)


def _name(make: Callable[..., Any]) -> str:
    of = getattr(make, "func", make)  # of functools.partial
    return str(getattr(of, "__name__", type(of).__name__))
