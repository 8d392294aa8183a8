"""What an option of a function and of a command is: type, default, help, bounds, and what is checked of a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from bench.storage.result_places import look_in
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import MOST_SEED, check_names, place, shown, switch, text, whole_number

Progress = Callable[[str, int, int], None]  # name of the set, images done, images in all
Done = Callable[[int, int], None]  # of one set: images done, images in all
Network = str | Callable[..., Any]  # an extractor by name, or one of the caller's
Group = TypeVar("Group")


@dataclass(frozen=True)
class Option:
    """One option. `flag` is its name on the command line, where that is not its own; "-" of what has none there.

    Of several values, `commas` says that they stand there in one word rather than each with the option's name.
    """

    help: str = ""
    default: Any = None
    flag: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    commas: bool = False
    letter: str = ""  # another name, such as -o


@dataclass(frozen=True)
class Known:
    """An option with its name and type; `optional` says that None may be given."""

    name: str
    kind: Any
    optional: bool
    option: Option

    @property
    def several(self) -> bool:
        """Whether it takes any number of values."""
        parts = get_args(self.kind) if isinstance(self.kind, UnionType) else (self.kind,)
        return any(get_origin(part) is tuple for part in parts)

    @property
    def each(self) -> Any:
        """The kind of one value."""
        return get_args(self.kind)[0] if get_origin(self.kind) is tuple else self.kind

    @property
    def long(self) -> str:
        """Its name on the command line; "" of what has none there."""
        flag = self.option.flag or f"--{self.name.replace('_', '-')}"
        return "" if flag == "-" else flag


@cache
def known(*groups: Any) -> dict[str, Known]:
    """The options of these groups by name, in the order in which they are listed."""
    hints = {name: hint for group in groups for name, hint in get_type_hints(group, include_extras=True).items()}
    return {name: _known(name, hint) for name, hint in hints.items()}


def _known(name: str, hint: Any) -> Known:
    kind, option = get_args(hint)
    parts = get_args(kind) if isinstance(kind, UnionType) or get_origin(kind) is not Literal else ()
    optional = type(None) in parts
    if optional:
        kind = next(part for part in parts if part is not type(None))
    return Known(name, str if get_origin(kind) is Literal else kind, optional, option)


def checked(group: type[Group], given: Mapping[str, Any]) -> Group:
    """These keywords with the defaults of the others; InputError for an unknown one and for a value of another kind."""
    return checked_together((group,), given)  # type: ignore[return-value]


def checked_together(groups: tuple[type, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The same for several groups."""
    options = known(*groups)
    check_names(given, options, "keyword")
    found = {name: _checked(one, given[name]) if name in given else one.option.default for name, one in options.items()}
    if "results" in found:
        look_in(found["results"])
    return found


def _checked(one: Known, value: Any) -> Any:
    option, name = one.option, one.name
    if (value is None and one.optional) or (isinstance(value, str) and value == option.default):
        return value
    if option.choices:
        if value not in option.choices:
            raise InputError(f"{name} is {shown(value)}; expected one of {', '.join(option.choices)}")
        return value
    if one.kind is bool:
        return switch(value, name)
    if one.kind is int:
        return whole_number(value, name, -MOST_SEED if option.least is None else int(option.least), _int(option.most))
    if one.kind is float:
        return _number(value, name, option.least)
    if one.kind is Path:
        return expanded(place(value, name))
    if one.kind == Network and callable(value):
        return value
    if one.kind in (str, Network):
        return text(value, name)
    if one.kind is Progress:
        if not callable(value):
            raise InputError(f"{name} is {shown(value)}; expected a function {name}(name, done, total)")
        return value
    return _several(value, name)


def _int(number: float | None) -> int | None:
    return None if number is None else int(number)


def _number(value: Any, name: str, least: float | None) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or value != value:
        raise InputError(f"{name} is {shown(value)}; expected a number")
    if least is not None and value < least:
        raise InputError(f"{name} is {value}; expected at least {least:g}")
    return float(value)


def _several(value: Any, name: str) -> tuple[Any, ...]:
    """The items of a list, a tuple or an array of one dimension, or texts `name=value` of a mapping."""
    if isinstance(value, Mapping):
        return tuple(f"{key}={one}" for key, one in value.items())
    if getattr(value, "ndim", 0) == 1 and hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} is {shown(value)}; expected a list")
    return tuple(value)
