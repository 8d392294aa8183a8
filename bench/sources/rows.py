"""Images that have no files of their own: rows of an array or of a data set's split."""

import hashlib
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from bench.sources._parallel import in_order
from bench.sources._types import ImageSource
from bench.sources.labels import at
from genbench.shapes import UInt8

TASK_BYTES = 2**22
HASH_THREADS = 4

Rows = Callable[[int, int], UInt8[np.ndarray, "b 3 h w"]]


def from_rows(
    name: str,
    kind: str,
    rows: Rows,
    count: int,
    chosen: np.ndarray | None,
    keys: tuple[str, ...],
    notes: list[str],
    hashes: tuple[str, ...] | None = None,
    labels: tuple[str, ...] = (),
) -> ImageSource:
    """The source of rows(start, stop), or of the chosen rows in rising order; keys, hashes and labels go with the rows.

    `keys`, `hashes` and `labels` are those of all rows, where they are known.
    """
    numbers = np.arange(count) if chosen is None else chosen

    def read_range(start: int, stop: int) -> np.ndarray:
        wanted = numbers[start:stop]
        if not len(wanted):
            return rows(0, 0)
        breaks = [0, *(np.flatnonzero(np.diff(wanted) != 1) + 1).tolist(), len(wanted)]
        runs = [rows(int(wanted[a]), int(wanted[b - 1]) + 1) for a, b in pairwise(breaks)]
        return runs[0] if len(runs) == 1 else np.concatenate(runs)

    def read(index: int) -> np.ndarray:
        return np.asarray(read_range(index, index + 1)[0])

    its_hashes = hashes_of_rows(read_range, len(numbers)) if hashes is None else tuple(hashes[i] for i in numbers)
    names = tuple(keys[i] for i in numbers) if keys else tuple(str(i) for i in numbers)
    places = () if chosen is None else tuple(numbers.tolist())
    return ImageSource(
        name,
        kind,
        names,
        its_hashes,
        read,
        tuple(notes),
        read_range,
        named=bool(keys),
        places=places,
        whole=count if places else 0,
        labels=at(labels, numbers),
    )


def hashes_of_rows(rows: Rows, count: int) -> tuple[str, ...]:
    """`hash_of` each of the rows 0 to count, in threads."""

    def hashed(start: int, stop: int) -> list[str]:
        return [hash_of(image) for image in rows(start, stop)]

    per_task = max(1, TASK_BYTES // rows(0, 1).nbytes)
    return tuple(in_order(hashed, count, per_task=per_task, workers=HASH_THREADS))


def hash_of(image: UInt8[np.ndarray, "3 h w"]) -> str:
    """sha256 of the shape and the pixels of a decoded image: equal exactly where both are."""
    digest = hashlib.sha256(f"uint8 {' '.join(map(str, image.shape))}\n".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def three_channels(images: np.ndarray) -> np.ndarray:
    """uint8 [b, 1 or 3, h, w] as [b, 3, h, w]: grey is repeated."""
    return np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images
