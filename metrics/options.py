"""The checks of plain options, the same in every metric and every command: whole numbers, seeds, switches, names."""

from collections.abc import Iterable
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any

from genbench.names import did_you_mean
from metrics.errors import InputError

SEED = 2020  # of whatever is drawn while images are measured; torch-fidelity's
MOST_SEED = 2**32 - 1  # what numpy's RandomState takes


def whole_number(value: Any, what: str, least: int, most: int | None = None) -> int:
    """`value` as an int between `least` and `most`; InputError for another number and for what is no whole number."""
    expected = f"at least {least}" if most is None else f"from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{what} is {shown(value)}; expected a whole number, {expected}")
    number = int(value)
    if number < least or (most is not None and number > most):
        raise InputError(f"{what} is {number}; expected {expected}")
    return number


def check_seed(value: Any) -> int:
    """A seed as numpy's RandomState takes it."""
    return whole_number(value, "the seed", 0, MOST_SEED)


def switch(value: Any, what: str) -> bool:
    """`value`, if it is True or False; InputError otherwise: the text "no" is true to Python."""
    if not isinstance(value, bool):
        raise InputError(f"{what} is {shown(value)}; expected True or False")
    return value


def text(value: Any, what: str) -> str:
    """`value`, if it is a text with something in it; InputError otherwise."""
    if not isinstance(value, str) or not value:
        raise InputError(f"{what} is {shown(value)}; expected a name")
    return value


def place(value: Any, what: str) -> Path:
    """`value` as a path; InputError for what is none."""
    if not isinstance(value, str | PathLike) or not str(value):
        raise InputError(f"{what} is {shown(value)}; expected a path")
    return Path(value)


def check_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """InputError for a name that is not known, with the close one."""
    known = list(known)
    for name in given:
        if name not in known:
            raise InputError(f"no {what} {name!r}. {did_you_mean(name, known)}")


def shown(value: Any) -> str:
    """A value as it stands in a message of one line: itself where it is short, its kind otherwise."""
    if value is None or isinstance(value, str | int | float):
        return _cut(repr(value))
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def _cut(line: str) -> str:
    return line if len(line) <= 60 else f"{line[:56]} ..."
