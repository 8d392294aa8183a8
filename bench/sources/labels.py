"""The class of each image, as a text: by the folder that it lies in, or by a number or a name that came with it."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from numbers import Integral
from typing import Any


def of_folders(keys: Sequence[str]) -> tuple[str, ...]:
    """The folder of each path, below those that all of them share: `cat` of cat/001.png. () where an image lies beside
    the folders, or all in one."""
    folders = [key.split("/")[:-1] for key in keys]
    shared = len(common_start(folders))
    return tuple(path[shared] for path in folders) if all(len(path) > shared for path in folders) else ()


def common_start(rows: Sequence[Sequence[str]]) -> list[str]:
    """What all rows begin with."""
    return [column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))]


def of_values(values: Iterable[Any] | None, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Numbers by the names of their classes, or as they are; names as they are; () where there are none."""
    return () if values is None else tuple(_text(value, names) for value in values)


def _text(value: Any, names: Sequence[str]) -> str:
    number = int(value) if isinstance(value, Integral) else -1
    return names[number] if 0 <= number < len(names) else str(value)


def at(labels: Sequence[str], numbers: Iterable[int]) -> tuple[str, ...]:
    """Those of the chosen images."""
    return tuple(labels[number] for number in numbers) if labels else ()
