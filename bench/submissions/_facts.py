"""What an entry says about itself that cannot be so: times, where its images came from, what was remarked of them."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from bench import registry
from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import slug_of
from bench.storage.provenance import time_of
from bench.submissions._values import Problem
from bench.submissions.material import CONTROLS, GENERATORS

FIRST = "2026-11-22T00:00:00Z"  # nothing was submitted before there was this project
CLOCKS_DIFFER = timedelta(days=1)
SHA256 = re.compile(r"[0-9a-f]{64}")
SOURCE = re.compile(r"hub:[\w.-]+/[\w.-]+@[0-9a-f]{40}|[a-z0-9]+(-[a-z0-9]+)*")
LARGEST_SEED = 2**64
REPEATED = ("byte-duplicates", "pixel-duplicates")


def facts(entry: Entry, track_created_utc: str) -> Iterator[Problem]:
    """Everything that is wrong with these; `track_created_utc` is when the results folder first met the track."""
    if entry.slug != slug_of(entry.about.name):
        yield Problem("name", f"the slug {entry.slug!r} is not that of the name, {slug_of(entry.about.name)!r}")
    yield from (Problem("time", what) for what in _times(entry, track_created_utc))
    yield from (Problem("origin", what) for what in _origin(entry))
    yield from (Problem("remarks", what) for what in _remarks(entry))


def _times(entry: Entry, track_created_utc: str) -> Iterator[str]:
    texts = [*(one.created_utc for one in entry.earlier), entry.created_utc]
    times = [time_of(text) for text in texts]
    for text, time in zip(texts, times, strict=True):
        if time is None:
            yield f"{text!r} is not a time such as 2026-01-31T12:00:00Z"
        elif time > datetime.now(UTC) + CLOCKS_DIFFER:
            yield f"{text} has not come yet"
        elif text < FIRST:
            yield f"{text} is before the first entry that can be, {FIRST}"
    if None in times:
        return
    if texts != sorted(texts):
        yield f"an earlier entry is younger than this one, of {entry.created_utc}"
    if entry.created_utc < track_created_utc:
        yield f"it was made {entry.created_utc}, before its track was opened, {track_created_utc}"


def _origin(entry: Entry) -> Iterator[str]:
    origin, seed = entry.origin, entry.rules.protocol.sampling_seed
    made = origin.kind == "checkpoint" or origin.kind in GENERATORS
    if made != bool(SHA256.fullmatch(origin.sha256)) or (origin.sha256 and not made):
        yield f"the sha256 of its source is {origin.sha256!r}; expected {'one' if made else 'none'} of {origin.kind}"
    if origin.sampling_seed != (seed if made else None):
        yield f"sampling_seed is {origin.sampling_seed}; expected {seed if made else None}"
    if (origin.settings is None) == made:
        yield f"settings are {'missing' if made else 'there'}; expected {'some' if made else 'none'} of {origin.kind}"
    if origin.control != (origin.model in CONTROLS):
        yield f"control is {origin.control}, and the model is {origin.model!r}"
    if origin.source and (origin.kind != "checkpoint" or not SOURCE.fullmatch(origin.source)):
        yield f"it is from {origin.source!r}; expected none, or of a checkpoint hub:OWNER/NAME@COMMIT or a model's name"
    if origin.reference and origin.kind != "checkpoint":
        yield f"reference marks models of this project, and this is {origin.kind}"
    yield from _trained(entry)


def _trained(entry: Entry) -> Iterator[str]:
    """Model, seed and steps: of a checkpoint all of them, of anything else none; nor what the training cost."""
    origin = entry.origin
    trained = {"training_seed": origin.training_seed, "training_steps": origin.training_steps}
    costs = {name: getattr(origin, name) for name in ("parameters", "training_seconds", "seconds_per_image")}
    if origin.kind != "checkpoint":
        words = {"model": origin.model or None, "train_split": origin.train_split or None}
        there = [name for name, value in {**words, **trained, **costs}.items() if value is not None]
        if there:
            yield f"{', '.join(there)}: expected none of {origin.kind}"
        return
    if origin.model not in _models():
        yield f"this version has no model {origin.model!r}; `bench list` names them"
    for name, value in trained.items():
        if value is None or not 0 <= value < LARGEST_SEED:
            yield f"{name} is {value}; expected a whole number from 0"
    for name, cost in costs.items():
        if cost is not None and cost < 0:
            yield f"{name} is {cost}; expected 0 or more"


@cache
def _models() -> frozenset[str]:
    return frozenset(registry.names("models"))


def _remarks(entry: Entry) -> Iterator[str]:
    """Between the remarks of the checks and the shares of copies, which come from the same images."""
    codes = [one.code for one in entry.remarks]
    scores = entry.scores.get("copies", {})
    for key, wanted in (("exact_copies", ("copies-of-train",)), ("duplicates", REPEATED)):
        share, there = scores.get(key), [code for code in wanted if code in codes]
        if share is not None and bool(share) != bool(there):
            word = f"without the remark {_or(wanted)}" if share else f"with the remark {_or(there)}"
            yield f"copies: {key} is {share:.6g}, {word}"
    if len(set(codes)) < len(codes):
        yield "it has one remark twice"


def _or(words: Sequence[str]) -> str:
    return " or ".join(map(repr, words))
