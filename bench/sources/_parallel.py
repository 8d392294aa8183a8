"""Work in threads, results in order: decoding beside the network, hashing beside the disk.

Threads, not processes: Pillow's decoders, sha256 and file reads release the interpreter lock, and nothing has to be
pickled or started anew. The results never depend on the number of threads; 0 means none at all.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from bench.settings.shared import BATCH_SIZE, WORKERS
from bench.sources._types import ImageSource

T = TypeVar("T")
IMAGES_PER_TASK = 8  # decoding one small image takes about as long as handing a task to a thread


def in_order(
    task: Callable[[int, int], list[T]], count: int, *, per_task: int, workers: int, ahead: int = 0
) -> Generator[T, None, None]:
    """The items of task(0, k), task(k, 2k), ... in order, at most `ahead` items (at least 2 tasks per worker) early.

    An exception in a task is raised here as itself, in the place of its items. However the loop over this iterator
    ends, the tasks that have not begun are dropped and the threads are joined; who leaves it early closes it.
    """
    parts = ((start, min(start + per_task, count)) for start in range(0, count, per_task))
    if workers == 0:
        for start, stop in parts:
            yield from task(start, stop)
        return
    tasks_ahead = 2 * workers + -(-ahead // per_task)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="bench-source")
    pending: deque[Future[list[T]]] = deque()
    try:
        for start, stop in parts:
            pending.append(pool.submit(task, start, stop))
            if len(pending) > tasks_ahead:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def iterate(source: ImageSource, workers: int = WORKERS, batch_size: int = BATCH_SIZE) -> Iterator[list[np.ndarray]]:
    """All images of a source in order, as lists of `batch_size` arrays uint8 [3, h, w] (the last list may be shorter).

    Sizes may differ inside a list. Decoding runs in `workers` threads (0: in the caller's own) about one batch ahead;
    the lists are the same for every number of workers. What `source.read` raises is raised here.
    """
    if batch_size < 1 or workers < 0:
        raise ValueError(f"batch_size {batch_size} and workers {workers}: expected at least 1 and 0")

    def read(start: int, stop: int) -> list[np.ndarray]:
        if source.read_range is not None:
            return list(source.read_range(start, stop))
        return [source.read(index) for index in range(start, stop)]

    per_task = batch_size if source.read_range is not None else min(IMAGES_PER_TASK, batch_size)
    batch: list[np.ndarray] = []
    for image in in_order(read, source.count, per_task=per_task, workers=workers, ahead=batch_size):
        batch.append(image)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch
