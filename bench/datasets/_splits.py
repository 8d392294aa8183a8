"""Splits out of arrays, out of functions of the index, and the checks that every loader makes first."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bench.datasets._types import Split
from metrics._errors import InputError


def indexed_split(
    count: int,
    pick: Callable[[np.ndarray], np.ndarray],
    labels: np.ndarray | None = None,
    names: tuple[str, ...] | None = None,
) -> Split:
    """A split whose rows come from `pick(indices)` -> uint8 [b, c, h, w]; slices end at the last row, as arrays do."""

    def read(start: int, stop: int) -> np.ndarray:
        return pick(np.arange(*slice(start, stop).indices(count)))

    return Split(count, read, labels, names, pick)


def array_split(images: np.ndarray, labels: np.ndarray | None = None, names: tuple[str, ...] | None = None) -> Split:
    """A split out of uint8 images [n, c, h, w] (an array or a memory map)."""
    return indexed_split(len(images), lambda indices: np.ascontiguousarray(images[indices]), labels, names)


def subset(split: Split, indices: np.ndarray) -> Split:
    """The rows `indices` of a split, in that order."""
    return indexed_split(
        len(indices),
        lambda rows: split.take(indices[rows]),
        None if split.labels is None else split.labels[indices],
        None if split.names is None else tuple(split.names[i] for i in indices),
    )


def check_choice(
    data_set: str, split: str, splits: Mapping[str, Any], domain: str, domains: Sequence[str] = ()
) -> None:
    """Raises InputError unless the data set has this split and this domain ("" where it has none)."""
    if split not in splits:
        raise InputError(f"{data_set} has no split {split!r}; it has {', '.join(splits)}")
    if domain not in (domains or ("",)):
        has = f"give one of {', '.join(domains)}" if domains else "it has no domains"
        raise InputError(f"{data_set} has no domain {domain!r}; {has}")
