"""Folders that lie elsewhere, by their URL: s3://, gs://, hf:// and whatever else fsspec lists.

A URL names a folder, or files by a pattern. Names, order, digest and labels are those of the same folder here. An image
is fetched when it is read, and nothing is kept on the disk. What fails on the way there is never a corrupt image, which
could be skipped, but an error.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bench.sources.decoding import CorruptImage
from bench.sources.files import MAX_FILE_BYTES, Listing, is_image_name, none_found, printable
from bench.sources.libraries import library
from bench.sources.patterns import alternatives, is_pattern, name_of, root_of
from bench.storage.download import is_offline
from bench.storage.reading import MOST_MEMBERS
from genbench.errors import one_line
from genbench.places import exists
from metrics.errors import InputError

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)  # a Path has made one slash of two
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"}
NO_FOLDERS = ("http", "https")
HERE = "file"
NO_URLS = (HERE, "folder")  # folder:DIR:SPLIT is a split
IN_MEMORY = "memory"
LONGEST_REASON = 200


@dataclass(frozen=True)
class Place:
    """A folder or a pattern elsewhere: its URL for messages, without a password, and the file system with its path."""

    url: str
    system: Any
    path: str


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
    if scheme in NO_FOLDERS or "::" in rest:
        raise InputError(f"{url} is no folder that can be listed; download it, and give what is here")
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
    place = place_of(spec)
    with telling(place.url):
        place.system.info(root_of(Path(place.path)).as_posix() if is_pattern(place.path) else place.path)


def list_remote(spec: str | os.PathLike[str]) -> Listing:
    """The images of a folder or a pattern elsewhere; InputError where there is none, or they cannot be reached."""
    place = place_of(spec)
    with telling(place.url):
        root, found = _matching(place) if is_pattern(place.path) else (place.path, _inside(place))
    sizes = {_key(path, root): (path, info.get("size")) for path, info in found.items() if info.get("type") == "file"}
    seen = sorted(key for key in sizes if not any(part.startswith(".") for part in key.split("/")))
    images = [key for key in seen if is_image_name(key)]
    others = tuple(printable(key) for key in seen if not is_image_name(key))
    if len(seen) > MOST_MEMBERS:
        raise InputError(f"{place.url} holds {len(seen):,} files; expected at most {MOST_MEMBERS:,}. Split the set")
    if not images:
        raise InputError(none_found(place.url, others))
    keys = tuple(map(printable, images))

    def load(index: int) -> bytes:
        path, size = sizes[images[index]]
        if isinstance(size, int) and size > MAX_FILE_BYTES:
            raise CorruptImage(listing.place(index), f"has {size:,} bytes, expected at most {MAX_FILE_BYTES:,}")
        with telling(f"{place.url}: {keys[index]}"):
            return bytes(place.system.cat_file(path))

    name = name_of(Path(place.path)) if is_pattern(place.path) else place.path.rsplit("/", 1)[-1] or place.url
    listing = Listing(name, "remote", keys, load, others, root.rsplit("/", 1)[-1])
    return listing


def _inside(place: Place) -> Mapping[str, Mapping[str, Any]]:
    if place.system.info(place.path)["type"] == "file":
        raise InputError(f"{place.url} is a file; of what lies elsewhere folders of images are read. Copy it here")
    return dict(place.system.find(place.path, detail=True))


def _matching(place: Place) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """The folder in which a pattern begins, and what matches."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in alternatives(Path(place.path)):
        there = place.system.glob(one.as_posix(), detail=True)
        if not there:
            raise InputError(f"{place.url} matches nothing for {one.as_posix()}; check the pattern")
        found |= there
    return root_of(Path(place.path)).as_posix(), found


def _key(path: str, root: str) -> str:
    return path.removeprefix(root).lstrip("/")


def _parts(spec: str | os.PathLike[str]) -> Any:
    """The scheme of a URL and what follows; () of what is none."""
    found = URL.fullmatch(os.fspath(spec).replace(os.sep, "/"))
    return (found[1].lower(), found[2]) if found else ()


@contextmanager
def telling(url: str) -> Iterator[None]:
    """What goes wrong elsewhere is an InputError of one line, whichever library says it."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise InputError(f"{url} does not exist; check the name") from error
    except Exception as error:  # every library has errors of its own
        reason = one_line(error)[:LONGEST_REASON]
        if isinstance(error, PermissionError):
            raise InputError(f"{url}: access is refused ({reason}); check your credentials for it") from error
        remedy = "check the name, the network and your credentials"
        raise InputError(f"{url} cannot be read ({reason}); {remedy}") from error
