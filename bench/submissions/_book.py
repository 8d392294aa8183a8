"""The tracks of a results folder with their entries, each read and judged once."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench import registry
from bench.datasets import open_dataset
from bench.leaderboard.entries import Entry, TrackRecord, read_entry, read_track
from bench.leaderboard.entry_places import FEATURES, MOMENTS, REAL_MOMENTS, beside, entry_paths, track_path
from bench.leaderboard.evidence import HELD_OUT, PIXELS, hashes_of, read_real_evidence
from bench.leaderboard.moments import Moments, moments_of, read_moments
from bench.leaderboard.tracks import TRAIN, Rules, Track, tracks
from bench.measuring.copies import FIRST_CALIBRATION
from bench.measuring.evaluation import NOISE, REAL_1, REAL_2
from bench.sources import digest_of as digest_of_set
from bench.storage.cache import Cache, digest_of
from bench.storage.provenance import CODE
from bench.storage.reading import file_sha256
from bench.submissions._bounds import expected_scale
from bench.submissions._comparing import STORED, arrays_differ
from bench.submissions._values import UNCOMPUTABLE, UNCOMPUTABLE_WORDS, Problem, possible
from genbench.errors import one_line
from metrics.errors import InputError
from metrics.types import Counts

SOUND = "entry that was found consistent"


@dataclass(frozen=True, eq=False)
class Page:
    """One track: its record, the moments of its real 1, what is kept of its real sets (nothing in schema 1), how much
    larger corrections of the FID are than of Gaussian features, and what is wrong with all this."""

    record: TrackRecord
    moments: Moments
    real: Mapping[str, np.ndarray]
    scale: float | None
    problems: tuple[Problem, ...]


class Book:
    """The tracks of a results folder, and their entries; `cache` keeps which of them were found consistent."""

    def __init__(self, results: Path, cache: Cache | None = None) -> None:
        self.results = results
        self.cache = cache
        self.tracks = tracks()
        self.pages: dict[str, Page] = {}
        self.entries: dict[str, dict[Path, Entry | InputError]] = {}
        self.by_moments: dict[tuple[str, str], list[Entry]] = {}

    def page(self, track: str) -> Page:
        """A track by name; InputError where its record or its moments cannot be read."""
        if track not in self.pages:
            try:
                self.pages[track] = self._read(track)
            except UNCOMPUTABLE as error:
                path = track_path(self.results, track)
                raise InputError(f"{path} holds {UNCOMPUTABLE_WORDS} ({one_line(error)}); restore it") from error
        return self.pages[track]

    def entry(self, path: Path) -> Entry:
        """An entry; InputError where it cannot be read."""
        found = self._of_track(path.parent.name).get(path) or _entry(path)
        if isinstance(found, InputError):
            raise found
        return found

    def with_moments_of(self, entry: Entry) -> list[str]:
        """The names of other entries of the track that have the same moments and other images."""
        self._of_track(entry.track)
        same = self.by_moments.get((entry.track, entry.files.get(MOMENTS, "")), [])
        return [one.about.name for one in same if one.manifest.digest != entry.manifest.digest]

    def known(self, path: Path, entry: Entry) -> "Known | None":
        """What is known on this machine of an entry and a track with these bytes; None without a cache."""
        if self.cache is None:
            return None
        record = track_path(self.results, entry.track)
        question = {"entry": file_sha256(path), "track": file_sha256(record), "code": _code()}
        return Known(self.cache, digest_of({"what": SOUND, **question}), entry.about.name)

    def _of_track(self, track: str) -> dict[Path, Entry | InputError]:
        if track not in self.entries:
            self.entries[track] = {path: _entry(path) for path in entry_paths(self.results, track)}
            for one in self.entries[track].values():
                if isinstance(one, Entry) and MOMENTS in one.files:
                    self.by_moments.setdefault((track, one.files[MOMENTS]), []).append(one)
        return self.entries[track]

    def _read(self, track: str) -> Page:
        path = track_path(self.results, track)
        record = read_track(path)
        if others := list(_against_version(record.rules, self.tracks.get(track), track)):
            raise InputError("; ".join(others))
        moments = read_moments(beside(path) / REAL_MOMENTS)
        kept = record.schema > 1
        real = read_real_evidence(beside(path) / FEATURES, record.rules) if kept else {}
        problems = [
            *_files(path, record, [REAL_MOMENTS, *([FEATURES] if kept else [])]),
            *_landmarks(path, record),
            *_evidence(path, record.rules, real, moments),
        ]
        scale = expected_scale(record.landmarks.get(REAL_2, {}), moments)
        return Page(record, moments, real, scale, tuple(Problem("track", what) for what in problems))


@dataclass(frozen=True)
class Known:
    """Whether these bytes were found consistent before, by this code; kept in the cache of this machine, never in the
    results, where anybody could write it. An entry and a track hold the sha256 of all that lies beside them."""

    cache: Cache
    key: str
    name: str

    @property
    def sound(self) -> bool:
        return self.cache.get(self.key) is not None

    def keep(self) -> None:
        self.cache.put(self.key, {"sound": np.ones(1)}, {"what": SOUND, "source": self.name})


@cache
def _code() -> str:
    """sha256 of the code that looks: another version looks again."""
    texts = [path.read_bytes() for name in CODE for path in sorted((registry.ROOT / name).rglob("*.py"))]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def _entry(path: Path) -> Entry | InputError:
    try:
        return read_entry(path)
    except InputError as error:
        return error


def counts_of(rules: Rules, name: str) -> Counts:
    """What the ranges of a set's scores depend on; `name` is that of a real set, "noise" or anything generated."""
    real = {one.name: one.count for one in rules.protocol.real}
    other = real[REAL_2] if name == REAL_2 else rules.protocol.generated[0]
    classes = _classes(rules.protocol.extractor, rules.protocol.logits)
    calibration = int(rules.copies.options.get("calibration", FIRST_CALIBRATION))
    return Counts(real[REAL_1], other, classes, rules.train.count, rules.held_out.count, calibration)


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
    before = open_dataset(track.subject.partition("/")[0]).earlier_extractors
    if protocol.dataset != track.subject or protocol.extractor not in (track.extractor, *before):
        yield (
            f"{name} is {protocol.dataset} by {protocol.extractor}, this version takes {track.subject} by "
            f"{track.extractor}"
        )
    if protocol.generated != (track.count,):
        yield f"{name} asks for {protocol.generated} images, this version for {track.count}"


