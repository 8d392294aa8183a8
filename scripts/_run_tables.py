"""Tables of the published runs for the pages: a row for each run of results/plan.toml, also for those that are missing.

The numbers are those of the records and entries that the plan names, so a new one asks for one run of
`scripts/pages.py` and no edit by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench import registry
from bench.datasets import open_dataset
from bench.measuring.evaluation import REAL_1
from bench.reproducing.plan import PlannedRun, read_plan
from bench.reproducing.published import Published, config_of, extractor_of, published
from bench.runs.laptop import LAPTOP
from bench.storage.records import read_records, run_name, setting_text, slug, unusual_split
from bench.tables.notes import COMPLETE
from bench.tables.of_record import TRANSLATES, translation_errors
from bench.tables.table import Cell, text

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
EMBEDDED = ("digits", "shapes", "digits2styles", "edges2shapes")


def number_text(value: float | None, decimals: int) -> str:
    return "" if value is None else text(Cell(value, decimals=decimals))


@dataclass(frozen=True)
class Run:
    """A run of the plan with what is published of each of its seeds; `changes` are not its recipe's settings."""

    name: str
    planned: PlannedRun
    changes: dict[str, Any]
    seeds: dict[int, Published]

    @property
    def title(self) -> str:
        laptop = self.planned.recipe == LAPTOP
        changes = self.planned.settings if laptop else self.changes
        settings = [f"{name}={setting_text(value)}" for name, value in sorted(changes.items())]
        recipe = ("laptop recipe",) if laptop else ()
        return f"`{', '.join((self.planned.model, *recipe, *settings, *self.fewer))}`"

    @property
    def fewer(self) -> tuple[str, ...]:
        """The split that it was trained on, where it is not the whole training split."""
        return unusual_split(self.planned.train_split)

    @property
    def first(self) -> Published:
        return next(iter(self.seeds.values()))

    @property
    def mean_fid(self) -> float:
        """The mean over its seeds of the lowest FID of its domains."""
        fids = [min(one.fid.values(), default=0.0) for one in self.seeds.values()]
        return sum(fids) / len(fids)

    @property
    def file(self) -> str:
        """The name of the files of its first seed."""
        return run_name(self.planned.model, next(iter(self.seeds), 0), self.changes, self.planned.train_split)

    @property
    def trained(self) -> str:
        """How much of the recipe."""
        share = self.first.share
        if share is None:  # of an entry, which does not say it
            return "a part of the recipe" if self.planned.budget else "full recipe"
        if self.has_no_share:
            return f"{self.first.steps:,} steps"
        return "full recipe" if share >= COMPLETE else f"{100 * share:.2g} % of the recipe"

    @property
    def has_no_share(self) -> bool:
        """Whether its epochs are no share of those of the recipe: they are of fewer images than the recipe is for."""
        share = self.first.share
        return bool(self.fewer) or (self.planned.recipe == LAPTOP and share is not None and share >= COMPLETE)

    @property
    def links(self) -> str:
        """Its table and its page of pictures; of an entry the board that it stands on, and its images."""
        data, planned = slug(self.planned.dataset), self.planned
        if self.first.share is None:
            entry = planned.entry(next(iter(self.seeds)))
            places = {"board": f"leaderboards/{planned.track}.md", "images": f"submissions/{entry}/preview.png"}
        else:
            table = f"tables/{data}/{self.first.protocol.id}/{self.file}.md"
            places = {"table": table, "figures": f"figures/{data}/{self.file}.webp"}
        there = {word: place for word, place in places.items() if (RESULTS / place).is_file()}
        return ", ".join(f"[{word}](../results/{place})" for word, place in there.items())

    @property
    def warning(self) -> str:
        """What is wrong with its numbers; "" where nothing is known to be."""
        partners = any("mse" in one for one in self.first.scores.values()) and self.translates
        dependent = partners and self.first.protocol.translated == REAL_1
        return "; FID too low: the partners of real 1 were translated" if dependent else ""

    @property
    def translates(self) -> bool:
        return registry.load("models", self.planned.model).task in TRANSLATES

    @property
    def needs(self) -> str:
        """What is needed for it that this project, or this machine, does not bring."""
        base, extractor = self.planned.dataset.partition("/")[0], extractor_of(self.planned)
        data = [] if base in EMBEDDED else [f"the images of `{base}`"]
        shipped = registry.load("extractors", extractor).shipped
        weights = [] if shipped or "random" in extractor else [f"the weights of `{extractor}`"]
        more = [self.planned.needs] if self.planned.needs else []
        return f"needs {' and '.join(data + weights + more)}" if data + weights + more else "not published"


@cache
def planned_runs() -> tuple[Run, ...]:
    """All of the plan, in its order."""
    records, found = read_records(RESULTS), []
    for name, run in read_plan(RESULTS / "plan.toml").runs.items():
        changes = config_of(run)[1]
        seeds = {seed: published(run, seed, changes, records, RESULTS) for seed in run.seeds}
        found.append(Run(name, run, changes, {seed: one for seed, one in seeds.items() if one and not one.error}))
    return tuple(found)


# ----- in a sentence


def told(name: str, why: str) -> str:
    """What is there of a run, in the words of the page of the documents; `why` says it of one that is missing."""
    run = next((one for one in planned_runs() if one.name == name), None)
    if run is None:
        raise SystemExit(f"results/plan.toml has no run {name!r}")
    if not run.seeds:
        return f"**not run**{': ' if why else ''}{why}"
    seeds = f", {len(run.seeds)} seeds" if len(run.seeds) > 1 else ""
    return f"{run.trained}{seeds}: {run.links}"


