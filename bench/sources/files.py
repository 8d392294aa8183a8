"""Encoded images, in files or in one: listed, hashed and looked at in one pass before anything is decoded.

Order: by POSIX path relative to the folder, so a renamed or moved folder, and a zip of it, are the same set. Hidden
files and folders are ignored; files of other kinds are ignored and counted. The bytes that are decoded later are
compared with the hash taken here: a file that changes in between is an error, not a number with a wrong digest.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from bench.sources import labels
from bench.sources._parallel import in_order
from bench.sources._types import Choose, ImageSource
from bench.sources.decoding import SUFFIXES, CorruptImage, Header, decode, read_header
from bench.storage.reading import Unreadable, read_bytes
from genbench.errors import cannot
from metrics.errors import InputError

MAX_FILE_BYTES = 2**30  # no image below the pixel limit is larger
SCAN_THREADS = 8  # mostly waiting for the disk
FILES_PER_TASK = 32
MOST_LEVELS = 64  # of folders in folders
NAMED = 3  # skipped files named in a note; `bench doctor` names all


@dataclass(frozen=True)
class Listing:
    """Encoded images in order: their names, a way to get the bytes of each, and the files that are no images. The names
    are below `base`, which is `name` where nothing else is said. `labels` is None where the folders of the names are
    they. Keys that are not `named` are numbers."""

    name: str
    kind: str
    keys: tuple[str, ...]
    load: Callable[[int], bytes]
    others: tuple[str, ...] = ()
    base: str = ""
    labels: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    named: bool = True

    def place(self, number: int) -> str:
        """What an image is called in a message."""
        return f"{self.base or self.name}/{self.keys[number]}"


@dataclass(frozen=True)
class Scanned:
    """One encoded image that was looked at: the sha256 of its bytes and its header."""

    sha256: str
    header: Header


def look_into(path: Path) -> tuple[list[tuple[str, Path]], list[str]]:
    """The images of a folder and all folders in it, by path, and the names of its other files; links are followed."""
    found: list[tuple[str, Path]] = []
    others: list[str] = []
    _walk(path, "", found, others, (path.resolve(),))
    return sorted(found, key=lambda item: item[0]), sorted(others)


def list_folder(path: Path, found: Sequence[tuple[str, Path]], others: Sequence[str]) -> Listing:
    """What `look_into` has found in a folder; InputError where that is no image."""
    if not found:
        raise InputError(none_found(str(path), others))
    name = path.resolve().name or str(path)
    keys = tuple(printable(key) for key, _ in found)
    load = bytes_of_files([file for _, file in found])
    return Listing(name, "folder", keys, load, tuple(map(printable, others)))


def bytes_of_files(paths: Sequence[Path]) -> Callable[[int], bytes]:
    """load(index) -> the bytes of a file; CorruptImage where it cannot be read."""

    def load(index: int) -> bytes:
        try:
            return read_bytes(paths[index], most=MAX_FILE_BYTES)
        except Unreadable as error:
            raise CorruptImage(str(paths[index]), error.problem) from error

    return load


def _walk(folder: Path, prefix: str, found: list[tuple[str, Path]], others: list[str], above: tuple[Path, ...]) -> None:
    if prefix.count("/") > MOST_LEVELS:
        raise InputError(too_deep(folder))
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise InputError(cannot("read the folder", folder, error)) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        key = prefix + entry.name
        if entry.is_dir():
            inside = above
            if entry.is_symlink():
                target = Path(entry.path).resolve()
                if any(target == parent or target in parent.parents for parent in above):
                    raise InputError(f"{entry.path} is a link to a folder that contains it; remove the link")
                inside = (*above, target)
            _walk(Path(entry.path), key + "/", found, others, inside)
        elif is_image_name(entry.name) and _is_there(entry):
            found.append((key, Path(entry.path)))
        else:
            others.append(key)


def too_deep(folder: Path) -> str:
    """The message for folders in folders without end."""
    return f"{folder} is more than {MOST_LEVELS} folders deep; expected images nearer to the top"


def is_listed(path: Path) -> bool:
    """Whether a path has the name of an image and is a file, or a broken link: an error when it is read, no silent
    loss."""
    return is_image_name(path.name) and _is_there(path)


def _is_there(entry: Path | os.DirEntry[str]) -> bool:
    return entry.is_file() or (entry.is_symlink() and not Path(entry).exists())


def is_image_name(name: str) -> bool:
    """True for the suffixes of the formats that are read, in any case."""
    stem, dot, suffix = name.rpartition(".")  # a path takes five times as long to make
    return stem[-1:] not in ("", "/") and dot + suffix.lower() in SUFFIXES


def printable(name: str) -> str:
    """A file name that any terminal and JSON can hold; bytes that are no UTF-8 as \\x.. ."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def none_found(name: str, others: Sequence[str]) -> str:
    """The message for a folder or zip without images."""
    inside = f"it holds {_by_suffix(others)}" if others else "it is empty"
    return f"{name} holds no images ({inside}); expected files ending in {', '.join(sorted(SUFFIXES))}"


