"""From what was given to an entry: look, judge, measure, write."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.leaderboard.entries import SCHEMA, About, Entry, Manifest, merkle_root
from bench.leaderboard.entry_places import FEATURES, INFLUENCE, MANIFEST, MOMENTS, NEIGHBOURS, PREVIEW, THUMBNAILS
from bench.leaderboard.evidence import evidence_of
from bench.leaderboard.moments import moments_of
from bench.leaderboard.open_tracks import OpenTrack, closest_sets, real_sources, record_track, whole_split
from bench.leaderboard.small_pictures import MOST as MOST_SMALL
from bench.leaderboard.small_pictures import small_pictures
from bench.leaderboard.tracks import TRAIN, Track
from bench.measuring.evaluation import REAL_1, REAL_2
from bench.measuring.findings import Finding
from bench.measuring.subject import TEST, Subject
from bench.options import Progress
from bench.settings.shared import WORKERS
from bench.sources import ImageSource, digest_of, open_source
from bench.sources.survey import Survey, survey
from bench.storage.files import locked, npy_bytes, npz_bytes
from bench.storage.line_ends import keep_line_ends
from bench.storage.provenance import environment, now_utc
from bench.submissions._checks import check, real_images, remarks
from bench.submissions._evaluating import Evaluated, evaluate_images
from bench.submissions._manifest import manifest_text
from bench.submissions._pictures import neighbours, preview
from bench.submissions.material import Material
from bench.submissions.writing import earlier_of, new_path, write_submission
from metrics.errors import InputError


@dataclass(frozen=True)
class Checked:
    """Images that were looked at: each of them, and all that was found."""

    material: Material
    looked: Survey
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return not any(finding.level == "error" for finding in self.findings)


def check_images(
    material: Material,
    track: Track,
    subject: Subject,
    opened: OpenTrack | None = None,
    *,
    workers: int = WORKERS,
    report: Progress | None = None,
) -> Checked:
    """Decode every image and find everything that is wrong; the real images are those of `opened`, where it is given,
    and are read anew otherwise."""
    shape = subject.dataset.shape
    if isinstance(material.images, np.ndarray):
        looked = replace(survey(material.images, workers, None, None), name="samples")
    else:
        looked = survey(material.images, workers, None, report, keep=(track.count, 3, *shape[1:]))
    if opened:
        known = {name: opened.evaluation.known[name, ""] for name in (REAL_1, REAL_2)}
        whole_train, held_out = opened.whole_train, opened.held_out
    else:
        known, (train, held_out) = real_sources(subject), closest_sets(subject)
        whole_train = whole_split(subject, TRAIN, train)
    real = real_images(known, whole_train, whole_split(subject, TEST, held_out))
    findings = check(material, looked, track, shape, real)
    return Checked(material, looked, tuple(findings))


def submit(
    checked: Checked, opened: OpenTrack, about: About, results: Path, *, force: bool = False
) -> tuple[Path, Entry]:
    """Measure checked images and write their entry: its path and itself.

    Raises InputError where the checks found errors, where the name is taken (see `earlier_of`) or is being submitted at
    this moment, where the results folder knows the track by other rules, where images change while they are read, and
    where nothing can be written. Nothing is left half then.
    """
    if not checked.good:
        raise InputError("the checks found errors; fix them first")
    path = new_path(results, opened.track.name, about.name)
    with locked(path, "another `bench submit` writes an entry of this name"):
        earlier = earlier_of(path, about.name, force=force)
        keep_line_ends(results)
        record_track(opened, results)
        images = source_of(checked)
        evaluated = evaluate_images(opened, images)
        entry = Entry(
            schema=SCHEMA,
            track=opened.track.name,
            track_id=opened.rules.id,
            rules=opened.rules,
            slug=path.stem,
            about=about,
            origin=checked.material.origin,
            manifest=manifest_of(checked.looked, images),
            scores=evaluated.scores,
            remarks=remarks(checked.findings),
            files={},
            environment=environment(opened.evaluation.measure.device),
            earlier=earlier,
            created_utc=now_utc(),
        )
        return path, write_submission(path, entry, files_of(opened, checked.looked, images, evaluated))


def manifest_of(looked: Survey, images: ImageSource) -> Manifest:
    """The images of a submission in short; all have one size, as the checks see to."""
    modes = Counter(image.header.mode for image in looked.images if image.header)
    height, width = looked.images[0].size
    grey = all(image.grey for image in looked.images)
    return Manifest(
        count=images.count,
        merkle_root=merkle_root(images.hashes),
        digest=digest_of([image.pixels_sha256 for image in looked.images]),
        width=width,
        height=height,
        mode=", ".join(sorted(modes)) or ("L" if grey else "RGB"),
    )


def source_of(checked: Checked) -> ImageSource:
    """The images as they are measured: the ones that were looked at, as they were decoded then where that is kept."""
    images = open_source(checked.material.images)
    seen = tuple(image.file_sha256 or image.pixels_sha256 for image in checked.looked.images)
    if images.hashes != seen:
        raise InputError(f"{images.name} changed while it was read; start again when it is still")
    images = replace(images, name=checked.looked.name)
    pixels = checked.looked.pixels
    if pixels is None:
        return images
    return replace(images, read=pixels.__getitem__, read_range=lambda start, stop: pixels[start:stop])


def files_of(opened: OpenTrack, looked: Survey, images: ImageSource, evaluated: Evaluated) -> dict[str, bytes]:
    """What lies beside the entry, by name."""
    hashes = [image.pixels_sha256 for image in looked.images]
    evidence = evidence_of(opened.rules, hashes, evaluated.features, evaluated.logits)
    files = {
        MANIFEST: manifest_text(images.keys, images.hashes).encode("utf-8"),
        MOMENTS: npz_bytes(moments_of(evaluated.features).arrays()),
        INFLUENCE: npy_bytes(evaluated.influence),
        FEATURES: npz_bytes(evidence.arrays()),
    }
    if images.count <= MOST_SMALL:
        files[THUMBNAILS] = npy_bytes(small_pictures(images, opened.evaluation.measure.workers))
    if opened.subject.dataset.publishable:
        files |= {PREVIEW: preview(images), NEIGHBOURS: neighbours(opened, images, evaluated.features)}
    return files
