"""Text is the same text whatever its line ends are: git may write CRLF where it checks files out on Windows.

So hashes of text are taken with LF, and every results folder tells git to leave its bytes alone.
"""

from pathlib import Path

from bench.storage.files import write_text

TEXT = {".json", ".sha256", ".md", ".csv"}  # of what lies in a results folder
GITATTRIBUTES = """\
# Hashes are taken of these bytes: git must not give them other line ends.
* -text
"""


def unix(data: bytes) -> bytes:
    """The same text with LF at the ends of its lines."""
    return data.replace(b"\r\n", b"\n")


def keep_line_ends(results: Path) -> None:
    """Tell git to leave the bytes of a results folder alone; what somebody has told it stays.

    InputError where it cannot be written.
    """
    place = results / ".gitattributes"
    if not place.exists():
        write_text(place, GITATTRIBUTES)
