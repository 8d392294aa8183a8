"""Anybody's images as a data set: `folder:PATH`, or `folder:PATH:SIZE`.

Splits, domains, pairs and classes are told by the layout (`_layout`). A folder without `train` and `test` is cut in
half, by a fixed shuffle of the sorted names. The two real sets are halves of the test split, so that no image is
both trained on and measured against; an image that is there twice is in one of them. The middle square is resized.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL.Image import Image

from bench.datasets import _layout as layout
from bench.datasets._types import Dataset, Split
from bench.datasets.images import centre_square, file_split, resized
from bench.datasets.splits import check_choice
from bench.storage.reading import file_sha256
from genbench.places import expanded
from metrics.errors import InputError

SIZE = 64
LEAST_SIZE, MOST_SIZE = 8, 1024
LEAST = {"train": 8, "test": 2}
LARGEST_SET = 50_000


def parse_folder_name(name: str) -> Dataset:
    """The data set that `folder:PATH` or `folder:PATH:SIZE` names; raises InputError where the folder has no images."""
    path, _, size = name.removeprefix("folder:").rpartition(":")
    if path and size.isdecimal():
        return folder_dataset(expanded(path), int(size))
    return folder_dataset(expanded(name.removeprefix("folder:")))


def folder_dataset(path: Path, size: int = SIZE) -> Dataset:
    """The images of a folder at RGB size x size; raises InputError where there are fewer than ten, or size is not 8 to
    1024."""
    check_size(f"folder:{path}", size)
    if not path.is_dir():
        raise InputError(
            f"folder:{path}: no such folder; give one that holds images, as folder:PATH or folder:PATH:SIZE"
        )
    splits = layout.splits_in(path) or layout.halves(layout.images_in(path))
    kind = layout.Kind.of(splits)
    if any(kind.smallest(split) < least for split, least in LEAST.items()):
        count = sum(map(sum, kind.counts.values()))
        raise InputError(f"folder:{path} holds {count} images; at least 10 are needed to train and test")
    half = half_of(kind, splits["test"])
    if not half:
        raise InputError(f"folder:{path}: all images to test on are copies of one; give a folder with different ones")
    return image_dataset(
        f"folder:{path}:{size}",
        kind,
        lambda: splits,
        shape=(3, size, size),
        title=f"Images of {path.name}, {size}x{size} RGB",
        source=str(path),
        licence="the owner's",
        howto=f"take away images that are there twice, or put more into {path}",
        eval_sets={"real 1": ("test", half), "real 2": ("test", half)},
    )


def half_of(kind: layout.Kind, split: layout.Split) -> int:
    """The largest number of images that both real sets can have. No image may be in both, so copies of a file count
    once where there are no pairs."""
    there = (len(images.files) if kind.paired else _distinct(images.files) for images in split.values())
    return min(*(count // 2 for count in there), LARGEST_SET)


def _distinct(files: Sequence[Path]) -> int:
    """How many different files there are; only those of one size are read."""
    by_size: dict[int, list[Path]] = {}
    for file in files:
        by_size.setdefault(file.stat().st_size, []).append(file)
    return sum(len({file_sha256(file) for file in alike}) if len(alike) > 1 else 1 for alike in by_size.values())


def check_size(what: str, size: int) -> None:
    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise InputError(f"{what}: a size of {size} pixels; expected {LEAST_SIZE} to {MOST_SIZE}")


def image_dataset(
    name: str,
    kind: layout.Kind,
    opened: Callable[[], Mapping[str, layout.Split]],
    *,
    shape: tuple[int, int, int],
    **about: Any,
) -> Dataset:
    """A data set of image files, of this kind; `opened` finds them when they are first asked for."""
    channels, size, _ = shape
    mode = "L" if channels == 1 else "RGB"

    def prepared(image: Image) -> Image:
        return resized(centre_square(image), size).convert(mode)

    def load(split: str, root: Path, domain: str = "") -> Split:
        check_choice(name, split, kind.counts, domain, kind.domains)
        images = opened()[split][domain]
        return file_split(images.files, images.home, prepared, shape, layout.labels_of(images, kind.classes))

    return Dataset(
        name=name,
        shape=shape,
        load=load,
        splits={one: (counts[0], counts[1]) if kind.domains else counts[0] for one, counts in kind.counts.items()},
        classes=kind.classes,
        domains=kind.domains,
        paired=kind.paired,
        **about,
    )
