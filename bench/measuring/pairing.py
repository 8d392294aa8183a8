"""Which image of one set belongs to which of another, for what compares image by image.

| paired by           | where                                                                                         |
|---------------------|-----------------------------------------------------------------------------------------------|
| name                | both are files, and the paths are equal                                                       |
| name without suffix | ... but for the suffix, and for folders that all images of a set share                        |
| part of the name    | ... but for the words that all names of a set begin and end with, zeros before a number, and  |
|                     | capitals: 1_real.png and 1_fake.png                                                           |
| number              | the same, where only numbers are left: 001.png and 1.png                                      |
| row                 | one is a split of a data set, and the numbers of the other's names are its rows               |
| position            | one is an array, or a split whose images have no names: row i is of the i-th image            |

Names that do not come out even are refused: two sorted lists of paths pair 10.png with 002.png.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bench.sources import ImageSource
from bench.sources.files import is_image_name
from bench.sources.labels import common_start
from metrics.errors import InputError

SHOWN = 3  # pairs, or names without a partner, in a message
WORDS = re.compile(r"\d+|[^\W\d_]+|[\W_]+")

Names = list[tuple[str, ...]]


@dataclass(frozen=True)
class Pairing:
    """The generated images in the order of the real ones, what they were paired `by`, the first pairs in words, and
    what belongs beside the numbers."""

    generated: ImageSource
    by: str
    first: str
    warnings: tuple[str, ...] = ()


def pair(real: ImageSource, generated: ImageSource) -> Pairing:
    """The generated images in the order of their partners; InputError where it is not certain which those are."""
    for by, mine, theirs in _namings(real, generated):
        places = {name: place for place, name in enumerate(theirs)}
        if len(places) == len(theirs) == len(set(mine)) == len(mine) and set(mine) == set(places):
            return _paired(real, generated.taken([places[name] for name in mine]), by)
    if real.named and generated.named:
        raise InputError(
            f"{_together(real, generated)}, and their names do not show which images belong together: "
            f"{_without_partner(real, generated)}. Give both images of a pair one name, or give arrays (.npz), which "
            "are paired by position"
        )
    if real.places != generated.places:
        raise InputError(
            f"{_together(real, generated)} by their position, but the two sets have different selections of images; "
            "leave --limit and --skip-corrupt out"
        )
    said = ((one.name, by_paths(one)) for one in (real, generated))
    warnings = tuple(f"{name} is {how}; is the other set in this order too?" for name, how in said if how)
    return _paired(real, generated, "position", warnings)


def _together(real: ImageSource, generated: ImageSource) -> str:
    return f"{real.name} and {generated.name} are compared image by image"


def _paired(real: ImageSource, generated: ImageSource, by: str, warnings: tuple[str, ...] = ()) -> Pairing:
    pairs = list(zip(real.keys, generated.keys, strict=True))
    first = ", ".join(f"{a} with {b}" for a, b in pairs[:SHOWN]) + (", ..." if len(pairs) > SHOWN else "")
    return Pairing(generated, by, first, warnings)


def _namings(real: ImageSource, generated: ImageSource) -> Iterator[tuple[str, Names, Names]]:
    """What the images of both sets may be known by, the strictest first."""
    if real.named and generated.named:
        yield "name", _paths(real.keys), _paths(generated.keys)
        yield "name without suffix", _stems(real.keys), _stems(generated.keys)
        parts = _parts(real.keys), _parts(generated.keys)
        yield ("number" if all(map(_is_number, parts[0])) else "part of the name"), *parts
    if "dataset" in (real.kind, generated.kind):
        yield "row", _rows(real), _rows(generated)


def _without_partner(real: ImageSource, generated: ImageSource) -> str:
    """The images without a partner under the naming that leaves the fewest; all of them where no name agrees."""
    fewest: tuple[list[str], list[str]] = (list(real.keys), list(generated.keys))
    for _, mine, theirs in _namings(real, generated):
        alone = (
            [key for key, name in zip(real.keys, mine, strict=True) if name not in set(theirs)],
            [key for key, name in zip(generated.keys, theirs, strict=True) if name not in set(mine)],
        )
        if any(alone) and sum(map(len, alone)) < sum(map(len, fewest)):
            fewest = alone
    return " and ".join(
        f"{', '.join(keys[:SHOWN])}{', ...' if len(keys) > SHOWN else ''} of {source.name}"
        for source, keys in zip((real, generated), fewest, strict=True)
        if keys
    )


def by_paths(source: ImageSource) -> str:
    """How files are read that come in the order of their paths while their numbers say another; "" of others."""
    parts = _parts(source.keys)
    if not source.named or not all(map(_is_number, parts)) or parts == sorted(parts, key=_by_size):
        return ""
    return f"read in the order of its paths ({', '.join(source.keys[:SHOWN])}, ...), not of its numbers"


# ----- names


def _paths(keys: Sequence[str]) -> Names:
    return [(unicodedata.normalize("NFC", key),) for key in keys]


def _stems(keys: Sequence[str]) -> Names:
    """Paths without the folders that all share, and without the suffix of an image."""
    paths = [PurePosixPath(unicodedata.normalize("NFC", key)).parts for key in keys]
    shared = len(common_start([path[:-1] for path in paths]))
    return [(*path[shared:-1], _without_suffix(path[-1])) for path in paths]


def _parts(keys: Sequence[str]) -> Names:
    """Words and numbers of each stem but for those that all begin and end with; zeros before a number do not count."""
    words = [tuple(map(_plain, WORDS.findall("/".join(stem).casefold()))) for stem in _stems(keys)]
    words = [one[len(common_start(words)) :] for one in words]
    end = len(common_start([one[::-1] for one in words]))
    return [one[: len(one) - end] for one in words]


def _rows(source: ImageSource) -> Names:
    """The numbers of the rows of a data set, and of names that are nothing but numbers."""
    if source.kind == "dataset":
        return [(key,) for key in (map(str, source.places) if source.places else map(str, range(source.count)))]
    return [tuple(map(_plain, stem)) for stem in _stems(source.keys)]


def _without_suffix(name: str) -> str:
    return PurePosixPath(name).stem if is_image_name(name) else name


def _plain(word: str) -> str:
    return (word.lstrip("0") or "0") if word.isdecimal() else word


def _is_number(parts: tuple[str, ...]) -> bool:
    return all(part.isdecimal() or not part.isalnum() for part in parts)


def _by_size(parts: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(len(part), part) for part in parts]
