"""What an assignment asks for, in order, as data: one TOML file each in `assignments/`, or a file of the user's own.

title = "..."
[[parts]]
title = "2 Variational autoencoder"
asked = "what was asked, in our own words"
models = ["vae"]                  # whose runs answer this part
dataset = "fashion-mnist"         # what was asked for; runs on others are shown, and it is said
settings = { loss = "vanilla" }   # values that a run of this part has
changed = ["zdim"]                # or settings of which it has changed one at least
another_seed = true               # or that it is another seed of a run that is there
moments = { count = 5 }           # pictures over the training: count, every (steps) or steps
also = ["bench explore ..."]      # commands that no run answers
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.reporting.given import Given
from bench.storage.reading import read_toml
from bench.storage.records import setting_text
from bench.storage.typed import ADDED, typed
from genbench.names import did_you_mean
from metrics.errors import InputError

FOLDER = Path(__file__).parent / "assignments"
USUAL_MOMENTS = 6
EVERY_LEAST = 12  # moments of "every", at most


@dataclass(frozen=True)
class Moments:
    """Which moments of a training are shown: so many, one every so many steps, or those nearest to these steps."""

    count: int | None = field(default=None, metadata=ADDED)
    every: int | None = field(default=None, metadata=ADDED)
    steps: tuple[int, ...] = field(default=(), metadata=ADDED)

    def of(self, there: Sequence[int]) -> list[int]:
        """The steps that are wanted, of those that are there."""
        if not there:
            return []
        last = there[-1]
        if self.steps:
            return [last if step < 0 else step for step in self.steps]
        if self.every and last >= self.every:
            wanted = list(range(0, last + 1, self.every))
            return wanted[:: -(-len(wanted) // EVERY_LEAST)]
        count = self.count or USUAL_MOMENTS
        return [there[round(place * (len(there) - 1) / max(1, count - 1))] for place in range(count)]


@dataclass(frozen=True)
class Part:
    """One task; see the module."""

    title: str
    asked: str
    models: tuple[str, ...] = field(default=(), metadata=ADDED)
    dataset: str = field(default="", metadata=ADDED)
    settings: dict[str, Any] = field(default_factory=dict, metadata=ADDED)
    changed: tuple[str, ...] = field(default=(), metadata=ADDED)
    another_seed: bool = field(default=False, metadata=ADDED)
    moments: Moments = field(default=Moments(), metadata=ADDED)
    also: tuple[str, ...] = field(default=(), metadata=ADDED)

    @property
    def commands(self) -> tuple[str, ...]:
        """What makes the runs of this part, and what else it asks for."""
        said = "".join(f" --set {name}={setting_text(value)}" for name, value in self.settings.items())
        said += "".join(f" --set {name}=..." for name in self.changed[:1]) + (" --seed 1" if self.another_seed else "")
        where = f" --dataset {self.dataset}" if self.dataset else ""
        return (*(f"bench run --model {model}{where}{said}" for model in self.models[:1]), *self.also)

    def narrow(self, run: Given) -> tuple[bool, bool, int, bool]:
        """How much it asks of a run beside its model: the narrowest part that a run fits is its own."""
        return self.another_seed, bool(self.changed), len(self.settings), run.dataset == self.dataset

    def fits(self, run: Given, others: Sequence[Given]) -> bool:
        """Whether a run answers this part."""
        if run.spec.name not in self.models:
            return False
        have = {name: setting_text(getattr(run.config, name, None)) for name in self.settings}
        if have != {name: setting_text(value) for name, value in self.settings.items()}:
            return False
        if self.changed and not set(self.changed) & set(run.changes):
            return False
        return not self.another_seed or any(_is_earlier_seed(one, run) for one in others)


@dataclass(frozen=True)
class Assignment:
    """A title and parts in order; `name` is what it is asked for by."""

    name: str
    title: str
    parts: tuple[Part, ...]


def _model_of(run: Given) -> tuple[Any, ...]:
    return run.spec.name, run.dataset, run.config, run.train_split


def _is_earlier_seed(one: Given, run: Given) -> bool:
    same = _model_of(one) == _model_of(run)
    return same and one.seed < run.seed


def names() -> list[str]:
    """The assignments that are here."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def open_assignment(name: str) -> Assignment:
    """The assignment of this name, or that of a TOML file; InputError for another name and for a damaged file."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in names():
        raise InputError(f"no assignment {name!r}. {did_you_mean(name, names(), _there())}")
    values = read_toml(path, remedy=f"docs/report.md says what such a file holds; {_there()}")
    found: _File = typed(_File, values, str(path))
    return Assignment(path.stem, found.title, found.parts)


@dataclass(frozen=True)
class _File:
    title: str
    parts: tuple[Part, ...]


def _there() -> str:
    return f"There are: {', '.join(names())}; or give a file that ends in .toml"


def placed(assignment: Assignment, runs: Sequence[Given]) -> list[tuple[Part, tuple[Given, ...]]]:
    """Each part with the runs that answer it, each run once; InputError where none answers any."""
    homes: dict[int, list[Given]] = {place: [] for place in range(len(assignment.parts))}
    for run in runs:
        fitting = [place for place, part in enumerate(assignment.parts) if part.fits(run, runs)]
        if fitting:
            homes[max(fitting, key=lambda place: (assignment.parts[place].narrow(run), -place))].append(run)
    if not any(homes.values()):
        wanted = ", ".join(dict.fromkeys(model for part in assignment.parts for model in part.models))
        given = ", ".join(dict.fromkeys(run.spec.name for run in runs))
        raise InputError(
            f"none of these runs ({given}) answers a part of {assignment.name}, which is about {wanted}; leave --for "
            "out, or train one of them"
        )
    return [(part, tuple(homes[place])) for place, part in enumerate(assignment.parts)]
