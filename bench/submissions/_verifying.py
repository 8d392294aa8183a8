"""The first level of `bench verify`: is an entry consistent with itself, with its files and with its track?

No image, no weights and no data set are needed. Every manipulation that can be seen without them is named: JSON that is
damaged or not strict, a file changed, missing or added, a manifest that does not give its root, rules that are not
those of the track, scores that cannot be true or that the stored moments contradict.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import __version__, registry
from bench.entries import (
    INFLUENCE,
    MANIFEST,
    MOMENTS,
    NEIGHBOURS,
    PREVIEW,
    REAL_MOMENTS,
    SCHEMA,
    VERIFIED,
    Entry,
    Level,
    TrackRecord,
    Verified,
    beside,
    merkle_root,
    read_entry,
    read_track,
    read_verified,
    slug_of,
    track_path,
    write_verified,
)
from bench.evaluation import NOISE, REAL_1, REAL_2
from bench.influence import read_influences
from bench.moments import Moments, distance, read_moments
from bench.opening import check_rules
from bench.provenance import now_utc
from bench.reading import file_sha256
from bench.submissions._about import check_about
from bench.submissions._manifest import read_manifest
from bench.submissions._values import COPIED, Counts, Problem, Scores, fits_moments, likely, possible
from bench.tracks import Rules, Track, tracks
from metrics._errors import InputError

NEEDED = (MANIFEST, MOMENTS, INFLUENCE)
KNOWN = {*NEEDED, PREVIEW, NEIGHBOURS}
UTC = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\dZ")


@dataclass(frozen=True)
class Verdict:
    """What was found about one entry: the level that it has reached, and all problems; `entry` where it can be read."""

    path: Path
    level: Level
    problems: tuple[Problem, ...]
    entry: Entry | None


@dataclass(frozen=True)
class Page:
    """One track of a results folder: its record, the moments of its real 1, and what is wrong with them."""

    record: TrackRecord
    moments: Moments
    problems: tuple[Problem, ...]


class Book:
    """The tracks of a results folder, each read and judged once."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self.tracks = tracks()
        self.pages: dict[str, Page] = {}

    def page(self, track: str) -> Page:
        """A track by name; InputError where its record or its moments cannot be read."""
        if track not in self.pages:
            self.pages[track] = self._read(track)
        return self.pages[track]

    def _read(self, track: str) -> Page:
        path = track_path(self.results, track)
        record, place = read_track(path), beside(path) / REAL_MOMENTS
        moments = read_moments(place)
        problems = list(_against_version(record.rules, self.tracks.get(track), track))
        if record.files != {REAL_MOMENTS: file_sha256(place)}:
            problems.append(f"{place} is not the file that {path} names")
        for name in (REAL_2, NOISE):
            found = possible(record.landmarks.get(name, {}), counts_of(record.rules, name))
            problems += [f"{path}: {name}: {one.what}" for one in found]
        return Page(record, moments, tuple(Problem("track", what) for what in problems))


def verify_entry(path: Path, book: Book) -> Verdict:
    """Level 1 of one entry: 1 where nothing is wrong, else 0 with every problem that was found."""
    try:
        entry = read_entry(path)
        check_about(entry.about)
    except InputError as error:
        return Verdict(path, 0, (Problem("entry", str(error)),), None)
    problems = [*_names(entry), *_files(path, entry), *_manifest(path, entry)]
    try:
        page = book.page(entry.track)
        problems += page.problems
        check_rules(page.record.rules, entry.rules, f"{track_path(book.results, entry.track)} has other rules")
    except InputError as error:
        problems.append(Problem("track", str(error)))
        return Verdict(path, 0, tuple(problems), entry)
    problems += [*_scores(entry, page), *_moments(path, entry, page), *_influence(path, entry)]
    return Verdict(path, 0 if problems else 1, tuple(problems), entry)


def counts_of(rules: Rules, name: str) -> Counts:
    """What the ranges of a set's scores depend on; `name` is that of a real set, "noise" or anything generated."""
    real = {one.name: one.count for one in rules.protocol.real}
    other = real[REAL_2] if name == REAL_2 else rules.protocol.generated[0]
    k = next((one.options.get("k", 1) for one in rules.protocol.metrics if one.name == "prdc"), 1)
    classes = _classes(rules.protocol.extractor, rules.protocol.logits)
    return Counts(real[REAL_1], other, classes, int(k), rules.train.count, rules.held_out.count)


@cache
def _classes(extractor: str, logits: str) -> int:
    """The number of classes of the extractor's predictions; 0 where it makes none."""
    return int(registry.load("extractors", extractor).taps.get(logits, 0))


