"""Sets that lie elsewhere, by their URL: s3://, gs://, hf:// and whatever else fsspec lists.

A URL names a folder, files by a pattern, or one file that holds many images. Names, order, digest and labels are those
of the same files here. An image is fetched when it is read, and nothing is kept on the disk. What fails on the way is
never a corrupt image, which could be skipped, but an error.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bench.sources.decoding import CorruptImage
from bench.sources.elsewhere import FilesElsewhere, Place, telling
from bench.sources.files import MAX_FILE_BYTES, Listing, is_image_name, printable
from bench.sources.libraries import library
from bench.sources.patterns import alternatives, is_pattern, name_of, root_of
from bench.sources.table_files import SUFFIXES
from bench.storage.download import is_offline
from bench.storage.reading import MOST_MEMBERS
from genbench.places import exists
from metrics.errors import InputError

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)  # a Path has made one slash of two
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"}
NO_FOLDERS = ("http", "https")
HERE = "file"
NO_URLS = (HERE, "folder")  # folder:DIR:SPLIT is a split
IN_MEMORY = "memory"


@dataclass(frozen=True)
class Found:
    """The files at a URL: the path of each by its name below the `root`, and its size, None where that is not known.
    `alone` says that the URL is one file, `column` what stands behind its last #."""

    place: Place
    name: str
    root: str
    paths: Mapping[str, str]
    sizes: Mapping[str, int | None]
    alone: bool
    column: str

    @property
    def images(self) -> dict[str, str]:
        return {key: path for key, path in sorted(self.paths.items()) if is_image_name(key)}

    @property
    def others(self) -> tuple[str, ...]:
        return tuple(printable(key) for key in sorted(self.paths) if not is_image_name(key))

    @property
    def files(self) -> FilesElsewhere:
        return FilesElsewhere(self.place, self.sizes)


def is_remote(spec: str | os.PathLike[str]) -> bool:
    """Whether a name is the URL of a place elsewhere, and nothing here has that name."""
    found = _parts(spec)
    return bool(found) and found[0] not in NO_URLS and not exists(Path(spec))


def local(spec: str | os.PathLike[str]) -> Path:
    """The path that a name stands for, which may be a file:// URL."""
    found = _parts(spec)
    if not found or found[0] != HERE or exists(Path(spec)):
        return Path(spec)
    path = unquote(found[1])
    return Path(path if re.match("[A-Za-z]:", path) else f"/{path}")  # a letter of Windows has no slash before it


def place_of(spec: str | os.PathLike[str]) -> Place:
    """Where a URL leads; InputError where it leads to nothing that can be listed, or the library for it is missing."""
    scheme, rest = _parts(spec)
    url = f"{scheme}://" + re.sub("^[^/@]*@", "", rest)
    if "::" in rest:
        raise InputError(f"{url} is no folder that can be listed; download it, and give what is here")
    if scheme in NO_FOLDERS:
        raise InputError(
            f"{url}: no set is read over {scheme}, where files cannot be listed; download it, and give that"
        )
    if is_offline() and scheme != IN_MEMORY:
        raise InputError(f"BENCH_OFFLINE is set and forbids to read {url}; give a folder that is here")
    fsspec = library("fsspec", "remote", f"{scheme}:// is read with")
    if scheme not in fsspec.available_protocols():
        raise InputError(f"{url}: {scheme}:// is not known; expected s3://, gs://, hf:// or another that fsspec knows")
    if package := PACKAGES.get(scheme):
        library(package, "remote", f"{scheme}:// is read with")
    with telling(url):
        system, path = fsspec.core.url_to_fs(f"{scheme}://{rest}")
        system.invalidate_cache()
    return Place(url, system, path.rstrip("/"))


def check_remote(spec: str | os.PathLike[str]) -> None:
    """InputError where nothing is at a URL, or it cannot be reached; no image is looked at."""
    place, _ = _parted(place_of(spec))
    with telling(place.url):
        place.system.info(root_of(Path(place.path)).as_posix() if is_pattern(place.path) else place.path)


def look(spec: str | os.PathLike[str]) -> Found:
    """What is at a URL; InputError where nothing is, or it cannot be reached."""
    place, column = _parted(place_of(spec))
    with telling(place.url):
        if is_pattern(place.path):
            name, root, there = name_of(Path(place.path)), root_of(Path(place.path)).as_posix(), _matching(place)
        else:
            name, root, there = _last(place.path) or place.url, place.path, _inside(place)
    alone = list(there) == [place.path]
    if alone:
        root = place.path.rpartition("/")[0]
    files = {path.removeprefix(root).lstrip("/"): path for path, info in there.items() if info.get("type") == "file"}
    seen = {key: path for key, path in files.items() if not any(part.startswith(".") for part in key.split("/"))}
    if len(seen) > MOST_MEMBERS:
        raise InputError(f"{place.url} holds {len(seen):,} files; expected at most {MOST_MEMBERS:,}. Split the set")
    return Found(place, name, root, seen, {path: info.get("size") for path, info in there.items()}, alone, column)


def list_remote(found: Found) -> Listing:
    """The images that were found, one file each."""
    images, place = found.images, found.place
    keys = tuple(map(printable, images))
    paths = list(images.values())

    def load(index: int) -> bytes:
        size = found.sizes[paths[index]]
        if isinstance(size, int) and size > MAX_FILE_BYTES:
            raise CorruptImage(listing.place(index), f"has {size:,} bytes, expected at most {MAX_FILE_BYTES:,}")
        with telling(f"{place.url}: {keys[index]}"):
            return bytes(place.system.cat_file(paths[index]))

    listing = Listing(found.name, "remote", keys, load, found.others, _last(found.root))
    return listing


def _parted(place: Place) -> tuple[Place, str]:
    """A place and the column that stands behind its last #, "" where none does; a whole that is there has none."""
    before, mark, column = place.path.rpartition("#")
    with telling(place.url):
        if not mark or place.system.exists(place.path):
            return place, ""
    return replace(place, url=place.url.rpartition("#")[0], path=before), column


def _inside(place: Place) -> Mapping[str, Mapping[str, Any]]:
    info = place.system.info(place.path)
    if info["type"] == "file":
        if not place.path.lower().endswith((".tar", *SUFFIXES)):
            raise InputError(f"{place.url} is a file; expected a folder, a pattern, a .tar or .parquet. Copy it here")
        return {place.path: info}
    return dict(sorted(place.system.find(place.path, detail=True).items()))


def _matching(place: Place) -> Mapping[str, Mapping[str, Any]]:
    """What a pattern matches, in the order of its alternatives."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in alternatives(Path(place.path)):
        there = place.system.glob(one.as_posix(), detail=True)
        if not there:
            raise InputError(f"{place.url} matches nothing for {one.as_posix()}; check the pattern")
        found |= dict(sorted(there.items()))
    return found


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _parts(spec: str | os.PathLike[str]) -> Any:
    """The scheme of a URL and what follows; () of what is none."""
    found = URL.fullmatch(os.fspath(spec).replace(os.sep, "/"))
    return (found[1].lower(), found[2]) if found else ()
