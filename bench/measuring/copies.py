"""Copies of training images in the pixels themselves, whatever the network of a track sees.

Images are compared as they are after decoding, uint8 [3, h, w]: a PNG written again, renamed or turned into a BMP is
the same image. What no longer is the same to the bit (saved as JPEG, moved by one pixel, with a little noise) is found
by thumbnails, see `metrics.arithmetic.thumbnails`, under the rule of `metrics.arithmetic.near_duplicates`. Neither
needs a network, so that they can look at all of a training set of which a slow network sees a part.
"""

from collections.abc import Iterator

import numpy as np

from bench.settings import WORKERS
from bench.sources import ImageSource, iterate
from bench.sources.rows import hash_of
from bench.storage.records import Numbers
from metrics.arithmetic.near_duplicates import near_duplicates
from metrics.arithmetic.thumbnails import thumbnails, two_nearest
from metrics.errors import InputError

VERSION = 1  # goes up when a number here changes
BLOCK = 256  # images decoded at a time
LEAST = 4  # images per set
CALIBRATION = 1_000  # held-out images, evenly spread, that say which nearness is usual


def copies(train: ImageSource, generated: ImageSource, held_out: ImageSource, *, workers: int = WORKERS) -> Numbers:
    """How many generated images are, in pixels, training images, held-out images, or each other; shares in [0, 1].

    `exact_copies`: equal to a training image; `exact_copies_expected`: the same of the held-out images, which data sets
    do repeat. `near_copies`, `near_copies_expected`, `near_copies_p`: nearly equal, as
    `metrics.arithmetic.near_duplicates` has it. `held_out_copies`: equal to a held-out image that is no training image.
    `duplicates`: equal to an earlier generated image. InputError for fewer than 4 images in a set.
    """
    for source in (train, generated, held_out):
        if source.count < LEAST:
            raise InputError(f"{source.name} holds {source.count} images; expected at least {LEAST}; give more")
    trained, known = _look(train, workers)
    made, originals, distances = _compare(generated, known, workers)
    real, _, usual = _compare(held_out, known, workers, most=CALIBRATION)
    near = near_duplicates(distances, originals, usual)
    seen, unseen = set(trained), set(real) - set(trained)
    return {
        "exact_copies": _share(made, seen),
        "exact_copies_expected": _share(real, seen),
        "near_copies": near.share,
        "near_copies_expected": near.expected,
        "near_copies_p": near.p,
        "held_out_copies": _share(made, unseen),
        "duplicates": 1 - len(set(made)) / len(made),
    }


def _share(hashes: list[str], known: set[str]) -> float:
    return sum(one in known for one in hashes) / len(hashes)


def _look(source: ImageSource, workers: int) -> tuple[list[str], np.ndarray]:
    """Hashes and thumbnails."""
    hashes, parts = [], []
    for batch in iterate(source, workers, BLOCK):
        hashes += [hash_of(image) for image in batch]
        parts += [thumbnails(images) for images in _stacks(batch)]
    return hashes, np.concatenate(parts)


def _compare(
    source: ImageSource, known: np.ndarray, workers: int, most: int | None = None
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Hashes of all images; of all, or of `most` evenly spread ones, the number of the nearest known image [n], and the
    squared distances to the two nearest [n, 2]."""
    count = min(source.count, most or source.count)
    chosen = set(np.linspace(0, source.count - 1, count).round().astype(int).tolist())
    hashes: list[str] = []
    rows, squared = [], []
    for batch in iterate(source, workers, BLOCK):
        wanted = [image for place, image in enumerate(batch, len(hashes)) if place in chosen]
        hashes += [hash_of(image) for image in batch]
        for images in _stacks(wanted):
            near, distances = two_nearest(images, known)
            rows.append(near)
            squared.append(distances)
    return hashes, np.concatenate(rows), np.concatenate(squared)


def _stacks(batch: list[np.ndarray]) -> Iterator[np.ndarray]:
    """A batch [b, 3, h, w], or in parts where neighbours differ in size; the order stays."""
    start = 0
    for stop in range(1, len(batch) + 1):
        if stop == len(batch) or batch[stop].shape != batch[start].shape:
            yield np.stack(batch[start:stop])
            start = stop
