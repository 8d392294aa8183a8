"""A track opened: its real images read and hashed, its rules fixed, and what real 2 and noise score under them.

The first time that a results folder meets a track it is given the track's record, with the moments of real 1 beside it;
from then on it takes nothing that other rules have measured.

Submitted images are compared with two more sets, to see whether they were copied: "train", the training split, and
"held out", the test split, each of at most CLOSEST_AMONG images, drawn once and kept in order. In pixels, which needs
no network, they are compared with all of a training split of at most WHOLE_VALUES values: nobody can copy the images
that were not drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from bench.datasets.order import permutation
from bench.leaderboard.entries import SCHEMA, TrackRecord, read_track, write_track
from bench.leaderboard.entry_places import FEATURES, REAL_MOMENTS, beside, track_path
from bench.leaderboard.evidence import HELD_OUT, real_evidence
from bench.leaderboard.moments import moments_of
from bench.leaderboard.tracks import CLOSEST_AMONG, OFFLINE, TRAIN, Rules, Track, check_rules, subject_of, tracks
from bench.measuring.copies import CALIBRATION
from bench.measuring.copies import METRIC as COPIES_METRIC
from bench.measuring.evaluation import (
    NOISE,
    OPTIONS,
    REAL_1,
    REAL_2,
    Evaluation,
    array_source,
    measured,
    open_evaluation,
    pair_scores,
    set_scores,
    title,
)
from bench.measuring.measure import Measure, measure
from bench.measuring.scoring import Scores, load_metrics
from bench.measuring.sets import MeasuredSet
from bench.measuring.subject import TEST, Subject
from bench.options import Progress
from bench.protocol import Labels, MetricChoice, RealSet
from bench.sources import ImageSource
from bench.sources.splits import source_of_split
from bench.storage.cache import Cache
from bench.storage.files import locked, npz_bytes, write_bytes
from bench.storage.provenance import environment, now_utc
from bench.storage.reading import file_sha256
from bench.storage.records import Numbers
from bench.weights import MissingWeights
from metrics.errors import InputError
from metrics.types import Metric

DRAW_SEED = 680  # of the images of the training and the test split among which neighbours are looked for
WHOLE_VALUES = 2**28  # of a split: 60,000 images of 28x28, 50,000 of 32x32 in colour
MEMORISATION, COPIES = "memorisation", "copies"
BUSY = "another `bench submit` opens this track"


@dataclass(frozen=True)
class OpenTrack:
    """A track ready to be submitted to; the features of its real sets are computed when they are asked for.

    `train` and `held_out` are the images among which neighbours are looked for by features, `whole_train` those among
    which copies are looked for by pixels.
    """

    track: Track
    evaluation: Evaluation
    train: ImageSource
    held_out: ImageSource
    whole_train: ImageSource
    memorisation: Metric
    rules: Rules
    report: Progress | None = None

    @property
    def subject(self) -> Subject:
        return self.evaluation.subject

    @cached_property
    def real_1(self) -> MeasuredSet:
        """Real 1 with its features."""
        return measured(self.evaluation, self.evaluation.known[REAL_1, ""], self.report)

    @cached_property
    def closest_among(self) -> tuple[np.ndarray, np.ndarray]:
        """Features of the training images, and of the held-out ones: float32 [n, d]."""
        train, held_out = (measured(self.evaluation, one, self.report) for one in (self.train, self.held_out))
        return self.features(train), self.features(held_out)

    def features(self, of: MeasuredSet) -> np.ndarray:
        """The features of a set that are compared: float32 [n, d]."""
        return of.features()

    def scores_against_real_1(self, of: MeasuredSet) -> dict[str, Scores]:
        """What the protocol says about a set, and about the pair of real 1 and this set, by metric."""
        return set_scores(self.evaluation, of) | pair_scores(self.evaluation, self.real_1, of)


def measure_of(track: Track, **how: Any) -> Measure:
    """The extractor of a track, before anything expensive; keywords as `bench.measuring.measure.measure`.

    Where its weights are missing, the InputError names the track that works offline: it is never taken silently.
    """
    try:
        return measure(track.extractor, **how)
    except MissingWeights as error:
        offline = track.name + OFFLINE
        if offline not in tracks():
            raise
        raise InputError(
            f"nothing was started: {error.why}. Use {offline}, a track of its own that needs no download"
        ) from error


def open_track(
    track: Track,
    measure: Measure,
    root: Path | None = None,
    report: Progress | None = None,
    labels: Labels | None = None,
) -> OpenTrack:
    """Read and hash all real images of a track and fix its rules; features are not computed yet. `labels` are as the
    protocol has them, of an entry that was made before they were drawn.

    Raises InputError where images are missing or too few.
    """
    subject = subject_of(track, root)
    evaluation = open_evaluation(subject, measure)
    if labels:
        evaluation = replace(evaluation, protocol=replace(evaluation.protocol, labels=labels))
    train, held_out = closest_sets(subject)
    whole = whole_split(subject, TRAIN, train, measure.cache)
    (memorisation,) = load_metrics([MEMORISATION])
    options: dict[str, int | float | bool | str] = {
        "calibration": CALIBRATION,
        "train": whole.count,
        "train_digest": whole.digest,
    }
    rules = Rules(
        protocol=evaluation.protocol,
        train=RealSet(TRAIN, "", TRAIN, train.count, train.digest),
        held_out=RealSet(HELD_OUT, "", TEST, held_out.count, held_out.digest),
        memorisation=MetricChoice(memorisation.name, memorisation.version, OPTIONS.fitting(memorisation)),
        copies=MetricChoice(COPIES, COPIES_METRIC.version, options),
    )
    return OpenTrack(track, evaluation, train, held_out, whole, memorisation, rules, report)


def real_sources(subject: Subject) -> dict[str, ImageSource]:
    """The evaluation sets of a track's data set with one domain, by name."""
    return {
        name: array_source(subject.images(name), title(subject, name, "")) for name in subject.dataset.eval_sets or {}
    }


