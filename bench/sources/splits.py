"""Splits of data sets, by name: digits:train, folder:DIR:real-1, edges2shapes:test/photo."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.sources._prepared import prepared_hashes
from bench.sources._types import Choose, ImageSource
from bench.sources.labels import of_values
from bench.sources.rows import from_rows, three_channels
from bench.storage.cache import Cache
from genbench.names import did_you_mean
from metrics.errors import InputError

if TYPE_CHECKING:
    from bench.datasets import Dataset, Split

NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]+):([^:/\\]+(?::\d+)?)(?:/([^:/\\]+))?")
OF_FOLDER = re.compile(r"(folder:.+):([^:/\\\d][^:/\\]*(?::\d+)?)()")  # a number alone is a size


def split_named(spec: object) -> tuple[str, str, str] | None:
    """The data set, the split and the domain ("" for none) that a text names; None where it names no split."""
    found = isinstance(spec, str) and ((OF_FOLDER if spec.startswith("folder:") else NAMED).fullmatch(spec))
    return (found[1], found[2], found[3] or "") if found else None


def from_split(
    name: str, split: str, domain: str, choose: Choose, root: Path | None, cache: Cache | None
) -> ImageSource:
    """The images of a split or of an evaluation set; InputError with the close names where there is none."""
    dataset, loaded = open_split(name, split, domain, root)
    title = f"{dataset.name}:{split}" + (f"/{domain}" if domain else "")
    grey = ["grey: the images are grey and repeated to three channels"] if dataset.shape[0] == 1 else []
    return source_of_split(loaded, title, choose(loaded.count), grey, cache, dataset.classes)


def open_split(name: str, split: str, domain: str, root: Path | None) -> "tuple[Dataset, Split]":
    """A data set and one of its splits or evaluation sets; InputError with the close names where there is none."""
    from bench.datasets import data_root, eval_set, open_dataset
    from bench.datasets.splits import load_part

    dataset = open_dataset(name)
    sets = {key.replace(" ", "-"): key for key in dataset.eval_sets or {}}
    _check(dataset, split, list(sets), domain)
    folder = data_root(root)
    if split.partition(":")[0] in dataset.splits:
        return dataset, load_part(dataset, split, folder, domain)
    return dataset, eval_set(dataset, sets[split.replace(" ", "-")], folder, domain)


def _check(dataset: "Dataset", split: str, sets: list[str], domain: str) -> None:
    if split.partition(":")[0] not in dataset.splits and split.replace(" ", "-") not in sets:
        known = [*dataset.splits, *sets]
        raise InputError(f"the data set {dataset.name} has no split {split!r}. {did_you_mean(split, known)}")
    if dataset.domains and domain not in dataset.domains:
        choices = " or ".join(f"{dataset.name}:{split}/{key}" for key in dataset.domains)
        raise InputError(f"the data set {dataset.name} has no domain {domain!r}; expected {choices}")
    if domain and not dataset.domains:
        raise InputError(f"the data set {dataset.name} has no domains, but {domain!r} was given; leave it out")


def source_of_split(
    split: "Split",
    title: str,
    chosen: np.ndarray | None = None,
    notes: Sequence[str] = (),
    cache: Cache | None = None,
    classes: Sequence[str] = (),
) -> ImageSource:
    """The images of a split (the chosen rows, in rising order) as a source of this title; `classes` names its labels.

    With a `cache`, the hashes of a whole split of files are computed once for the same files.
    """

    def rows(start: int, stop: int) -> np.ndarray:
        return np.ascontiguousarray(three_channels(split.read(start, stop)))

    hashes, said = None, list(notes)
    if cache and split.encoded and chosen is None:
        hashes, warning = prepared_hashes(title, rows, split.encoded, split.count, cache)
        said += [warning] if warning else []
    labels = of_values(split.labels, classes)
    return from_rows(title, "dataset", rows, split.count, chosen, split.names or (), said, hashes, labels)
