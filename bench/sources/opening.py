"""From what was given for a set of images to an ImageSource; one module of this folder per kind.

| given                                           | read as                                                       |
|-------------------------------------------------|---------------------------------------------------------------|
| a folder                                        | all images in it and in its folders, sorted by path           |
| FILE.zip, FILE.tar                              | the images in it, in place                                    |
| a pattern, such as DIR/*_fake_B.png             | the files that it matches, sorted by path                     |
| DIR/{000..063}.tar, a folder of .tar            | a WebDataset, in the order of its tars and their members      |
| FILE.parquet, a folder of `datasets`            | the rows of its column of images; FILE#COLUMN names one       |
| FILE.npy, FILE.npz                              | one array of images                                           |
| NAME:SPLIT, NAME:SPLIT/DOMAIN, folder:DIR:SPLIT | a split of a data set, or an evaluation set (digits:real-1)   |
| a URL, s3://BUCKET/DIR                          | a folder, a pattern, tars or tables elsewhere                 |
| an array or tensor                              | itself: [n, h, w, c] or [n, c, h, w]                          |
| a list                                          | of paths of image files, of PIL images, of arrays or tensors  |
| a Dataset or DataLoader of torch                | its images, read once                                         |
| a function make(n, seed)                        | the n images that it makes                                    |

What exists on the disk comes first; a name of one letter before the colon is a Windows drive.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bench import registry
from bench.names import shown as escaped
from bench.sources._contents import SAVE
from bench.sources._types import Choose, ImageSource
from bench.sources.arrays import from_array, from_file
from bench.sources.decoding import SUFFIXES
from bench.sources.files import Listing, from_listing
from bench.sources.listings import listing_of, names_pattern, path_of
from bench.sources.lists import from_list
from bench.sources.makers import check_maker, from_maker
from bench.sources.remote import IN_MEMORY, is_remote
from bench.sources.splits import from_split, split_named
from bench.sources.torch_sets import from_torch_set, is_torch_set
from bench.storage.cache import Cache
from genbench.names import close_names
from genbench.places import data_folder, expanded
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import plain_array
from metrics.errors import InputError
from metrics.extractors.foreign import TORCH, file_kind
from metrics.options import check_seed, place, shown, switch, whole_number
from metrics.splits import drawn

OF_FILES = "a folder, .zip, .tar, .parquet, .npz, .npy, a pattern 'DIR/*.png', a URL"
TAKEN = f"{OF_FILES} or DATASET:SPLIT"
TAKEN_IN_PYTHON = (
    f"{OF_FILES}, DATASET:SPLIT, an array or tensor [n, c, h, w], a list of paths, PIL images or arrays, a torch "
    "Dataset or DataLoader, or a function make(n, seed)"
)


@numpy_defaults()
def open_source(
    spec: Any,
    *,
    limit: int | None = None,
    seed: int = 0,
    skip_corrupt: bool = False,
    data_root: Path | None = None,
    cache: Cache | None = None,
    part: Callable[[int], range] | None = None,
) -> ImageSource:
    """The set of images that `spec` is or names; the module's table has all kinds.

    `limit` takes that many, drawn without replacement by numpy's RandomState(seed) and kept in order, never the first
    ones: folders are often sorted by class. `skip_corrupt` decodes every file once and leaves the broken ones out, with
    a note; otherwise a broken file is an InputError that names it. `data_root` is where data sets were downloaded to.
    All files of the set are read once, to hash them; the images of a data set are prepared too, with a `cache` once for
    the same files. `part(count)` says which of so many images are opened, where not all are: no other is read. Raises
    InputError for anything that is no set of images.
    """

    seed = check_seed(seed)
    limit = None if limit is None else whole_number(limit, "limit", 1)
    data_root = None if data_root is None else place(data_root, "data_root")
    switch(skip_corrupt, "skip_corrupt")
    spec = check_kind(spec)
    if callable(spec):
        return from_maker(spec, limit, seed)

    def choose(count: int) -> np.ndarray | None:
        name = str(spec) if isinstance(spec, str | Path) else "the set"
        numbers = _draw(count, limit, seed, name)
        if part is None:
            return numbers
        rows = part(count if numbers is None else len(numbers))
        return np.arange(rows.start, rows.stop) if numbers is None else numbers[rows.start : rows.stop]

    source = replace(_open(spec, choose, skip_corrupt, data_root, cache), origin=_named(spec, data_root))
    if limit is None:
        return source
    return replace(source, notes=(*source.notes, f"limit: {limit:,} images drawn with seed {seed}"))


def _draw(count: int, limit: int | None, seed: int, name: object) -> np.ndarray | None:
    if limit is None:
        return None
    if limit > count:
        raise InputError(f"--limit {limit} of {name}: it has {count:,} images; expected 1 to {count:,}")
    return drawn(count, limit, seed)


def check_kind(spec: Any) -> Any:
    """What was given for a set of images, a path as a Path and a tensor as an array; InputError for what is none."""
    if isinstance(spec, os.PathLike):
        return Path(spec)
    if isinstance(spec, np.ndarray) or hasattr(spec, "detach"):
        return plain_array(spec, "the images")
    if isinstance(spec, str | list | tuple) or is_torch_set(spec):
        return spec
    if callable(spec):
        check_maker(spec)
        return spec
    raise InputError(f"a set of images is {shown(spec)}; expected {TAKEN_IN_PYTHON}")


def check_path(spec: str | os.PathLike[str]) -> None:
    """InputError for a path that the system cannot look at: a name too long or with a NUL, a folder without access."""
    if split_named(spec) or names_pattern(spec) or is_remote(spec):
        return
    try:
        path_of(spec).stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        name = shown(str(spec))
        raise InputError(f"{name} cannot be opened ({reason}); check the name and its permissions") from error


def _open(spec: Any, choose: Choose, skip_corrupt: bool, root: Path | None, cache: Cache | None) -> ImageSource:
    if isinstance(spec, np.ndarray):
        return from_array(spec, choose)
    if isinstance(spec, list | tuple):
        return from_list(spec, choose, skip_corrupt)
    if not isinstance(spec, str | Path):
        return from_torch_set(spec, choose)
    if spec == "":  # an unset variable of a shell; as a path it would be the current folder
        raise InputError(f"the name of a set of images is empty; expected {TAKEN}")
    check_path(spec)
    if listing := listing_of(spec):
        return from_listing(listing, choose, skip_corrupt)
    path = path_of(spec)
    if path.exists():
        return _from_file(path, choose)
    if named := split_named(spec):
        return from_split(*named, choose, root, cache)
    raise InputError(_missing(escaped(str(spec))))


def _from_file(path: Path, choose: Choose) -> ImageSource:
    match path.suffix.lower():
        case ".npy" | ".npz":
            return from_file(path, choose)
        case suffix if suffix in SUFFIXES:
            raise InputError(f"{path} is one image; give its folder, or a pattern in quotes: 'DIR/*{suffix}'")
    kind = file_kind(path) if path.is_file() else ""
    pickled = f". If it is a pickle with statistics, {SAVE}" if kind == TORCH else ""
    found = f"is {kind}, not" if kind else "is not"
    raise InputError(f"{path} {found} a set of images; expected {TAKEN}{pickled}")


@dataclass(frozen=True)
class Named:
    """A set of images by a name that means the same to all processes that see this disk."""

    spec: str
    root: Path
    opened: int = field(default_factory=time.time_ns)  # what is kept of one opening is not used by the next

    def open(self, places: np.ndarray) -> ImageSource:
        """See `Origin`; InputError where there are fewer images here."""

        def choose(count: int) -> np.ndarray:
            if count <= places.max():
                raise InputError(f"{self.spec} holds {count:,} images here, and number {places.max():,} was asked for")
            return places

        if listing := _listed(self.spec, self.opened):
            return from_listing(listing, choose, False)
        return _open(self.spec, choose, False, self.root, None)


@lru_cache(maxsize=2)
def _listed(spec: str, opened: int) -> Listing | None:
    return listing_of(spec)


def _named(spec: Any, root: Path | None) -> Named | None:
    """None of what only this process has."""
    if not isinstance(spec, str | Path) or str(spec).startswith(f"{IN_MEMORY}:"):
        return None
    root, path, name = (root or data_folder()).absolute(), path_of(spec), str(spec)
    if is_remote(spec):
        return Named(name, root)
    if path.exists() or not split_named(spec):
        return Named(str(path.absolute()), root)
    kind, colon, rest = name.partition(":")
    return Named(f"folder:{expanded(rest).absolute()}" if kind == "folder" else kind + colon + rest, root)


def _missing(spec: str) -> str:
    if spec.startswith("folder:"):
        return f"{spec} names no split; write folder:DIR:SPLIT, such as {spec}:real-1, or give the folder itself"
    datasets = registry.names("datasets")
    close = close_names(spec.split(":")[0].replace("_", "-"), datasets, likeness=0.7)
    hint = f"For the data set {close[0]!r} write {close[0]}:SPLIT. " if close else ""
    return f"{spec} does not exist. {hint}Expected {TAKEN}"
