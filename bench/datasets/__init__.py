"""Data sets, one file each. `open_dataset` finds one by name, `eval_set` reads one of its disjoint evaluation sets."""

import os
from pathlib import Path

from bench import registry
from bench.datasets._order import permutation
from bench.datasets._splits import subset
from bench.datasets._types import Dataset, Split
from metrics._errors import InputError

ORDER_SEED = 680  # the order in which every split hands out its evaluation images


def data_root(explicit: Path | None = None) -> Path:
    """Where downloads live: the folder given, else $BENCH_DATA, else the user's own data folder."""
    if explicit is not None:
        return Path(explicit)
    if os.environ.get("BENCH_DATA"):
        return Path(os.environ["BENCH_DATA"])
    import platformdirs

    return Path(platformdirs.user_data_dir("genbench"))


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

    The sets of one split are consecutive blocks of one fixed shuffled order of that split, so they share no image, and
    in paired data sets row i of both domains is still one pair. Raises InputError where the set is unknown or the split
    has too few images.
    """
    sets = dataset.eval_sets or {}
    if name not in sets:
        raise InputError(f"{dataset.name} has no evaluation set {name!r}; it has {', '.join(sets) or 'none'}")
    part, count = sets[name]
    earlier = list(sets)[: list(sets).index(name)]
    start = sum(sets[other][1] for other in earlier if sets[other][0] == part)
    split = dataset.load(part, root, domain)
    if split.count < start + count:
        where = f"{dataset.name} {domain}".strip()
        raise InputError(
            f"{where}: the {part} split holds {split.count} images, but the set {name!r} needs images {start + 1} to "
            f"{start + count}; complete the data ({dataset.howto})"
        )
    return subset(split, permutation(ORDER_SEED, split.count)[start : start + count])
