"""The second and third level of `bench verify`: the scores again from the images, the images again from their model.

What has to agree, and how closely, because another machine rounds otherwise (1e-6 of a feature):

| what                            | tolerance                                                                  |
|---------------------------------|----------------------------------------------------------------------------|
| images and their order          | none: by sha256                                                            |
| a share of images               | SHARE_IMAGES images: who is the nearest may change where two are as near   |
| tests that count such images    | 0.2 of a z, 0.05 of a probability                                          |
| any other score                 | RELATIVE of its value, or OF_SD of its standard deviation, if that is more |
| influence, moments              | RELATIVE of their largest value                                            |
| the preview                     | none, pixel by pixel                                                       |
| images made again               | LEVELS of 255, and only SHARE_PIXELS of the pixels; none without --images  |
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from bench.entries import INFLUENCE, MANIFEST, MOMENTS, PREVIEW, Entry, beside
from bench.influence import read_influences
from bench.moments import moments_of, read_moments
from bench.opening import OpenTrack, check_rules
from bench.records import Numbers
from bench.sources import ImageSource
from bench.submissions._checks import remarks
from bench.submissions._evaluating import evaluate_images
from bench.submissions._manifest import FILES, SHOWN, changes, read_manifest
from bench.submissions._pictures import preview
from bench.submissions._submitting import Checked, manifest_of, source_of
from bench.submissions._values import Problem
from bench.submissions._verifying import Verdict
from metrics._errors import InputError

RELATIVE = 1e-4
OF_SD = 0.01
SHARE_IMAGES = 3
SHARES = {  # how far one image of n moves each, times n
    **dict.fromkeys(("precision", "recall", "density", "coverage", "train_share", "near_duplicates", "near_copies"), 1),
    **dict.fromkeys(("near_duplicates_expected", "near_copies_expected", "exact_copies", "exact_copies_expected"), 1),
    **dict.fromkeys(("held_out_copies", "duplicates"), 1),
    "authpct": 100,
}
TESTS = {  # that count such images
    **dict.fromkeys(("c_t", "train_share_z"), 0.2),
    **dict.fromkeys(("train_share_p", "held_out_p", "near_duplicates_p", "near_copies_p"), 0.05),
}
SD_OF = {"fid": "fid_sd", "inception-score": "inception_score_se", "kid": "kid_sd"}
LEVELS = 2
SHARE_PIXELS = 0.01


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
    path, entry = verdict.path, verdict.entry
    if entry is None:
        raise ValueError(f"{path} was not read")
    check_rules(entry.rules, again.opened.rules, f"{path} cannot be measured again here, by other rules")
    problems: list[Problem] = []
    try:
        if again.images:
            problems += _recomputed(path, entry, again.images, again.opened)
        if again.made:
            problems += _regenerated(path, entry, again.made, again.images)
            found = evaluate_images(again.opened, source_of(again.made))
            problems += scores_differ(entry.scores, found.scores, entry.manifest.count)
    except InputError as error:
        problems.append(Problem("recomputed", str(error)))
    left = [one for one in verdict.problems if problems or not one.chance]
    if problems or left:
        return Verdict(path, verdict.level, tuple(dict.fromkeys([*left, *problems])), entry)
    return Verdict(path, 3 if again.made else 2, (), entry)


def _recomputed(path: Path, entry: Entry, checked: Checked, opened: OpenTrack) -> Iterator[Problem]:
    """Where the images that were given are not those of the entry, or do not give its scores."""
    if checked.looked.corrupt:
        yield from (Problem("images", f"{one.key} {one.problem}") for one in checked.looked.corrupt)
        return
    images = source_of(checked)
    changed = list(_images(path, entry, checked, images))
    if changed:
        yield from changed
        return
    found = evaluate_images(opened, images)
    yield from scores_differ(entry.scores, found.scores, entry.manifest.count)
    stored, again = read_moments(beside(path) / MOMENTS), moments_of(found.features)
    influence = read_influences(beside(path) / INFLUENCE, entry.rules.protocol.real[0].count)
    for what, claimed, value in (
        (MOMENTS, np.append(stored.mean, stored.values), np.append(again.mean, again.values)),
        (INFLUENCE, influence, found.influence),
    ):
        if claimed.shape != value.shape or np.abs(claimed - value).max() > RELATIVE * np.abs(value).max():
            yield Problem("recomputed", f"{what} is not what the images give")
    yield from _pictures(path, entry, images)
    missing = {one.code for one in remarks(checked.findings)} - {one.code for one in entry.remarks}
    for code in sorted(missing - {"sampling", "isolation"}):  # of the making, and of the machine
        yield Problem("recomputed", f"the entry does not have the remark {code!r}, which its images give")


def scores_differ(stored: Mapping[str, Numbers], found: Mapping[str, Numbers], count: int) -> Iterator[Problem]:
    """The scores that are not what was found, but for rounding; `count` is that of the images."""
    for metric, numbers in found.items():
        sd = numbers.get(SD_OF.get(metric, "")) or 0.0
        for key, value in numbers.items():
            claimed = stored.get(metric, {}).get(key)
            if value is None or claimed is None:
                if value is not claimed:
                    yield Problem("recomputed", f"{metric}: {key} is {claimed}, the images give {value}")
                continue
            slack = _slack(key, value, sd, count)
            if abs(claimed - value) > slack * (1 + 1e-9):
                what = f"{metric}: {key} is {claimed:.9g}, the images give {value:.9g} (within {slack:.3g} expected)"
                yield Problem("recomputed", what)


def _slack(key: str, value: float, sd: float, count: int) -> float:
    """How far a score may be off; see the module's table."""
    if key in SHARES:
        return SHARES[key] * SHARE_IMAGES / count
    return TESTS.get(key, max(RELATIVE * abs(value), OF_SD * sd))


