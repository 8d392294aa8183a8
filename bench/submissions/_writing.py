"""An entry and what lies beside it, written whole or not at all.

Everything is put into a folder under another name first. Then that folder takes its place, and the JSON, without which
there is no entry, comes last. Whatever fails on the way is undone.
"""

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.entries import Earlier, Entry, beside, read_entry, write_entry
from bench.files import write_bytes
from metrics._errors import InputError


def earlier_of(path: Path, *, force: bool) -> tuple[Earlier, ...]:
    """The entries that a new one of this name replaces, the oldest first.

    Raises InputError where there is one and `force` was not given, and where it is damaged.
    """
    if not path.exists():
        return ()
    if not force:
        raise InputError(f"{path} exists; choose another --name, or replace it with --force, which is counted")
    old = read_entry(path)
    return (*old.earlier, Earlier(hashlib.sha256(path.read_bytes()).hexdigest(), old.created_utc))


def write_submission(path: Path, entry: Entry, files: Mapping[str, bytes]) -> Entry:
    """Write an entry with the files beside it, over an earlier one; the entry with their hashes.

    Raises InputError where the place cannot be written; what was there before is then there again.
    """
    folder = beside(path)
    token = secrets.token_hex(4)
    staged, aside = (folder.with_name(f".{folder.name}-{word}-{token}") for word in ("new", "old"))
    made = replace(entry, files={name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())})
    try:
        for name, data in files.items():
            write_bytes(staged / name, data)
        replaced = folder.exists()
        if replaced:
            folder.rename(aside)
        try:
            staged.rename(folder)
            write_entry(path, made)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            if replaced:
                aside.rename(folder)
            raise
    except OSError as error:
        raise InputError(f"cannot write {folder} ({error.strerror or error}); free some space") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)
    return made
