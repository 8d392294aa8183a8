"""What a model is trained on and measured against: a data set, or one of its domains."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.datasets import Dataset, Split, data_root, eval_set, open_dataset
from metrics.errors import InputError

TEST = "test"


@dataclass(frozen=True)
class Subject:
    """A data set as it was named: all of it, or one of its domains (`emoji/apple`).

    `domains` are the names that its loader takes, ("",) where it has none; `labels` are what tables call them.
    """

    name: str
    dataset: Dataset
    domains: tuple[str, ...]
    root: Path

    @property
    def labels(self) -> tuple[str, ...]:
        return self.domains if len(self.domains) > 1 else ("",)

    @property
    def paired(self) -> bool:
        return self.dataset.paired and len(self.domains) > 1

    def images(self, set_name: str, label: str = "") -> np.ndarray:
        """All images of an evaluation set: uint8 [n, c, h, w]."""
        split = self.split(set_name, label)
        return split.read(0, split.count)

    def split(self, set_name: str, label: str = "") -> Split:
        """An evaluation set."""
        return eval_set(self.dataset, set_name, self.root, self.domains[self.labels.index(label)])

    def test_images(self) -> np.ndarray:
        """All images of the test split of a data set with one domain: uint8 [n, c, h, w]."""
        split = self.test_split()
        return split.read(0, split.count)

    def test_split(self) -> Split:
        """The test split of a data set with one domain."""
        return self.dataset.load(TEST, self.root, self.domains[0])


def open_subject(name: str, root: Path | None = None) -> Subject:
    """The data set `NAME`, one domain of it as `NAME/DOMAIN` (or its labels, as `celeba/Male+Smiling`), or
    `folder:PATH`; opens no image.

    Raises InputError for an unknown name or domain, and for a data set without evaluation sets.
    """
    base, slash, domain = (name, "", "") if name.startswith("folder:") else name.partition("/")
    dataset = open_dataset(base)
    if not dataset.eval_sets:
        raise InputError(f"{dataset.name} has no evaluation sets, so that nothing can be measured; add eval_sets to it")
    if slash and dataset.labelled:
        return Subject(f"{dataset.name}/{domain}", dataset.labelled(domain), ("",), data_root(root))
    if slash and domain not in dataset.domains:
        has = f"choose one of {', '.join(dataset.domains)}" if dataset.domains else "it has none; leave it out"
        raise InputError(f"{dataset.name} has no domain {domain!r}; {has}")
    domains = (domain,) if slash else dataset.domains or ("",)
    if name.startswith("folder:"):
        folder, size = dataset.source, dataset.shape[1]
        return Subject(f"folder:{Path(folder).resolve().name}:{size}", dataset, domains, data_root(root))
    return Subject(f"{dataset.name}/{domain}" if slash else dataset.name, dataset, domains, data_root(root))
