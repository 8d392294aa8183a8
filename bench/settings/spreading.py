"""Options of what may compute features in several processes."""

from pathlib import Path
from typing import Annotated, TypedDict

from bench.options import Option


class Launching(TypedDict, total=False):
    """Which processes compute features; the numbers do not depend on it."""

    processes: Annotated[int, Option("Worker processes that compute features; jobs, with --dask-jobqueue.", 1, least=1)]
    scheduler: Annotated[
        str | None, Option("Let the workers of a Dask scheduler compute: tcp://HOST:8786.", metavar="ADDRESS")
    ]
    dask_jobqueue: Annotated[
        Path | None, Option("Let jobs of a cluster compute, which this YAML file describes.", metavar="FILE")
    ]


class Spreading(Launching, total=False):
    """Those, and on what machines."""

    exact: Annotated[bool, Option("Refuse features that were computed on machines that differ.", False)]
