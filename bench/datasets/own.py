"""A data set of somebody's own, as `bench tracks new` writes it: a small TOML file below a results folder.

    my-results/datasets/NAME.toml

It names the folders of the images, relative to itself, says how they are read and which images there were. From then on
NAME is a data set and a track wherever one is named. Folders that lie elsewhere on another machine are looked for below
the folder of the downloaded data sets too, as NAME/real, NAME/train and NAME/test.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.datasets import _layout as layout
from bench.datasets._folder import LEAST, check_size, half_of, image_dataset
from bench.datasets._types import Dataset
from bench.datasets.images import list_images
from bench.storage.files import write_text
from bench.storage.reading import read_toml
from bench.storage.typed import typed
from genbench.places import data_folder
from metrics.errors import InputError

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
REAL, TRAIN, TEST = "real", "train", "test"
LEAST_REAL = 2  # of each real set; metrics ask for more where they need more


@dataclass(frozen=True)
class OwnData:
    """What stands in the file. `folders` are by "real", "train" and "test" (only those that were given), with `digests`
    over the names and sizes of their files; `count` images of the split `measured` are in each real set."""

    name: str
    title: str
    licence: str
    publishable: bool
    size: int
    grey: bool
    extractor: str
    recipe: str
    measured: str
    count: int
    domains: tuple[str, ...]
    paired: bool
    classes: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    folders: dict[str, str]
    digests: dict[str, str]


def of_file(path: Path) -> Dataset:
    """The data set that a file describes; InputError where it is damaged. Images are looked for when they are read."""
    own = read_own(path)
    more = {"extractors": (own.extractor,)} if own.extractor else {}
    return image_dataset(
        own.name,
        layout.Kind(own.domains, own.paired, own.classes, own.counts),
        cache(lambda: _opened(path, own)),
        shape=(1 if own.grey else 3, own.size, own.size),
        title=own.title,
        source=path.name,
        licence=own.licence,
        howto="take away images that are there twice, or put more into its folders, and write it again with "
        "`bench tracks new --force`",
        publishable=own.publishable,
        recipe=own.recipe,
        eval_sets=dict.fromkeys(("real 1", "real 2"), (own.measured, own.count)),
        **more,
    )


def _opened(path: Path, own: OwnData) -> Mapping[str, layout.Split]:
    """The files; InputError where they are missing, or others than they were."""
    folders = {part: _found(path, own.name, part, place) for part, place in own.folders.items()}
    for part, folder in folders.items():
        if digest_of(folder) != own.digests[part]:
            raise InputError(
                f"{own.name}: the images in {folder} are not those that {path} was written for; put them back, or "
                "write it again with `bench tracks new --force`"
            )
    return arranged(folders)


def arranged(folders: Mapping[str, Path]) -> dict[str, layout.Split]:
    """Train, test, and real where that is not test.

    Without a folder for training, or folders inside the real one that say so, half of the real images are for training.
    What is not given for testing is what is measured against.
    """
    real = folders[REAL]
    inside = layout.splits_in(real)
    if TRAIN in folders:
        splits = {TRAIN: layout.images_in(folders[TRAIN]), TEST: inside.get(TEST) or layout.images_in(real)}
    else:
        splits = inside or layout.halves(layout.images_in(real))
    return {**splits, TEST: layout.images_in(folders[TEST]), REAL: splits[TEST]} if TEST in folders else splits


def real_sets(kind: layout.Kind, splits: Mapping[str, layout.Split], asked: int | None) -> tuple[str, int]:
    """The split of the two real sets, and how many images are in each: as many as it allows, or as were asked for.

    InputError where there are too few images for anything.
    """
    for split, least in LEAST.items():
        if kind.smallest(split) < least:
            raise InputError(
                f"{kind.smallest(split)} images to {split} on; expected at least {least}; give a folder with more"
            )
    measured = REAL if REAL in kind.counts else TEST
    there = kind.smallest(measured)
    count = asked or half_of(kind, splits[measured])
    if count < LEAST_REAL or 2 * count > there:
        raise InputError(
            f"{there:,} real images make no two sets of {max(count, LEAST_REAL):,}; give more images, or a smaller "
            "--count"
        )
    return measured, count


def digest_of(folder: Path) -> str:
    """The sha256 over the names and the sizes of its images: no file is read, and the protocol hashes their pixels."""
    lines = [f"{file.relative_to(folder).as_posix()} {file.stat().st_size}" for file in list_images(folder)]
    return sha256("\n".join(lines).encode()).hexdigest()


def _found(path: Path, name: str, part: str, place: str) -> Path:
    """Where a folder is: as the file says, or below the folder of the data sets."""
    said, kept = Path(os.path.normpath(path.parent / place)), data_folder() / name / part
    folder = next((one for one in (said, kept) if one.is_dir()), None)
    if folder is None:
        raise InputError(f"{name}: neither {said} nor {kept} is there; put its {part} images into one of them")
    return folder


# ----- a new one


def new_own(path: Path, folders: Mapping[str, Path], *, asked: int | None, **about: Any) -> OwnData:
    """The description of these folders for the file at `path`, of which nothing is written; `asked` images in each real
    set. InputError for folders without images, or that do not go together, and for too few images."""
    for part, folder in folders.items():
        if not list_images(folder):
            why = "no image in it" if folder.is_dir() else "no such folder"
            raise InputError(f"--{part} {folder}: {why}; give a folder of images")
    splits = arranged(folders)
    kind = layout.Kind.of(splits)
    measured, count = real_sets(kind, splits, asked)
    home = path.parent.resolve()
    return OwnData(
        name=path.stem,
        measured=measured,
        count=count,
        domains=kind.domains,
        paired=kind.paired,
        classes=kind.classes,
        counts=kind.counts,
        folders={part: Path(os.path.relpath(folder.resolve(), home)).as_posix() for part, folder in folders.items()},
        digests={part: digest_of(folder) for part, folder in folders.items()},
        **about,
    )


# ----- the file


def read_own(path: Path) -> OwnData:
    """What a file says; InputError where it is damaged."""
    remedy = "write it again with `bench tracks new --force`, or remove it"
    values = read_toml(path, remedy=remedy)
    known = {one.name for one in fields(OwnData)}
    if set(values) != known:
        other = ", ".join(sorted(set(values) ^ known))
        raise InputError(f"{path} has not the fields of this version ({other}); {remedy}")
    own: OwnData = typed(OwnData, values, str(path))
    if own.name != path.stem:
        raise InputError(f"{path} calls itself {own.name!r}; give file and name the same name")
    check_size(str(path), own.size)
    return own


def own_text(own: OwnData) -> str:
    """The file."""
    lines = [f"# The data set and track {own.name}, written by `bench tracks new`. Folders are relative to this file."]
    tables = []
    for one in fields(OwnData):
        value: Any = getattr(own, one.name)
        if isinstance(value, dict):
            tables += ["", f"[{one.name}]", *(f"{key} = {_toml(each)}" for key, each in value.items())]
        else:
            lines.append(f"{one.name} = {_toml(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def write_own(path: Path, own: OwnData) -> None:
    """Write the file, whole or not at all; InputError where it cannot be."""
    write_text(path, own_text(own))


def _toml(value: Any) -> str:
    """JSON's texts, numbers and lists are TOML's, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
