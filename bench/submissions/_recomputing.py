"""The second and third level of `bench verify`: everything again from the images, the images again from their model.

Level 3 is level 2 of images that were made again. Both compare all that stands in an entry or beside it, and the record
of its track with what lies beside that: scores, moments, influences, features, pictures, manifest, remarks, landmarks.
How closely scores have to agree is in `_comparing`; besides, because another machine rounds otherwise (1e-6 of a
feature):

| what                            | tolerance                                                                  |
|---------------------------------|----------------------------------------------------------------------------|
| images and their order          | none: by sha256                                                            |
| the preview, the thumbnails     | none, pixel by pixel                                                       |
| the nearest training images     | one of the pairs may be another one: two images may be as near             |
| images made again               | LEVELS of 255, and only SHARE_PIXELS of the pixels; none without --images  |
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from bench.leaderboard.entries import FILES, Entry, Level, Manifest, read_track
from bench.leaderboard.entry_places import (
    FEATURES,
    INFLUENCE,
    MANIFEST,
    MOMENTS,
    NEIGHBOURS,
    PREVIEW,
    REAL_MOMENTS,
    THUMBNAILS,
    beside,
    track_path,
)
from bench.leaderboard.evidence import evidence_of, read_evidence, read_real_evidence
from bench.leaderboard.influence import read_influences
from bench.leaderboard.moments import moments_of, read_moments
from bench.leaderboard.open_tracks import OpenTrack, kept_of, landmarks_of
from bench.leaderboard.small_pictures import read_small_pictures, small_pictures
from bench.leaderboard.tracks import check_rules
from bench.measuring.evaluation import REAL_1
from bench.sources import ImageSource
from bench.submissions._checks import remarks
from bench.submissions._comparing import arrays_differ, scores_differ
from bench.submissions._evaluating import Evaluated, evaluate_images
from bench.submissions._manifest import SHOWN, read_manifest
from bench.submissions._pictures import neighbours, pairs_in, preview
from bench.submissions._same_images import other_images, pixels_differ
from bench.submissions._values import Problem
from bench.submissions.submitting import Checked, manifest_of, source_of
from bench.submissions.verifying import Verdict
from metrics.errors import InputError

NOT_OF_IMAGES = ("sampling", "isolation")  # remarks of the making, and of the machine
NUMBER = re.compile(r"\d[\d,]*")


@dataclass(frozen=True)
class Again:
    """What an entry is measured again from: its images, or what was made again from its model, or both."""

    opened: OpenTrack
    images: Checked | None
    made: Checked | None


def verify_again(verdict: Verdict, again: Again) -> Verdict:
    """The verdict of level 1 with what images and model say: level 2 or 3 where nothing is wrong, and where something
    is the level that the entry has by itself.

    What was only unlikely at level 1 is settled by images that give the scores. Raises InputError where this version,
    these weights or these data do not give the rules of the entry, and ValueError where the entry could not be read.
    """
    path, entry, opened = verdict.path, verdict.entry, again.opened
    if entry is None:
        raise ValueError(f"{path} was not read")
    check_rules(entry.rules, opened.rules, f"{path} cannot be measured again here, by other rules")
    problems: list[Problem] = []
    notes = tuple(_other_file(entry, again.made)) if again.made else ()
    try:
        if again.images:
            problems += _given(path, entry, again.images, opened)
        if again.made:
            problems += _regenerated(path, entry, again.made, again.images, opened)
        problems += _track(path, entry, opened)
    except InputError as error:
        problems.append(Problem("recomputed", str(error)))
    left = [one for one in verdict.problems if problems or not one.chance]
    if problems or left:
        missed: Level = (3 if again.made else 2) if problems else 0
        return Verdict(path, verdict.level, tuple(dict.fromkeys([*left, *problems])), entry, missed=missed, notes=notes)
    return Verdict(path, 3 if again.made else 2, (), entry, notes=notes)


def _given(path: Path, entry: Entry, checked: Checked, opened: OpenTrack) -> Iterator[Problem]:
    """Where the images that were given are not those of the entry, or do not give what stands in it."""
    if checked.looked.corrupt:
        yield from (Problem("images", f"{one.key} {one.problem}") for one in checked.looked.corrupt)
        return
    changed = list(other_images(path, entry, checked, source_of(checked)))
    yield from changed or _everything(path, entry, checked, opened)


def _everything(path: Path, entry: Entry, checked: Checked, opened: OpenTrack) -> Iterator[Problem]:
    """What stands in an entry or beside it and is not what its images give."""
    images = source_of(checked)
    found = evaluate_images(opened, images)
    yield from scores_differ(entry.scores, found.scores, entry.manifest.count)
    yield from _manifest(entry.manifest, manifest_of(checked.looked, images), same_kind=_same_kind(entry, images))
    yield from _files(path, entry, checked, found, opened)
    yield from _thumbnails(path, entry, images)
    yield from _pictures(path, entry, neighbours(opened, images, found.features), preview(images), opened)
    yield from _remarks(entry, checked, same_kind=_same_kind(entry, images))


def _same_kind(entry: Entry, images: ImageSource) -> bool:
    """Whether both are files or both are none; what is said of files is not said of arrays."""
    return (entry.origin.kind in FILES) == (images.encoded is not None)


def _manifest(stored: Manifest, found: Manifest, *, same_kind: bool) -> Iterator[Problem]:
    for field in ("count", "digest", "width", "height", *(("merkle_root", "mode") if same_kind else ())):
        claimed, value = getattr(stored, field), getattr(found, field)
        if claimed != value:
            yield Problem("recomputed", f"manifest: {field} is {claimed!r}, the images give {value!r}")


def _files(path: Path, entry: Entry, checked: Checked, found: Evaluated, opened: OpenTrack) -> Iterator[Problem]:
    folder, real_1 = beside(path), opened.evaluation.known[REAL_1, ""]
    moments = read_moments(folder / MOMENTS)
    yield from arrays_differ(MOMENTS, moments.flat, moments_of(found.features).flat)
    influence = read_influences(folder / INFLUENCE, real_1.count, len(found.influence))
    yield from arrays_differ(INFLUENCE, influence, found.influence)
    if entry.schema > 1:
        hashes = [image.pixels_sha256 for image in checked.looked.images]
        again = evidence_of(entry.rules, hashes, found.features, found.logits).arrays()
        for name, stored in read_evidence(folder / FEATURES, entry.rules).arrays().items():
            yield from arrays_differ(f"{FEATURES}: {name}", stored, again[name])


def _thumbnails(path: Path, entry: Entry, images: ImageSource) -> Iterator[Problem]:
    """An entry without thumbnails was made before there were any."""
    if THUMBNAILS in entry.files:
        kept = read_small_pictures(beside(path) / THUMBNAILS, entry.manifest.count)
        if not np.array_equal(kept, small_pictures(images)):
            yield Problem("recomputed", f"{THUMBNAILS} is not what the images give")


def _pictures(path: Path, entry: Entry, near: bytes, first: bytes, opened: OpenTrack) -> Iterator[Problem]:
    publishable = opened.subject.dataset.publishable
    for name in (PREVIEW, NEIGHBOURS):
        if publishable and name not in entry.files:
            yield Problem("recomputed", f"the entry has no {name}, and its images may be published")
        if not publishable and name in entry.files:
            yield Problem("recomputed", f"the entry has a {name}, and the licence of its data set allows none")
    try:
        if PREVIEW in entry.files and not np.array_equal(_pixels(beside(path) / PREVIEW), _pixels(BytesIO(first))):
            yield Problem("recomputed", f"{PREVIEW} does not show the images")
        if NEIGHBOURS in entry.files:
            stored, again = (
                Counter(pairs_in(_pixels(one), entry.rules.protocol.shape[1:]))
                for one in (beside(path) / NEIGHBOURS, BytesIO(near))
            )
            if sum((again - stored).values()) > 1 or stored.total() != again.total():
                yield Problem("recomputed", f"{NEIGHBOURS} does not show the images nearest to training images")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        yield Problem("recomputed", f"a picture of the entry cannot be read ({error})")


def _pixels(picture: Path | BytesIO) -> np.ndarray:
    with Image.open(picture, formats=["PNG"]) as opened:
        return np.asarray(opened.convert("RGB"))


def _remarks(entry: Entry, checked: Checked, *, same_kind: bool) -> Iterator[Problem]:
    """The remarks and the numbers in them; another version may have other words for the same."""
    found, stored = (
        {one.code: NUMBER.findall(one.what) for one in said if one.code not in NOT_OF_IMAGES}
        for said in (remarks(checked.findings), entry.remarks)
    )
    for code in sorted(set(found) - set(stored)):
        yield Problem("recomputed", f"the entry does not have the remark {code!r}, which its images give")
    for code in sorted(set(stored) - set(found)) if same_kind else ():
        yield Problem("recomputed", f"the entry has the remark {code!r}, which its images do not give")
    for code in sorted(set(stored) & set(found)) if same_kind else ():
        if stored[code] != found[code]:
            yield Problem("recomputed", f"the numbers in the remark {code!r} are not those of the images")


def _track(path: Path, entry: Entry, opened: OpenTrack) -> Iterator[Problem]:
    """The record of the track, and what lies beside it."""
    place = track_path(path.parents[2], entry.track)
    record, folder = read_track(place), beside(place)
    again = landmarks_of(opened)
    if set(record.landmarks) != set(again):
        yield Problem("track", f"{place} has the landmarks {', '.join(record.landmarks)}; expected {', '.join(again)}")
    for name in set(again) & set(record.landmarks):
        for one in scores_differ(record.landmarks[name], again[name], opened.evaluation.known[name, ""].count):
            yield Problem("track", f"{place}: {name}: {one.what}")
    real = opened.features(opened.real_1)
    found = [(REAL_MOMENTS, read_moments(folder / REAL_MOMENTS).flat, moments_of(real).flat)]
    if record.schema > 1:
        kept = kept_of(opened)
        stored = read_real_evidence(folder / FEATURES, record.rules)
        found += [(f"{FEATURES}: {name}", array, kept[name]) for name, array in stored.items()]
    for name, claimed, value in found:
        for one in arrays_differ(f"{folder / name}", claimed, value):
            yield Problem("track", one.what)


# ----- level 3


def _regenerated(
    path: Path, entry: Entry, made: Checked, given: Checked | None, opened: OpenTrack
) -> Iterator[Problem]:
    """Where what was made again from the model is not the entry; `given` are the submitted images.

    The images decide, not the bytes of the file: a model that was trained again makes the same ones. Those that came
    out otherwise by rounding are held against the given ones, and must give the scores; all the rest is then compared
    with what the given ones give.
    """
    other_model = list(_model(entry, made))
    if other_model:
        yield from other_model
        return
    listed = read_manifest(beside(path) / MANIFEST)
    again = [image.pixels_sha256 for image in made.looked.images]
    other = [name for (name, content), one in zip(listed, again, strict=False) if content != one]
    if len(listed) != len(again):
        yield Problem("images", f"{len(again)} images were made again, the entry lists {len(listed)}")
    elif not other:
        yield from () if given else _everything(path, entry, made, opened)
    elif given is None:
        shown = ", ".join(other[:SHOWN]) + (", ..." if len(other) > SHOWN else "")
        what = f"{len(other)} of {len(listed)} images came out different ({shown}); give --images to see how much"
        yield Problem("images", what)
    else:
        yield from pixels_differ(source_of(given), source_of(made))
        found = evaluate_images(opened, source_of(made))
        yield from scores_differ(entry.scores, found.scores, entry.manifest.count)


def _other_file(entry: Entry, made: Checked) -> Iterator[str]:
    origin, found = entry.origin, made.material.origin
    if found.sha256 != origin.sha256:
        yield (
            f"another file than the one that made the entry: its sha256 is {found.sha256[:12]}, "
            f"the entry has {origin.sha256[:12]}"
        )


def _model(entry: Entry, made: Checked) -> Iterator[Problem]:
    origin, found = entry.origin, made.material.origin
    fields = ["kind", "model", "settings", "training_seed", "training_steps", "sampling_seed", "control"]
    fields += ["parameters"] if origin.parameters is not None else []  # entries did not always say how many
    fields += ["train_split"] if found.train_split else []  # nor did checkpoints say on what
    for field in fields:
        claimed, value = getattr(origin, field), getattr(found, field)
        if claimed != value:
            yield Problem("checkpoint", f"{field} is {claimed!r} in the entry, {value!r} in the file")
