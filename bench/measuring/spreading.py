"""Tiles computed by other processes: any executor of `concurrent.futures` is the seam.

Results come as they are ready, and whoever asks puts them in their places by number. When a worker is lost, its tiles
are computed again by another. When the caller ends early (Ctrl-C), workers on this machine end at once.
"""

import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from bench.measuring.batches import Computed, Engine, Which
from bench.measuring.machines import Machine
from bench.measuring.worker import Network, Task, task_of, work
from bench.sources import ImageSource
from metrics.errors import InputError

SILENT_SECONDS = 600.0  # without a finished tile, after which something is said
LOSSES = 3  # times that workers may be lost without a tile finished in between
AHEAD = 2  # tasks for each worker that are sent before it asks

Opened = AbstractContextManager[tuple[Executor, int]]  # and how many workers it has
Parts = Mapping[int, tuple[ImageSource, tuple[Which, ...]]]


@dataclass(frozen=True)
class Spread:
    """How a measurement is spread over processes, and whether they must be of one kind of machine (`exact`).

    `network` is None of an extractor that has no name, which only this process can run.
    """

    processes: int = 1
    scheduler: str | None = None
    dask_jobqueue: Path | None = None
    exact: bool = False
    network: Network | None = None

    @property
    def is_cluster(self) -> bool:
        return bool(self.scheduler or self.dask_jobqueue)

    def is_useful(self, tiles: int) -> bool:
        """Whether other processes compute so many tiles, rather than this one."""
        return tiles > 0 if self.is_cluster else self.processes > 1 and tiles > 1

    def compute(self, parts: Parts, engine: Engine) -> Iterator[tuple[int, Computed, Machine]]:
        """The features of these tiles by number, each as soon as it is there; InputError for what the user can mend."""
        assert self.network, "a measure that is spread has a name"
        # The engine's own: its error in bfloat16 is measured beside the same network in float32.
        network = replace(self.network, extractor=engine.extractor.name, version=engine.extractor.version)
        left = deque(parts)

        def task(number: int) -> Task:
            part, wanted = parts[number]
            return task_of(part, wanted, network, engine)

        yield from in_turn(left, task, work, self._open(len(left)))

    def _open(self, tiles: int) -> Callable[[], Opened]:
        if self.is_cluster:
            from bench.measuring.clusters import cluster

            return lambda: cluster(self.scheduler, self.dask_jobqueue, self.processes)
        from bench.measuring.pools import pool

        return lambda: pool(min(self.processes, tiles))


HERE = Spread()


def spread_of(how: Mapping[str, Any]) -> Spread:
    """What the options of `bench.settings.spreading.Spreading` say."""
    return Spread(*(how[name] for name in ("processes", "scheduler", "dask_jobqueue", "exact")))


def in_turn(
    left: deque[int], task: Callable[[int], Task], function: Callable[[Task], Any], open_executor: Callable[[], Opened]
) -> Iterator[tuple[int, Any, Any]]:
    """The results of all tasks that are left, which are forgotten one by one as they are done."""
    losses, done = 0, len(left)
    while left:
        with open_executor() as (executor, workers):
            try:
                yield from _results(left, task, function, executor, AHEAD * workers)
            except BrokenExecutor as error:
                losses, done = (losses + 1, done) if len(left) == done else (1, len(left))
                if losses >= LOSSES:
                    raise InputError(
                        f"workers ended {losses} times before any tile was done (the system may have ended them for "
                        f"their memory: fewer --processes, or a smaller --batch-size); what is finished is kept"
                    ) from error
                warnings.warn(f"a worker was lost; {len(left):,} tiles are left and go on with others", stacklevel=2)


def _results(
    left: deque[int], task: Callable[[int], Task], function: Callable[[Task], Any], executor: Executor, ahead: int
) -> Iterator[tuple[int, Any, Any]]:
    waiting: dict[Future[Any], int] = {}
    sent = iter(list(left))
    while left:
        for number in islice(sent, max(0, ahead - len(waiting))):
            waiting[executor.submit(function, task(number))] = number
        ready, _ = wait(waiting, SILENT_SECONDS, FIRST_COMPLETED)
        if not ready:
            numbers = ", ".join(map(str, sorted(waiting.values())[:3]))
            warnings.warn(
                f"no tile was finished for {SILENT_SECONDS / 60:.0f} minutes (waiting for tile {numbers}, ...): a "
                "worker may hang, or none may be there; Ctrl-C keeps what is finished",
                stacklevel=2,
            )
        for future in ready:
            computed, machine = future.result()
            number = waiting.pop(future)
            left.remove(number)
            yield number, computed, machine
