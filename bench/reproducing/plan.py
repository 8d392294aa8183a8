"""The published runs as results/plan.toml names them: what is trained, why, and what comes out of it.

    [runs.gan-digits]                      the name that `bench reproduce` takes
    model = "gan"
    dataset = "digits"
    extractor = "digits-layout"            left out: the data set's own
    recipe = "laptop"                      left out: that of the data set
    settings = { hidden = 128 }            left out: the recipe's
    train_split = "train:88"               left out: all of train
    budget = { steps = 500 }               steps or epochs; left out: the recipe's
    seeds = [0, 1]                         left out: 0
    why = "what it is there for"
    needs = "a GPU"                        why it is not published, where the images and weights are no reason
    protocol = "3cad8c43eb34"              by which the published values were measured
    code = "4f69422f22e4"                  of the model, where its records are older than that (`bench.runs.model_code`)
    fid = { "" = [86.2, 82.6] }            of what it makes, by domain: one value for each seed that is published
    tolerance = { "" = 14 }                how far another machine may come out from these values
    check = true                           `bench reproduce --check` takes it where no name is given
    track = "digits"                       the track that its seeds were handed in to, and
    entries = ["gan", "gan-seed-1"]        by which names

    [explorations]
    "digits/gan-noise" = "bench explore noise runs/gan-digits-seed0"

`archives` are folders of earlier results that are kept as they were. `unnamed` finds what nothing of this names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bench.storage.reading import read_toml
from bench.storage.records import TRAINED_ON, run_name, slug
from bench.storage.result_places import in_words, read_from
from bench.storage.typed import ADDED, typed
from genbench.names import did_you_mean
from metrics.errors import InputError

FILE = "plan.toml"
BUDGETS = ("steps", "epochs")  # minutes would be other steps on every machine


@dataclass(frozen=True)
class PlannedRun:
    """One model on one data set under one protocol, with its seeds; see the module."""

    model: str
    dataset: str
    why: str
    extractor: str = field(default="", metadata=ADDED)
    recipe: str = field(default="", metadata=ADDED)
    settings: dict[str, bool | int | float | str] = field(default_factory=dict, metadata=ADDED)
    train_split: str = field(default=TRAINED_ON, metadata=ADDED)
    budget: dict[str, int | float] = field(default_factory=dict, metadata=ADDED)
    seeds: tuple[int, ...] = field(default=(0,), metadata=ADDED)
    protocol: str = field(default="", metadata=ADDED)
    code: str = field(default="", metadata=ADDED)
    fid: dict[str, tuple[float, ...]] = field(default_factory=dict, metadata=ADDED)
    tolerance: dict[str, float] = field(default_factory=dict, metadata=ADDED)
    check: bool = field(default=False, metadata=ADDED)
    track: str = field(default="", metadata=ADDED)
    entries: tuple[str, ...] = field(default=(), metadata=ADDED)
    needs: str = field(default="", metadata=ADDED)

    @property
    def changes(self) -> tuple[str, ...]:
        """Its settings as `--set` takes them."""
        return tuple(f"{name}={value}" for name, value in self.settings.items())

    def expected(self, seed: int) -> dict[str, float]:
        """The published FID of a seed by domain; empty where none is published."""
        place = self.seeds.index(seed)
        return {domain: values[place] for domain, values in self.fid.items() if place < len(values)}

    def entry(self, seed: int) -> str:
        """The name of the entry of a seed, TRACK/NAME; "" where it has none."""
        place = self.seeds.index(seed)
        return f"{self.track}/{self.entries[place]}" if place < len(self.entries) else ""


@dataclass(frozen=True)
class Plan:
    """All of results/plan.toml."""

    runs: dict[str, PlannedRun]
    explorations: dict[str, str] = field(default_factory=dict, metadata=ADDED)
    archives: tuple[str, ...] = field(default=(), metadata=ADDED)

    def chosen(self, names: Sequence[str]) -> dict[str, PlannedRun]:
        """The runs of these names, or all; InputError with the close name for one that is not there."""
        for name in names:
            if name not in self.runs:
                raise InputError(f"the plan has no run {name!r}. {did_you_mean(name, self.runs, SEE)}")
        return {name: self.runs[name] for name in names} if names else dict(self.runs)


SEE = "See `bench reproduce --list`."


def plan_of(results: Path) -> tuple[Plan, Path]:
    """The plan of a results folder and of what is read with it, and the folder that it lies in.

    InputError where there is none, and for one that does not say what a run needs.
    """
    for folder in read_from(results):
        if (folder / FILE).is_file():
            return read_plan(folder / FILE), folder
    raise InputError(f"no {FILE} in {in_words(results)}; start in a checkout of the project, or give --results")


def read_plan(path: Path) -> Plan:
    """A plan from its file; InputError, naming the place, where it cannot be one."""
    values = read_toml(path, remedy="mend it, or restore it")
    plan: Plan = typed(Plan, values, str(path))
    for name, one in plan.runs.items():
        if why := _wrong(one):
            raise InputError(f"{path}: runs.{name}: {why}")
    return plan


def _wrong(one: PlannedRun) -> str:
    """What a run says that cannot be; "" where nothing does."""
    if not one.seeds or len(set(one.seeds)) < len(one.seeds) or min(one.seeds) < 0:
        return f"seeds is {list(one.seeds)}; expected different whole numbers from 0 on, one at least"
    if odd := set(one.budget) - set(BUDGETS):
        return f"budget has {', '.join(sorted(odd))}; expected {' or '.join(BUDGETS)}"
    longest = max((*map(len, one.fid.values()), len(one.entries)), default=0)
    if longest > len(one.seeds):
        return f"{longest} values or entries for {len(one.seeds)} seeds; expected one for each at most"
    if one.fid and not one.protocol:
        return "fid has no protocol; say by which one it was measured"
    if one.entries and not one.track:
        return "entries have no track; say which one they were handed in to"
    if set(one.tolerance) != set(one.fid):
        return f"tolerance is of {sorted(one.tolerance)}, fid of {sorted(one.fid)}; expected the same domains"
    low = {domain: value for domain, value in one.tolerance.items() if value < 0}
    return f"tolerance is {min(low.values())}; expected 0 or more" if low else ""


# ----- what lies in a results folder


def unnamed(plan: Plan, paths: Iterable[str], changes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Which of these paths below a results folder nothing of the plan names.

    `changes` are, by run, the settings that are not the recipe's: the names of its files hold them.
    """
    known = _patterns(plan, changes)
    return [path for path in paths if not any(fnmatchcase(path, pattern) for pattern in known)]


def _patterns(plan: Plan, changes: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Names of files below a results folder, `*` for any of them, that the plan speaks of."""
    found = {FILE, ".gitattributes", *(f"{one}/*" for one in (*plan.archives, *map(_exploration, plan.explorations)))}
    for name, one in plan.runs.items():
        data = slug(one.dataset)
        if one.protocol:
            found |= {f"{kind}/{data}/{one.protocol}/comparison*" for kind in ("tables", "figures")}
        for seed in one.seeds[: max(map(len, one.fid.values()), default=0)] if one.protocol else ():
            record = run_name(one.model, seed, changes[name], one.train_split)
            found |= {f"runs/{data}/{one.protocol}/{record}.json", f"figures/{data}/{record}.webp"}
            found |= {f"tables/{data}/{one.protocol}/{record}{end}" for end in (".md", "-*.csv")}
        if one.track:
            found |= {f"tracks/{one.track}.json", f"tracks/{one.track}/*"}
            found |= {f"leaderboards/{one.track}.{kind}" for kind in ("csv", "md")}
        for entry in one.entries:
            found |= {f"submissions/{one.track}/{entry}.json", f"submissions/{one.track}/{entry}/*"}
    return found


def _exploration(folder: str) -> str:
    return f"explore/{folder}"