def _against_version(rules: Rules, track: Track | None, name: str) -> Iterator[str]:
    """Where the rules of a record are not those by which this version would open the track."""
    if track is None:
        yield f"this version has no track {name!r}; `bench tracks` lists them"
        return
    protocol = rules.protocol
    stored = {one.name: (one.split, one.count) for one in protocol.real}
    if stored != dict(track.sets):
        yield f"the real sets of {name} are {stored}, this version takes {dict(track.sets)}"
    if (protocol.dataset, protocol.extractor) != (track.subject, track.extractor):
        yield (
            f"{name} is {protocol.dataset} by {protocol.extractor}, this version takes {track.subject} by "
            f"{track.extractor}"
        )
    if protocol.generated != (track.count,):
        yield f"{name} asks for {protocol.generated} images, this version for {track.count}"


def _names(entry: Entry) -> Iterator[Problem]:
    if entry.slug != slug_of(entry.about.name):
        yield Problem("name", f"the slug {entry.slug!r} is not that of the name, {slug_of(entry.about.name)!r}")
    for one in (entry.created_utc, *(one.created_utc for one in entry.earlier)):
        if not UTC.fullmatch(one):
            yield Problem("time", f"{one!r} is no time such as 2026-01-31T12:00:00Z")


def _files(path: Path, entry: Entry) -> Iterator[Problem]:
    folder = beside(path)
    there = {one.name for one in folder.iterdir()} - {VERIFIED} if folder.is_dir() else set()
    for name in sorted({*NEEDED, *entry.files} - there):
        yield Problem("file", f"{folder / name} is missing")
    for name in sorted(there - set(entry.files)):
        yield Problem("file", f"{folder / name} does not belong to the entry")
    for name in sorted(set(entry.files) & there):
        if name not in KNOWN:
            yield Problem("file", f"{folder / name} is none of the files that an entry has")
        elif not (folder / name).is_file() or file_sha256(folder / name) != entry.files[name]:
            yield Problem("file", f"{folder / name} was changed: its sha256 is not the one in the entry")
    try:
        read_verified(path)
    except InputError as error:
        yield Problem("file", str(error))


def _manifest(path: Path, entry: Entry) -> Iterator[Problem]:
    given, protocol = entry.manifest, entry.rules.protocol
    _, height, width = protocol.shape
    if (given.width, given.height) != (width, height):
        yield Problem("manifest", f"images of {given.width}x{given.height}; the track asks for {width}x{height}")
    if (given.count,) != protocol.generated:
        yield Problem("manifest", f"{given.count} images; the track asks for {protocol.generated[0]}")
    try:
        listed = read_manifest(beside(path) / MANIFEST)
    except InputError as error:
        yield Problem("manifest", str(error))
        return
    if len(listed) != given.count:
        yield Problem("manifest", f"{MANIFEST} lists {len(listed)} images, the entry says {given.count}")
    if merkle_root([content for _, content in listed]) != given.merkle_root:
        yield Problem("manifest", f"{MANIFEST} does not give the Merkle root of the entry: an image was exchanged")


def _scores(entry: Entry, page: Page) -> Iterator[Problem]:
    null: Scores = page.record.landmarks.get(REAL_2, {})
    expected, given = {*null, *COPIED}, set(entry.scores)
    yield from (Problem("value", f"the scores of {name} are missing") for name in sorted(expected - given))
    yield from (Problem("value", f"the track does not ask for scores of {name}") for name in sorted(given - expected))
    asked = {name: {key for key, value in null[name].items() if value is not None} for name in null}
    asked |= {name: set(kinds) for name, kinds in COPIED.items()}
    for name in sorted(expected & given):
        there = {key for key, value in entry.scores[name].items() if value is not None}
        for key in sorted(asked[name] ^ there):
            yield Problem("value", f"{name}: {key} is {'missing' if key in asked[name] else 'no number of it'}")
    counts = counts_of(entry.rules, "")
    yield from possible(entry.scores, counts)
    yield from likely(entry.scores, null, counts, counts_of(entry.rules, REAL_2).other)


def _moments(path: Path, entry: Entry, page: Page) -> Iterator[Problem]:
    try:
        stored = read_moments(beside(path) / MOMENTS)
        if stored.count != entry.manifest.count:
            yield Problem("moments", f"{MOMENTS} is of {stored.count} images, the entry of {entry.manifest.count}")
        yield from fits_moments(entry.scores, distance(page.moments, stored))
    except InputError as error:
        yield Problem("moments", str(error))


def _influence(path: Path, entry: Entry) -> Iterator[Problem]:
    place = beside(path) / INFLUENCE
    try:
        read_influences(place, entry.rules.protocol.real[0].count)
    except InputError as error:
        yield Problem("influence", str(error))


# ----- what was verified


def note_level(path: Path, level: Level) -> Level:
    """Write verified.json where it does not say this level of these bytes yet, and say which level the entry has.

    A level that was reached before stays where the entry is still consistent, and is taken back where it is not.
    """
    sha256 = file_sha256(path)
    try:
        before = read_verified(path)
    except InputError:
        before = 0
    now = max(level, before) if level else 0
    place = beside(path) / VERIFIED
    if now != before or (now and not place.is_file()):
        write_verified(place, Verified(SCHEMA, sha256, now, __version__, now_utc()))
    return now
