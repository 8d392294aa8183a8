"""Records: one JSON file per run, with every number and everything that it depends on.

    results/runs/<data set>/<protocol id>/<model>-seed<k>.json

Strict JSON with sorted keys, written whole or not at all; a number that is not finite is refused. A record names no
user, no machine and no path: it is meant to be published.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from bench.protocol import Protocol, check_protocol
from bench.storage.files import write_text
from bench.storage.reading import read_json
from bench.storage.result_places import read_from
from bench.storage.typed import ADDED, typed, values_of
from metrics.errors import InputError

SCHEMA = 1
LONGEST_CHANGES = 120  # letters of a file's name
TRAINED_ON = "train"  # the split, where nothing else is said

Numbers = dict[str, int | float | None]


@dataclass(frozen=True)
class SetScores:
    """Scores of one set of images; `scores` are by metric, then by key."""

    name: str
    domain: str
    count: int
    digest: str
    scores: dict[str, Numbers]


@dataclass(frozen=True)
class PairScores:
    """Scores of a pair of sets of one domain: `a` is the real one."""

    a: str
    b: str
    domain: str
    scores: dict[str, Numbers]


@dataclass(frozen=True)
class Training:
    """What was asked and what was really done. `full_epochs` is the recipe's own budget.

    `asked` holds steps, epochs and minutes as given (empty: the recipe's). `seconds` are those of the training loop
    with its pictures and checkpoints, over all resumptions; `losses` are means over the last 100 steps. `code` is the
    hash of the model's code that did the last step (`bench.runs.model_code`), "" in records from before this was a
    field and of models of other packages. `processes` trained together, in the end.
    """

    asked: dict[str, int | float]
    full_epochs: float
    steps: int
    epochs: float
    images: int
    seconds: float
    batch_size: int
    device: str
    precision: str
    compiled: bool
    losses: dict[str, float]
    code: str = field(default="", metadata=ADDED)
    processes: int = field(default=1, metadata=ADDED)


@dataclass(frozen=True)
class Environment:
    """Versions and hardware; no host, no user, no path."""

    bench: str
    python: str
    packages: dict[str, str]
    system: str
    machine: str
    cpu: str
    cores: int
    gpu: str
    commit: str


@dataclass(frozen=True)
class RunRecord:
    """One run: what was trained how, what it scored under which protocol, and where that was.

    `recipe_changes` are the settings that differ from the recipe of this data set, and `recipe` is the name of the one
    that was asked for instead, as "laptop". `train_split` is what it was trained on (`train:88`: the first 88 of
    train). `error` is the line of a failed run, whose `sets` and `pairs` are empty. `source` is where a published
    checkpoint is from, as `hub:OWNER/NAME@COMMIT`.
    """

    schema: int
    status: Literal["ok", "failed"]
    error: str
    model: str
    task: str
    seed: int
    config: dict[str, Any]
    recipe_changes: dict[str, Any]
    dataset: str
    protocol_id: str
    protocol: Protocol
    training: Training | None
    environment: Environment
    checkpoint_sha256: str
    samples: dict[str, str]
    sets: tuple[SetScores, ...]
    pairs: tuple[PairScores, ...]
    warnings: tuple[str, ...]
    created_utc: str
    source: str = field(default="", metadata=ADDED)
    recipe: str = field(default="", metadata=ADDED)
    train_split: str = field(default=TRAINED_ON, metadata=ADDED)

    @property
    def name(self) -> str:
        """The name of its files; see `run_name`."""
        return run_name(self.model, self.seed, self.recipe_changes, self.train_split)

    @property
    def changes(self) -> tuple[str, ...]:
        """The settings that are not the recipe's, as `--set` takes them, in alphabetical order."""
        return tuple(f"{name}={setting_text(value)}" for name, value in sorted(self.recipe_changes.items()))

    @property
    def title(self) -> str:
        """Its name in tables: what it is without its seed, and that."""
        return f"{self.family}, seed {self.seed}"

    @property
    def family(self) -> str:
        """What it has in common with other seeds: model, settings that are not the recipe's, an unusual split."""
        return ", ".join((self.model, *self.changes, *unusual_split(self.train_split)))

    def set_scores(self, name: str, domain: str = "") -> SetScores | None:
        """The scores of a set by name; None where it was not measured."""
        return next((one for one in self.sets if (one.name, one.domain) == (name, domain)), None)

    def pair_scores(self, a: str, b: str, domain: str = "") -> PairScores | None:
        """The scores of a pair by names; None where it was not measured."""
        return next((one for one in self.pairs if (one.a, one.b, one.domain) == (a, b, domain)), None)


# ----- places


def slug(dataset: str) -> str:
    """A data set's name as a folder: `emoji/apple` is `emoji-apple`, `folder:faces:64` is `folder-faces-64`."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in dataset)


def setting_text(value: Any) -> str:
    """The value of a setting as `--set` reads it."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def unusual_split(train_split: str) -> tuple[str, ...]:
    """What a title says of the split that a model was trained on: nothing of the usual one."""
    return () if train_split == TRAINED_ON else (f"trained on {train_split}",)


def run_name(model: str, seed: int, changes: Mapping[str, Any], train_split: str = TRAINED_ON) -> str:
    """`pix2pix-seed0`; `pix2pix-skips-true-seed0` with `changes`, the settings that are not the recipe's;
    `pix2pix-on-train-44-seed0` of 44 training images.

    So the variants of a model keep apart, whatever their seed. Settings stand in alphabetical order, as in a record's
    JSON; what is too long for a file's name ends in a hash.
    """
    said = slug("".join(f"-{name}-{setting_text(value)}" for name, value in sorted(changes.items())).replace("e+", "e"))
    if len(said) > LONGEST_CHANGES:
        said = f"{said[: LONGEST_CHANGES - 9]}-{sha256(said.encode()).hexdigest()[:8]}"
    split = "" if train_split == TRAINED_ON else f"-on-{slug(train_split)}"
    return f"{model}{said}{split}-seed{seed}"


def record_path(results: Path, dataset: str, protocol: str, name: str) -> Path:
    """Where the record of a run of this name lies below `results`."""
    return results / "runs" / slug(dataset) / protocol / f"{name}.json"


# ----- writing


def write_record(path: Path, record: RunRecord) -> None:
    """Write a record, whole or not at all, over an earlier one.

    Raises ValueError for a number that is not finite, naming it, and InputError where the place cannot be written.
    """
    write_json(path, values_of(record))


def write_json(path: Path, values: Any) -> None:
    """Write strict JSON with sorted keys, whole or not at all.

    Raises ValueError for a number that is not finite, naming it, and InputError where the place cannot be written.
    """
    _refuse_not_finite(values, "record")
    write_text(path, json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def _refuse_not_finite(value: Any, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; a record holds finite numbers only")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_not_finite(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _refuse_not_finite(inner, f"{where}[{number}]")


# ----- reading


def read_record(path: Path) -> RunRecord:
    """A record from its file.

    Raises InputError for a file that is missing, no JSON, of another schema (naming it), that lacks a field, has one
    more or one of another type (naming it), and one whose protocol does not give its protocol id.
    """
    values = read_json(path, remedy="restore it or run again")
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema != SCHEMA:
        raise InputError(
            f"{path} has schema {schema!r}, this version reads {SCHEMA}; use the version that wrote it, or move it away"
        )
    record: RunRecord = typed(RunRecord, values, str(path))
    if record.protocol.id != record.protocol_id:
        raise InputError(
            f"{path}: protocol_id {record.protocol_id!r} is not that of its protocol; it was edited by hand"
        )
    check_protocol(record.protocol, str(path))
    return record


def read_records(
    results: Path,
    dataset: str = "",
    protocol: str = "",
    *,
    without: Path | None = None,
    damaged: Callable[[str], None] | None = None,
) -> list[RunRecord]:
    """The records below `results` and in what is read with it, sorted by path in each; of one data set or protocol
    where these are named.

    `without` is a path that is left out. `damaged` is told what is wrong with each record that cannot be used, which
    is then left out.

    Raises InputError for the first that cannot be used where nobody is to be told.
    """
    pattern = f"runs/{slug(dataset) if dataset else '*'}/{protocol or '*'}/*.json"
    found = []
    for path in (path for folder in read_from(results) for path in sorted(folder.glob(pattern))):
        if path == without:
            continue
        try:
            found.append(read_record(path))
        except InputError as error:
            if damaged is None:
                raise
            damaged(str(error))
    return found
