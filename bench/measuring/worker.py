"""What another process does for a measurement: it opens the images of one tile and computes their features.

A task says everything: where the images are (or holds them, if they are in memory only), their hashes, the question,
the versions. The answer are the features; a worker writes nothing, so that it needs no disk but the one of the images.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from bench import __version__, registry, weights
from bench.measuring.batches import Computed, Engine, Which, compute
from bench.measuring.feature_table import FEATURES_VERSION
from bench.measuring.machines import Machine, this_machine
from bench.measuring.placing import placed
from bench.sources import ImageSource, Origin
from genbench.errors import one_line
from genbench.surroundings import numpy_defaults
from metrics.errors import InputError
from metrics.extractors.types import Extract

RELEASE = f"genbench {__version__}, features {FEATURES_VERSION}"
MOST_NETWORKS = 4  # that stay built in a worker


@dataclass(frozen=True)
class Network:
    """Which extractor computes, by name; `device` as it was asked for, since a worker may have another one."""

    extractor: str
    version: int
    weights: Path | None
    weights_sha256: str
    device: str
    trust_code: bool


@dataclass(frozen=True, eq=False)
class Task:
    """One tile: its images by number in the set that `origin` opens, or themselves; and what is to be computed."""

    name: str
    hashes: tuple[str, ...]
    keys: tuple[str, ...]
    origin: Origin | None
    places: np.ndarray | None
    images: Sequence[np.ndarray] | None
    network: Network
    wanted: tuple[Which, ...]
    batch_size: int
    workers: int
    sent_from: str
    release: str = RELEASE


def task_of(part: ImageSource, wanted: Sequence[Which], network: Network, engine: Engine) -> Task:
    """The task of a tile."""
    known = part.origin is not None
    places = np.array(part.places or range(part.count))
    return Task(
        part.name,
        part.hashes,
        part.keys,
        part.origin,
        places if known else None,
        None if known else [part.read(index) for index in range(part.count)],
        network,
        tuple(wanted),
        engine.batch_size,
        engine.workers,
        platform.node(),
    )


@numpy_defaults()
def work(task: Task) -> tuple[Computed, Machine]:
    """The features of a tile, and where they were computed. InputError, which names this machine if it is another one
    than that of the task, for whatever the user can mend."""
    try:
        if task.release != RELEASE:
            raise InputError(f"{RELEASE} is installed, and {task.release} asks; install the same version everywhere")
        source = _images_of(task)
        engine, networks = _built(task.network, task.wanted)
        engine = replace(engine, batch_size=task.batch_size, workers=task.workers)
        return compute(source, engine, networks, task.wanted), this_machine(engine.device)
    except (InputError, OSError, ImportError) as error:
        here = platform.node()
        where = "" if here == task.sent_from else f"on {here}: "
        raise InputError(f"{where}{one_line(error)}") from None


def _images_of(task: Task) -> ImageSource:
    if task.origin is None or task.places is None:
        assert task.images is not None
        return ImageSource(task.name, "sent", task.keys, task.hashes, task.images.__getitem__)
    source = replace(task.origin.open(task.places), name=task.name)
    if differing := sum(a != b for a, b in zip(source.hashes, task.hashes, strict=True)):
        raise InputError(
            f"{differing:,} of {source.count:,} images of {task.name} are others here; all workers must see the same "
            "folder under the same path, and nothing may write to it"
        )
    return source


@lru_cache(maxsize=MOST_NETWORKS)
def _built(network: Network, wanted: tuple[Which, ...]) -> tuple[Engine, Mapping[str, Extract]]:
    plugin = registry.load("extractors", network.extractor).opened(network.trust_code)
    path = network.weights if network.weights and network.weights.is_file() else None
    found = weights.find(plugin, path)
    if (plugin.version, found.sha256) != (network.version, network.weights_sha256):
        raise InputError(
            f"extractor {plugin.name!r} is version {plugin.version} with weights {found.sha256[:12]}, asked for is "
            f"version {network.version} with {network.weights_sha256[:12]}; install the same everywhere, and name the "
            "weights with --weights, in a place that all workers see"
        )
    engine = Engine(plugin, found.path, found.sha256, placed(network.device))
    return engine, engine.networks(wanted)
