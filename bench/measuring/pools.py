"""Worker processes on this machine."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess
from threading import Event, Thread

from genbench.threads import asked_threads, usable_cores


@contextmanager
def pool(processes: int) -> Iterator[tuple[Executor, int]]:
    """So many spawned workers, which share the cores; they end with the block, at once where an error leaves it."""
    before = set(multiprocessing.active_children())
    threads = asked_threads() or max(1, usable_cores() // processes)
    context = multiprocessing.get_context("spawn")
    executor, done = ProcessPoolExecutor(processes, context, _begin, (threads,)), Event()
    watching: Thread | None = None
    try:
        with _ctrl_c_waits():
            for _ in range(processes):
                executor.submit(os.getpid)  # starts one
        children = set(multiprocessing.active_children()) - before
        if children:  # none where all have ended already, which the executor sees
            watching = Thread(target=_end_with_one, args=(executor, children, done), daemon=True)
            watching.start()
        yield executor, processes
        done.set()
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        if watching:
            watching.join()  # before the executor closes what it closes
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _end_with_one(executor: ProcessPoolExecutor, children: set[BaseProcess], done: Event) -> None:
    """All workers end with the first one, unless the work is `done`. The executor does so itself, except where that one
    was killed in the middle of an answer: then it waits for the rest of it, as long as anyone could still write it."""
    connection.wait([child.sentinel for child in children])
    if done.is_set():
        return
    for child in children:
        child.terminate()
    for child in children:
        connection.wait([child.sentinel])
    executor._result_queue._writer.close()  # type: ignore[attr-defined]  # there is no public way


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
