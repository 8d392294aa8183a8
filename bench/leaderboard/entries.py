"""Entries of the leaderboard: one small JSON file each, and beside it what does not read well in JSON.

    results/tracks/<track>.json                    the rules of the track, and what real 2 and noise score under them
    results/tracks/<track>/real-1.npz              moments of the features of real 1
    results/tracks/<track>/features.npz            features of the real sets, hashes of their pixels (schema 2)
    results/submissions/<track>/<slug>.json        one entry: who, what, its numbers, hashes of all that is beside it
    results/submissions/<track>/<slug>/
        manifest.sha256                            one line per image, `sha256  name`, as sha256sum writes and checks it
        moments.npz                                moments of the features, from which the FID can be computed again
        influence.npy                              how each image of real 1 moves the scores; for paired comparisons
        features.npz                               features of the images, hashes of their pixels (schema 2)
        thumbnails.npy                             a small picture of each image; older entries have none
        preview.png  neighbours.png                pictures, where the data set's licence allows them
        verified.json                              the level that `bench verify` has reached, bound to the entry's hash

Schema 2 has features.npz (`bench.leaderboard.evidence`), from which the scores are computed again; an entry of schema 1
has none, and its scores are held against bounds. Both are read. The JSON is strict (no NaN, no duplicate keys, no
unknown fields) and written whole or not at all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench.leaderboard.entry_places import VERIFIED, beside
from bench.leaderboard.tracks import Rules
from bench.protocol import check_protocol, protocol_id
from bench.storage.reading import file_sha256, read_json
from bench.storage.records import Environment, Numbers, write_json
from bench.storage.typed import ADDED, typed, values_of
from metrics.errors import InputError

SCHEMA = 2  # of what is written
SCHEMAS = (1, SCHEMA)  # of what is read
VERIFIED_SCHEMA = 1

Kind = Literal["folder", "zip", "tar", "table", "pattern", "remote", "npz", "checkpoint", "onnx", "torchscript"]
FILES: tuple[Kind, ...] = ("folder", "zip", "tar", "table", "pattern", "remote")  # kinds whose images are files
Level = Literal[0, 1, 2, 3]
LEVELS = ("not verified", "consistent", "recomputed", "regenerated")
BOUNDED, UNLIKELY = "in bounds", "unlikely"  # level 1 where the scores do not follow from what is kept


@dataclass(frozen=True)
class About:
    """Who submits what; every text is the submitter's own word, shown escaped. `extra_data` says whether more than the
    track's training images was used; `seed_policy` how the seed was chosen, for example "seed 0, not selected"."""

    name: str
    authors: str = ""
    link: str = ""
    paper: str = ""
    code: str = ""
    licence: str = ""
    extra_data: Literal["yes", "no", "not said"] = "not said"
    seed_policy: str = ""
    note: str = ""


@dataclass(frozen=True)
class Origin:
    """Where the images came from. For what the tool sampled itself: the hash of the checkpoint or generator, what it
    is (`model`, its settings, its training seed), and the seed of the noise. `reference` marks the models of this
    project, `control` those that are no generators (train-copies, pixel-gaussian). What it cost is known of what the
    tool trained: parameters of all networks, seconds of the training and of each image, on the machine of its day.
    `source` is where a published checkpoint is from: `hub:OWNER/NAME@COMMIT`, or the name of a model that comes with
    this project. `train_split` is what it was trained on, where that is not the training split."""

    kind: Kind
    sha256: str = ""
    model: str = ""
    settings: dict[str, Any] | None = None
    training_seed: int | None = None
    training_steps: int | None = None
    sampling_seed: int | None = None
    reference: bool = False
    control: bool = False
    parameters: int | None = field(default=None, metadata=ADDED)
    training_seconds: float | None = field(default=None, metadata=ADDED)
    seconds_per_image: float | None = field(default=None, metadata=ADDED)
    source: str = field(default="", metadata=ADDED)
    train_split: str = field(default="", metadata=ADDED)


@dataclass(frozen=True)
class Manifest:
    """The images: how many, the Merkle root over their sha256 in order (`merkle_root`), the digest of the set as
    protocols hash it, stored size and mode."""

    count: int
    merkle_root: str
    digest: str
    width: int
    height: int
    mode: str


@dataclass(frozen=True)
class Remark:
    """A finding of the checks that stands beside the numbers."""

    level: Literal["warning", "info"]
    code: str
    what: str


@dataclass(frozen=True)
class Earlier:
    """An entry that this one has replaced: the sha256 of its JSON, when it was made, its scores and the id of the track
    that they belong to. What was replaced before scores were kept has none."""

    sha256: str
    created_utc: str
    scores: dict[str, Numbers] | None = field(default=None, metadata=ADDED)
    track_id: str = field(default="", metadata=ADDED)


