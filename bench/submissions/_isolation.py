"""Keeping somebody's generator away from the network and from files that are not its own, by what the system has.

| in force   | network | files                                                                                  |
|------------|---------|----------------------------------------------------------------------------------------|
| bubblewrap | none    | read: Python, system libraries, the generator; written: a folder of its own; no others |
| unshare    | none    | whatever this user may read and write                                                  |
| nothing    | open    | whatever this user may read and write                                                  |

Both are Linux programs and need user namespaces, which some systems and most containers forbid; so each is tried out
once, with the Python and the packages that the generator will run in. Windows and macOS have neither.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Literal

PACKAGES = ("numpy", "onnx", "onnxruntime", "torch")  # what the process imports, with what these import
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/etc/alternatives"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/sys/devices/system/cpu"),  # the last: thread counts
)
TRIAL_SECONDS = 60


@dataclass(frozen=True)
class Isolation:
    """A way to run a generator, and what may be said about it. `level` is that of the finding that says so."""

    name: Literal["bubblewrap", "unshare", "nothing"]
    level: Literal["warning", "info"]
    words: str
    remedy: str


INSTALL = "on Linux, install bubblewrap, and allow user namespaces if they are forbidden"
BUBBLEWRAP = Isolation(
    "bubblewrap",
    "info",
    "the generator runs in bubblewrap: no network, no files but its own",
    "do nothing: this is correct",
)
UNSHARE = Isolation(
    "unshare",
    "warning",
    "the generator runs without a network (unshare), but can read and write this user's files",
    INSTALL,
)
NOTHING = Isolation(
    "nothing",
    "warning",
    "the generator runs without isolation: it can use the network and the files of this user",
    INSTALL,
)
UNSHARED = ("unshare", "--user", "--map-current-user", "--net", "--ipc", "--pid", "--fork", "--kill-child")


@cache
def isolation() -> Isolation:
    """The strongest that works here."""
    return next((one for one in (BUBBLEWRAP, UNSHARE) if _works(one)), NOTHING)


def isolated(chosen: Isolation, command: Sequence[str], folder: Path, readable: Sequence[Path] = ()) -> list[str]:
    """The command line that runs `command` so; it may write in `folder` and read the files `readable`."""
    if chosen == BUBBLEWRAP:
        return [*_bubblewrap(folder, readable), *command]
    if chosen == UNSHARE:
        return [*UNSHARED, *command]
    return list(command)


def _works(one: Isolation) -> bool:
    command = isolated(one, [sys.executable, "-P", "-c", "import numpy"], Path(__file__).resolve().parent)
    if not sys.platform.startswith("linux") or which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _bubblewrap(folder: Path, readable: Sequence[Path]) -> list[str]:
    bound = [*SYSTEM, *map(str, dict.fromkeys(_python()))]
    return [
        *("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *(word for path in bound for word in ("--ro-bind-try", path, path)),
        *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
        *(word for path in readable for word in ("--ro-bind", str(path), str(path))),
        *("--bind", str(folder), str(folder), "--chdir", str(folder), "--remount-ro", "/", "--"),
    ]


def _python() -> Iterator[Path]:
    """Where the interpreter and the packages lie, links that lead there included."""
    yield from (Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix))
    link = Path(sys.executable)
    while link.is_symlink():
        yield link.parent
        link = link.parent / link.readlink()
    yield link.resolve().parent.parent
    yield from (Path(one) for one in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if Path(one).is_absolute())
    for name in PACKAGES:
        found = find_spec(name)
        if found and found.origin:
            yield Path(found.origin).parent.parent
