"""Splits out of arrays, out of functions of the index, and the checks that every loader makes first."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.datasets._types import Dataset, Split
from metrics.errors import InputError

FIRST = re.compile(r"[1-9][0-9]{0,8}")  # a number of images, which each number is written by in one way


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


def load_part(dataset: Dataset, words: str, root: Path, domain: str = "") -> Split:
    """A split by its name, or `NAME:N`, its first N images; InputError for a count that it does not have."""
    name, colon, count = words.partition(":")
    split = dataset.load(name, root, domain)
    if not colon:
        return split
    if not (FIRST.fullmatch(count) and int(count) <= split.count):
        raise InputError(
            f"{words} of {dataset.name}: expected {name}:N, the first N images of that split, with N from 1 to "
            f"{split.count}"
        )
    return subset(split, np.arange(int(count)))


def check_choice(
    data_set: str, split: str, splits: Mapping[str, Any], domain: str, domains: Sequence[str] = ()
) -> None:
    """Raises InputError unless the data set has this split and this domain ("" where it has none)."""
    if split not in splits:
        raise InputError(f"{data_set} has no split {split!r}; it has {', '.join(splits)}")
    if domain not in (domains or ("",)):
        has = f"give one of {', '.join(domains)}" if domains else "it has no domains"
        raise InputError(f"{data_set} has no domain {domain!r}; {has}")


def check_counts(dataset: Dataset, root: Path, parts: Sequence[str]) -> None:
    """Raises InputError unless these splits hold as many images as published: what a finished download is held to."""
    for part in parts:
        published = dataset.splits[part]
        for number, domain in enumerate(dataset.domains or ("",)):
            expected = published[number] if isinstance(published, tuple) else published
            found = dataset.load(part, root, domain).count
            if expected is not None and found != expected:
                where = " ".join(filter(None, (dataset.name, part, domain)))
                raise InputError(f"{where}: {found} images after the download, expected {expected}; {dataset.howto}")


def missing(data_set: str, path: Path, root: Path, otherwise: str = "") -> InputError:
    """The one error of absent data: what was looked for, and the command that gets it."""
    command = f"get it with `bench datasets fetch {data_set} --data-root {shlex.quote(str(root))}`"
    return InputError(f"{data_set}: no {path}; {command}{', or ' + otherwise if otherwise else ''}")
