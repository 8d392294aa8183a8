"""Copies of training images in the pixels themselves, whatever the network of a track sees.

Images are compared as they are after decoding, uint8 [3, h, w]: a PNG written again, renamed or turned into a BMP is
the same image. What no longer is the same to the bit (saved as JPEG, moved by one pixel, mirrored, brighter, with a
little noise) is found by thumbnails, see `metrics.arithmetic.thumbnails`, under the rules of
`metrics.arithmetic.near_duplicates`. Neither needs a network, so that they can look at all of a training set of which a
slow network sees a part.

`METRIC` describes it as a metric is described. It is none of `metrics/`, because it reads images one after the other
from files and data sets that fit into no array.
"""

from collections.abc import Iterator

import numpy as np

from bench.settings.shared import WORKERS
from bench.sources import ImageSource, iterate
from bench.sources.rows import hash_of
from bench.storage.records import Numbers
from metrics.arithmetic.agreement import TINY
from metrics.arithmetic.near_duplicates import contradiction, near_numbers, near_values
from metrics.arithmetic.thumbnails import levelled, thumbnails, two_nearest
from metrics.errors import InputError
from metrics.types import Counts, Metric, Output, Value, Values

BLOCK = 256  # images decoded at a time
LEAST = 4  # images per set
CALIBRATION = 5_000  # held-out images, evenly spread, that say which nearness is usual
FIRST_CALIBRATION = 1_000  # those of version 1, whose rules do not say it


def copies(train: ImageSource, generated: ImageSource, held_out: ImageSource, *, workers: int = WORKERS) -> Numbers:
    """How many generated images are, in pixels, training images, held-out images, or each other; shares in [0, 1].

    `exact_copies`: equal to a training image; `exact_copies_expected`: the same of the held-out images, which data sets
    do repeat. `near_copies`, `near_copies_expected`, `near_copies_p`: nearly equal, as
    `metrics.arithmetic.near_duplicates` has it, and the same of `near_copies_strict`. `held_out_copies`: equal to a
    held-out image that is no training image. `duplicates`: equal to an earlier generated image. InputError for fewer
    than 4 images in a set.
    """
    for source in (train, generated, held_out):
        if source.count < LEAST:
            raise InputError(f"{source.name} holds {source.count} images; expected at least {LEAST}; give more")
    trained, known = _look(train, workers)
    made, originals, distances = _compare(generated, known, workers)
    real, _, usual = _compare(held_out, known, workers, most=CALIBRATION)
    seen, unseen = set(trained), set(real) - set(trained)
    return {
        "exact_copies": _share(made, seen),
        "exact_copies_expected": _share(real, seen),
        **near_numbers("near_copies", distances, originals, usual),
        "held_out_copies": _share(made, unseen),
        "duplicates": 1 - len(set(made)) / len(made),
    }


def _share(hashes: list[str], known: set[str]) -> float:
    return sum(one in known for one in hashes) / len(hashes)


def _look(source: ImageSource, workers: int) -> tuple[list[str], np.ndarray]:
    """Hashes, and thumbnails of one brightness and contrast."""
    hashes, parts = [], []
    for batch in iterate(source, workers, BLOCK):
        hashes += [hash_of(image) for image in batch]
        parts += [levelled(thumbnails(images)) for images in _stacks(batch)]
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


def impossible(values: Values, counts: Counts, options: Values) -> Iterator[str]:
    """What contradicts another number of the result: an exact copy is a near one, and no image is two."""
    yield from _copies_contradict(values)
    yield from contradiction("near_copies", values, counts.generated, min(counts.held_out, counts.calibration))


def _copies_contradict(values: Values) -> Iterator[str]:
    keys = ("exact_copies", "exact_copies_expected", "near_copies", "held_out_copies")
    exact, expected, near, held_out = (values.get(key) for key in keys)
    if exact is None or expected is None or near is None or held_out is None:
        return
    if near < exact - TINY and expected < 1:
        yield f"{exact:.6g} are exact copies and only {near:.6g} near ones; an exact copy is a near one"
    if exact + held_out > 1 + TINY:
        yield f"{exact:.6g} are training images and {held_out:.6g} held-out ones, together more than all"


METRIC = Metric(
    name="copies",
    title="Copies, by pixels",
    source="bench.measuring.copies: sha256 of the decoded pixels; thumbnails of 8x8",
    feature="images",
    arity="triplet",
    outputs=(
        Output(
            *("exact_copies", "Exact copies", "lower"),
            says="share of images that equal a training image, pixel for pixel",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            expected="exact_copies_expected",
            column="Copies",
            looks_at="copies",
        ),
        Output(
            *("near_copies", "Near copies", "lower"),
            says="share of images that are nearly a training image, by small pictures of both",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            expected="near_copies_expected",
            shown="table",
            looks_at="copies",
        ),
        Output(
            *("held_out_copies", "Copies of held-out images", "lower"),
            says="share of images that equal a held-out image, pixel for pixel",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            shown="entry",
        ),
        Output(
            *("duplicates", "Duplicates among themselves", "lower"),
            says="share of images that are equal to an earlier one of the same entry",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            column="Repeated",
        ),
    ),
    beside=(
        Value("exact_copies_expected", kind="share", least=0, most=1),
        *near_values("near_copies"),
    ),
    impossible=impossible,
    compute=copies,
    least=LEAST,
    version=2,
)
