"""The values that describe a data set. One module of this package with one constant `DATASET` each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Split:
    """One part of a data set (one domain of it, where it has two).

    `read(start, stop)` returns uint8 [b, c, h, w] in [0, 255], the same rows for any batching; `labels` are int64 [n]
    or None; `names` are stable names of the images (file names, or the index). `pick(indices)` is the quick way to rows
    in any order, where the loader has one; ask for them with `take`. `encoded(index)` are the bytes of an image's file,
    where it has one.
    """

    count: int
    read: Callable[[int, int], np.ndarray]
    labels: np.ndarray | None = None
    names: tuple[str, ...] | None = None
    pick: Callable[[np.ndarray], np.ndarray] | None = None
    encoded: Callable[[int], bytes] | None = None

    def take(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Rows in the given order (a shuffled batch): uint8 [b, c, h, w], equal to `read` of each of them."""
        rows = np.asarray(indices, np.int64)
        if self.pick is not None:
            return self.pick(rows)
        if not len(rows):
            return self.read(0, 0)
        return np.concatenate([self.read(int(i), int(i) + 1) for i in rows])


@dataclass(frozen=True)
class Dataset:
    """A data set: where it comes from, its shape (channels, height, width), its splits and how to load one.

    `load(split, root, domain)` raises InputError with the command that gets the data where it is missing; the domain is
    "" where there are none. `fetch(root, progress)` downloads it, calling progress(bytes, total or None) where that is
    given (fetch None: nothing to download, `howto` says what to do instead). `domains` is () or the two names, and
    `paired` says whether row i of one belongs to row i of the other. `splits` are the published counts, one per domain
    where they differ; None is whatever is found. `eval_sets` names the disjoint real sets of the protocol: {set name:
    (split, count)}; `bench.datasets.eval_set` reads one. `labelled(word)` is the data set with the labels that the word
    asks for, `NAME/WORD` on the command line, where there are labels to choose from (InputError for others).
    `extractors` are the extractors that fit, the protocol's first, the offline one last; what `earlier_extractors` have
    measured stays readable. `publishable` says whether pictures that show its images may stand in results. `recipe` is
    the data set whose recipe models take ("": its own).
    """

    name: str
    title: str
    source: str
    licence: str
    shape: tuple[int, int, int]
    splits: Mapping[str, int | tuple[int, int] | None]
    load: Callable[[str, Path, str], Split]
    howto: str
    fetch: Callable[..., None] | None = None
    classes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    paired: bool = False
    eval_sets: Mapping[str, tuple[str, int]] | None = None
    extractors: tuple[str, ...] = ("inception", "efficientnet-lite0")
    earlier_extractors: tuple[str, ...] = ()
    publishable: bool = True
    recipe: str = ""
    labelled: "Callable[[str], Dataset] | None" = None

    @property
    def recipe_name(self) -> str:
        """The name by which models know their recipe for it."""
        return self.recipe or self.name

    @property
    def translated(self) -> str:
        """The evaluation set of which a model that translates is given the other domain; as many images are generated.

        They are compared with real 1, so their inputs must not be the partners of real 1."""
        return "real 2" if self.paired else "real 1"
