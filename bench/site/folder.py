"""A site as a folder: written whole or not at all, and never over a folder that is something else.

Everything is written into a folder beside the place, which then takes the place by renaming. `site.json` in it lists
its files; a folder in which there is anything else is not replaced unless that is asked for.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bench.storage.folders import whole_folder
from bench.storage.reading import read_json
from genbench.places import home
from metrics.errors import InputError

LIST = "site.json"
MADE_BY = "bench site"


def check_place(place: Path, results: Path, force: bool) -> None:
    """InputError where a site must not be written.

    That is over a file, over what holds the results, the current or the home folder or a git repository, among the
    submissions, and, unless `force` is said outside the results, over a folder that holds anything but a site.
    """
    whole, data = place.resolve(), results.resolve()
    if whole.exists() and not whole.is_dir():
        raise InputError(f"{place} is a file; name a folder for the site")
    kept = ((data, "the results"), (Path.cwd(), "the current folder"), (home(), "the home folder"))
    for inner, what in ((one.resolve(), what) for one, what in kept if one):
        if whole == inner or whole in inner.parents:
            raise InputError(f"{place} is or holds {what}; a site replaces its whole folder, so name another one")
    if data / "submissions" in (whole, *whole.parents):
        raise InputError(f"{place} is inside the folder of the submissions; name another folder")
    if (whole / ".git").exists():
        raise InputError(f"{place} holds a git repository; name another folder, and copy the site from there")
    if not whole.exists() or (force and data not in whole.parents):
        return
    foreign = _foreign(whole)
    if foreign:
        remedy = "name another folder" + ("" if data in whole.parents else ", or say --force to replace it")
        raise InputError(f"{place} holds {foreign[0]}, which is not a part of a site; {remedy}")


def write_folder(
    place: Path, files: Iterable[tuple[str, bytes]], check: Callable[[], None] = lambda: None
) -> list[str]:
    """Write a site and return the names of its files, sorted; where it fails, what was there stays as it was.

    `check` is called when no other process can write there any more. Raises InputError where it cannot be written.
    """
    names: list[str] = []
    made: set[str] = set()
    with whole_folder(place.resolve()) as folder:
        check()
        for name, content in files:
            inside, _, _ = name.rpartition("/")
            if inside not in made:
                (folder / inside).mkdir(parents=True, exist_ok=True)
                made.add(inside)
            with (folder / name).open("xb") as file:  # two of one name are a mistake, on a disk without case too
                file.write(content)
            names.append(name)
        names = sorted([*names, LIST])
        listed = {"files": names, "made_by": MADE_BY}
        (folder / LIST).write_bytes(json.dumps(listed, indent=1, sort_keys=True).encode() + b"\n")
    return names


def _foreign(folder: Path) -> list[str]:
    """The files in a folder that are no part of the site in it, sorted."""
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    known = set(_listed(folder / LIST))
    return [name for name in there if name not in known]


def _listed(path: Path) -> list[str]:
    if not path.is_file():
        return []
    values: Any = read_json(path)
    if not isinstance(values, dict) or values.get("made_by") != MADE_BY:
        return []
    return [str(name) for name in values.get("files", [])]
