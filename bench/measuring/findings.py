"""What can be wrong with a set of images that was looked at, and with two of them.

What they mean for a number:

- corrupt files: tools that skip them measure another set than was given
- lossy files, mixed sizes, grey among colour, transparency: the distance measures the file format (Parmar et al. 2022,
  "On Aliased Resizing and Surprising Subtleties in GAN Evaluation", sections 3 and 4)
- values in a small part of the range of their type (12 bits in 16, masks of 0 and 1): all images look black
- one image several times inside a set: the covariance is that of fewer images; in both sets: the sets are not
  independent, and the distance comes out too small
- names in the order of classes: the first images, and the splits of the Inception Score in file order, are of one class
- n <= d: the covariance is singular and the plain FID mostly bias (Chong and Forsyth 2020, "Effectively Unbiased FID
  and Inception Score and Where to Find Them")
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import PurePosixPath
from typing import Literal

from bench.names import counted
from bench.sources.survey import Look, Survey
from bench.sources.values import joined

SHOWN = 5  # files named in a finding; `count` says how many there are
FLAT_SD = 2.0  # of 255: below it an image is a plain surface
CLASS_IMAGES = 4  # a name that fewer images share is no class
CLASS_SHARE = 0.9  # of the images that have to belong to a class before the order is blamed
NUMBERING = re.compile(r"[\d_\-. ()]+$")
GRAVITY = {"error": 0, "warning": 1, "info": 2}
Level = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing about `sets`: it concerns `count` images, of which `files` are the first few."""

    level: Level
    code: str
    sets: tuple[str, ...]
    what: str
    remedy: str
    count: int = 0
    files: tuple[str, ...] = ()


def judge(item: Survey) -> list[Finding]:
    """What is wrong with one set that was looked at, in the order of the kinds of findings."""
    judges = (_unusable, _formats, _sizes, _values, _colours, _duplicates, _flat, _order)
    return [finding for one in judges for finding in one(item)]


def _unusable(item: Survey) -> Iterator[Finding]:
    name = (item.name,)
    if item.unusable:
        yield Finding("error", "unusable", name, item.unusable, "give a set of images that can be opened")
    for problem in item.corrupt[:SHOWN]:
        what = f"{problem.key} {problem.problem}"
        yield Finding(
            "error", "corrupt", name, what, "fix or remove the file, or skip it (--skip-corrupt)", 1, (problem.key,)
        )
    if len(item.corrupt) > SHOWN:
        rest = [problem.key for problem in item.corrupt[SHOWN:]]
        what = f"{len(rest):,} more images cannot be decoded"
        yield _finding("error", "corrupt", item, rest, what, "fix or remove the files, or skip them (--skip-corrupt)")
    if item.others:
        what = f"{len(item.others):,} files are of other kinds and are ignored"
        yield _finding("info", "other-files", item, item.others, what, "do nothing, unless they should be images")


def _formats(item: Survey) -> Iterator[Finding]:
    files = [(image.key, image.header) for image in item.images if image.header]
    lossy = [key for key, header in files if header.lossy]
    if lossy:
        what = f"{len(lossy):,} of {len(files):,} files are compressed with loss, which changes the distance by itself"
        yield _finding("warning", "lossy", item, lossy, what, "compare sets with the same compression; save as PNG")
    if lossy and len(lossy) < len(files):
        clean = [key for key, header in files if not header.lossy]
        what = f"lossy and lossless files are mixed ({len(lossy):,} and {len(clean):,})"
        yield _finding("warning", "mixed-formats", item, clean, what, "use one format for the whole set")
    frames = [key for key, header in files if header.frames > 1]
    if frames:
        what = f"{files_have(frames)} several frames; only the first is used"
        yield _finding("info", "frames", item, frames, what, "save the frames as files if they should count")
    rotated = [key for key, header in files if header.rotated]
    if rotated:
        what = f"{files_have(rotated)} an EXIF orientation, which is not applied: they are read without the rotation"
        yield _finding("warning", "rotated", item, rotated, what, "rotate the pixels (PIL.ImageOps.exif_transpose)")


