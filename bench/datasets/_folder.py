"""Anybody's images as a data set: `folder:PATH`, or `folder:PATH:SIZE`.

With subfolders `train` and `test` these are the splits. Otherwise all images below the folder are taken, and one in
five, chosen by a fixed shuffle of the sorted names, is held out for testing. The middle square is resized.
"""

from pathlib import Path

from bench.datasets._types import Dataset, Split
from bench.datasets.images import centre_square, file_split, list_images, resized
from bench.datasets.order import permutation
from bench.datasets.splits import check_choice
from genbench.places import expanded
from metrics.errors import InputError

SIZE = 64
SPLIT_SEED = 5
LARGEST_SET = 1_000


def parse_folder_name(name: str) -> Dataset:
    """The data set that `folder:PATH` or `folder:PATH:SIZE` names; raises InputError where the folder has no images."""
    path, _, size = name.removeprefix("folder:").rpartition(":")
    if path and size.isdecimal():
        return folder_dataset(expanded(path), int(size))
    return folder_dataset(expanded(name.removeprefix("folder:")))


def folder_dataset(path: Path, size: int = SIZE) -> Dataset:
    """The images of a folder at RGB size x size; raises InputError where there are fewer than ten, or size is not 8 to
    1024."""
    if not 8 <= size <= 1024:
        raise InputError(f"folder:{path}: a size of {size} pixels; expected 8 to 1024")
    if not path.is_dir():
        raise InputError(
            f"folder:{path}: no such folder; give one that holds images, as folder:PATH or folder:PATH:SIZE"
        )
    files = _files(path)
    counts = {split: len(some) for split, some in files.items()}
    if counts["train"] < 8 or counts["test"] < 2:
        raise InputError(f"folder:{path} holds {sum(counts.values())} images; at least 10 are needed to train and test")

    def load(split: str, root: Path, domain: str = "") -> Split:
        check_choice(f"folder:{path}", split, counts, domain)
        return file_split(files[split], path, lambda image: resized(centre_square(image), size), (3, size, size))

    half = min(counts["test"] // 2, LARGEST_SET)
    return Dataset(
        name=f"folder:{path}:{size}",
        title=f"Images of {path.name}, {size}x{size} RGB",
        source=str(path),
        licence="the owner's",
        shape=(3, size, size),
        splits=counts,
        load=load,
        howto=f"put more images into {path}",
        eval_sets={"real 1": ("test", half), "real 2": ("test", half)},
    )


def _files(path: Path) -> dict[str, list[Path]]:
    if (path / "train").is_dir() and (path / "test").is_dir():
        return {split: list_images(path / split) for split in ("train", "test")}
    found = list_images(path)
    order = permutation(SPLIT_SEED, len(found)).tolist()
    test = set(order[: len(found) // 5])
    return {
        "train": [file for row, file in enumerate(found) if row not in test],
        "test": [file for row, file in enumerate(found) if row in test],
    }
