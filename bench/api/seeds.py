"""One model trained with several seeds: `run(..., seeds="0-4")`, one after another or side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.api.one_seed import Seed, side_by_side
from bench.api.runs import OpenedJob, Run, Seeds, opened_job, run_of, run_one
from bench.tables.several import Tables
from metrics.errors import InputError
from metrics.options import whole_number

if TYPE_CHECKING:
    from pandas import DataFrame

    from bench.runs.plan import Plan


@dataclass(frozen=True)
class Runs(Sequence[Run]):
    """The runs of one model by seed, and why other seeds failed: a line for each."""

    runs: tuple[Run, ...]
    failed: Mapping[int, str] = field(default_factory=dict)

    def __getitem__(self, place: Any) -> Any:
        return self.runs[place]

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def tables(self) -> Tables:
        """The means over the seeds with the spread between them, and each seed in a row."""
        from bench.storage.families import Family
        from bench.tables.seed_tables import seed_tables

        return Tables(tuple(seed_tables(Family(tuple(one.record for one in self.runs), self.failed))))

    def as_dict(self) -> dict[str, Any]:
        """The runs, the seeds that failed with the reason, and the tables over seeds, as JSON values."""
        from bench.tables.table import json_values

        return {
            "runs": [one.as_dict() for one in self.runs],
            "failed": {str(seed): why for seed, why in self.failed.items()},
            "tables": list(map(json_values, self.tables)),
        }

    def __repr__(self) -> str:
        seeds = ", ".join(str(one.record.seed) for one in self.runs)
        first = self.runs[0].record
        failed = f"; failed: {', '.join(map(str, self.failed))}" if self.failed else ""
        return f"Runs({first.model} on {first.dataset}, seeds {seeds}{failed})"

    def to_frame(self) -> "DataFrame":
        """The means over the seeds as a pandas DataFrame, a row for each score."""
        return self.tables[0].to_frame()

    def _repr_html_(self) -> str:
        return self.tables._repr_html_()


def run_seeds(model: str, dataset: str, seeds: Seeds, jobs: int, how: Any) -> Runs:
    """See `bench.run`: every seed is checked before the first one is trained.

    InputError where no seed is left: of one of them the error itself.
    """
    from bench.runs.run import error_line
    from bench.runs.seeds import FAILURES, left_to_do

    jobs, opened = whole_number(jobs, "jobs", 1), _opened(model, dataset, seeds, how)
    ways = [left_to_do(one.job, one.way, one.record(how["results"])) for one in opened]
    left = [replace(one, way=way) for one, way in zip(opened, ways, strict=True) if way]
    failed: dict[int, Exception] = {}
    if jobs > 1 and len(left) > 1:
        todo = [Seed(model, dataset, one.job.seed, {**how, "resume": one.way.resume}) for one in left]
        places = side_by_side(todo, jobs, how["progress"])
        failed = {left[place].job.seed: error for place, error in places.items()}
    else:
        for one in left:
            try:
                run_one(one, how)
            except FAILURES as error:
                failed[one.job.seed] = error
    good = [one for one in opened if one.job.seed not in failed]
    if not good:
        raise next(iter(failed.values()))
    return Runs(_read(good, how["results"]), {seed: error_line(error) for seed, error in sorted(failed.items())})


def _read(opened: Sequence[OpenedJob], results: Path) -> tuple[Run, ...]:
    """The runs with their records as they lie there now, and the comparison of all of them written once more: those
    that ended side by side may have written it without each other."""
    from bench.storage.records import read_record
    from bench.tables.files import write_tables

    records = [read_record(one.record(results)) for one in opened]
    write_tables(records[-1], results)
    return tuple(run_of(one, results) for one in records)


def plan_seeds(model: str, dataset: str, seeds: Seeds, how: Any) -> "tuple[Plan, ...]":
    """A plan for each seed: all that is timed is that of the first."""
    from bench.runs.plan import make_plan
    from bench.runs.seeds import blocked_or_done

    opened, plans = _opened(model, dataset, seeds, how), []
    timed = make_plan(opened[0].job, opened[0].way, opened[0].evaluation, how["results"])
    for one in opened:
        record = one.record(how["results"])
        said, folder = blocked_or_done(one.job, one.way, record), str(one.job.folder)
        plans.append(replace(timed, seed=one.job.seed, folder=folder, record=str(record), blocked=said))
    return tuple(plans)


def _opened(model: str, dataset: str, seeds: Seeds, how: Any) -> list[OpenedJob]:
    from bench.runs.jobs import with_seed
    from bench.runs.seeds import seed_list

    if how["seed"] != 0:
        raise InputError(f"--seed {how['seed']} and --seeds are two ways to say it; leave one out")
    listed = seed_list(seeds)
    first = opened_job(model, dataset, {**how, "seed": listed[0]})
    return [replace(first, job=with_seed(first.job, seed)) for seed in listed]
