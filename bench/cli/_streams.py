"""What is printed fits the console, whatever its encoding.

A console of an older Windows or a bare `LC_ALL=C` cannot show a minus sign or an arrow, and a file name may hold bytes
that are no text at all. Instead of an error after all the work, such a character becomes ASCII: one that looks like it,
its letter without the accent, or its number. Set up once, where the command line begins.
"""

import codecs
import encodings.ascii
import io
import shutil
import sys
import textwrap
import unicodedata
from typing import TextIO

ERRORS = "bench-fitting"
ASCII = "bench-ascii"  # ASCII under another name: click takes the usual one for a mistake and prints UTF-8
LOOK_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\u2015\u2500\u2501\u2504\u2550\u2578\u257a", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u00b7\u2022\u2219\u22c5\u2588", "*"),
        **dict.fromkeys("\u2502\u2503\u2551", "|"),
        **dict.fromkeys("\u250c\u2510\u2514\u2518\u251c\u2524\u252c\u2534\u253c\u2554\u2557\u255a\u255d", "+"),
        "\u2190": "<-",
        "\u2191": "^",
        "\u2192": "->",
        "\u2193": "v",
        "\u2194": "<->",
        "\u00b1": "+-",
        "\u00d7": "x",
        "\u2248": "~",
        "\u2260": "!=",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u00b5": "u",
        "\u00b0": " degrees",
        "\u00df": "ss",
        "\u00e6": "ae",
        "\u00f8": "o",
        "\u2713": "ok",
        "\u2717": "no",
    }
)


def fit() -> None:
    """Let stdout and stderr take every text."""
    codecs.register_error(ERRORS, _replace)
    codecs.register(_find_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            plain = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=ASCII if plain else None, errors=ERRORS)


def folded(line: str, stream: TextIO) -> str:
    """A line of words as it is, or in a terminal as lines that break between words: what a command prints elsewhere
    stays one line."""
    if not stream.isatty():
        return line
    width = shutil.get_terminal_size().columns
    if len(line) <= width:
        return line
    return textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def fits(text: str) -> bool:
    """Whether stdout prints this text as it is, in UTF-8."""
    if codecs.lookup(getattr(sys.stdout, "encoding", None) or "ascii").name != "utf-8":
        return text.isascii()
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # a byte of a file name that is no text
        return f"\\x{ord(letter) - 0xDC00:02x}"
    shown = letter.translate(LOOK_ALIKE)
    if not shown.isascii():
        shown = "".join(one for one in unicodedata.normalize("NFKD", letter) if one.isascii())
    return shown or letter.encode("ascii", "backslashreplace").decode()


def _find_ascii(name: str) -> codecs.CodecInfo | None:
    if name != ASCII.replace("-", "_"):
        return None
    plain = encodings.ascii.getregentry()
    return codecs.CodecInfo(
        plain.encode,
        plain.decode,
        plain.streamreader,
        plain.streamwriter,
        plain.incrementalencoder,
        plain.incrementaldecoder,
        ASCII,
    )