def _images(path: Path, entry: Entry, checked: Checked, images: ImageSource) -> Iterator[Problem]:
    """Which images were altered, added, removed, renamed or moved since the entry was made."""
    listed = read_manifest(beside(path) / MANIFEST)
    if entry.origin.kind in FILES and images.kind in FILES:
        found = list(zip(images.keys, images.hashes, strict=True))
    elif entry.origin.kind in FILES:
        if manifest_of(checked.looked, images).digest != entry.manifest.digest:
            what = f"these are not the images of the entry; give its files ({entry.origin.kind}) to have them named"
            yield Problem("images", what)
        return
    else:
        found = _by_pixels(listed, checked)
    yield from (Problem("images", what) for what in changes(listed, found))


def _by_pixels(listed: Sequence[tuple[str, str]], checked: Checked) -> list[tuple[str, str]]:
    """(name, hash of the pixels) of images whose names in the manifest are their numbers.

    What is listed has the number that it is listed under, its own place first, so that one image that was taken out is
    named rather than all that follow it; another image in the place of one that is gone has the number of that one.
    """
    hashes = [image.pixels_sha256 for image in checked.looked.images]
    free: dict[str, list[str]] = {}
    for place, (name, content) in reversed(list(enumerate(listed))):
        if hashes[place : place + 1] != [content]:
            free.setdefault(content, []).append(name)
    gone = {name for names in free.values() for name in names}
    found = []
    for place, content in enumerate(hashes):
        own, expected = listed[place] if place < len(listed) else ("", "")
        if content == expected:
            name = own
        elif free.get(content):
            name = free[content].pop()
            gone.discard(name)
        else:
            name = ""
        found.append(name)
    for place, name in enumerate(found):
        own = listed[place][0] if place < len(listed) else ""
        if not name:
            found[place] = own if own in gone else f"{checked.looked.images[place].key} (new)"
    return list(zip(found, hashes, strict=True))


def _pictures(path: Path, entry: Entry, images: ImageSource) -> Iterator[Problem]:
    if PREVIEW in entry.files:
        try:
            with Image.open(beside(path) / PREVIEW) as stored, Image.open(BytesIO(preview(images))) as again:
                same = np.array_equal(np.asarray(stored.convert("RGB")), np.asarray(again.convert("RGB")))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            same = False
        if not same:
            yield Problem("recomputed", f"{PREVIEW} does not show the images")


# ----- level 3


def _regenerated(path: Path, entry: Entry, made: Checked, given: Checked | None) -> Iterator[Problem]:
    """Where images that were made again from the model are not those of the entry; `given` are the submitted ones."""
    origin, found = entry.origin, made.material.origin
    if found.sha256 != origin.sha256:
        what = f"its sha256 {found.sha256[:12]} is not that of what made the entry, {origin.sha256[:12]}"
        yield Problem("checkpoint", what)
        return
    for field in ("kind", "model", "settings", "training_seed", "training_steps", "sampling_seed", "control"):
        claimed, value = getattr(origin, field), getattr(found, field)
        if claimed != value:
            yield Problem("checkpoint", f"{field} is {claimed!r} in the entry, {value!r} in the file")
    listed = read_manifest(beside(path) / MANIFEST)
    again = [image.pixels_sha256 for image in made.looked.images]
    other = [name for (name, content), one in zip(listed, again, strict=False) if content != one]
    if len(listed) != len(again):
        yield Problem("images", f"{len(again)} images were made again, the entry lists {len(listed)}")
    elif other and given is None:
        shown = ", ".join(other[:SHOWN]) + (", ..." if len(other) > SHOWN else "")
        what = f"{len(other)} of {len(listed)} images came out otherwise ({shown}); give --images to see how far off"
        yield Problem("images", what)
    elif other and given is not None:
        yield from _pixels_differ(source_of(given), source_of(made))


def _pixels_differ(given: ImageSource, again: ImageSource) -> Iterator[Problem]:
    worst, differing, pixels = 0, 0, 0
    for row in range(min(given.count, again.count)):
        off = np.abs(given.read(row).astype(np.int16) - again.read(row))
        worst, differing, pixels = max(worst, int(off.max())), differing + int((off > 0).sum()), pixels + off.size
    share = differing / pixels
    if worst > LEVELS or share > SHARE_PIXELS:
        what = (
            f"made again, {share:.2%} of the pixels differ, by up to {worst} of 255; rounding moves at most "
            f"{SHARE_PIXELS:.0%} of them by {LEVELS}"
        )
        yield Problem("images", what)
