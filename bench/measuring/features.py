"""One pass over a set of images: decode, extract, keep.

Each tap is a cache entry of its own, so asking for `logits` after `pool` computes the logits only, and asking for
either of them again computes nothing and imports no engine. Rows are in the order of the source and do not depend on
batch size, workers or image sizes: images of one size form a batch, and every result goes back to its row.
"""

import contextlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path
from typing import Any, cast

import numpy as np

from bench.measuring.feature_rows import Rows
from bench.options import Done
from bench.settings.shared import BATCH_SIZE, WORKERS
from bench.sources import ImageSource, iterate
from bench.sources.values import Extremes, as_stored, joined, of_image
from bench.storage.cache import Cache, digest_of
from genbench.names import did_you_mean
from metrics.errors import InputError
from metrics.extractors.types import Extract, Extractor

VALUES_VERSION = 1  # goes up when the extremes of the same files become others
FEATURES_VERSION = 1  # goes up when decoding, batching or anything else here changes a feature
WINDOW_BATCHES = 8  # an image waits for others of its size no longer than this many batches
WINDOW_BYTES = 256 * 2**20  # decoded images that wait at once

Which = tuple[str, str]  # features by the resize and the tap that they were made with


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of a set of images and all that they depend on.

    `arrays[tap]` is float32 [n, d], row i belongs to image i of the source (read-only and memory-mapped where it comes
    from the cache). `hashes[i]` is the sha256 of image i. `warnings` belong beside every number made from the table.
    """

    arrays: Mapping[str, np.ndarray]
    source_digest: str
    source_name: str
    count: int
    extractor: str
    version: int
    weights_sha256: str
    resize: str
    hashes: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def key(self, tap: str) -> str:
        """The name of one tap's features in the cache: equal exactly where the features are."""
        return feature_key(
            self.source_digest, self.extractor, self.version, self.weights_sha256, resize=self.resize, tap=tap
        )


def feature_key(source_digest: str, extractor: str, version: int, weights_sha256: str, *, resize: str, tap: str) -> str:
    """sha256 over everything that the features of one tap depend on: contents, never names or places.

    Device, batch size and workers are not part of it: they move a feature by rounding only (1e-6 relative).
    """
    return digest_of(
        {
            "features_version": FEATURES_VERSION,
            "source_digest": source_digest,
            "extractor": extractor,
            "extractor_version": version,
            "weights_sha256": weights_sha256,
            "resize": resize,
            "tap": tap,
        }
    )


def extract(
    source: ImageSource,
    extractor: Extractor,
    *,
    taps: Iterable[str],
    resizes: Iterable[str],
    weights: Path | None,
    weights_sha256: str,
    device: str = "cpu",
    batch_size: int = BATCH_SIZE,
    workers: int = WORKERS,
    cache: Cache | None = None,
    progress: Done | None = None,
) -> dict[str, FeatureTable]:
    """The features of all images of a source at the given taps with each of these resizes, by the name of the resize.

    What is in the cache is taken from there. What is missing is computed in one pass, in which every image is decoded
    once; with a cache its rows go straight to the entry's file, so memory does not grow with the number of images.
    `progress(done, total)` is called after every batch. A cache that cannot be written costs a warning, never the
    result. Raises InputError for an unknown tap or resize, an empty source, and features that are not finite (naming
    the images).
    """
    taps, resizes = tuple(dict.fromkeys(taps)), tuple(dict.fromkeys(resizes))
    _check(source, extractor, taps, resizes, batch_size, workers)
    warnings: list[str] = []
    known = {resize: _nothing_yet(source, extractor, weights_sha256, resize) for resize in resizes}
    arrays: dict[Which, np.ndarray] = {}
    for resize, tap in product(resizes, taps):
        if cache and (entry := cache.get(known[resize].key(tap), warnings.append)):
            arrays[resize, tap] = entry["features"]
    missing = [which for which in product(resizes, taps) if which not in arrays]
    seen: list[Extremes] = []
    if missing:
        with contextlib.ExitStack() as stack:
            tables = {which: Rows((source.count, extractor.taps[which[1]]), warnings.append) for which in missing}
            networks = {
                resize: extractor.build(weights, resize, device, tuple(tap for one, tap in missing if one == resize))
                for resize in dict.fromkeys(resize for resize, _ in missing)
            }
            for (resize, tap), table in tables.items():
                stack.callback(table.discard)
                if cache:
                    table.keep(cache, known[resize].key(tap), _meta(known[resize], tap, extractor.taps[tap]))
            lists = cast(Generator[list[np.ndarray], None, None], iterate(source, workers, batch_size))
            stack.callback(lists.close)  # joins the threads that decode
            _fill(tables, _seen(chain.from_iterable(lists), seen), networks, source, extractor, batch_size, progress)
            arrays |= {which: table.finish() for which, table in tables.items()}
    if note := _extremes(source, seen, workers, cache).note:
        warnings.append(f"{source.name}: {note}")
    said = tuple(dict.fromkeys(warnings))
    return {
        resize: replace(table, arrays={tap: arrays[resize, tap] for tap in taps}, warnings=said)
        for resize, table in known.items()
    }


