"""One pass over images: decoded in threads, grouped by size into batches, each result in the row of its image."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

import numpy as np

from bench.settings.shared import BATCH_SIZE, WORKERS
from bench.sources import ImageSource, iterate
from bench.sources.values import Extremes, joined, of_image
from metrics.errors import InputError
from metrics.extractors.types import Extract, Extractor

WINDOW_BATCHES = 8  # an image waits for others of its size no longer than this many batches
WINDOW_BYTES = 256 * 2**20  # decoded images that wait at once

Which = tuple[str, str]  # features by the resize and the tap that they were made with


@dataclass(frozen=True)
class Engine:
    """An extractor with its weights, and how it is run here."""

    extractor: Extractor
    weights: Path | None
    weights_sha256: str
    device: str = "cpu"
    batch_size: int = BATCH_SIZE
    workers: int = WORKERS

    def networks(self, wanted: Sequence[Which]) -> dict[str, Extract]:
        """What computes these features, by the resize."""
        return {
            resize: self.extractor.build(
                self.weights, resize, self.device, tuple(tap for one, tap in wanted if one == resize)
            )
            for resize in dict.fromkeys(resize for resize, _ in wanted)
        }


@dataclass(frozen=True, eq=False)
class Computed:
    """Features float32 [n, d] of some images, and the extremes of their pixels."""

    arrays: Mapping[Which, np.ndarray]
    extremes: Extremes


def compute(
    source: ImageSource,
    engine: Engine,
    networks: Mapping[str, Extract],
    wanted: Sequence[Which],
    done: Callable[[int], None] = lambda count: None,
) -> Computed:
    """These features of all images of a source, in its order; `done(count)` is called after every batch.

    Every image is decoded once. Raises InputError for features that are not finite, naming the images.
    """
    taps = engine.extractor.taps
    arrays = {which: np.empty((source.count, taps[which[1]]), np.float32) for which in wanted}
    seen: list[Extremes] = []
    lists = cast(Generator[list[np.ndarray], None, None], iterate(source, engine.workers, engine.batch_size))
    count = 0
    with closing(lists):  # joins the threads that decode
        for rows, batch in _batches(_seen(chain.from_iterable(lists), seen), engine.batch_size):
            features = {resize: network(batch) for resize, network in networks.items()}
            for resize, tap in wanted:
                arrays[resize, tap][rows] = _finite(features[resize][tap], rows, source, engine.extractor, tap)
            count += len(rows)
            done(count)
    if count != source.count:
        raise ValueError(f"{source.name} gave {count} images, expected {source.count}")
    return Computed(arrays, seen[0])


def _seen(images: Iterable[np.ndarray], seen: list[Extremes]) -> Iterator[np.ndarray]:
    """The images; `seen` holds their extremes so far."""
    for image in images:
        seen[:] = [joined([*seen, of_image(image)])]
        yield image


def _batches(images: Iterable[np.ndarray], batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rows [b], images uint8 [b, 3, h, w]) of one size each, every batch full but for the last ones of a window."""
    waiting: dict[tuple[int, ...], list[tuple[int, np.ndarray]]] = {}  # in the order of each size's first image
    held = 0
    for row, image in enumerate(images):
        waiting.setdefault(image.shape, []).append((row, image))
        held += image.nbytes
        ready = [image.shape] if len(waiting[image.shape]) == batch_size else []
        oldest = next(iter(waiting))
        if not ready and (held >= WINDOW_BYTES or row - waiting[oldest][0][0] >= WINDOW_BATCHES * batch_size):
            ready = [oldest]
        for shape in ready:
            group = waiting.pop(shape)
            held -= sum(member.nbytes for _, member in group)
            yield _stack(group)
    for group in waiting.values():
        yield _stack(group)


def _stack(group: list[tuple[int, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row for row, _ in group]), np.stack([image for _, image in group])


def _finite(features: np.ndarray, rows: np.ndarray, source: ImageSource, extractor: Extractor, tap: str) -> np.ndarray:
    """The features as float32 [b, d] after checking shape and values."""
    features = np.asarray(features, np.float32)
    if features.shape != (len(rows), extractor.taps[tap]):
        raise ValueError(f"{extractor.name} {tap} gave {features.shape}, expected {(len(rows), extractor.taps[tap])}")
    bad = rows[~np.isfinite(features).all(axis=1)]
    if len(bad):
        named = ", ".join(source.keys[row] for row in bad[:3]) + (" ..." if len(bad) > 3 else "")
        raise InputError(
            f"{extractor.name} {tap} is not finite for {len(bad)} images of {source.name} ({named}); "
            "the weights do not fit this network, or the file is damaged: see `bench weights`"
        )
    return features
