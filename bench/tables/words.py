"""Words of a table or a report: plain text, in which what stands between backticks is code."""

from collections.abc import Iterator

CODE = "`"


def parts_of(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a text, and whether each is code."""
    for place, piece in enumerate(text.split(CODE)):
        if piece:
            yield piece, place % 2 == 1
