"""The order of the training images: an endless row of seeded permutations, computed from (seed, epoch).

Position p of the stream is image permutation(seed, p // n)[p % n], and step s takes the positions s b ... s b + b - 1,
so that a resumed run finds its place without any state and every image is seen exactly once per epoch. Each domain has
a stream of its own; for a task on pairs they share one.
"""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from reference_models.errors import ModelError
from reference_models.types import Batch, Data, Images

CACHE_BYTES = 4 * 2**30  # a training set up to this size is kept in memory, each image once it was read


def epoch_images(data: Data) -> int:
    """Images of one epoch: the training images, of the larger domain where there are two."""
    return max(images.count for images in data.train)


def positions(seed: int, stream: int, count: int, start: int, stop: int) -> np.ndarray:
    """Indices int64 [stop - start] of the images at these positions of the endless stream."""
    at = np.arange(start, stop)
    epochs, places = np.divmod(at, count)
    return np.concatenate(
        [_permutation(seed, stream, count, int(epoch))[places[epochs == epoch]] for epoch in np.unique(epochs)]
    )


def batches(
    data: Data,
    batch_size: int,
    seed: int,
    first_step: int,
    device: torch.device,
    paired: bool,
    share: slice = slice(None),
) -> Generator[Batch, None, None]:
    """Batches from `first_step` on, without end, or this share of each; the next one is read while the caller works on
    the last."""
    readers = [_reader(images, data.shape) for images in data.train]

    def read(step: int) -> tuple[list[Tensor], Tensor | None]:
        arrays, labels = [], None
        for domain, (images, reader) in enumerate(zip(data.train, readers, strict=True)):
            stream = 0 if paired else domain
            index = positions(seed, stream, images.count, step * batch_size, (step + 1) * batch_size)[share]
            arrays.append(_pinned(torch.from_numpy(reader(index)), device))
            if domain == 0 and images.labels is not None:
                labels = _pinned(torch.from_numpy(np.asarray(images.labels, np.int64)[index]), device)
        return arrays, labels

    with ThreadPoolExecutor(1) as ahead:
        step, coming = first_step, ahead.submit(read, first_step)
        while True:
            arrays, labels = coming.result()
            coming = ahead.submit(read, step + 1)
            moved = [array.to(device, non_blocking=True) for array in arrays]
            yield Batch(
                x=moved[0],
                y=moved[1] if len(moved) > 1 else None,
                labels=None if labels is None else labels.to(device, non_blocking=True),
                step=step,
            )
            step += 1


def kept_bytes(data: Data, images: int | None = None) -> int:
    """Memory that the training images take in the end, of so many that are read in each domain (None: of all)."""
    sizes = [(one.count, int(np.prod(data.shape))) for one in data.train]
    return sum(min(count, images or count) * size for count, size in sizes if _fits(count, size))


def _fits(count: int, size: int) -> bool:
    return count * size <= CACHE_BYTES


@lru_cache(maxsize=8)
def _permutation(seed: int, stream: int, count: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, stream, epoch)).permutation(count)


def _pinned(array: Tensor, device: torch.device) -> Tensor:
    return array.pin_memory() if device.type == "cuda" else array


def _reader(images: Images, shape: tuple[int, int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """A function index [b] -> uint8 [b, c, h, w] that keeps what it has read, where that fits into memory."""
    fits = _fits(images.count, int(np.prod(shape)))
    kept = np.empty((images.count, *shape), np.uint8) if fits else None
    known = np.zeros(images.count, bool)

    def fetch(index: np.ndarray) -> np.ndarray:
        rows = np.asarray(images.take(index))
        if rows.shape != (len(index), *shape) or rows.dtype != np.uint8:
            raise ModelError(
                f"training images are {rows.dtype} {list(rows.shape[1:])} instead of uint8 {list(shape)}; "
                "prepare the data set with one shape"
            )
        return rows

    def read(index: np.ndarray) -> np.ndarray:
        if kept is None:
            return fetch(index)
        new = index[~known[index]]
        if len(new):
            kept[new] = fetch(new)
            known[new] = True
        return kept[index]

    return read