def closest_sets(subject: Subject) -> tuple[ImageSource, ImageSource]:
    """The training and the held-out images of a data set with one domain among which neighbours are looked for."""
    return _drawn(subject, TRAIN, TRAIN), _drawn(subject, TEST, HELD_OUT)


def whole_split(subject: Subject, part: str, drawn: ImageSource, cache: Cache | None = None) -> ImageSource:
    """All images of a split of a data set with one domain, read when they are needed; those that were `drawn` from it
    where it has more than WHOLE_VALUES values."""
    split = subject.dataset.load(part, subject.root, subject.domains[0])
    if split.count * prod(subject.dataset.shape) > WHOLE_VALUES:
        return drawn
    return source_of_split(split, title(subject, part, ""), cache=cache)


def _drawn(subject: Subject, part: str, name: str) -> ImageSource:
    split = subject.dataset.load(part, subject.root, subject.domains[0])
    rows = np.sort(permutation(DRAW_SEED, split.count)[:CLOSEST_AMONG])
    return array_source(split.take(rows), title(subject, name, ""))


# ----- the record of a track


def record_track(opened: OpenTrack, results: Path) -> TrackRecord:
    """The record of a track in a results folder; written, with what lies beside it, where there is none.

    A record of an older schema is given the files that it lacks. Raises InputError where the folder's record has other
    rules (naming the fields), is damaged, or cannot be written.
    """
    path = track_path(results, opened.track.name)
    if not path.exists():
        made, files = _make_record(opened), real_files(opened)
        with locked(path, BUSY, seconds=30):
            if not path.exists():
                _write_record(path, made, files)
    elif _checked(path, opened).schema < SCHEMA:
        files = real_files(opened)
        with locked(path, BUSY, seconds=30):
            old = _checked(path, opened)
            if old.schema < SCHEMA:  # its moments stay: the entries that are there were measured against them
                added = {name: data for name, data in files.items() if name not in old.files}
                _write_record(path, replace(old, schema=SCHEMA), added)
    return _checked(path, opened)


def real_files(opened: OpenTrack) -> dict[str, bytes]:
    """What lies beside the record of a track, by name."""
    moments = moments_of(opened.features(opened.real_1))
    return {REAL_MOMENTS: npz_bytes(moments.arrays()), FEATURES: npz_bytes(kept_of(opened))}


def kept_of(opened: OpenTrack) -> dict[str, np.ndarray]:
    """The arrays that a track keeps of its real sets; see `bench.leaderboard.evidence`."""
    train, held_out = opened.closest_among
    return real_evidence(
        opened.rules,
        {REAL_1: opened.features(opened.real_1), TRAIN: train, HELD_OUT: held_out},
        {TRAIN: opened.whole_train.hashes, HELD_OUT: opened.held_out.hashes},
    )


def landmarks_of(opened: OpenTrack) -> dict[str, dict[str, Numbers]]:
    """What real 2 and noise score, by set, then by metric."""
    known = opened.evaluation.known
    return {
        name: numbers(opened.scores_against_real_1(measured(opened.evaluation, known[name, ""], opened.report)))
        for name in (REAL_2, NOISE)
    }


def _checked(path: Path, opened: OpenTrack) -> TrackRecord:
    record = read_track(path)
    check_rules(record.rules, opened.rules, f"{path} was made by other rules than this version and these data give")
    return record


def _make_record(opened: OpenTrack) -> TrackRecord:
    return TrackRecord(
        schema=SCHEMA,
        track=opened.track.name,
        track_id=opened.rules.id,
        rules=opened.rules,
        landmarks=landmarks_of(opened),
        files={},
        environment=environment(opened.evaluation.measure.device),
        created_utc=now_utc(),
    )


def _write_record(path: Path, record: TrackRecord, files: Mapping[str, bytes]) -> None:
    """A record and files beside it, all of them or none."""
    places = [beside(path) / name for name in files]
    try:
        for place, data in zip(places, files.values(), strict=True):
            write_bytes(place, data)
        write_track(path, replace(record, files=record.files | {place.name: file_sha256(place) for place in places}))
    except BaseException:
        for place in places:
            place.unlink(missing_ok=True)
        raise


def numbers(scores: Mapping[str, Scores]) -> dict[str, Numbers]:
    """Scores as records hold them."""
    return {name: dict(one.values) for name, one in scores.items()}
