"""Who is told of a download that comes with something else: a log by default, a bar where the command line runs.

A function that needs a file fetches it in the middle of other work, and its callers do not hand a bar down to it. So
whoever has something to show says so once, for this process.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Tell = Callable[[int, int | None], None]  # bytes done, bytes in all where they are known
Watch = Callable[[str, str], AbstractContextManager[Tell]]  # name of the file, one line about it


@contextmanager
def logged(name: str, line: str) -> Iterator[Tell]:
    """The line as a warning of the logger `genbench`, which Python prints to stderr where nothing else is set up."""
    logging.getLogger("genbench").warning(line)
    yield lambda done, total: None


_watch: list[Watch] = [logged]


def watch_with(watch: Watch) -> None:
    """Downloads that begin from now on are shown by this."""
    _watch[0] = watch


def watched(name: str, line: str) -> AbstractContextManager[Tell]:
    """Announces a download; the value is told how far it is."""
    return _watch[0](name, line)
