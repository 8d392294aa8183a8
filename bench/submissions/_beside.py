"""What lies beside an entry: the files that it names, and that they agree with it and with each other."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.leaderboard.entries import FILES, LEVELS, Entry, merkle_root, read_verified
from bench.leaderboard.entry_places import (
    FEATURES,
    INFLUENCE,
    MANIFEST,
    MOMENTS,
    NEIGHBOURS,
    PREVIEW,
    THUMBNAILS,
    VERIFIED,
    beside,
)
from bench.leaderboard.evidence import PIXELS, hashes_of, read_evidence
from bench.leaderboard.influence import read_influences, rows_of
from bench.leaderboard.moments import distance, read_moments
from bench.leaderboard.small_pictures import read_small_pictures, small
from bench.leaderboard.tracks import TRAIN
from bench.sources import digest_of
from bench.storage.reading import file_sha256
from bench.submissions._book import Page
from bench.submissions._bounds import within_bounds
from bench.submissions._manifest import read_manifest
from bench.submissions._pictures import hashes_in, images_in
from bench.submissions._recounting import Stored, recount
from bench.submissions._values import Problem, fits_moments
from bench.submissions.sheets import NEIGHBOURS as NEIGHBOURS_SHOWN
from bench.submissions.sheets import PREVIEW_COLUMNS, PREVIEW_IMAGES
from metrics.errors import InputError

PICTURES = (PREVIEW, NEIGHBOURS)


def needed(entry: Entry) -> set[str]:
    """The files that an entry has, but for its pictures."""
    return {MANIFEST, MOMENTS, INFLUENCE, *([FEATURES] if entry.schema > 1 else [])}


def files(path: Path, entry: Entry) -> Iterator[Problem]:
    folder = beside(path)
    there = {one.name for one in folder.iterdir()} - {VERIFIED} if folder.is_dir() else set()
    for name in sorted({*needed(entry), *entry.files} - there):
        yield Problem("file", f"{folder / name} is missing")
    for name in sorted(there - set(entry.files)):
        yield Problem("file", f"{folder / name} does not belong to the entry")
    for name in sorted(set(entry.files) & there):
        if name not in {*needed(entry), THUMBNAILS, *PICTURES}:
            yield Problem("file", f"{folder / name} is none of the files that an entry has")
        elif not (folder / name).is_file() or file_sha256(folder / name) != entry.files[name]:
            yield Problem("file", f"{folder / name} was changed: its sha256 is not the one in the entry")
    if (PREVIEW in entry.files) != (NEIGHBOURS in entry.files):
        yield Problem("file", f"{folder} has one of {' and '.join(PICTURES)}; expected both or none")
    try:
        if read_verified(path) == len(LEVELS) - 1 and not entry.origin.sha256:
            what = f"{folder / VERIFIED} claims that images were made again, of an entry that is images alone"
            yield Problem("level", what)
    except InputError as error:
        yield Problem("file", str(error))


def images(path: Path, entry: Entry, page: Page) -> Iterator[Problem]:
    """The manifest, the hashes of the pixels, and the pictures: that they are of the same images."""
    yield from _sizes(entry)
    try:
        listed = [content for _, content in read_manifest(beside(path) / MANIFEST)]
        pixels = listed if entry.origin.kind not in FILES else None
        if entry.schema > 1:
            pixels = hashes_of(read_evidence(beside(path) / FEATURES, entry.rules).pixels)
    except InputError as error:
        yield Problem("manifest", str(error))
        return
    if len(listed) != entry.manifest.count:
        yield Problem("manifest", f"{MANIFEST} lists {len(listed)} images, the entry says {entry.manifest.count}")
    if merkle_root(listed) != entry.manifest.merkle_root:
        yield Problem("manifest", f"{MANIFEST} does not give the Merkle root of the entry: an image was exchanged")
    if entry.origin.kind not in FILES and pixels != listed:
        yield Problem("manifest", f"{FEATURES} is of other images than {MANIFEST}")
    if pixels and digest_of(pixels) != entry.manifest.digest:
        yield Problem("manifest", "the digest of the entry is not that of its images")
    yield from _repeats(entry, listed)
    yield from _pictures(path, entry, page, pixels)
    yield from _thumbnails(path, entry)


def measured(path: Path, entry: Entry, page: Page) -> Iterator[Problem]:
    """Moments, influences and features: that they agree, and give or at least allow the scores."""
    folder, rows = beside(path), rows_of(entry.rules.protocol)
    try:
        moments = read_moments(folder / MOMENTS)
        influence = read_influences(folder / INFLUENCE, page.moments.count, len(rows))
        if moments.count != entry.manifest.count:
            yield Problem("moments", f"{MOMENTS} is of {moments.count} images, the entry of {entry.manifest.count}")
        yield from fits_moments(entry.scores, distance(page.moments, moments))
        moves = dict(zip(rows, influence, strict=True))
        yield from within_bounds(entry.scores, page.scale, page.moments, moments, moves)
        if entry.schema > 1:
            evidence = read_evidence(folder / FEATURES, entry.rules)
            yield from recount(entry, Stored(moments, influence, evidence), page.real)
            if page.record.schema < entry.schema:
                yield Problem("track", f"the record of {entry.track} is older than the entry; submit to it again")
    except InputError as error:
        yield Problem("moments", str(error))


def _sizes(entry: Entry) -> Iterator[Problem]:
    given, protocol = entry.manifest, entry.rules.protocol
    channels, height, width = protocol.shape
    if (given.width, given.height) != (width, height):
        yield Problem("manifest", f"images of {given.width}x{given.height}; the track asks for {width}x{height}")
    if (given.count,) != protocol.generated:
        yield Problem("manifest", f"{given.count} images; the track asks for {protocol.generated[0]}")
    mode = "L" if channels == 1 or any(one.code == "grey" for one in entry.remarks) else "RGB"
    if entry.origin.kind not in FILES and given.mode != mode:  # files have modes of their own
        yield Problem("manifest", f"the mode is {given.mode!r}; images without files are {mode} on this track")


def _repeats(entry: Entry, listed: list[str]) -> Iterator[Problem]:
    """Equal lines of the manifest are equal images; without files, only they are."""
    duplicates = entry.number("copies", "duplicates")
    repeated = (len(listed) - len(set(listed))) / max(len(listed), 1)
    if duplicates is None:
        return
    missed = duplicates < repeated if entry.origin.kind in FILES else duplicates != repeated
    if missed and abs(duplicates - repeated) > 1e-9:
        what = f"copies: duplicates is {duplicates:.6g}, and {repeated:.6g} of the lines of {MANIFEST} repeat another"
        yield Problem("value", what)


def _pictures(path: Path, entry: Entry, page: Page, pixels: list[str] | None) -> Iterator[Problem]:
    """That the preview shows the first images, and the other picture some of them above training images."""
    if not set(PICTURES) & set(entry.files):
        return
    size, count = entry.rules.protocol.shape[1:], entry.manifest.count
    shown, near = min(PREVIEW_IMAGES, count), min(NEIGHBOURS_SHOWN, count)
    try:
        first = hashes_in(beside(path) / PREVIEW, shown, PREVIEW_COLUMNS, size)
        pairs = hashes_in(beside(path) / NEIGHBOURS, 2 * near, near, size)
    except InputError as error:
        yield Problem("picture", str(error))
        return
    if pixels and first != pixels[:shown]:
        yield Problem("picture", f"{PREVIEW} does not show the first images of the entry")
    if pixels and not set(pairs[:near]) <= set(pixels):
        yield Problem("picture", f"{NEIGHBOURS} shows images that are none of the entry's")
    if TRAIN + PIXELS in page.real and not set(pairs[near:]) <= set(hashes_of(page.real[TRAIN + PIXELS])):
        yield Problem("picture", f"{NEIGHBOURS} shows images below that are not training images")


def _thumbnails(path: Path, entry: Entry) -> Iterator[Problem]:
    """That there is a small picture of each image, the first ones of the images in the preview."""
    if THUMBNAILS not in entry.files:
        return
    size, shown = entry.rules.protocol.shape[1:], min(PREVIEW_IMAGES, entry.manifest.count)
    try:
        kept = read_small_pictures(beside(path) / THUMBNAILS, entry.manifest.count)
        if PREVIEW not in entry.files:
            return
        first = images_in(beside(path) / PREVIEW, shown, PREVIEW_COLUMNS, size)
    except InputError as error:
        yield Problem("picture", str(error))
        return
    if not np.array_equal(kept[:shown], small(np.stack(first))):
        yield Problem("picture", f"{THUMBNAILS} is of other images than {PREVIEW}")