@dataclass(frozen=True)
class Entry:
    """One submission to one track.

    `scores` are by metric, then by key: the metrics of the protocol against real 1, `memorisation` by features and
    `copies` by pixels. `files` are the sha256 of what lies beside the entry. `earlier` are the entries of this name
    that it has replaced, the oldest first: the number of submissions is one more.
    """

    schema: int
    track: str
    track_id: str
    rules: Rules
    slug: str
    about: About
    origin: Origin
    manifest: Manifest
    scores: dict[str, Numbers]
    remarks: tuple[Remark, ...]
    files: dict[str, str]
    environment: Environment
    earlier: tuple[Earlier, ...]
    created_utc: str

    def number(self, metric: str, key: str) -> float | None:
        """One score; None where it was not measured."""
        return self.scores.get(metric, {}).get(key)


@dataclass(frozen=True)
class TrackRecord:
    """A track as it was first opened for a results folder: its rules, and what real 2 and noise score under them, by
    set, then by metric, then by key. `files` are the sha256 of what lies beside it."""

    schema: int
    track: str
    track_id: str
    rules: Rules
    landmarks: dict[str, dict[str, Numbers]]
    files: dict[str, str]
    environment: Environment
    created_utc: str


@dataclass(frozen=True)
class Verified:
    """What `bench verify` has found: the level, for the entry with this sha256, by which version, when."""

    schema: int
    entry_sha256: str
    level: Level
    bench: str
    checked_utc: str


# ----- names and places


def merkle_root(hashes: Sequence[str]) -> str:
    """The Merkle tree hash of RFC 6962, section 2.1, over sha256 in hexadecimal: one leaf per image, in order."""
    if not hashes:
        return hashlib.sha256(b"").hexdigest()
    level = [hashlib.sha256(b"\x00" + bytes.fromhex(one)).digest() for one in hashes]
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = paired + level[len(level) - len(level) % 2 :]
    return level[0].hex()


# ----- files


def write_entry(path: Path, entry: Entry) -> None:
    """Write an entry, whole or not at all; ValueError for a number that is not finite."""
    write_json(path, values_of(entry))


def read_entry(path: Path) -> Entry:
    """An entry from its file.

    Raises InputError for a file that is missing, no strict JSON, of another schema, with a field missing, unknown or of
    another type, in the wrong place, or whose rules do not give its track id.
    """
    entry: Entry = _read(Entry, path)
    if (path.parent.name, path.stem) != (entry.track, entry.slug):
        raise InputError(f"{path} is the entry {entry.slug!r} of track {entry.track!r}; move it to its own place")
    return entry


def write_track(path: Path, record: TrackRecord) -> None:
    """Write a track's record, whole or not at all; ValueError for a number that is not finite."""
    write_json(path, values_of(record))


def read_track(path: Path) -> TrackRecord:
    """A track's record from its file; InputError as `read_entry`."""
    record: TrackRecord = _read(TrackRecord, path)
    if path.stem != record.track:
        raise InputError(f"{path} is the record of track {record.track!r}; move it to its own place")
    return record


def write_verified(path: Path, verified: Verified) -> None:
    """Write what was verified beside an entry."""
    write_json(path, values_of(verified))


def read_verified(entry: Path) -> Level:
    """The level of an entry's file: 0 where it was never verified, or was changed since.

    Raises InputError where the file that says so is damaged.
    """
    path = beside(entry) / VERIFIED
    if not path.is_file():
        return 0
    verified: Verified = typed(Verified, _checked(path, read_json(path)), str(path))
    return verified.level if verified.entry_sha256 == file_sha256(entry) else 0


def level_words(level: Level, *, exact: bool = True, unlikely: bool = False) -> str:
    """What is said of an entry whose verified.json holds this level.

    Level 1 is what anybody finds again from the results folder: `exact` says whether the scores follow from the
    features that are kept, or are only within bounds. What lies above takes the images or the model, and is claimed.
    """
    if level == 0:
        return LEVELS[0]
    found = UNLIKELY if unlikely else LEVELS[1] if exact else BOUNDED
    return found if level == 1 else f"{found}; claimed: {LEVELS[level]}"


def _read(kind: type, path: Path) -> Any:
    values = _checked(path, read_json(path))
    found = typed(kind, values, str(path))
    if protocol_id(values["rules"]) != found.track_id:  # of the JSON as it came: that of `found.rules`, and quicker
        raise InputError(f"{path}: track_id {found.track_id!r} is not that of its rules; it was edited by hand")
    check_protocol(found.rules.protocol, str(path))
    return found


def _checked(path: Path, values: Any) -> Any:
    schema = values.get("schema") if isinstance(values, dict) else None
    if schema not in SCHEMAS:
        known = " and ".join(map(str, SCHEMAS))
        raise InputError(f"{path} has schema {schema!r}, this version reads {known}; use the version that wrote it")
    return values
