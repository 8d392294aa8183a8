"""What makes two numbers comparable: everything that changes a score, in one value with a short id.

Two runs may stand in one table exactly where their protocols have the same `id`. The model, its settings and its budget
are not part of it: they are what is compared. Nor are device, batch size and workers, which move a score by rounding.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from bench.storage.typed import ADDED, values_of
from metrics.errors import InputError
from metrics.types import Output

Labels = Literal["in turn", "drawn"]  # how those of generated images are chosen
IN_TURN: Labels = "in turn"
DRAWN: Labels = "drawn"
ID_LENGTH = 12
REAL_SETS = {"real 1", "real 2"}  # that every protocol has, as `bench.measuring.evaluation` names them


@dataclass(frozen=True)
class RealSet:
    """One evaluation set: its name ("real 1"), its domain ("" where there are none), where its images come from
    (the split), how many they are, and the digest of their contents in order."""

    name: str
    domain: str
    split: str
    count: int
    digest: str


@dataclass(frozen=True)
class MetricChoice:
    """A metric with its version and the options that it was called with."""

    name: str
    version: int
    options: Mapping[str, int | float | bool | str]


@dataclass(frozen=True)
class Protocol:
    """Everything that changes a number.

    `generated` is how many images are made per domain: sampled from the noise rows 0, 1, 2 ... of `sampling_seed`, or
    translated from the real set `translated` of the other domain, which has as many. Every set is compared with real
    1, and distances hold between independent sets only; so of pairs real 2 is translated, because the partners of real
    1 are in real 1. (Records from before this was a field translate real 1.) `labels` says what a model with classes
    is asked for: a label that the sampling seed draws for each row or, in records from before this was a field, 0, 1,
    2 and so on in turn; it stays "in turn" where the data have no classes. `noise_seed` draws the images of noise,
    which are the floor. `packages` are those that data set, extractor and metrics come from, with their versions,
    where that is not this project. `reconstruction` names the split of which all images are reconstructed. `logits` is
    "" where the extractor is no classifier, and there is no Inception Score then.
    """

    dataset: str
    shape: tuple[int, int, int]
    real: tuple[RealSet, ...]
    generated: tuple[int, ...]
    sampling_seed: int
    noise_seed: int
    reconstruction: str
    extractor: str
    extractor_version: int
    extractor_sha256: str
    resize: str
    pool: str
    logits: str
    metrics: tuple[MetricChoice, ...]
    translated: str = field(default="real 1", metadata=ADDED)
    packages: tuple[str, ...] = field(default=(), metadata=ADDED)
    labels: Labels = field(default="in turn", metadata=ADDED)

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the sha256 over the canonical JSON of `values_of`."""
        return protocol_id(values_of(self))

    def options(self, metric: str) -> Mapping[str, Any]:
        """The options that a metric was called with; {} where it is none of this protocol."""
        return next((one.options for one in self.metrics if one.name == metric), {})


def check_protocol(protocol: Protocol, where: str) -> None:
    """InputError, beginning with `where`, for a protocol that nothing can be measured by: its numbers would be of
    nothing, whatever its id is."""
    missing = sorted(REAL_SETS - {one.name for one in protocol.real})
    if missing or not protocol.generated:
        lacks = f"has no set {missing[0]!r}" if missing else "says of no set how many images are generated"
        raise InputError(f"{where}: its protocol {lacks}; restore the file")


def titled(output: Output, options: Mapping[str, Any]) -> str:
    """The title of a number under these options: `IS (10 splits)` where the option makes it another number."""
    value = options.get(output.by)
    if value is None:
        return output.title
    word = output.by.removesuffix("s") if value == 1 else output.by
    return f"{output.title} ({value} {word.replace('_', ' ')})"


def of_one_part(output: Output, options: Mapping[str, Any]) -> bool:
    """Whether a number describes how parts differ, and there is one part: it is 0 then, and no measurement."""
    return bool(output.by) and output.better == "neither" and options.get(output.by) == 1


def protocol_id(values: Mapping[str, Any]) -> str:
    """The id of a protocol given as JSON values, such as those in a record."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


def difference(a: Protocol, b: Protocol) -> tuple[str, ...]:
    """The names of the fields in which two protocols differ, in the order of the fields; empty where the ids agree."""
    return tuple(one.name for one in fields(Protocol) if getattr(a, one.name) != getattr(b, one.name))
