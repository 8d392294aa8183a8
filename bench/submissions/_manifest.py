"""The list of a submission's images: a line `sha256  name` for each, as sha256sum writes and checks it.

Of files it is the sha256 of their bytes, so that `sha256sum -c manifest.sha256` works in their folder. Of images that
have no file (rows of an array, samples) it is that of shape and pixels, and the name is their number.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from bench.storage.reading import read_text
from bench.submissions.material import MOST_FILES
from metrics.errors import InputError

LINE = re.compile(r"(\\?)([0-9a-f]{64})  (.+)")
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
MOST_BYTES = MOST_FILES * 1024
SHOWN = 3


def manifest_text(names: Sequence[str], hashes: Sequence[str]) -> str:
    """One line per image; a name with a backslash or an end of line is escaped, with a backslash before its line."""
    lines = []
    for name, content in zip(names, hashes, strict=True):
        escaped = "".join(ESCAPES.get(letter, letter) for letter in name)
        lines.append(f"{'' if escaped == name else chr(92)}{content}  {escaped}\n")
    return "".join(lines)


def read_manifest(path: Path) -> list[tuple[str, str]]:
    """(name, sha256) of every image, in order.

    Raises InputError for a file that is missing, too long, cut, or has a line that is none or a name twice.
    """
    text = read_text(path, most=MOST_BYTES, remedy="restore it or submit again").replace("\r\n", "\n")
    if text and not text.endswith("\n"):
        raise InputError(f"{path} is cut: its last line has no end; restore it or submit again")
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        match = LINE.fullmatch(line)
        if not match:
            raise InputError(f"{path}: line {number} is not a sha256 and name; restore it or submit again")
        name = _unescaped(match[3]) if match[1] else match[3]
        if name in found:
            raise InputError(f"{path}: line {number} names {name!r} a second time; restore it or submit again")
        found[name] = match[2]
    return list(found.items())


def changes(listed: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> list[str]:
    """What was done to the images since they were listed, one line each kind: removed, added, altered, renamed, moved.

    Both are (name, sha256) in order; empty exactly where they are equal.
    """
    before, after = dict(listed), dict(found)
    removed, added = ([name for name in one if name not in other] for one, other in ((before, after), (after, before)))
    renamed = _renamed({name: before[name] for name in removed}, {name: after[name] for name in added})
    altered = [name for name, content in before.items() if after.get(name, content) != content]
    said = [
        _named("altered", altered),
        _named("removed", [name for name in removed if name not in renamed]),
        _named("added", [name for name in added if name not in renamed.values()]),
        _named("renamed", [f"{old} to {new}" for old, new in renamed.items()]),
    ]
    if not any(said) and list(before) != list(after):
        moved = [name for name, other in zip(before, after, strict=True) if name != other]
        said.append(_named("in another order", moved))
    return [line for line in said if line]


def _renamed(removed: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """Old name to new name where the same bytes are there under another name."""
    by_content = {content: name for name, content in added.items()}
    return {name: by_content.pop(content) for name, content in removed.items() if content in by_content}


def _named(word: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{len(names):,} {'image' if len(names) == 1 else 'images'} {word}: {', '.join(names[:SHOWN])}{more}"


def _unescaped(name: str) -> str:
    letters = {"\\": "\\", "n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: letters.get(found[1], found[0]), name)
