"""A set of images with every image decoded once: what `bench doctor` judges.

Nothing ends the look at a set: a file that cannot be decoded is listed with its error, and so is a set that cannot be
opened.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.options import Progress
from bench.sources._parallel import in_order, iterate
from bench.sources._types import ImageSource
from bench.sources.decoding import CorruptImage, Header, decode, read_header
from bench.sources.files import Listing
from bench.sources.kept import Kept, Shape, room
from bench.sources.listings import listing_of
from bench.sources.opening import open_source
from bench.sources.rows import hash_of
from bench.sources.values import Extremes, of_file, of_image
from metrics.errors import InputError

FILES_PER_TASK = 8
PROGRESS_EVERY = 64


@dataclass(frozen=True)
class Look:
    """What is kept of one decoded image: (height, width), hash and standard deviation of its pixels, its lowest and
    highest value, whether its three channels are equal; for a file also the sha256 of its bytes and its header."""

    key: str
    size: tuple[int, int]
    pixels_sha256: str
    sd: float
    extremes: Extremes
    grey: bool
    file_sha256: str = ""
    header: Header | None = None


@dataclass(frozen=True)
class Corrupt:
    """A file that cannot be decoded, and why."""

    key: str
    problem: str


@dataclass(frozen=True)
class Survey:
    """A set after the look: its images, its corrupt files, its files of other kinds; `unusable` says why it could not
    be opened at all. `pixels` are the decoded files, uint8 [n, 3, h, w], where they were to be kept and could be."""

    name: str
    kind: str
    images: tuple[Look, ...] = ()
    corrupt: tuple[Corrupt, ...] = ()
    others: tuple[str, ...] = ()
    unusable: str = ""
    pixels: np.ndarray | None = field(default=None, compare=False, repr=False)


def survey(
    spec: Any, workers: int, data_root: Path | None, progress: Progress | None, *, keep: Shape | None = None
) -> Survey:
    """Decode every image of whatever `open_source` takes; progress(set, done, total) is called now and then.

    `keep` is the number and the shape of images that will be read again, [n, 3, h, w]: files of that number and shape
    need not be decoded then. Of a set that is open already its images are looked at, as files where they are files.
    """
    if isinstance(spec, ImageSource):
        if spec.encoded is None:
            return _rows(spec, workers, progress)
        return _files(Listing(spec.name, spec.kind, spec.keys, spec.encoded), workers, progress, keep)
    try:
        listing = listing_of(spec) if isinstance(spec, str | os.PathLike) and spec != "" else None
        if listing:
            return _files(listing, workers, progress, keep)
        return _rows(open_source(spec, data_root=data_root), workers, progress)
    except InputError as error:
        name = str(spec) if isinstance(spec, str | os.PathLike) else type(spec).__name__
        return Survey(name, "unusable", unusable=str(error))


def _files(listing: Listing, workers: int, progress: Progress | None, keep: Shape | None) -> Survey:
    count = len(listing.keys)
    with room(keep if keep and keep[0] == count else None) as kept:
        looks = in_order(_looking(listing, kept), count, per_task=FILES_PER_TASK, workers=workers)
        seen = list(_reported(looks, listing.name, count, progress))
        pixels = kept.images() if kept else None
    images = tuple(item for item in seen if isinstance(item, Look))
    corrupt = tuple(item for item in seen if isinstance(item, Corrupt))
    return Survey(listing.name, listing.kind, images, corrupt, listing.others, pixels=pixels)


def _looking(listing: Listing, kept: Kept | None) -> Callable[[int, int], list[Look | Corrupt]]:
    def look(start: int, stop: int) -> list[Look | Corrupt]:
        return [look_at(index) for index in range(start, stop)]

    def look_at(index: int) -> Look | Corrupt:
        key = listing.keys[index]
        try:
            data = listing.load(index)
            header = read_header(data, key)
            pixels = decode(data, key)
            if kept:
                kept.write(index, pixels)
            return _look(key, pixels, of_file(data, key, pixels), hashlib.sha256(data).hexdigest(), header)
        except CorruptImage as error:
            return Corrupt(key, error.problem)

    return look


def _rows(source: ImageSource, workers: int, progress: Progress | None) -> Survey:
    batches = iterate(source, workers=workers, batch_size=PROGRESS_EVERY)
    images = (image for batch in batches for image in batch)
    looks: Iterator[Look | Corrupt] = (
        _look(key, image, of_image(image)) for key, image in zip(source.keys, images, strict=True)
    )
    seen = _reported(looks, source.name, source.count, progress)
    return Survey(source.name, source.kind, tuple(item for item in seen if isinstance(item, Look)))


def _reported(
    looks: Iterator[Look | Corrupt], name: str, count: int, progress: Progress | None
) -> Iterator[Look | Corrupt]:
    for done, item in enumerate(looks, 1):
        if progress and (done % PROGRESS_EVERY == 0 or done == count):
            progress(name, done, count)
        yield item


def _look(key: str, image: np.ndarray, extremes: Extremes, file_sha256: str = "", header: Header | None = None) -> Look:
    grey = bool((image[0] == image[1]).all() and (image[0] == image[2]).all())
    size = (image.shape[1], image.shape[2])
    return Look(key, size, hash_of(image), float(image.std()), extremes, grey, file_sha256, header)
