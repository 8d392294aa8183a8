"""Names of entries, and where their files and those of tracks are below a results folder; entries.py has a map."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from bench.storage.result_places import first_of, read_from
from metrics.errors import InputError

NAME_LENGTH = 80
HASH_LETTERS = 8  # of the hash in a file name
MANIFEST, MOMENTS, INFLUENCE, FEATURES = "manifest.sha256", "moments.npz", "influence.npy", "features.npz"
PREVIEW, NEIGHBOURS, VERIFIED = "preview.png", "neighbours.png", "verified.json"
THUMBNAILS = "thumbnails.npy"
REAL_MOMENTS = "real-1.npz"


def slug_of(name: str) -> str:
    """The file name of an entry: letters, digits, `.`, `_` and `-` of the name, in lower case.

    Where letters or digits of other scripts are left out, a short hash of the name takes their place, so that other
    names get other files. Raises InputError for an empty name, one of more than 80 characters, one with control or
    direction characters, and one that has no letter or digit in any script.
    """
    if not name.strip() or len(name) > NAME_LENGTH:
        raise InputError(f"the name has {len(name.strip())} characters; expected 1 to {NAME_LENGTH}")
    odd = [letter for letter in name if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
    if odd:
        raise InputError(f"the name has the invisible character U+{ord(odd[0]):04X}; write it without")
    parts = unicodedata.normalize("NFKD", name)
    made = re.sub(r"[^a-z0-9._-]+", "-", parts.encode("ascii", "ignore").decode().lower()).strip("-._")
    if any(not letter.isascii() and unicodedata.category(letter)[0] in "LN" for letter in parts):
        sha256 = hashlib.sha256(unicodedata.normalize("NFC", name.strip()).encode()).hexdigest()
        return f"{made or 'entry'}-{sha256[:HASH_LETTERS]}"
    if not made:
        raise InputError(f"the name {name!r} has no letter and no digit for a file name; add some")
    return made


def track_path(results: Path, track: str) -> Path:
    """The record of a track below `results`; what lies beside it is in the folder of the same name."""
    return results / "tracks" / f"{track}.json"


def entry_path(results: Path, track: str, slug: str) -> Path:
    """The JSON of an entry below `results`; what lies beside it is in the folder of the same name."""
    return results / "submissions" / track / f"{slug}.json"


def beside(path: Path) -> Path:
    """The folder of an entry's or a track's other files."""
    return path.with_suffix("")


def entry_paths(results: Path, track: str = "") -> list[Path]:
    """Where the entries lie, below `results` and in what is read with it, sorted in each; each name once."""
    return [path for path, first in _with_first(results, track) if path == first]


def hidden_entries(results: Path, track: str) -> list[tuple[Path, Path]]:
    """The entries that are not read, because another one of their name is, with that other one."""
    return [(path, first) for path, first in _with_first(results, track) if path != first]


def _with_first(results: Path, track: str) -> Iterator[tuple[Path, Path]]:
    first, *others = read_from(results)
    for path in _entries_in(first, track):
        yield path, path
    for folder in others:
        for path in _entries_in(folder, track):
            yield path, first_of(results, results / path.relative_to(folder))


def _entries_in(folder: Path, track: str) -> list[Path]:
    return sorted(folder.glob(f"submissions/{track or '*'}/*.json"))
