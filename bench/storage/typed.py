"""JSON values as dataclasses, checked field by field; what does not fit is named with its place.

The reader of each type is put together once and kept: a results folder of a thousand entries has a hundred thousand
values.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from metrics.errors import InputError

Reader = Callable[[Any], Any]
WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", types.NoneType: "null"}
LARGEST = 2**63 - 1
LARGEST_FLOAT = 1e150
SHOWN = 60  # characters of a value in a message
ADDED = {"added": True}  # metadata of a field that earlier files lack: its default is what they mean


def typed(kind: Any, value: Any, where: str) -> Any:
    """`value` (from JSON) as `kind`: a dataclass, a plain type, a union, a tuple or a dict of those.

    Raises InputError that begins with `where` and names the place where a field is missing, unknown or of another type.
    """
    try:
        return _reader(kind)(value)
    except _Misfit as misfit:
        raise InputError(f"{where}{''.join(reversed(misfit.place))}{misfit.says}") from None


class _Misfit(Exception):
    """What is wrong with a value; `place` grows from the inside on the way out."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says
        self.place: list[str] = []


def _unfit(value: Any, wanted: str) -> _Misfit:
    shown = json.dumps(value)
    return _Misfit(f" is {shown if len(shown) < SHOWN else shown[: SHOWN - 3] + '...'}; expected {wanted}")


def values_of(value: Any) -> Any:
    """A dataclass as JSON values. A field that earlier files lack is left out where it has its default, so that what
    means the same has the same bytes and the same hash."""
    if is_dataclass(value):
        pairs = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: values_of(found) for one, found in pairs if not (_added(one) and found == one.default)}
    if isinstance(value, Mapping):
        return {key: values_of(inner) for key, inner in value.items()}
    return [values_of(inner) for inner in value] if isinstance(value, list | tuple) else value


def _added(one: Field[Any]) -> bool:
    return bool(one.metadata.get("added"))


@cache
def _reader(kind: Any) -> Reader:
    if is_dataclass(kind):
        return _of_dataclass(kind)
    origin, options = get_origin(kind), get_args(kind)
    if kind is Any:
        return lambda value: value
    if origin is Literal:
        return _of_literal(options)
    if origin in (Union, types.UnionType):
        return _of_union(options)
    if origin is tuple:
        return _of_tuple(options)
    if origin in (dict, Mapping) or getattr(origin, "__name__", "") == "Mapping":
        return _of_dict(_reader(options[1]))
    if kind is float:
        return _float
    return _of_plain((kind,))


def _of_dataclass(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    names = tuple(field.name for field in fields(kind))
    readers = tuple((name, _reader(hints[name])) for name in names)
    known = frozenset(names)
    later = frozenset(field.name for field in fields(kind) if _added(field))

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _unfit(value, "an object")
        if value.keys() != known:
            for name in names:
                if name not in value and name not in later:
                    raise _Misfit(f" lacks the field {name!r}; restore the file or run again")
            if unknown := [name for name in value if name not in known]:
                raise _Misfit(f" has an unknown field {unknown[0]!r}; it knows {', '.join(names)}")
        found = {}
        for name, inner in readers:
            if name not in value:
                continue
            try:
                found[name] = inner(value[name])
            except _Misfit as misfit:
                misfit.place.append(f": {name}")
                raise
        return kind(**found)

    return read


def _of_literal(options: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        for option in options:
            if value == option and type(value) is type(option):  # true is not 1
                return option
        raise _unfit(value, " or ".join(map(repr, options)))

    return read


def _of_union(options: tuple[Any, ...]) -> Reader:
    nested = [option for option in options if is_dataclass(option) or get_origin(option)]
    if not nested:
        return _of_plain(options)
    inner = _reader(nested[0])
    return lambda value: None if value is None else inner(value)


def _of_tuple(options: tuple[Any, ...]) -> Reader:
    same = options[-1] is Ellipsis
    readers = [_reader(option) for option in options if option is not Ellipsis]

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _unfit(value, "a list")
        if not same and len(value) != len(readers):
            raise _unfit(value, f"{len(readers)} entries")
        found = []
        for place, inner in enumerate(value):
            try:
                found.append(readers[0 if same else place](inner))
            except _Misfit as misfit:
                misfit.place.append(f"[{place}]")
                raise
        return tuple(found)

    return read


def _of_dict(inner: Reader) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _unfit(value, "an object")
        found = {}
        for key, one in value.items():
            try:
                found[key] = inner(one)
            except _Misfit as misfit:
                misfit.place.append(f".{key}")
                raise
        return found

    return read


def _float(value: Any) -> float:
    if type(value) in (float, int) and _in_range(value):
        return float(value)
    raise _unfit(value, WORDS[float])


def _in_range(value: Any) -> bool:
    """Whether a number is one that can be computed with: JSON writes 1e300, whose square is infinite, and whole numbers
    of any length."""
    return abs(value) <= LARGEST_FLOAT if type(value) is float else -LARGEST <= value <= LARGEST


def _of_plain(kinds: tuple[Any, ...]) -> Reader:
    """Of values that stay as they are; a whole number is a number too, true is none."""
    accepted = {types.NoneType if kind is None else kind for kind in kinds}
    words = " or ".join(WORDS[types.NoneType if kind is None else kind] for kind in kinds)
    if float in accepted:
        accepted.add(int)

    def read(value: Any) -> Any:
        if type(value) not in accepted or (type(value) in (float, int) and not _in_range(value)):
            raise _unfit(value, words)
        return value

    return read
