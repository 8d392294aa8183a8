"""Records of one model that was trained with several seeds, together.

Its runs have the same data set, protocol, settings, precision and budget, and each another seed. A budget is the number
of steps that were done, or what was asked for where that holds minutes, in which no two trainings do the same steps.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.storage.records import RunRecord


@dataclass(frozen=True)
class Family:
    """One model: the records of its seeds, one for each, in their order, and why other seeds of it failed."""

    records: tuple[RunRecord, ...]
    failed: Mapping[int, str] = field(default_factory=dict)

    @property
    def first(self) -> RunRecord:
        """Any of them: what all have in common is asked of it."""
        return self.records[0]

    @property
    def title(self) -> str:
        """Its name in tables, with the seed of an only one."""
        if not self.several:
            return self.first.title
        return self.first.family

    @property
    def several(self) -> bool:
        """Whether it has several seeds that can be put together."""
        return len(self.records) > 1

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(record.seed for record in self.records)

    @property
    def tried(self) -> int:
        """The number of seeds that it was trained with, those that failed among them."""
        return len(self.records) + len(self.failed)


def families(records: Sequence[RunRecord]) -> list[Family]:
    """The records by model, in the order of the first of each; a seed that is there twice counts once, the first."""
    found: dict[tuple[Any, ...], dict[int, RunRecord]] = {}
    for record in (one for one in records if one.status == "ok"):
        found.setdefault(recipe_of(record), {}).setdefault(record.seed, record)
    failed = [one for one in records if one.status == "failed"]
    return [_family(seeds, failed) for seeds in found.values()]


def _family(seeds: dict[int, RunRecord], failed: Sequence[RunRecord]) -> Family:
    records = tuple(seeds[seed] for seed in sorted(seeds))
    of_it = [one for one in failed if _question(one) == _question(records[0]) and one.seed not in seeds]
    return Family(records, {one.seed: one.error for one in sorted(of_it, key=lambda one: one.seed)})


def recipe_of(record: RunRecord) -> tuple[Any, ...]:
    """What two records have in common if they are of one model and differ in nothing but the seed."""
    done = record.training
    if done is None:
        return (*_question(record), None)
    budget = tuple(sorted(done.asked.items())) if "minutes" in done.asked else done.steps
    return (*_question(record), done.precision, budget)


def _question(record: RunRecord) -> tuple[str, ...]:
    """What is known before the training too, and so of a run that failed."""
    config = json.dumps(record.config, sort_keys=True)
    return record.dataset, record.protocol_id, record.model, config, record.train_split
