"""Tracks of the leaderboard: a data set, or one domain of it, measured by one rule, under a readable name.

| name                     | what is measured                                                                      |
|--------------------------|---------------------------------------------------------------------------------------|
| `stl10`                  | the protocol of `bench run --dataset stl10`: the same sets, extractor, counts and id  |
| `emoji-apple`            | one domain of a data set with two; a model that translates submits to both            |
| `stl10-offline`          | the same with the extractor that needs no download                                    |
| `stl10-10k`, `stl10-50k` | as many generated images against as many real ones, where the data set has them       |

A track is defined by its data set, so that every data set has its tracks by itself. Its id is a hash over everything
that changes a number of it: the protocol (data set, digests of the sets, counts, extractor, weights, resize, metrics
with versions) and the two sets that memorisation is looked for in. Numbers of different ids never stand in one ranking.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import registry
from bench.datasets import Dataset
from bench.measuring.evaluation import REAL_1, REAL_2
from bench.measuring.subject import TEST, Subject, open_subject
from bench.protocol import MetricChoice, Protocol, RealSet, difference, protocol_id
from bench.storage.records import slug
from bench.storage.typed import values_of
from genbench.names import did_you_mean
from metrics.errors import InputError

OFFLINE = "-offline"
MANY = {"10k": 10_000, "50k": 50_000}
TRAIN = "train"
CLOSEST_AMONG = 5_000  # images of the training set, and of the held-out one, among which neighbours are looked for
TABLES = {  # the tables of the CIS 680 assignment 4, section 5.2.3, and the tracks that are made for them
    "fashion-mnist": "Table 5",
    "stl10": "Table 6",
    "edges2shoes-edges": "Table 7",
    "edges2shoes-shoes": "Table 7",
}


@dataclass(frozen=True)
class Track:
    """What is measured: `subject` is the data set as `bench run` names it, `sets` are the real ones of the protocol as
    {set name: (split, count)}; as many images are submitted as `translated` has, the set of which a model that
    translates is given the other domain. `table` is the seed's table, if one."""

    name: str
    subject: str
    extractor: str
    sets: Mapping[str, tuple[str, int]]
    translated: str = REAL_1
    table: str = ""

    @property
    def count(self) -> int:
        return self.sets[self.translated][1]


@dataclass(frozen=True)
class Rules:
    """Everything that changes a number of a track. `train` and `held_out` are the real images that submitted ones are
    compared with, to see whether they were copied; `memorisation` and `copies` are how, by features and by pixels."""

    protocol: Protocol
    train: RealSet
    held_out: RealSet
    memorisation: MetricChoice
    copies: MetricChoice

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the sha256 over the canonical JSON of `values_of`."""
        return protocol_id(values_of(self))


def rules_difference(a: Rules, b: Rules) -> dict[str, tuple[Any, Any]]:
    """The fields in which two rules differ with both values; empty exactly where their ids agree."""
    found = {
        name: (getattr(a.protocol, name), getattr(b.protocol, name)) for name in difference(a.protocol, b.protocol)
    }
    for name in ("train", "held_out", "memorisation", "copies"):
        if getattr(a, name) != getattr(b, name):
            found[name] = (getattr(a, name), getattr(b, name))
    return found


class OtherRules(InputError):
    """Numbers of two rules; `differs` names each field in which these differ, with both values."""

    def __init__(self, what: str, differs: str):
        super().__init__(f"{what}: {differs}. Numbers of both are never in one ranking; choose another --results")
        self.differs = differs


def check_rules(stored: Rules, current: Rules, what: str) -> None:
    """OtherRules that begins with `what` where the two differ."""
    differing = rules_difference(stored, current)
    if differing:
        raise OtherRules(what, told(differing, ("there", "here")))


def told(differing: Mapping[str, tuple[Any, Any]], words: tuple[str, str]) -> str:
    """Fields that differ with both values, the words saying which is which; of two lists, what is not in both."""
    return "; ".join(
        f"{name}: {_short(one)} {words[0]}, {_short(other)} {words[1]}"
        for name, (one, other) in ((name, _apart(*values)) for name, values in differing.items())
    )


def _apart(one: object, other: object) -> tuple[object, object]:
    if not (isinstance(one, tuple) and isinstance(other, tuple)):
        return one, other
    apart = tuple(value for value in one if value not in other), tuple(value for value in other if value not in one)
    return apart if all(apart) else (one, other)


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_short, value))
    if isinstance(value, RealSet):
        return f"{value.count} images {value.name} of {value.split} with digest {value.digest[:12]}"
    if isinstance(value, MetricChoice):
        options = ", ".join(f"{name} {_short(option)}" for name, option in sorted(value.options.items()))
        return f"{value.name} version {value.version}" + (f" ({options})" if options else "")
    text = str(value)
    return text[:12] if len(text) == 64 else repr(value)


def tracks() -> dict[str, Track]:
    """All tracks by name, sorted; opens no image. A data set that cannot be had has none; others keep theirs."""
    found = [track for dataset in registry.load_all("datasets")[0] for track in _of_dataset(dataset)]
    return {track.name: track for track in sorted(found, key=lambda track: track.name)}


def find_track(name: str) -> Track:
    """The track of this name; InputError with the close names otherwise."""
    known = tracks()
    if name in known:
        return known[name]
    for dataset, error in registry.load_all("datasets")[1].items():
        if name == dataset or name.startswith(f"{dataset}-"):
            raise error
    raise InputError(f"no track {name!r}. {did_you_mean(name, known, '`bench tracks` lists them.')}")


def subject_of(track: Track, root: Path | None = None) -> Subject:
    """The data set of a track with the track's own real sets; opens no image."""
    subject = open_subject(track.subject, root)
    return replace(subject, dataset=replace(subject.dataset, eval_sets=track.sets))


def _of_dataset(dataset: Dataset) -> list[Track]:
    found = []
    for subject in [f"{dataset.name}/{domain}" for domain in dataset.domains] or [dataset.name]:
        for suffix, sets in {"": dict(dataset.eval_sets or {}), **_many(dataset)}.items():
            name = slug(subject) + suffix
            found.append(Track(name, subject, dataset.extractors[0], sets, dataset.translated, TABLES.get(name, "")))
            if dataset.extractors[-1] != dataset.extractors[0]:
                found.append(Track(name + OFFLINE, subject, dataset.extractors[-1], sets, dataset.translated))
    return found


def _many(dataset: Dataset) -> dict[str, dict[str, tuple[str, int]]]:
    """The real sets of the variants with many samples: real 1 from the training split, or from the largest where that
    is too small; real 2 from what is left of it, or as much as the test split has. Of pairs both must be as many, since
    real 2 is translated."""
    counts = {split: count for split, count in dataset.splits.items() if isinstance(count, int)}
    if TRAIN not in counts or TEST not in counts:
        return {}
    found = {}
    for word, count in MANY.items():
        split = TRAIN if counts[TRAIN] >= count else max(counts, key=lambda one: counts[one])
        enough = counts[split] >= 2 * count
        if enough or (counts[split] >= count and not dataset.paired):
            apart = (split, count) if enough else (TEST, min(count, counts[TEST]))
            found[f"-{word}"] = {REAL_1: (split, count), REAL_2: apart}
    return found