def _nothing_yet(source: ImageSource, extractor: Extractor, weights_sha256: str, resize: str) -> FeatureTable:
    """The table of a set before any of its features are known."""
    return FeatureTable(
        arrays={},
        source_digest=source.digest,
        source_name=source.name,
        count=source.count,
        extractor=extractor.name,
        version=extractor.version,
        weights_sha256=weights_sha256,
        resize=resize,
        hashes=source.hashes,
    )


def _fill(
    tables: "Mapping[Which, Rows]",
    images: Iterable[np.ndarray],
    networks: Mapping[str, Extract],
    source: ImageSource,
    extractor: Extractor,
    batch_size: int,
    progress: Done | None,
) -> None:
    done = 0
    for rows, batch in _batches(images, batch_size):
        features = {resize: network(batch) for resize, network in networks.items()}
        for (resize, tap), table in tables.items():
            table.write(rows, _finite(features[resize][tap], rows, source, extractor, tap))
        done += len(rows)
        if progress:
            progress(done, source.count)
    if done != source.count:
        raise ValueError(f"{source.name} gave {done} images, expected {source.count}")


def _seen(images: Iterable[np.ndarray], seen: list[Extremes]) -> Iterator[np.ndarray]:
    """The images; `seen` holds their extremes so far."""
    for image in images:
        seen[:] = [joined([*seen, of_image(image)])]
        yield image


def _extremes(source: ImageSource, seen: list[Extremes], workers: int, cache: Cache | None) -> Extremes:
    """The extremes of a set: as they are kept, as they were `seen` while features were computed, or out of a look at
    all images. Kept by content and not with the features, of which there may be some without them."""
    key = digest_of({"values_version": VALUES_VERSION, "source": source.digest})
    entry = cache.get(key) if cache else None
    if entry is not None:
        return Extremes(*entry["extremes"].tolist())
    if not seen:
        seen = [of_image(image) for batch in iterate(source, workers) for image in batch]
    found = as_stored(source, joined(seen))
    if cache:  # where it cannot be kept, the features have said so
        about = {"what": f"lowest and highest value of {source.count} images", "source": source.name}
        cache.put(key, {"extremes": np.array([found.low, found.high, found.top])}, about)
    return found


def _check(
    source: ImageSource,
    extractor: Extractor,
    taps: tuple[str, ...],
    resizes: tuple[str, ...],
    batch_size: int,
    workers: int,
) -> None:
    for tap in taps:
        if tap not in extractor.taps:
            raise InputError(f"{extractor.name} has no tap {tap!r}. {did_you_mean(tap, extractor.taps)}")
    for resize in resizes:
        if resize not in extractor.resize:
            raise InputError(f"{extractor.name} has no resize {resize!r}. {did_you_mean(resize, extractor.resize)}")
    if batch_size < 1 or workers < 0:
        raise InputError(f"batch size {batch_size} with {workers} workers: expected at least 1 and 0")
    if source.count == 0:
        raise InputError(f"{source.name} holds no images; features need at least one")


def _meta(table: FeatureTable, tap: str, width: int) -> dict[str, Any]:
    return {
        "what": f"features {table.extractor} {tap} {table.resize}, {table.count} x {width}",
        "source": table.source_name,
        "source_digest": table.source_digest,
        "extractor": table.extractor,
        "extractor_version": table.version,
        "weights_sha256": table.weights_sha256,
        "resize": table.resize,
        "tap": tap,
    }


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
