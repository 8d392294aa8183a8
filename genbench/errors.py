"""What an OSError means for whoever meets it: one sentence with the remedy of its own cause.

A full disk, a permission and a name that is too long are mended in different ways, so nothing guesses among them.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ELSEWHERE = "choose another place"
REMEDIES = {
    errno.ENOSPC: f"free some space there, or {ELSEWHERE}",
    errno.EDQUOT: f"free some space there, or {ELSEWHERE}",
    errno.EFBIG: f"that disk takes no file of this size; {ELSEWHERE}",
    errno.EACCES: f"check its permissions and those of its folder, or {ELSEWHERE}",
    errno.EPERM: f"check its permissions and those of its folder, or {ELSEWHERE}",
    errno.EROFS: f"that disk can only be read; {ELSEWHERE}",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: f"a file stands where a folder is needed; move it, or {ELSEWHERE}",
    errno.EISDIR: "it is a folder and a file is needed; name another",
    errno.ENOTEMPTY: f"move away what is there, or {ELSEWHERE}",
    errno.EEXIST: f"move away what is there, or {ELSEWHERE}",
    errno.EXDEV: f"it is on another disk than its folder, or is a mount; {ELSEWHERE}, such as a folder inside it",
    errno.EBUSY: f"another program uses it, or it is a mount; close that, or {ELSEWHERE}",
    errno.ETXTBSY: "another program runs it; end that first",
    errno.ELOOP: "its links lead in a circle; fix them",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine; close some programs",
    errno.EAGAIN: "wait for it, and try again",
    errno.EIO: f"the disk or the network drive failed; try again, or {ELSEWHERE}",
    getattr(errno, "ESTALE", errno.EIO): f"the network drive failed; try again, or {ELSEWHERE}",
    errno.EINVAL: "the system takes no such name; choose another",
    errno.EILSEQ: "the system takes no such name; choose another",
}
MISSING = "check that it is there"


def reason(error: OSError) -> str:
    """The system's own words for an error."""
    return error.strerror or str(error) or type(error).__name__


def one_line(error: Exception) -> str:
    """What any exception says, without ends of lines; its kind where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def remedy(error: OSError) -> str:
    """What mends this error."""
    if isinstance(error, FileNotFoundError):
        return MISSING
    return REMEDIES.get(error.errno or 0, ELSEWHERE)


def cannot(doing: str, path: Path, error: OSError) -> str:
    """One sentence, such as "cannot write a.npz (No space left on device); free some space there, or ..."."""
    return f"cannot {doing} {path} ({reason(error)}); {remedy(error)}"


@contextmanager
def told(doing: str, path: Path, kind: Callable[[str], Exception], then: str = "") -> Iterator[None]:
    """An OSError becomes an error of this kind that says what could not be done to which path, why, and the remedy;
    `then` is what to do after that."""
    try:
        yield
    except OSError as error:
        raise kind(cannot(doing, path, error) + then) from error
