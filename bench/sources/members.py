"""Names of members of archives: which are refused, which are hidden, and which are images."""

from collections import Counter
from collections.abc import Iterable

from bench.sources.files import is_image_name


def unsafe(name: str) -> str:
    """What is wrong with the name of a member that would lead out of its archive; "" of all others."""
    plain = name.replace("\\", "/")
    if not plain:
        return "has no name"
    if plain.startswith("/") or plain[1:2] == ":":
        return "has an absolute path"
    return "leads out of the archive with '..'" if ".." in plain.split("/") else ""


def hidden(name: str) -> bool:
    """Whether a member lies in a folder, or has a name, that begins with a dot, or is a remark of macOS."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def is_seen_image(name: str) -> bool:
    """Whether a member is read as an image."""
    return is_image_name(name) and not hidden(name)


def repeated(names: Iterable[str]) -> str:
    """A name that is there twice; "" where none is."""
    return next((name for name, number in Counter(names).items() if number > 1), "")
