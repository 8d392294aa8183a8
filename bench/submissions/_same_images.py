"""Whether images are those of an entry: by their hashes, and pixel by pixel where rounding may have moved them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.leaderboard.entries import FILES, Entry
from bench.leaderboard.entry_places import (
    MANIFEST,
    beside,
)
from bench.sources import ImageSource
from bench.submissions._manifest import changes, read_manifest
from bench.submissions._values import Problem
from bench.submissions.submitting import Checked, manifest_of

LEVELS = 2
SHARE_PIXELS = 0.01


def other_images(path: Path, entry: Entry, checked: Checked, images: ImageSource) -> Iterator[Problem]:
    """Which images were altered, added, removed, renamed or moved since the entry was made."""
    listed = read_manifest(beside(path) / MANIFEST)
    if entry.origin.kind in FILES and images.encoded is not None:
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


def pixels_differ(given: ImageSource, again: ImageSource) -> Iterator[Problem]:
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