def _files(path: Path, record: TrackRecord, names: list[str]) -> Iterator[str]:
    if set(record.files) != set(names):
        yield f"{path} names the files {', '.join(sorted(record.files))}; expected {', '.join(names)}"
        return
    for name in names:
        if record.files[name] != file_sha256(beside(path) / name):
            yield f"{beside(path) / name} is not the file that {path} names"


def _landmarks(path: Path, record: TrackRecord) -> Iterator[str]:
    for name in (REAL_2, NOISE):
        scores, counts = record.landmarks.get(name, {}), counts_of(record.rules, name)
        for one in possible(scores, counts, record.rules.protocol.options):
            yield f"{path}: {name}: {one.what}"


def _evidence(path: Path, rules: Rules, real: Mapping[str, np.ndarray], moments: Moments) -> Iterator[str]:
    """Where what is kept of the real sets is not what the rules and the moments say."""
    place = beside(path) / FEATURES
    digests = {TRAIN: str(rules.copies.options["train_digest"]), HELD_OUT: rules.held_out.digest}
    for name, digest in digests.items():
        if name + PIXELS in real and digest_of_set(hashes_of(real[name + PIXELS])) != digest:
            yield f"{place}: the hashes of {name} are not those of the rules"
    if REAL_1 in real:
        again = moments_of(real[REAL_1])
        yield from (f"{place}: {one.what}" for one in arrays_differ(REAL_MOMENTS, moments.flat, again.flat, STORED))
