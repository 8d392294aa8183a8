"""Names and messages that others have chosen, made safe to print, and words that fit their number.

A file name, a submitted name or a field of a file may hold what colours a terminal, moves its cursor, turns the
direction of reading or begins a line of its own. `shown` writes these letters as escapes; it is applied where text is
printed, never to what is stored or hashed.
"""

import unicodedata

UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format, half surrogates, ends of lines and paragraphs


def shown(text: str) -> str:
    """The text on one line, with an escape such as \\x1b, \\n or \\u202e for each letter that does more than stand
    there. A byte of a file name that is no text is \\xff."""
    if text.isprintable():
        return text
    return "".join(_escaped(letter) if unicodedata.category(letter) in UNSAFE else letter for letter in text)


def counted(count: int, one: str, many: str = "") -> str:
    """`1 entry`, `2,000 entries`; the plural is that of most words where it is not given."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _escaped(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")
