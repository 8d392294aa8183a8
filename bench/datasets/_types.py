"""The values that describe a data set. One module of this package with one constant `DATASET` each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Split:
    """One part of a data set (one domain of it, where it has two).

    `read(start, stop)` returns uint8 [b, c, h, w] in [0, 255], the same rows for any batching; `labels` are int64 [n]
    or None; `names` are stable names of the images (file names, or the index).
    """

    count: int
    read: Callable[[int, int], np.ndarray]
    labels: np.ndarray | None = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Dataset:
    """A data set: where it comes from, its shape (channels, height, width), its splits and how to load one.

    `load(split, root, domain)` raises InputError with the command that gets the data where it is missing; `fetch(root)`
    downloads it (None: nothing to download, `howto` says what to do instead). `domains` is () or the two names, and
    `paired` says whether row i of one belongs to row i of the other. `eval_sets` names the disjoint real sets of the
    protocol: {set name: (split, count)}. `extractors` are the extractors that fit, the protocol's first, the offline
    one last.
    """

    name: str
    title: str
    source: str
    licence: str
    shape: tuple[int, int, int]
    splits: Mapping[str, int | None]
    load: Callable[[str, Path, str], Split]
    howto: str
    fetch: Callable[[Path], None] | None = None
    classes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    paired: bool = False
    eval_sets: Mapping[str, tuple[str, int]] | None = None
    extractors: tuple[str, ...] = ("inception", "vgg16-random")
