"""Workers on other machines, by Dask: of a scheduler that runs already, or jobs that are sent to a cluster's queue."""

import asyncio
import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.storage.reading import read_bytes
from genbench.errors import one_line
from metrics.errors import InputError

INSTALL = 'which is not installed: pip install "genbench[cluster]"'
CONNECT_SECONDS = 10
RETRIES = 2  # of a tile whose worker is lost, beside those that Dask does itself
FEWEST = 4  # workers for which tasks are sent ahead, as long as no more are there
MOST_BYTES = 2**20
KINDS = {  # of dask-jobqueue, as its configuration names them
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "htcondor": "HTCondorCluster",
    "moab": "MoabCluster",
    "local": "local.LocalCluster",  # jobs as processes of this machine, to try a file out
}
ALL = ", ".join(KINDS)


@contextmanager
def cluster(scheduler: str | None, jobqueue: Path | None, jobs: int) -> Iterator[tuple[Executor, int]]:
    """The executor of a Dask client, and how many tasks its workers compute at once.

    InputError, in one line, for a scheduler that is not there or goes away, workers that are lost again and again, and
    those without this package.
    """
    distributed = _imported("distributed")
    closed = import_module("distributed.comm").CommClosedError
    for name in ("distributed", "distributed.client", "distributed.comm", "distributed.core", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what these say of lost connections is told below
    address = scheduler or _queue(jobqueue, jobs).scheduler_address
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address} ({one_line(error)}); start one with `dask scheduler`, and workers "
            "with `dask worker ADDRESS`"
        ) from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads and scheduler:
            warnings.warn(
                f"the scheduler at {address} has no workers yet; start some: dask worker {address}", stacklevel=3
            )
        try:
            yield client.get_executor(pure=False, retries=RETRIES), max(threads, jobs, FEWEST)
        except distributed.KilledWorker as error:
            raise InputError(
                f"several workers were lost with one tile ({one_line(error)}); look at their logs, and at their memory"
            ) from None
        except (CancelledError, closed, TimeoutError) as error:
            raise InputError(
                f"the scheduler at {address} is gone ({one_line(error)}); what is finished is kept: start it again, "
                "and give the same command"
            ) from None
        except ImportError as error:
            raise InputError(
                f"a worker cannot import what is needed ({one_line(error)}); install the same genbench on all of them"
            ) from None


@cache
def _queue(path: Path, jobs: int) -> Any:
    """The cluster of a file, as long as this process lives: jobs wait long enough to begin once."""
    _imported("dask_jobqueue")
    kind, settings = _settings(path)
    module, _, name = KINDS[kind].rpartition(".")
    try:
        found = getattr(import_module(f"dask_jobqueue.{module}".rstrip(".")), name)(**settings)
        with _closed_if_refused(found):
            found.sync(_send, found, jobs)
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise InputError(f"{path}: jobs cannot be sent ({one_line(error)}); see the manual of dask-jobqueue") from error
    return found


@contextmanager
def _closed_if_refused(queue: Any) -> Iterator[None]:
    """What was sent is called back. Closed once more at the end of this process, it would print what failed here."""
    try:
        yield
    except BaseException:
        queue.shutdown_on_close = False
        with suppress(Exception):
            queue.close()
        raise


async def _send(queue: Any, jobs: int) -> None:
    """Sends so many jobs. What the queue answers is asked for: by itself, dask-jobqueue would wait for ever for jobs
    that were refused."""
    queue.scale(jobs=jobs)
    while len(queue.workers) < len(queue.worker_spec):
        await asyncio.sleep(0.05)
    for job in queue.workers.values():
        await job


def _settings(path: Path) -> tuple[str, dict[str, Any]]:
    """The kind of a queue and what dask-jobqueue is told, from a file of its own form: `jobqueue: {slurm: {...}}`."""
    yaml = import_module("yaml")
    try:
        found = yaml.safe_load(read_bytes(path, most=MOST_BYTES))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no YAML file ({one_line(error)})") from error
    queues = found.get("jobqueue") if isinstance(found, dict) else None
    known = {kind: queues[kind] for kind in KINDS if kind in queues} if isinstance(queues, dict) else {}
    if len(known) != 1 or not isinstance(settings := next(iter(known.values())), dict):
        raise InputError(f"{path} describes no jobs; expected `jobqueue:` and below it the settings of one of {ALL}")
    return next(iter(known)), settings


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise InputError(f"--scheduler and --dask-jobqueue need {name}, {INSTALL}") from error