def _sizes(item: Survey) -> Iterator[Finding]:
    sizes = Counter(image.size for image in item.images)
    if len(sizes) > 1:
        (height, width), number = sizes.most_common(1)[0]
        odd = [image.key for image in item.images if image.size != (height, width)]
        what = f"{len(sizes):,} sizes are mixed; {number:,} of {len(item.images):,} images are {width}x{height}"
        yield _finding(
            "warning",
            "mixed-sizes",
            item,
            odd,
            what,
            "each image is resized separately; crop all images to one size first",
        )


def _values(item: Survey) -> Iterator[Finding]:
    if item.images and (note := joined(image.extremes for image in item.images).note):
        what, _, remedy = note.removeprefix("range: ").partition("; ")
        yield Finding("warning", "narrow-range", (item.name,), what, remedy, len(item.images))


def _colours(item: Survey) -> Iterator[Finding]:
    grey = [image.key for image in item.images if image.grey]
    if grey and len(grey) == len(item.images):
        what = f"all {len(grey):,} images are grey"
        remedy = "Inception expects colour photographs; choose an extractor that fits grey images"
        yield _finding("info", "grey", item, grey, what, remedy)
    elif grey:
        what = f"{len(grey):,} of {len(item.images):,} images are grey among colour images"
        yield _finding(
            "warning", "mixed-colours", item, grey, what, "use one kind, or make sure that both sets have the same mix"
        )
    profiles = [image.key for image in item.images if image.header and image.header.profile]
    if profiles:
        what = f"{files_have(profiles)} another colour profile than sRGB, which is not applied: colours are off"
        yield _finding(
            "warning", "colour-profile", item, profiles, what, "convert to sRGB (PIL.ImageCms) and save again"
        )
    clear = [image.key for image in item.images if image.header and image.header.transparent]
    if clear:
        what = f"{len(clear):,} of {len(item.images):,} files store transparency; they are composited on white"
        remedy = "save them as opaque RGB before comparing with tools that drop alpha (torch-fidelity, pytorch-fid)"
        yield _finding("info", "transparent", item, clear, what, remedy)


def images_are(images: Sized) -> str:
    return counted(len(images), "image is", "images are")


def files_have(files: Sized) -> str:
    return counted(len(files), "file has", "files have")


def _duplicates(item: Survey) -> Iterator[Finding]:
    for code, word, groups in _same(item.images):
        repeats = [image.key for group in groups for image in group[1:]]
        what = f"{images_are(repeats)} {word} to an earlier one ({counted(len(groups), 'group')})"
        shown = [image.key for group in groups for image in group]
        yield replace(
            _finding("warning", f"{code}-duplicates", item, shown, what, "remove the copies: they are not new images"),
            count=len(repeats),
        )


def _same(images: Iterable[Look]) -> Iterator[tuple[str, str, list[list[Look]]]]:
    """Groups of equal images: of equal bytes, then of equal pixels in different bytes (each needs two or more)."""
    by_pixels: dict[str, list[Look]] = defaultdict(list)
    for image in images:
        by_pixels[image.pixels_sha256].append(image)
    by_bytes = [[*same] for group in by_pixels.values() for same in _by_bytes(group) if len(same) > 1]
    if by_bytes:
        yield "byte", "byte-identical", by_bytes
    by_pixels_only = [[same[0] for same in kinds] for group in by_pixels.values() if len(kinds := _by_bytes(group)) > 1]
    if by_pixels_only:
        yield "pixel", "equal in every pixel (in other bytes)", by_pixels_only


def _by_bytes(group: Iterable[Look]) -> list[list[Look]]:
    kinds: dict[str, list[Look]] = defaultdict(list)
    for image in group:
        kinds[image.file_sha256].append(image)
    return list(kinds.values())


def _flat(item: Survey) -> Iterator[Finding]:
    flat = [image.key for image in item.images if image.sd < FLAT_SD]
    if flat:
        what = f"{images_are(flat)} nearly constant (standard deviation below {FLAT_SD:g} of 255)"
        yield _finding(
            "warning", "flat", item, flat, what, "look at them: they may be failed samples or blank pictures"
        )


