"""Where things are kept that nobody has named a place for, and the `~` of places that somebody has named.

No home folder is needed: a process of a user without an entry in the passwd file, as in a container, has a folder of
its own among the temporary ones instead.
"""

import os
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import platformdirs

NAME = "genbench"


def expanded(path: str | Path) -> Path:
    """The path with `~` as the home folder; as it is where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def exists(path: Path) -> bool:
    """Whether something is there; no name that the system does not take is of anything."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, a NUL in it, in a folder without access
        return False


def named(variable: str) -> Path | None:
    """The place that an environment variable names; None where it is unset or empty."""
    value = os.environ.get(variable)
    return expanded(value) if value else None


def home() -> Path | None:
    """The user's home folder; None where there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def cache_folder() -> Path:
    """Where what can be made or fetched again is kept: $BENCH_CACHE, else the system's own place for caches."""
    return named("BENCH_CACHE") or _own(platformdirs.user_cache_dir, "cache")


def data_folder() -> Path:
    """Where downloaded data sets are kept: $BENCH_DATA, else the system's own place for a user's data."""
    return named("BENCH_DATA") or _own(platformdirs.user_data_dir, "data")


def _own(find: Callable[[str], str], part: str) -> Path:
    try:
        path = Path(find(NAME))
    except RuntimeError:  # of newer versions; the older ones leave a `~`
        return _homeless() / part
    return path if path.is_absolute() else _homeless() / part


@cache
def _homeless() -> Path:
    """A folder among the temporary ones that belongs to this user and that no other can write into."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"{NAME}-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == user and not found.st_mode & 0o022:
            return folder
    except OSError:  # something else has that name
        pass
    return Path(tempfile.mkdtemp(prefix=f"{NAME}-"))


def torch_hub() -> Path | None:
    """Where torch keeps its downloads; None where nothing is named and there is no home folder."""
    cache = _cache_of_all()
    torch = named("TORCH_HOME") or (cache and cache / "torch")
    return torch and torch / "hub" / "checkpoints"


def hugging_face_hub() -> Path | None:
    """Where the Hub's own package keeps its downloads; None where nothing is named and there is no home folder."""
    cache = _cache_of_all()
    hugging_face = named("HF_HOME") or (cache and cache / "huggingface")
    return named("HF_HUB_CACHE") or (hugging_face and hugging_face / "hub")


def _cache_of_all() -> Path | None:
    own = home()
    return named("XDG_CACHE_HOME") or (own and own / ".cache")
