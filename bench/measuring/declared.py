"""What metrics say of themselves, by name.

They are those of `metrics/`, those of other packages, and the comparison of pixels, which is described like one.
"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from bench import registry
from bench.measuring.copies import METRIC as COPIES
from metrics.errors import InputError
from metrics.types import Metric

FIRST = ("fid", "inception-score", "kid", "prdc", "mse")  # of a protocol, whose id hangs on the order; others follow


def declared(name: str) -> Metric | None:
    """The metric of this name; None where there is none here, as in results of a package that is not installed."""
    return _declared(name, tuple(sys.path))


@lru_cache(maxsize=256)
def _declared(name: str, path: tuple[str, ...]) -> Metric | None:
    """Looked up once as long as `path`, where packages lie, is the same."""
    if name == COPIES.name:
        return COPIES
    if name not in registry.names("metrics"):
        return None
    found: Metric = registry.load("metrics", name)
    return found


def all_declared(names: Iterable[str]) -> tuple[Metric, ...]:
    """Those metrics that are here, in this order."""
    return tuple(filter(None, map(declared, names)))


def every_metric() -> tuple[Metric, ...]:
    """All that `bench score` can compute; those of other packages that do not work are left out."""
    found = []
    for name in registry.names("metrics"):
        with suppress(InputError):
            found.append(declared(name))
    return tuple(filter(None, found))


def protocol_metrics(logits: str) -> tuple[Metric, ...]:
    """The metrics of every protocol of an extractor that has these `logits` ("": is no classifier). A protocol says
    nothing of the classes of images."""
    asked = [name for name in registry.names("metrics") if _in_protocols(name)]
    asked.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    return tuple(one for one in all_declared(asked) if not one.labels and (logits or one.feature != "logits"))


def _in_protocols(name: str) -> bool:
    """Whether a metric asks for it; one of another package that does not work costs only itself."""
    try:
        return bool(registry.describe("metrics", name).get("protocol"))
    except InputError:
        return False
