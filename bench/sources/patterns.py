"""Several files by one pattern, as a shell has it: `results/*_fake_B.png`, `shards/{000..063}.tar`.

| in a pattern      | stands for                                                                    |
|-------------------|-------------------------------------------------------------------------------|
| *, ?, [abc], [!a] | letters of one name, never a `/`, nor the dot that a hidden name begins with  |
| **                | any number of folders, none of them hidden or a link                          |
| {000..063}, {a,b} | each of these, in this order                                                  |

Each alternative in braces has to match something, so that no shard is lost without a word.
"""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from itertools import islice
from pathlib import Path

from bench.sources.files import MOST_LEVELS, too_deep
from bench.storage.reading import MOST_MEMBERS
from genbench.errors import cannot
from genbench.places import exists
from metrics.errors import InputError

LETTERS = re.compile(r"[*?\[]")
GROUP = re.compile(r"\{([^{}/\\]*)\}")
NUMBERS = re.compile(r"(\d{1,18})\.\.(\d{1,18})")
MOST_GROUPS = 8
MOST_ALTERNATIVES = 100_000


def is_pattern(spec: str | os.PathLike[str]) -> bool:
    """Whether a name has a letter of the table in it; a file may have such a name too."""
    text = os.fspath(spec)
    return bool(LETTERS.search(text)) or any(_words(found[1]) for found in GROUP.finditer(text))


def root_of(pattern: Path) -> Path:
    """The folder before the first part that is a pattern."""
    parts = pattern.parts
    first = next((place for place, part in enumerate(parts) if re.search(r"[*?\[{]", part)), len(parts))
    return Path(*parts[:first])


def name_of(pattern: Path) -> str:
    """The pattern below the folder that it begins in, and the name of that folder: `results/*_fake_B.png`."""
    root = root_of(pattern)
    return "/".join([root.resolve().name, *pattern.parts[len(root.parts) :]])


def matches(pattern: Path) -> list[Path]:
    """All that a pattern matches, files and folders, each once; InputError where an alternative of it matches nothing.

    The order is that of the alternatives in braces, and by path among the matches of one.
    """
    found: dict[Path, None] = {}
    for one in alternatives(pattern):
        there = list(islice(_below(one), MOST_MEMBERS + 1))
        if not there:
            raise InputError(_nothing(pattern, one))
        found.update(dict.fromkeys(sorted(there, key=lambda path: path.as_posix())))
        if len(found) > MOST_MEMBERS:
            raise InputError(f"{pattern} matches more than {MOST_MEMBERS:,} files; expected fewer. Split the set")
    return list(found)


def _nothing(pattern: Path, one: Path) -> str:
    root = root_of(pattern)
    if not exists(root):
        return f"{pattern} matches nothing: there is no folder {root}; check the path"
    which = "" if one == pattern else f" for {one}"
    return f"{pattern} matches nothing{which} below {root}; check the pattern, in which capitals count"


# ----- braces


def alternatives(pattern: Path) -> list[Path]:
    """A pattern for each alternative that its braces have, each once; InputError where there are too many."""
    text = str(pattern)
    if sum(bool(_words(found[1])) for found in GROUP.finditer(text)) > MOST_GROUPS:
        raise InputError(f"{pattern} has more than {MOST_GROUPS} groups in braces; expected fewer")
    found = list(islice(_expanded(text), MOST_ALTERNATIVES + 1))
    if len(found) > MOST_ALTERNATIVES:
        raise InputError(f"{pattern} stands for more than {MOST_ALTERNATIVES:,} names; expected fewer. Use * instead")
    return [Path(one) for one in dict.fromkeys(found)]


def _expanded(text: str) -> Iterator[str]:
    for found in GROUP.finditer(text):
        if words := _words(found[1]):
            for word in words:
                yield from _expanded(text[: found.start()] + word + text[found.end() :])
            return
    yield text


def _words(group: str) -> Sequence[str] | Iterator[str]:
    """What a group in braces stands for; nothing where it is no group but a part of a name."""
    if numbers := NUMBERS.fullmatch(group):
        return _counted(numbers[1], numbers[2])
    return group.split(",") if "," in group else ()


def _counted(first: str, last: str) -> Iterator[str]:
    padded = any(number.startswith("0") and len(number) > 1 for number in (first, last))
    width = max(len(first), len(last)) if padded else 1
    start, stop = int(first), int(last)
    step = 1 if start <= stop else -1
    return (f"{number:0{width}}" for number in range(start, stop + step, step))


# ----- letters


def _below(pattern: Path) -> Iterator[Path]:
    root = root_of(pattern)
    parts = pattern.parts[len(root.parts) :]
    if not parts:
        return iter([pattern] * os.path.lexists(pattern))
    if not exists(root):
        return iter(())
    return _found(root, [part for before, part in zip(("", *parts), parts, strict=False) if not part == before == "**"])


def _found(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    first, *rest = parts
    if first == "**":
        for inside in _folders(folder, MOST_LEVELS):
            yield from _found(inside, rest or ["*"])
        return
    for path in _named(folder, first):
        if not rest:
            yield path
        elif path.is_dir():
            yield from _found(path, rest)


def _folders(folder: Path, levels: int) -> Iterator[Path]:
    """A folder, and all below it but hidden ones and links."""
    if levels < 0:
        raise InputError(too_deep(folder))
    yield folder
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _folders(folder / entry.name, levels - 1)


def _named(folder: Path, part: str) -> Iterator[Path]:
    """What a folder holds of the names that one part of a pattern matches."""
    if not LETTERS.search(part):
        return iter([folder / part] * os.path.lexists(folder / part))
    name = re.compile(translate(part))
    return (
        folder / entry.name
        for entry in _entries(folder)
        if name.match(entry.name) and entry.name.startswith(".") <= part.startswith(".")
    )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        raise InputError(cannot("read the folder", folder, error)) from error
