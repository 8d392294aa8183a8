"""The checks of a submission, before any minute is spent: everything that is wrong with its images, found at once.

Errors are what would make another measurement of it than the track's: another count, size or colour, files that cannot
be decoded, links to what is not part of it. Nothing is repaired silently: resizing, for one, changes the number (Parmar
et al. 2022), so whoever made the images has to choose how. Warnings stand beside the numbers.

Copies are images that equal a real one in every pixel, whatever their bytes. They are looked for in the evaluation sets
and in the training and test splits (`bench.leaderboard.open_tracks.whole_split`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.leaderboard.entries import Remark
from bench.leaderboard.tracks import TRAIN, Track
from bench.measuring.findings import GRAVITY, SHOWN, Finding, images_are, judge
from bench.measuring.subject import TEST
from bench.names import counted
from bench.sources import ImageSource
from bench.sources.survey import Look, Survey
from bench.submissions.material import Material

OTHERWISE = frozenset(  # what the doctor says of sets in general, and the track says more exactly
    {"mixed-sizes", "grey", "mixed-colours", "class-ordered", "too-few"}
)
REMEDIES = {
    "corrupt": "save these images again; no image of a submission is left out",
    "byte-duplicates": "do nothing if the model made them: copies are counted, and never removed",
    "pixel-duplicates": "do nothing if the model made them: copies are counted, and never removed",
    "lossy": "save the images as PNG; otherwise the effect of the compression is measured too",
    "mixed-formats": "save all images as PNG",
}


@dataclass(frozen=True)
class Real:
    """Real images by the hashes of their pixels: a short name, and words for what they are."""

    name: str
    words: str
    hashes: frozenset[str]


def check(
    material: Material, looked: Survey, track: Track, shape: tuple[int, int, int], real: Sequence[Real]
) -> list[Finding]:
    """All findings about the images of a submission, the gravest first.

    `shape` is (channels, height, width) of the track's images, `real` what `real_images` found; an image that equals
    several real ones counts once, for the first of them.
    """
    findings = [
        replace(one, remedy=REMEDIES.get(one.code, one.remedy)) for one in judge(looked) if one.code not in OTHERWISE
    ]
    if not looked.unusable:
        judges: tuple[Callable[[], Iterator[Finding]], ...] = (
            lambda: _count(looked, track),
            lambda: _size(looked, track, shape),
            lambda: _colour(looked, track, shape),
            lambda: _copies(looked, real),
            lambda: _links(material, looked),
            lambda: _made(material, looked),
        )
        findings += [finding for one in judges for finding in one()]
    return sorted(findings, key=lambda finding: GRAVITY[finding.level])


def remarks(findings: Sequence[Finding]) -> tuple[Remark, ...]:
    """The findings as they stand in an entry, which has none of level error."""
    return tuple(Remark(one.level, one.code, one.what) for one in findings if one.level != "error")


def real_images(known: Mapping[str, ImageSource], train: ImageSource, test: ImageSource) -> list[Real]:
    """The real images of a track in the order in which a copy is looked for: its splits, in whole or as drawn, and its
    evaluation sets, which are `known` by name."""
    evaluated = [Real(name.replace(" ", "-"), name, frozenset(source.hashes)) for name, source in known.items()]
    first, last = (
        Real(part, f"the {part} split ({source.count:,} were compared)", frozenset(source.hashes))
        for part, source in ((TRAIN, train), (TEST, test))
    )
    return [first, *evaluated, last]


def _count(looked: Survey, track: Track) -> Iterator[Finding]:
    count = len(looked.images) + len(looked.corrupt)
    if count != track.count:
        what = f"{count:,} images; the track {track.name} asks for {track.count:,}"
        remedy = (
            f"sample {track.count - count:,} more" if count < track.count else "leave out the last ones that were made"
        )
        yield Finding("error", "count", (looked.name,), what, f"{remedy}, never chosen by how they look", count)


def _size(looked: Survey, track: Track, shape: tuple[int, int, int]) -> Iterator[Finding]:
    _, height, width = shape
    odd = [image for image in looked.images if image.size != (height, width)]
    if odd:
        sizes = sorted({f"{image.size[1]}x{image.size[0]}" for image in odd})
        shown = ", ".join(sizes[:SHOWN]) + (", ..." if len(sizes) > SHOWN else "")
        what = f"{images_are(odd)} {shown}; the track {track.name} asks for {width}x{height}"
        remedy = "let the model make this size, or resize the images and say so in --note: it changes the number"
        yield _finding("error", "size", looked, odd, what, remedy)


def _colour(looked: Survey, track: Track, shape: tuple[int, int, int]) -> Iterator[Finding]:
    coloured = [image for image in looked.images if not image.grey]
    if shape[0] == 1 and coloured:
        what = f"{counted(len(coloured), 'image has', 'images have')} colours; the track {track.name} is grey"
        remedy = "save them in grey (Pillow: convert('L'))"
        yield _finding("error", "colour", looked, coloured, what, remedy)
    if shape[0] == 3 and looked.images and not coloured:
        what = f"all images are grey; the track {track.name} is in colour"
        yield _finding("warning", "grey", looked, looked.images, what, "check whether the colours were lost before")


def _copies(looked: Survey, real: Sequence[Real]) -> Iterator[Finding]:
    seen: set[str] = set()
    for one in real:
        copied = [image for image in looked.images if image.pixels_sha256 in one.hashes - seen]
        if copied:
            what = f"{len(copied):,} of {len(looked.images):,} images equal, in every pixel, images of {one.words}"
            remedy = "a generator makes new images: check its output, and that no real file is among the images"
            yield _finding("warning", f"copies-of-{one.name}", looked, copied, what, remedy)
        seen |= one.hashes


def _links(material: Material, looked: Survey) -> Iterator[Finding]:
    folder = material.images
    if not isinstance(folder, Path):
        return
    keys = [*(image.key for image in looked.images), *(file.key for file in looked.corrupt)]
    linked = [key for key in keys if _is_linked(folder, key)]
    if linked:
        what = f"{images_are(linked)} links, or in folders that are links: they can change later"
        remedy = "submit a copy of the folder with the files themselves (cp -rL)"
        yield Finding("error", "links", (looked.name,), what, remedy, len(linked), tuple(linked[:SHOWN]))


def _is_linked(folder: Path, key: str) -> bool:
    path = folder
    for part in key.split("/"):
        path = path / part
        if path.is_symlink():
            return True
    return False


def _made(material: Material, looked: Survey) -> Iterator[Finding]:
    for remark in material.remarks:
        yield Finding("warning", "sampling", (looked.name,), remark, "check that you want this")
    if kept := material.isolation:
        yield Finding(kept.level, "isolation", (looked.name,), kept.words, kept.remedy)


def _finding(level: str, code: str, looked: Survey, images: Sequence[Look], what: str, remedy: str) -> Finding:
    keys = tuple(image.key for image in images[:SHOWN])
    return Finding(level, code, (looked.name,), what, remedy, len(images), keys)  # type: ignore[arg-type]
