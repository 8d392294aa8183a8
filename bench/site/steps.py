"""The commands that reproduce an entry, verify it, and compare it, from what it says of itself."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bench import registry
from bench.leaderboard.entries import Entry
from bench.leaderboard.tracks import tracks
from bench.storage.records import setting_text

TRANSLATING = ("paired", "unpaired")  # tasks of models that are trained on both domains of a data set
GENERATORS = ("onnx", "torchscript")
SAMPLED = ("checkpoint", *GENERATORS)  # kinds whose images the tool makes itself


@dataclass(frozen=True)
class Step:
    """A command, or some, and what it is good for."""

    words: str
    command: str


def steps(entry: Entry, options: str = "") -> tuple[Step, ...]:
    """To reproduce, to verify, the cheapest first, and to compare; `options` is what commands need to use the results
    folder of the entry."""
    found = (*_reproduce(entry), *_verify(entry), _compare(entry))
    return tuple(replace(one, command=one.command + options) for one in found)


def _reproduce(entry: Entry) -> Iterator[Step]:
    origin = entry.origin
    if origin.kind == "checkpoint" and origin.model in _tasks():
        dataset = _trained_on(entry)
        steps = ["--steps", str(origin.training_steps)] if origin.training_steps is not None else []
        steps += ["--train-split", origin.train_split] if origin.train_split else []
        settings = [f"--set {name}={_setting(value)}" for name, value in sorted((origin.settings or {}).items())]
        words = ["train", "--model", origin.model, "--dataset", dataset, "--seed", str(origin.training_seed), *steps]
        train = " ".join(["bench", *(shlex.quote(word) for word in words), *settings])
        yield Step(
            "Train the model again and submit its samples. RUN is the folder that the first command names at its end. "
            "On a CPU, the same versions give the same samples:",
            f"{train}\n{_submit(entry, 'RUN')}",
        )
    elif origin.kind in GENERATORS:
        said = sorted((origin.settings or {}).items())
        spec = (f"--{name.replace('_', '-')} {_setting(value)}" for name, value in said)
        trust = " --trust-code" if origin.kind == "torchscript" else ""
        yield Step(
            "With the generator, whose sha256 is above, make the images again and submit them:",
            f"{_submit(entry, 'GENERATOR')} {' '.join(spec)}{trust}",
        )
    else:
        yield Step("With the images, whose hashes are above, measure them again:", _submit(entry, "IMAGES"))


def _verify(entry: Entry) -> Iterator[Step]:
    command = f"bench verify {shlex.quote(f'{entry.track}/{entry.slug}')}"
    yield Step("Level 1 needs only the files. Is the entry complete, and are its numbers possible?", command)
    yield Step("Level 2 needs the images. Do they give the same numbers again?", f"{command} --images IMAGES")
    if entry.origin.kind in SAMPLED:
        what = "CHECKPOINT" if entry.origin.kind == "checkpoint" else "GENERATOR"
        yield Step("Level 3 needs the model. Does it make these images again?", f"{command} --checkpoint {what}")


def _compare(entry: Entry) -> Step:
    mine = shlex.quote(f"{entry.track}/{entry.slug}")
    other = shlex.quote(f"{entry.track}/OTHER")
    return Step(
        "Is another entry of this track better in any number, beyond chance?",
        f"bench compare {mine} {other}",
    )


def _submit(entry: Entry, what: str) -> str:
    words = ["bench", "submit", what, "--track", entry.track, "--name", entry.about.name]
    return " ".join(shlex.quote(word) for word in words)


def _trained_on(entry: Entry) -> str:
    """The data set as `bench train` names it: a model that translates has both domains."""
    subject = _subjects().get(entry.track, entry.rules.protocol.dataset)
    return subject.partition("/")[0] if _tasks()[entry.origin.model] in TRANSLATING else subject


@cache
def _subjects() -> dict[str, str]:
    return {name: track.subject for name, track in tracks().items()}


@cache
def _tasks() -> dict[str, str]:
    """What each model does, read from its source."""
    return {model["name"]: model.get("task", "") for model in registry.describe_all("models")}


def _setting(value: Any) -> str:
    """A setting as `--set` reads it."""
    return shlex.quote(setting_text(value))
