"""The published runs: `planned` says how they stand, `reproduce` makes them again and says whether they agree."""

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bench.api.one_seed import Limits, Seed, TimeIsUp, side_by_side
from bench.api.runs import OpenedJob, opened_job, prepared_job
from bench.options import checked
from bench.settings.models import PlannedSettings, ReproduceSettings, RunSettings

if TYPE_CHECKING:
    from bench.reproducing.comparing import Made
    from bench.reproducing.plan import PlannedRun
    from bench.reproducing.standing import Standing

PASSED_ON = ("workdir", "results", "data_root", "device", "offline", "force")


def planned(names: Sequence[str] = (), **settings: Unpack[PlannedSettings]) -> "list[Standing]":
    """How the published runs of these names stand, or all: what is there, stale, failed, begun or missing.

    `timed` also times some training steps of each whose images are here, which takes seconds for each. InputError
    where there is no plan, or no run of a name.
    """
    from bench.reproducing.plan import plan_of
    from bench.reproducing.standing import standings
    from bench.storage.records import read_records

    how = checked(PlannedSettings, settings)
    plan, _ = plan_of(how["results"])
    runs = plan.chosen(names)
    records = read_records(how["results"], damaged=lambda why: warnings.warn(f"left out: {why}", stacklevel=3))
    found = list(standings(runs, records, how["results"], how["workdir"], how["data_root"]))
    return [_timed(one, runs[one.name], how) for one in found] if how["timed"] else found


def _timed(one: "Standing", run: "PlannedRun", how: Any) -> "Standing":
    """With the seconds that its training takes here; None where its images are not here."""
    from bench.runs.seeds import FAILURES
    from reference_models.loop import estimate

    try:
        job, way = prepared_job(run.model, run.dataset, _how(run, one.seed, {**checked(ReproduceSettings, {}), **how}))
        cost = estimate(job.spec, job.config, job.data, budget=way.budget, device=way.device, steps=2)
    except FAILURES:
        return one
    return replace(one, takes_seconds=cost.total_seconds)


def reproduce(names: Sequence[str] = (), **settings: Unpack[ReproduceSettings]) -> "list[Made]":
    """Makes the published runs of these names, or all, and compares what comes out with what is published.

    What is there below `results` stays, what has begun goes on, and one that fails does not stop the others; `force`
    makes all again. After so many `minutes` what trains is stopped, and the next call goes on with it. `check` makes
    the first seed of each in a folder that is removed afterwards: of the names, or of those that the plan marks.
    """
    from bench.reproducing.plan import plan_of

    how = checked(ReproduceSettings, settings)
    plan, place = plan_of(how["results"])
    if not how["check"]:
        return _make(plan.chosen(names), how, place)
    chosen = plan.chosen(names or [name for name, run in plan.runs.items() if run.check])
    chosen = {name: replace(run, seeds=run.seeds[:1]) for name, run in chosen.items()}
    with tempfile.TemporaryDirectory(prefix="bench-reproduce-") as folder:
        made = _make(chosen, {**how, "workdir": Path(folder), "results": Path(folder, "results")}, place)
    return [replace(one, record="") for one in made]


@dataclass(frozen=True)
class _Task:
    """One seed of a planned run, opened, and how it is trained; `way` is None where its record is there."""

    name: str
    run: "PlannedRun"
    seed: int
    opened: OpenedJob
    way: Any


def _make(runs: "dict[str, PlannedRun]", how: Any, published_in: Path) -> "list[Made]":
    from bench.reproducing.comparing import Made, Verdict
    from bench.runs.run import error_line

    made: list[Made] = []
    tasks: list[_Task] = []
    for one in _tasks(runs, how):
        tasks.append(one) if isinstance(one, _Task) else made.append(one)
    todo = [task for task in tasks if task.way]
    seeds = [
        Seed(task.run.model, task.run.dataset, task.seed, {**_how(task.run, task.seed, how), "resume": task.way.resume})
        for task in todo
    ]
    ended = side_by_side(seeds, how["jobs"], how["progress"], Limits(how["minutes"], how["threads"]))
    failed = {id(todo[place]): error for place, error in ended.items()}
    for task in tasks:
        if error := failed.get(id(task)):
            verdict: Verdict = "not finished" if isinstance(error, TimeIsUp) else "failed"
            made.append(Made(task.name, task.seed, "", verdict, why=error_line(error)))
    return [*made, *_compared([task for task in tasks if id(task) not in failed], how["results"], published_in)]


def _tasks(runs: "dict[str, PlannedRun]", how: Any) -> "Iterator[_Task | Made]":
    """Each seed of the runs, checked so far that only its training is left; what stands in the way of one."""
    from bench.reproducing.comparing import Made
    from bench.runs.jobs import with_seed
    from bench.runs.run import error_line
    from bench.runs.seeds import FAILURES, left_to_do

    for name, run in runs.items():
        first = None
        for seed in run.seeds:
            try:
                first = first or opened_job(run.model, run.dataset, _how(run, seed, how))
                opened = replace(first, job=with_seed(first.job, seed))
                yield _Task(name, run, seed, opened, left_to_do(opened.job, opened.way, opened.record(how["results"])))
            except FAILURES as error:
                yield Made(name, seed, "", "failed", why=error_line(error))


def _how(run: "PlannedRun", seed: int, how: Any) -> dict[str, Any]:
    """The keywords of `bench.run` for a seed of a planned run."""
    asked = {"extractor": run.extractor or None, "recipe": run.recipe or None, "settings": run.changes, **run.budget}
    asked["train_split"] = run.train_split
    return dict(checked(RunSettings, {**asked, **{name: how[name] for name in PASSED_ON}, "seed": seed}))


def _compared(tasks: Sequence[_Task], results: Path, published_in: Path) -> "Iterator[Made]":
    """What was made, beside what is published; the comparisons of all records are written once more where several were
    made at a time."""
    from bench.reproducing.comparing import compared
    from bench.reproducing.published import of_record, published
    from bench.storage.records import read_record, read_records
    from bench.tables.files import write_tables

    known = read_records(published_in)
    protocols = {}
    for task in tasks:
        path = task.opened.record(results)
        record = read_record(path)
        protocols[record.protocol_id] = record
        others = [one for one in known if one != record]
        earlier = published(task.run, task.seed, task.opened.job.changes, others, published_in)
        yield from compared(task.name, task.run, task.seed, of_record(record), earlier, str(path))
    for record in protocols.values() if len(tasks) > 1 else ():
        write_tables(record, results)