def _order(item: Survey) -> Iterator[Finding]:
    keys = [image.key for image in item.images]
    folders = [str(PurePosixPath(key).parent) for key in keys]
    prefixes = [NUMBERING.sub("", PurePosixPath(key).stem) for key in keys]
    for names, word in ((folders, "folders"), (prefixes, "names that begin alike")):
        sizes = Counter(name for name in names if word == "folders" or name[:1].isalpha())
        classes = {name for name, number in sizes.items() if number >= CLASS_IMAGES}
        runs = sum(1 for _ in groupby(names))
        covered = sum(sizes[name] for name in classes) >= CLASS_SHARE * len(names)
        if len(classes) > 1 and covered and runs <= 2 * len(sizes):
            shown = ", ".join(sorted(classes)[:SHOWN])
            what = f"the file order follows {len(classes):,} {word} ({shown}{', ...' if len(classes) > SHOWN else ''})"
            remedy = "use --limit instead of the first files, and shuffled splits for the Inception Score"
            yield Finding("info", "class-ordered", (item.name,), what, remedy, len(names))
            return


def too_few(item: Survey, dims: int) -> Iterator[Finding]:
    """Whether a set has no more images than features have values."""
    count = len(item.images)
    name = (item.name,)
    if item.unusable:
        return
    if count < 2:
        what = f"{count} readable image{'' if count == 1 else 's'}: no covariance, no distance"
        yield Finding("error", "too-few", name, what, "give at least 2 images, better a few thousand", count)
    elif count <= dims:
        what = f"{count:,} images for {dims:,} features: the covariance is singular, and the plain FID is mostly bias"
        remedy = "use the corrected FID and its interval, compare only equal counts, or use more images"
        yield Finding("warning", "n-le-d", name, what, remedy, count)


# ---- two sets


def shared_images(one: Survey, other: Survey) -> Iterator[Finding]:
    """Images that are in both sets."""
    names = (one.name, other.name)
    remedy = "remove them from one of the sets: sets that share images are not independent"
    here = {image.file_sha256 for image in one.images if image.file_sha256}
    copies = [image for image in other.images if image.file_sha256 in here]
    if copies:
        what = f"{len(copies):,} images of {other.name} are byte-identical to images of {one.name}"
        keys = tuple(image.key for image in copies)
        yield Finding("warning", "byte-duplicates-across", names, what, remedy, len(copies), keys[:SHOWN])
    seen = {image.pixels_sha256 for image in one.images}
    equal = [i for i in other.images if i.pixels_sha256 in seen and i.file_sha256 not in here]
    if equal:
        what = f"{len(equal):,} images of {other.name} equal images of {one.name} in every pixel (in other bytes)"
        keys = tuple(image.key for image in equal)
        yield Finding("warning", "pixel-duplicates-across", names, what, remedy, len(equal), keys[:SHOWN])


def differences(one: Survey, other: Survey) -> Iterator[Finding]:
    """What differs between two sets other than their content."""
    names = (one.name, other.name)
    n, m = len(one.images), len(other.images)
    if n != m:
        what = f"the sets have {n:,} and {m:,} images; the bias of the plain FID depends on both counts"
        remedy = f"--limit {min(n, m)} gives equal counts; or use the corrected FID"
        yield Finding("warning", "different-counts", names, what, remedy)
    first, second = _most_common_size(one), _most_common_size(other)
    if first != second:
        what = f"most images are {first} in one set and {second} in the other: resizing blurs one more than the other"
        yield Finding("warning", "different-sizes", names, what, "resize both sets to one size with one method")
    share, share_other = (sum(i.header.lossy for i in s.images if i.header) / len(s.images) for s in (one, other))
    if abs(share - share_other) > 1 - CLASS_SHARE:
        what = f"{share:.0%} of one set and {share_other:.0%} of the other are compressed with loss"
        yield Finding("warning", "different-formats", names, what, "make both sets in the same way from lossless files")
    share, share_other = (sum(image.grey for image in s.images) / len(s.images) for s in (one, other))
    if abs(share - share_other) > 1 - CLASS_SHARE:
        what = f"{share:.0%} of one set and {share_other:.0%} of the other are grey"
        yield Finding("warning", "different-colours", names, what, "compare grey with grey and colour with colour")


def _finding(level: Level, code: str, item: Survey, keys: Sequence[str], what: str, remedy: str) -> Finding:
    return Finding(level, code, (item.name,), what, remedy, len(keys), tuple(keys[:SHOWN]))


def _most_common_size(item: Survey) -> str:
    return next(iter(size_counts(item)))


def size_counts(item: Survey) -> dict[str, int]:
    """How many images there are of each size, the most common first."""
    return {f"{width}x{height}": n for (height, width), n in Counter(i.size for i in item.images).most_common()}
