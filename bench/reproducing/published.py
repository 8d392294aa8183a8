"""What is published of a planned run: its record, or its entry on a track, below the results folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import registry
from bench.datasets import open_dataset
from bench.leaderboard.entries import Entry, read_entry
from bench.measuring.evaluation import GENERATED, REAL_1
from bench.protocol import Protocol
from bench.reproducing.plan import PlannedRun
from bench.runs.jobs import named_recipe
from bench.runs.laptop import LAPTOP, require_laptop_recipe
from bench.storage.records import Environment, Numbers, RunRecord, run_name
from bench.storage.result_places import read_from
from bench.tables.of_record import image_errors
from reference_models.loop import changed_settings, to_json, with_settings


@dataclass(frozen=True)
class Published:
    """One seed of a planned run as it was published. `digests` are those of the generated images, `fid` their distance
    to real 1, `scores` all that was measured of them, each by domain; `share` is how much of its recipe was trained,
    None where that is not known; `code` is "" where the file says nothing about it. `error` is the line of a run that
    failed."""

    protocol: Protocol
    config: dict[str, Any]
    digests: dict[str, str]
    fid: dict[str, float]
    scores: dict[str, dict[str, Numbers]]
    steps: int | None
    share: float | None
    seconds: float | None
    code: str
    environment: Environment
    error: str = ""


def config_of(run: PlannedRun) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that a planned run is trained with now, and those of them that are not the recipe's.

    ModelError for a setting that its model does not have.
    """
    spec = registry.load("models", run.model)
    dataset = open_dataset(run.dataset.partition("/")[0]).recipe_name
    start, _ = named_recipe(spec, dataset, run.recipe)
    config = with_settings(start, run.changes, of=spec.name)
    return to_json(config), changed_settings(config, spec.recipe(dataset))


def of_record(record: RunRecord) -> Published:
    """What a record says."""
    pairs = [one for one in record.pairs if (one.a, one.b) == (REAL_1, GENERATED)]
    return Published(
        protocol=record.protocol,
        config=record.config,
        digests={name.removeprefix(GENERATED).strip(): digest for name, digest in record.samples.items()
                 if name.partition(" ")[0] == GENERATED},
        fid={one.domain: float(one.scores["fid"]["fid"] or 0.0) for one in pairs},
        scores={one.domain: {**one.scores, **image_errors(record, one.domain)} for one in pairs},
        steps=record.training.steps if record.training else None,
        share=record.training.epochs / record.training.full_epochs if record.training else None,
        seconds=record.training.seconds if record.training else None,
        code=record.training.code if record.training else "",
        environment=record.environment,
        error=(record.error or "it failed") if record.status == "failed" else "",
    )  # fmt: skip


def of_entry(entry: Entry) -> Published:
    """What an entry says; the code of its model is not kept in it."""
    fid = entry.number("fid", "fid")
    return Published(
        protocol=entry.rules.protocol,
        config=entry.origin.settings or {},
        digests={"": entry.manifest.digest},
        fid={} if fid is None else {"": fid},
        scores={"": entry.scores},
        steps=entry.origin.training_steps,
        share=None,
        seconds=entry.origin.training_seconds,
        code="",
        environment=entry.environment,
    )


def published(
    run: PlannedRun, seed: int, changes: dict[str, Any], records: Sequence[RunRecord], results: Path
) -> Published | None:
    """The record of a seed, that of the plan's protocol before others, the newest before older ones, or its entry; None
    where there is neither."""
    name, extractor = run_name(run.model, seed, changes, run.train_split), extractor_of(run)
    found = [
        one
        for one in records
        if (one.dataset, one.name, one.protocol.extractor) == (run.dataset, name, extractor) and _same_budget(run, one)
    ]
    if found:
        return of_record(max(found, key=lambda one: (one.protocol_id == run.protocol, one.created_utc)))
    entry = run.entry(seed)
    paths = [folder / "submissions" / f"{entry}.json" for folder in read_from(results)] if entry else []
    there = next((path for path in paths if path.is_file()), None)
    return of_entry(read_entry(there)) if there else None


def _same_budget(run: PlannedRun, record: RunRecord) -> bool:
    """Whether a record was trained for as long as the plan says; of a run that failed before that is not known."""
    done = record.training
    if done is None:
        return True
    budget = run.budget
    if run.recipe == LAPTOP and not budget:
        dataset = open_dataset(run.dataset.partition("/")[0]).recipe_name
        budget = {"steps": require_laptop_recipe(run.model, dataset).steps}
    return done.steps == budget["steps"] if "steps" in budget else done.asked == budget


def extractor_of(run: PlannedRun) -> str:
    """The extractor that measures a planned run."""
    return run.extractor or open_dataset(run.dataset.partition("/")[0]).extractors[0]
