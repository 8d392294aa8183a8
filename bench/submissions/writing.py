"""An entry and what lies beside it, written whole or not at all.

Everything is put into a folder under another name first. Then that folder takes its place, and the JSON, without which
there is no entry, comes last. Whatever fails on the way is undone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.leaderboard.entries import Earlier, Entry, read_entry, write_entry
from bench.leaderboard.entry_places import beside, entry_path, slug_of
from bench.storage.files import write_bytes
from bench.storage.folders import whole_folder
from bench.storage.reading import file_sha256
from bench.storage.result_places import first_of
from metrics.errors import InputError


def new_path(results: Path, track: str, name: str) -> Path:
    """Where an entry of this name goes below `results`; InputError where one is published that is read with it."""
    path = entry_path(results, track, slug_of(name))
    if first_of(results, path) != path:
        raise InputError(f"{first_of(results, path)} exists, which is published; choose another --name")
    return path


def earlier_of(path: Path, name: str, *, force: bool) -> tuple[Earlier, ...]:
    """The entries that a new one of this name replaces, the oldest first.

    Raises InputError where there is one and `force` was not given, where it is damaged, and where it has another name
    that is written as the same file.
    """
    if not path.exists():
        return ()
    if not force:
        raise InputError(f"{path} exists; choose another --name, or replace it with --force (the entry records this)")
    old = read_entry(path)
    if old.about.name != name:
        raise InputError(
            f"{path} is the entry {old.about.name!r}, and {name!r} would be written as the same file; "
            "choose another --name, or remove that entry first"
        )
    return (*old.earlier, Earlier(file_sha256(path), old.created_utc, old.scores, old.track_id))


def write_submission(path: Path, entry: Entry, files: Mapping[str, bytes]) -> Entry:
    """Write an entry with the files beside it, over an earlier one; the entry with their hashes.

    Raises InputError where the place cannot be written; what was there before is then there again.
    """
    folder = beside(path)
    made = replace(entry, files={name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())})
    with whole_folder(folder, then=lambda: write_entry(path, made)) as staged:
        for name, data in files.items():
            write_bytes(staged / name, data)
    return made
