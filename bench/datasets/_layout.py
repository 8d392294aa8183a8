"""What the layout of a folder of images says: splits, domains, pairs and classes.

| folders                                | read as                                                          |
|----------------------------------------|------------------------------------------------------------------|
| `train` and `test`                     | two splits, each by the rows below                               |
| `trainA`, `trainB`, `testA`, `testB`   | two splits of two domains, as CycleGAN's data sets have them     |
| `A` and `B`, and nothing else          | two domains                                                      |
| two or more others, and no image beside| one class each, named by its folder                              |
| images                                 | images                                                           |

Two domains are pairs where every split holds the same names, but for their suffixes, in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.datasets.images import list_images
from bench.datasets.order import permutation
from metrics.errors import InputError

DOMAINS = ("A", "B")
SPLITS = ("train", "test")
SPLIT_SEED = 5


@dataclass(frozen=True)
class Images:
    """The image files of one domain of one split, below the folder `home`."""

    home: Path
    files: tuple[Path, ...]

    @classmethod
    def below(cls, home: Path) -> "Images":
        return cls(home, tuple(list_images(home)))

    @property
    def names(self) -> list[str]:
        """Without their suffixes, by which pairs are told."""
        return [file.relative_to(self.home).with_suffix("").as_posix() for file in self.files]

    @property
    def folders(self) -> list[str]:
        """The folder directly below `home` that each image lies in; "" of one that lies there itself."""
        return [file.relative_to(self.home).parts[0] if file.parent != self.home else "" for file in self.files]

    def taken(self, rows: Sequence[int]) -> "Images":
        return Images(self.home, tuple(self.files[row] for row in rows))


Split = Mapping[str, Images]  # by domain; the one of a split without domains is ""


def splits_in(folder: Path) -> dict[str, Split]:
    """The splits that a folder has by its own folders: none where these are not `train` and `test`."""
    if all((folder / split).is_dir() for split in SPLITS):
        return {split: images_in(folder / split) for split in SPLITS}
    if all((folder / f"{split}{domain}").is_dir() for split in SPLITS for domain in DOMAINS):
        return {split: {one: Images.below(folder / f"{split}{one}") for one in DOMAINS} for split in SPLITS}
    return {}


def images_in(folder: Path) -> Split:
    """All images below a folder, of one domain or of two; InputError where there is no such folder."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one that holds images")
    inside = {one.name for one in folder.iterdir() if not one.name.startswith(".")}
    if inside == {*DOMAINS} and all((folder / one).is_dir() for one in DOMAINS):
        return {one: Images.below(folder / one) for one in DOMAINS}
    return {"": Images.below(folder)}


def halves(split: Split) -> dict[str, Split]:
    """One half for training and one for testing, by a fixed shuffle of the sorted names: pairs stay together."""
    train, test = {}, {}
    for domain, images in split.items():
        count = len(images.files)
        held_out = np.isin(np.arange(count), permutation(SPLIT_SEED, count)[: count // 2])
        train[domain] = images.taken(np.flatnonzero(~held_out).tolist())
        test[domain] = images.taken(np.flatnonzero(held_out).tolist())
    return {"train": train, "test": test}


@dataclass(frozen=True)
class Kind:
    """What splits have in common: the two domains or (), whether they are pairs, the classes or (), and how many images
    there are of each split, by domain."""

    domains: tuple[str, ...]
    paired: bool
    classes: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, splits: Mapping[str, Split]) -> "Kind":
        counts = {name: tuple(len(images.files) for images in split.values()) for name, split in splits.items()}
        return cls(domains_of(splits), are_paired(splits), classes_of(splits), counts)

    def smallest(self, split: str) -> int:
        """The number of images of a split, of its smaller domain where it has two."""
        return min(self.counts[split])


def domains_of(splits: Mapping[str, Split]) -> tuple[str, ...]:
    """The two domains that all splits have, or (); InputError where only some have two."""
    found = {tuple(split) for split in splits.values()}
    if len(found) > 1:
        two = ", ".join(name for name, split in splits.items() if len(split) > 1)
        raise InputError(f"{two} has folders A and B, the others have not; give two domains of all of them, or of none")
    (domains,) = found
    return domains if len(domains) > 1 else ()


def are_paired(splits: Mapping[str, Split]) -> bool:
    """Whether there are two domains, and row i of both has one name in every split."""
    named = [[images.names for images in split.values()] for split in splits.values()]
    return all(len(names) == 2 and names[0] == names[1] for names in named)


def classes_of(splits: Mapping[str, Split]) -> tuple[str, ...]:
    """The classes that the folders of all splits name; () with two domains, with fewer than two folders, and where
    images lie beside these."""
    if domains_of(splits):
        return ()
    named = sorted({folder for split in splits.values() for folder in split[""].folders})
    return tuple(named) if len(named) > 1 and "" not in named else ()


def labels_of(images: Images, classes: Sequence[str]) -> np.ndarray | None:
    """int64 [n]: the class of each image; None without classes."""
    return np.array([classes.index(folder) for folder in images.folders], np.int64) if classes else None