def from_listing(listing: Listing, choose: Choose, skip_corrupt: bool) -> ImageSource:
    """The source of a listing: all of it, or the indices that `choose(count)` picks.

    With `skip_corrupt` every file is decoded once first, so that the count and the choice are about the good ones;
    without it the first bad header among the chosen files is raised, and a bad body when it is read.
    """
    numbers = np.arange(len(listing.keys))
    notes = list(listing.notes)
    if skip_corrupt:
        outcomes = list(scan(listing, numbers, verify=True))
        bad = [listing.keys[i] for i, outcome in enumerate(outcomes) if isinstance(outcome, CorruptImage)]
        if len(bad) == len(outcomes):
            raise InputError(f"all {len(bad):,} images of {listing.name} are corrupt; bench doctor says how")
        good = [i for i, outcome in enumerate(outcomes) if not isinstance(outcome, CorruptImage)]
        chosen = choose(len(good))
        numbers = np.asarray(good) if chosen is None else np.asarray(good)[chosen]
        scanned = [outcome for i in numbers if not isinstance(outcome := outcomes[i], CorruptImage)]
        if bad:
            more = ", ..." if len(bad) > NAMED else ""
            notes.append(f"skipped: {len(bad):,} corrupt of {len(outcomes):,} files ({', '.join(bad[:NAMED])}{more})")
    else:
        chosen = choose(len(numbers))
        numbers = numbers if chosen is None else numbers[chosen]
        with closing(scan(listing, numbers, verify=False)) as looks:  # the first corrupt file ends it early
            scanned = [_good(look) for look in looks]
    keys = tuple(listing.keys[i] for i in numbers)
    hashes = tuple(item.sha256 for item in scanned)

    def encoded(index: int) -> bytes:
        data = listing.load(int(numbers[index]))
        if hashlib.sha256(data).hexdigest() != hashes[index]:
            place = listing.place(int(numbers[index]))
            raise InputError(f"{place} changed while it was read; start again when no program writes to it")
        return data

    def read(index: int) -> np.ndarray:
        return decode(encoded(index), listing.place(int(numbers[index])))

    notes += describe([item.header for item in scanned], listing.others)
    places = () if len(numbers) == len(listing.keys) else tuple(numbers.tolist())
    known = labels.of_folders(listing.keys) if listing.labels is None else listing.labels
    return ImageSource(
        listing.name,
        listing.kind,
        keys,
        hashes,
        read,
        tuple(notes),
        encoded=encoded,
        named=listing.named,
        places=places,
        whole=len(listing.keys) if places else 0,
        labels=labels.at(known, numbers),
    )


def scan(
    listing: Listing, numbers: Sequence[int] | np.ndarray, *, verify: bool
) -> Generator[Scanned | CorruptImage, None, None]:
    """Hash and header of the numbered images in order, or the error of each bad one; `verify` decodes them as well."""

    def look(start: int, stop: int) -> list[Scanned | CorruptImage]:
        return [look_at(int(number)) for number in numbers[start:stop]]

    def look_at(number: int) -> Scanned | CorruptImage:
        name = listing.place(number)
        try:
            data = listing.load(number)
            header = read_header(data, name)
            if verify:
                decode(data, name)
        except CorruptImage as error:
            return error
        return Scanned(hashlib.sha256(data).hexdigest(), header)

    return in_order(look, len(numbers), per_task=FILES_PER_TASK, workers=SCAN_THREADS)


def _good(outcome: Scanned | CorruptImage) -> Scanned:
    if isinstance(outcome, CorruptImage):
        raise outcome
    return outcome


def describe(headers: Sequence[Header], others: Sequence[str]) -> list[str]:
    """What belongs beside every number made from these files, one line each."""
    count = len(headers)
    of = f"of {count:,} files"
    notes = []
    if lossy := Counter(header.format for header in headers if header.lossy):
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(lossy.items()))
        notes.append(f"lossy: {sum(lossy.values()):,} {of} are compressed with loss ({kinds}), which changes the FID")
    sizes = Counter(header.size for header in headers)
    if len(sizes) > 1:
        (height, width), number = sizes.most_common(1)[0]
        notes.append(
            f"mixed sizes: {len(sizes):,} sizes, {number:,} {of} are {width}x{height}; each is resized separately"
        )
    if grey := sum(header.grey for header in headers):
        which = "all files are" if grey == count else f"{grey:,} {of} are"
        notes.append(f"grey: {which} stored in grey and repeated to three channels")
    if transparent := sum(header.transparent for header in headers):
        notes.append(f"transparent: {transparent:,} {of} store transparency and are composited on white")
    if gifs := sum(header.format == "GIF" for header in headers):
        notes.append(f"palette: {gifs:,} {of} are GIF, which holds 256 colours at most; that changes the FID")
    if frames := sum(header.frames > 1 for header in headers):
        notes.append(f"frames: {frames:,} {of} have several frames; the first is used")
    if rotated := sum(header.rotated for header in headers):
        notes.append(f"rotated: {rotated:,} {of} have an EXIF orientation, which is not applied")
    if profiles := sum(header.profile for header in headers):
        notes.append(f"colour profile: {profiles:,} {of} have one that is not sRGB (ICC); it is not applied")
    if others:
        notes.append(f"other files: {_by_suffix(others)} ignored")
    return notes


def _by_suffix(names: Sequence[str]) -> str:
    kinds = Counter(PurePosixPath(name).suffix.lower() or "without suffix" for name in names)
    most = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))[:4]
    shown = ", ".join(f"{number:,} {kind}" for kind, number in most)
    plural = "" if len(names) == 1 else "s"
    return f"{len(names):,} file{plural} of other kinds ({shown}{', ...' if len(kinds) > 4 else ''})"
