"""From what a person typed to an ImageSource.

| given                                   | read as                                                              |
|-----------------------------------------|----------------------------------------------------------------------|
| a folder                                | all images in it and in its folders, sorted by path                   |
| FILE.zip                                | the images in it, in place                                            |
| FILE.npy, FILE.npz                      | one array of images                                                   |
| NAME:SPLIT, NAME:SPLIT/DOMAIN           | a split of a data set, or one of its evaluation sets (digits:real-1)  |
| an array or tensor (Python only)        | itself                                                                |

What exists on the disk comes first; a name of one letter before the colon is a Windows drive.
"""

import difflib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import registry
from bench.sources._contents import SAVE
from bench.sources._prepared import prepared_hashes
from bench.sources._types import ImageSource
from bench.sources.arrays import load_array, rows_of
from bench.sources.decoding import SUFFIXES
from bench.sources.files import from_listing, list_folder
from bench.sources.rows import from_rows, hash_of, three_channels
from bench.sources.zips import list_zip
from bench.storage.cache import Cache
from genbench.places import expanded
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import plain_array
from metrics.errors import InputError
from metrics.extractors.foreign import TORCH, file_kind
from metrics.options import check_seed, place, shown, switch, whole_number

if TYPE_CHECKING:
    from bench.datasets import Split

SPLIT_OF_DATASET = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]+):([^:/\\]+)(?:/([^:/\\]+))?")


@numpy_defaults()
def open_source(
    spec: Any,
    *,
    limit: int | None = None,
    seed: int = 0,
    skip_corrupt: bool = False,
    data_root: Path | None = None,
    cache: Cache | None = None,
) -> ImageSource:
    """The set of images that `spec` names (see the module's table): a path, a name, or an array.

    `limit` takes that many, drawn without replacement by numpy's RandomState(seed) and kept in order, never the first
    ones: folders are often sorted by class. `skip_corrupt` decodes every file once and leaves the broken ones out, with
    a note; otherwise a broken file is an InputError that names it. `data_root` is where data sets were downloaded to.
    All files of the set are read once, to hash them; the images of a data set are prepared too, with a `cache` once for
    the same files. Raises InputError for anything that is no set of images.
    """

    seed = check_seed(seed)
    limit = None if limit is None else whole_number(limit, "limit", 1)
    data_root = None if data_root is None else place(data_root, "data_root")
    switch(skip_corrupt, "skip_corrupt")
    spec = check_kind(spec)

    def choose(count: int) -> np.ndarray | None:
        return _draw(count, limit, seed, spec if isinstance(spec, str) else getattr(spec, "name", "the array"))

    source = _open(spec, choose, skip_corrupt, data_root, cache)
    if limit is None:
        return source
    return replace(source, notes=(*source.notes, f"limit: {limit:,} images drawn with seed {seed}"))


def _draw(count: int, limit: int | None, seed: int, name: object) -> np.ndarray | None:
    if limit is None:
        return None
    if limit > count:
        raise InputError(f"--limit {limit} of {name}: it has {count:,} images; expected 1 to {count:,}")
    return np.sort(np.random.RandomState(seed).choice(count, limit, replace=False))


def check_kind(spec: Any) -> str | Path | np.ndarray:
    """What was given for a set of images as a name, a path or an array; InputError for anything else."""
    if isinstance(spec, str):
        return spec
    if isinstance(spec, os.PathLike):
        return Path(spec)
    if isinstance(spec, np.ndarray) or hasattr(spec, "detach"):
        return plain_array(spec, "the images")
    raise InputError(
        f"a set of images is {shown(spec)}; expected a folder, .zip, .npz, .npy, DATASET:SPLIT, "
        "or an array or tensor [n, c, h, w]"
    )