# ----- tables

HEAD = {
    "reconstruct": ("test MSE [95 %] ↓", "recall ↑"),
    "generate": ("precision ↑", "recall ↑"),
    "translate": ("MSE [95 %] ↓", "MAE (L1) ↓"),
}


def table(runs: list[Run], task: str) -> Iterator[str]:
    """A row for each domain of each run, the lowest FID of each data set first, then what is missing."""
    head = ("run", "data", "features", "trained", "FID ↓", "corrected [95 %] ↓", *HEAD[task], "more")
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---:' if '↓' in one or '↑' in one else '---' for one in head)}|"
    for run in sorted((one for one in runs if one.seeds), key=_place):
        for domain in run.first.fid:
            more = run.links + run.warning
            yield f"| {' | '.join((*_about(run, domain), *_scores(run, domain, task), more))} |"
    for run in (one for one in runs if not one.seeds):
        cells = (run.title, f"`{run.planned.dataset}`", f"`{extractor_of(run.planned)}`", "**not run**")
        yield f"| {' | '.join((*cells, *[''] * 4, run.needs))} |"


def _place(run: Run) -> tuple[Any, ...]:
    planned = run.planned
    return planned.dataset not in EMBEDDED, planned.dataset, extractor_of(planned), run.mean_fid


def _about(run: Run, domain: str) -> tuple[str, str, str, str]:
    data = run.planned.dataset + (f", {domain}" if domain else "")
    count = run.first.steps
    steps = f"{count:,} step{'s' * (count > 1)}, " if count else ""
    return (
        run.title,
        f"`{data}`",
        f"`{run.first.protocol.extractor}`",
        run.trained if run.has_no_share else f"{steps}{run.trained}",
    )


def _scores(run: Run, domain: str, task: str) -> tuple[str, str, str, str]:
    """Means over the seeds where there are several; the intervals are those of the first."""
    scores, fid = run.first.scores[domain], fids_text(run, domain)
    prdc, errors = scores.get("prdc", {}), scores.get("mse", {})
    both = {
        "reconstruct": (interval(errors, "mse", 4), number_text(prdc.get("recall"), 2)),
        "generate": (number_text(prdc.get("precision"), 2), number_text(prdc.get("recall"), 2)),
        "translate": (interval(errors, "mse", 4), number_text(errors.get("mae"), 3)),
    }
    return fid, interval(scores.get("fid", {}), "fid", 1, "fid_corrected"), *both[task]


def fids_text(run: Run, domain: str) -> str:
    """The mean FID of its seeds, with the lowest and the highest where there are several."""
    fids = [one.fid[domain] for one in run.seeds.values() if domain in one.fid]
    mean = number_text(sum(fids) / len(fids), 2)
    if len(fids) == 1:
        return mean
    return f"{mean} ({number_text(min(fids), 1)} to {number_text(max(fids), 1)}, {len(fids)} seeds)"


def interval(numbers: Any, key: str, decimals: int, value: str = "") -> str:
    """A value with its ends; "" where it was not measured."""
    middle, low, high = (numbers.get(one) for one in (value or key, f"{key}_low", f"{key}_high"))
    if middle is None:
        return ""
    ends = "" if low is None else f" [{number_text(low, decimals)}, {number_text(high, decimals)}]"
    return number_text(middle, decimals) + ends


def of_task(task: str, tasks: tuple[str, ...]) -> Iterator[str]:
    """The runs of all models of these tasks."""
    chosen = [one for one in planned_runs() if registry.load("models", one.planned.model).task in tasks]
    yield from table(chosen, task)


def of_data(dataset: str, task: str) -> Iterator[str]:
    """The runs on one data set."""
    yield from table([one for one in planned_runs() if one.planned.dataset == dataset], task)


def pairs(dataset: str) -> Iterator[str]:
    """The errors of translations of one paired data set, beside those of what is no model."""
    yield "| run | makes | steps | MSE [95 %] ↓ | MAE (L1) ↓ | SSIM ↑ | FID, corrected [95 %] ↓ |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    records = [one for one in read_records(RESULTS, dataset) if one.status == "ok"]
    for domain in open_dataset(dataset).domains[::-1]:
        rows = [record for record in records if record.pair_scores("real 1", "generated", domain)]
        for words, name in (("the input as it is", "input"), ("the mean of the wanted images", "mean image")):
            pairs_of = (record.pair_scores(record.protocol.translated, name, domain) for record in rows)
            if known := next(filter(None, pairs_of), None):
                yield f"| {words} | {domain} |  | {_errors(known.scores['mse'])} |  |"
        for record in rows:
            errors = translation_errors(record, domain)["mse"]
            title, steps = f"`{record.family}`", f"{record.training.steps:,}"
            fid = interval(record.pair_scores("real 1", "generated", domain).scores["fid"], "fid", 1, "fid_corrected")
            yield f"| {title} | {domain} | {steps} | {_errors(errors)} | {fid} |"


def _errors(numbers: Any) -> str:
    mae, ssim = number_text(numbers.get("mae"), 3), number_text(numbers.get("ssim"), 2)
    return f"{interval(numbers, 'mse', 4)} | {mae} | {ssim}"
