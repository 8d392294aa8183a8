"""Data sets, one file each. `open_dataset` finds one by name, `eval_set` reads one of its disjoint evaluation sets."""

from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from bench import registry
from bench.datasets._types import Dataset, Split
from bench.datasets.order import permutation
from bench.datasets.splits import subset
from genbench.places import data_folder, expanded
from metrics.errors import InputError
from metrics.splits import in_turn

__all__ = ["ORDER_SEED", "Dataset", "Split", "data_root", "eval_set", "open_dataset"]

ORDER_SEED = 680  # the order in which every split hands out its evaluation images


def data_root(explicit: Path | None = None) -> Path:
    """Where downloads live: the folder given, else $BENCH_DATA, else the user's own data folder."""
    return data_folder() if explicit is None else expanded(explicit)


def open_dataset(name: str) -> Dataset:
    """The data set of this name, or anybody's images as `folder:PATH` or `folder:PATH:SIZE` (64 where no size is
    given); raises InputError with the close names otherwise."""
    if name.startswith("folder:"):
        from bench.datasets._folder import parse_folder_name

        return parse_folder_name(name)
    data_set: Dataset = registry.load("datasets", name)
    return data_set


def eval_set(dataset: Dataset, name: str, root: Path, domain: str = "") -> Split:
    """One evaluation set of a data set (of one domain of it), in its published order.

    Each split has one fixed shuffled order; the sets take their images from it in turn. So no two sets share a row, and
    in an unpaired data set no set repeats an image of an earlier one, even where the files do. In a paired one row i of
    both domains is still one pair. Raises InputError where the set is unknown or the split has too few images.
    """
    sets = dataset.eval_sets or {}
    if name not in sets:
        raise InputError(f"{dataset.name} has no evaluation set {name!r}; it has {', '.join(sets) or 'none'}")
    opened = cache(lambda part: dataset.load(part, root, domain))
    part, count = sets[name]
    split = opened(part)

    def order(part: str) -> np.ndarray:
        return permutation(ORDER_SEED, opened(part).count)

    def contents(part: str, rows: np.ndarray) -> list[bytes]:
        return [sha256(image.tobytes()).digest() for image in opened(part).take(rows)]

    taken = in_turn(sets, order, None if dataset.paired else contents)
    rows = next(rows for current, rows in taken if current == name)
    if len(rows) < count:
        where = f"{dataset.name} {domain}".strip()
        raise InputError(
            f"{where}: {name!r} needs {count} images of the {part} split that no earlier set has, and finds "
            f"{len(rows)} among {split.count}; {dataset.howto}"
        )
    return subset(split, rows)
