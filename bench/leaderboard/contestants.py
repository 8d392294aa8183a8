"""What can be compared with `bench compare`: an entry, a record of a run, a folder of images; all as one kind of value.

| given                                    | is                                                                        |
|------------------------------------------|---------------------------------------------------------------------------|
| `digits/my-gan`, a path to its JSON      | an entry below --results, with the influences that it keeps               |
| a path to a record below results/runs    | a run; it keeps no influences, so nothing of it is paired                 |
| images: a folder, .zip, a pattern, ...   | measured under the rules of the track, with influences                    |

Entries of one name but for its end `seed 3`, of one model with other training seeds, belong together
(`bench.leaderboard.seeds`); so do records of one model and settings (`bench.storage.families`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bench.leaderboard.board import influences_of
from bench.leaderboard.entries import Entry, read_entry
from bench.leaderboard.entry_places import entry_path, entry_paths
from bench.leaderboard.seeds import family_of
from bench.leaderboard.tracks import Rules
from bench.measuring.evaluation import GENERATED, REAL_1
from bench.protocol import Protocol
from bench.sources.listings import is_there
from bench.storage.families import recipe_of
from bench.storage.reading import read_json
from bench.storage.records import Numbers, RunRecord, read_record
from bench.storage.result_places import first_of, folder_of, in_words
from genbench.names import did_you_mean
from metrics.errors import InputError

ENTRY = re.compile(r"([^/\\]+)/([^/\\]+)")
T = TypeVar("T")
Scores = Mapping[str, Numbers]


@dataclass(frozen=True, eq=False)
class Side:
    """Something that was measured: scores against real 1 by domain ("" where there are none), then by metric, then by
    key; the influences of the domain, where they are known; `seeds` are the same model, this one included, trained
    with each of several seeds, () where there is one. `damaged` are lines about what lies beside it, cannot be read and
    may be one of its seeds. `family` is what sides of one model have in common, whatever their seed; None where that is
    not known."""

    name: str
    protocol: Protocol
    rules: Rules | None
    scores: Mapping[str, Scores]
    influences: np.ndarray | None = None
    seeds: tuple["Side", ...] = ()
    damaged: tuple[str, ...] = ()
    family: tuple[Any, ...] | None = None


def side_of(given: str, results: Path, measure_images: Callable[[Path], Side]) -> Side:
    """What `given` names; `measure_images` is asked where it is a set of images.

    Raises InputError for what is neither an entry below `results`, nor a record, nor a set of images.
    """
    path = Path(given)
    if path.is_file() and path.suffix == ".json":
        return _of_json(path)
    if is_there(given):
        return measure_images(path)
    named = ENTRY.fullmatch(given)
    place = first_of(results, entry_path(results, named[1], named[2])) if named else path
    if place.is_file():
        return _of_entry(read_entry(place), results)
    there = [f"{one.parent.name}/{one.stem}" for one in entry_paths(results)]
    raise InputError(
        f"{given!r} is neither a file nor a folder nor an entry below {in_words(results)}; {_close(given, there)}"
    )


def _close(given: str, there: list[str]) -> str:
    otherwise = "Expected TRACK/NAME, the JSON of an entry or a run, or a folder of images with --track"
    return did_you_mean(given, there, otherwise)


def _of_json(path: Path) -> Side:
    values: Any = read_json(path)
    if isinstance(values, dict) and "protocol_id" in values:
        return _of_record(read_record(path), path)
    if isinstance(values, dict) and "track_id" in values and "about" in values:
        return _of_entry(read_entry(path), folder_of(path))
    raise InputError(f"{path} is neither an entry nor the record of a run; give one of these, or a folder of images")


# ----- entries


def _of_entry(entry: Entry, results: Path) -> Side:
    side = _one_entry(entry, results)
    seed = entry.origin.training_seed
    if side.family is None or seed is None:
        return side

    def seed_of(path: Path) -> tuple[int, Side] | None:
        return _seed_of(entry, read_entry(path), results)

    found, damaged = _readable(entry_paths(results, entry.track), seed_of)
    sides = {**dict(filter(None, found)), seed: side}  # each seed once, the one asked for first
    seeds = tuple(sides[seed] for seed in sorted(sides)) if len(sides) > 1 else ()
    return replace(side, seeds=seeds, damaged=damaged)


def _one_entry(entry: Entry, results: Path) -> Side:
    return Side(
        name=entry.about.name,
        protocol=entry.rules.protocol,
        rules=entry.rules,
        scores={"": entry.scores},
        influences=influences_of(results, entry),
        family=family_of(entry),
    )


def _seed_of(entry: Entry, other: Entry, results: Path) -> tuple[int, Side] | None:
    """The training seed of another entry, and the entry, where it is of the same model."""
    seed = other.origin.training_seed
    return (seed, _one_entry(other, results)) if seed is not None and family_of(other) == family_of(entry) else None


def _readable(paths: Sequence[Path], read: Callable[[Path], T]) -> tuple[list[T], tuple[str, ...]]:
    """What can be read of several files, and a line for each that cannot."""
    found, damaged = [], []
    for path in paths:
        try:
            found.append(read(path))
        except InputError as error:
            damaged.append(str(error))
    return found, tuple(damaged)


# ----- records of runs


def _of_record(record: RunRecord, path: Path) -> Side:
    side = _one_record(record)
    others, damaged = _readable(sorted(path.parent.glob("*.json")), read_record)
    seeds = {one.seed: one for one in others if one.status == "ok" and recipe_of(one) == recipe_of(record)}
    sides = tuple(_one_record(seeds[seed]) for seed in sorted(seeds)) if len(seeds) > 1 else ()
    return replace(side, seeds=sides, damaged=damaged)


def _one_record(record: RunRecord) -> Side:
    if record.status != "ok":
        raise InputError(f"the run of {record.model}, seed {record.seed}, failed: {record.error}; run it again")
    scores: dict[str, Scores] = {}
    for one in record.sets:
        pair = record.pair_scores(REAL_1, GENERATED, one.domain)
        if one.name == GENERATED and pair:
            scores[one.domain] = {**pair.scores, **one.scores}
    return Side(record.title, record.protocol, None, scores, family=recipe_of(record))


def side_of_record(record: RunRecord) -> Side:
    """One run, without the other seeds that may lie beside it; InputError where it failed."""
    return _one_record(record)
