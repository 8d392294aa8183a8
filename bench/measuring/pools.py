"""Worker processes on this machine."""

import multiprocessing
import os
import signal
from collections.abc import Collection, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess
from threading import Event, Lock, Thread
from typing import Any

from genbench.threads import asked_threads, usable_cores

STUCK_SECONDS = 0.5  # an executor whose workers have ended is shut in far less


@contextmanager
def pool(processes: int) -> Iterator[tuple[Executor, int]]:
    """So many spawned workers, which share the cores; they end with the block, at once where an error leaves it."""
    before = set(multiprocessing.active_children())
    threads = asked_threads() or max(1, usable_cores() // processes)
    context = multiprocessing.get_context("spawn")
    executor, answers = ProcessPoolExecutor(processes, context, _begin, (threads,)), _Answers()
    watching: Thread | None = None
    children: set[BaseProcess] = set()
    try:
        with _ctrl_c_waits():
            for _ in range(processes):
                executor.submit(os.getpid)  # starts one
        children = set(multiprocessing.active_children()) - before
        if children:  # none where all have ended already, which the executor sees
            watching = Thread(target=_end_with_one, args=(executor, children, answers), daemon=True)
            watching.start()
        yield executor, processes
        answers.are_all_there()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        if watching:
            watching.join()  # before the executor closes what it closes
        raise
    finally:
        calls, shut = executor._call_queue, Event()  # type: ignore[attr-defined]
        Thread(target=_free_the_feeder, args=(calls, children, shut), daemon=True).start()
        executor.shutdown(cancel_futures=True)
        shut.set()


def _free_the_feeder(calls: Any, children: Collection[BaseProcess], shut: Event) -> None:
    """The executor of Python 3.11.2 waits for ever where its workers ended while a task was written to them, since it
    holds the other end of that pipe too (github.com/python/cpython/issues/94777)."""
    sentinels, ended = [child.sentinel for child in children], False
    while not shut.wait(STUCK_SECONDS):
        if ended:
            calls._reader.close()
            return
        ended = len(connection.wait(sentinels, 0)) == len(sentinels)


class _Answers:
    """Whether answers of workers are still waited for, until the executor alone closes what they come through."""

    def __init__(self) -> None:
        self.awaited, self._lock = True, Lock()

    def are_all_there(self) -> None:
        with self._lock:
            self.awaited = False

    def end(self, executor: ProcessPoolExecutor) -> None:
        """No more can come, so that what is waited for breaks off."""
        with self._lock:
            if self.awaited:
                executor._result_queue._writer.close()  # type: ignore[attr-defined]  # there is no public way


def _end_with_one(executor: ProcessPoolExecutor, children: Collection[BaseProcess], answers: _Answers) -> None:
    """All workers end with the first one, unless the work is done. The executor does so itself, except where that one
    was killed in the middle of an answer: then it waits for the rest of it, as long as anyone could still write it."""
    connection.wait([child.sentinel for child in children])
    if not answers.awaited:
        return
    for child in children:
        child.terminate()
    for child in children:
        connection.wait([child.sentinel])
    answers.end(executor)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Processes that are started here never see Ctrl-C: in the middle of its imports, each would show a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let it through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(threads: int) -> None:
    """In a worker: Ctrl-C is its parent's to handle, and it ends with its parent, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