def check_path(spec: str | os.PathLike[str]) -> None:
    """InputError for a path that the system cannot look at: a name too long or with a NUL, a folder without access."""
    if isinstance(spec, str) and SPLIT_OF_DATASET.fullmatch(spec):
        return
    try:
        expanded(Path(spec)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        name = shown(str(spec))
        raise InputError(f"{name} cannot be opened ({reason}); check the name and its permissions") from error


def _open(
    spec: str | Path | np.ndarray,
    choose: Callable[[int], np.ndarray | None],
    skip_corrupt: bool,
    root: Path | None,
    cache: Cache | None,
) -> ImageSource:
    if isinstance(spec, np.ndarray):
        return _unchanged(_from_array(spec, "array", "array", choose, []))
    if spec == "":  # an unset variable of a shell; as a path it would be the current folder
        raise InputError("the name of a set of images is empty; expected a folder, .zip, .npz, .npy or DATASET:SPLIT")
    check_path(spec)
    path = expanded(spec)
    named = SPLIT_OF_DATASET.fullmatch(spec) if isinstance(spec, str) else None
    if not path.exists():
        if named:
            return _from_dataset(named[1], named[2], named[3] or "", choose, root, cache)
        raise InputError(_missing(str(spec)))
    if path.is_dir():
        return from_listing(list_folder(path), choose, skip_corrupt)
    match path.suffix.lower():
        case ".zip":
            return from_listing(list_zip(path), choose, skip_corrupt)
        case ".npy" | ".npz":
            array, notes = load_array(path)
            return _from_array(array, path.stem, path.suffix.lower()[1:], choose, notes)
        case suffix if suffix in SUFFIXES:
            raise InputError(f"{path} is one image; expected a folder, .zip, .npz or .npy of many. Give its folder")
    kind = file_kind(path) if path.is_file() else ""
    pickled = f". Where a pickle holds statistics, {SAVE}" if kind == TORCH else ""
    found = f"is {kind}, not" if kind else "is not"
    raise InputError(f"{path} {found} a set of images; expected a folder, .zip, .npz, .npy or DATASET:SPLIT{pickled}")


def _from_array(
    array: np.ndarray, name: str, kind: str, choose: Callable[[int], np.ndarray | None], notes: list[str]
) -> ImageSource:
    rows = rows_of(array, name if kind == "array" else f"{name}.{kind}")
    return from_rows(name, kind, rows, len(array), choose(len(array)), (), notes)


def _unchanged(source: ImageSource) -> ImageSource:
    """The images of an array of the caller's, who may write into it: each is compared with its hash when it is read."""
    rows = source.read_range
    assert rows is not None, "an array is read by rows"

    def read_range(start: int, stop: int) -> np.ndarray:
        images = rows(start, stop)
        for number, image in enumerate(images, start):
            if hash_of(image) != source.hashes[number]:
                raise InputError(f"image {number} of the array was changed after it was opened; open a copy of it")
        return images

    return replace(source, read=lambda index: read_range(index, index + 1)[0], read_range=read_range)


def _from_dataset(
    name: str,
    split: str,
    domain: str,
    choose: Callable[[int], np.ndarray | None],
    root: Path | None,
    cache: Cache | None,
) -> ImageSource:
    from bench.datasets import data_root, eval_set, open_dataset

    dataset = open_dataset(name)
    sets = {key.replace(" ", "-"): key for key in dataset.eval_sets or {}}
    part = split.replace(" ", "-")
    if split not in dataset.splits and part not in sets:
        known = [*dataset.splits, *sets]
        close = difflib.get_close_matches(split, known, n=1)
        meant = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
        raise InputError(f"the data set {dataset.name} has no split {split!r}. {meant}")
    if dataset.domains and domain not in dataset.domains:
        choices = " or ".join(f"{dataset.name}:{split}/{key}" for key in dataset.domains)
        raise InputError(f"the data set {dataset.name} has no domain {domain!r}; expected {choices}")
    if domain and not dataset.domains:
        raise InputError(f"the data set {dataset.name} has no domains, but {domain!r} was given; leave it out")
    folder = data_root(root)
    loaded = (
        dataset.load(split, folder, domain)
        if split in dataset.splits
        else eval_set(dataset, sets[part], folder, domain)
    )

    title = f"{dataset.name}:{split}" + (f"/{domain}" if domain else "")
    grey = ["grey: the images are grey and repeated to three channels"] if dataset.shape[0] == 1 else []
    return source_of_split(loaded, title, choose(loaded.count), grey, cache)


def source_of_split(
    split: "Split",
    title: str,
    chosen: np.ndarray | None = None,
    notes: Sequence[str] = (),
    cache: Cache | None = None,
) -> ImageSource:
    """The images of a split (the chosen rows, in rising order) as a source of this title.

    With a `cache`, the hashes of a whole split of files are computed once for the same files.
    """

    def rows(start: int, stop: int) -> np.ndarray:
        return np.ascontiguousarray(three_channels(split.read(start, stop)))

    hashes, said = None, list(notes)
    if cache and split.encoded and chosen is None:
        hashes, warning = prepared_hashes(title, rows, split.encoded, split.count, cache)
        said += [warning] if warning else []
    return from_rows(title, "dataset", rows, split.count, chosen, split.names or (), said, hashes)


def _missing(spec: str) -> str:
    datasets = registry.names("datasets")
    close = difflib.get_close_matches(spec.split(":")[0].lower().replace("_", "-"), datasets, n=1, cutoff=0.7)
    hint = f"For the data set {close[0]!r} write {close[0]}:SPLIT. " if close else ""
    return f"{spec} does not exist. {hint}Expected a folder, .zip, .npz, .npy or DATASET:SPLIT"
