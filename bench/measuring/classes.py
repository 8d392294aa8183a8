"""The classes of images: those that are said beside a set or given with `labels`, and their numbers in a classifier.

| a set                        | its classes                                                                       |
|------------------------------|-----------------------------------------------------------------------------------|
| a folder, a zip              | the folders in it, if each image lies in one                                      |
| .npz                         | an array `labels`, `y` or `arr_1` of n numbers or names                           |
| a split of a data set        | those of the data set                                                             |
| a Dataset of torch, a list   | of (image, label)                                                                 |
| the last set, `labels` given | these in turn over all that it holds, whatever is drawn of it or said by it       |
| every other set, one `label` | that one, where it says none                                                      |
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Protocol

import numpy as np

from bench.measuring.pairing import by_paths
from bench.sources import ImageSource
from genbench.names import did_you_mean
from metrics.errors import InputError
from metrics.extractors.types import Extractor
from metrics.options import shown

MOST_DIGITS = 9  # of the number of a class
HOW = "put its images into a folder for each class, or say them with labels (--labels A,B,...)"


class Labelled(Protocol):
    """A set of images, opened or measured, and the class of each image, () where they are not known."""

    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int | None: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


def with_labels(sets: Sequence[Any], labels: Sequence[Any]) -> list[Any]:
    """Sets (a, or a and b, and whatever follows) with the classes that were given: `labels` in turn for the last of a
    and b, and one label for those too that say none. InputError for what is no label, and for too many of them."""
    names = [_name(one) for one in labels]
    if not names:
        return list(sets)
    last = min(len(sets), 2) - 1
    found = list(sets)
    for place, one in enumerate(sets[: last + 1]):
        if place == last or (len(names) == 1 and not one.labels):
            found[place] = _in_turn(one, names)
    return found


def _name(label: Any) -> str:
    if isinstance(label, bool) or not isinstance(label, str | Integral) or not str(label).strip():
        raise InputError(f"a label is {shown(label)}; expected the name or the number of a class")
    return str(label).strip()


def _in_turn(one: Any, names: Sequence[str]) -> Any:
    opened = isinstance(one, ImageSource)
    count = (opened and one.whole) or one.count or 0
    if len(names) > count:
        raise InputError(f"{len(names)} labels for {count} images of {one.name}; expected at most one for each")
    said = []
    if count / 2 < len(names) < count:
        said.append(f"labels: {len(names)} for {count} images, so the last images have the first labels again")
    if one.labels:
        said.append("labels: those that were given are used, not those that came with the images")
    if len(names) > 1 and opened and (how := by_paths(one)):
        said.append(f"labels: it is {how}; are the labels in this order too?")
    labels = tuple(names[place % len(names)] for place in (opened and one.places) or range(count))
    if opened:
        return replace(one, labels=labels, notes=(*one.notes, *said))
    return replace(one, labels=labels, warnings=(*one.warnings, *(f"{one.name}: {note}" for note in said)))


def class_numbers(one: Labelled, extractor: Extractor) -> np.ndarray:
    """int64 [n]: the classes of a set as those of a classifier, by name where it has names, by number otherwise.

    InputError for a set that does not say them, and for a class that the classifier does not know.
    """
    check_labelled(one, "there is nothing to compare the classifier with")
    names = extractor.class_names()
    count = extractor.taps[extractor.logits]  # 0 of a network that nobody has looked at
    whose = f"{one.name}: extractor {extractor.name!r}"
    known = [_places(names, form) for form in (str, plain)]
    numbers = {}
    for label in sorted(set(one.labels)):
        places = known[0].get(label) or known[1].get(plain(label), [])
        if len(places) > 1:
            raise InputError(f"{whose} has {len(places)} classes {shown(label)}; give one of the numbers {places}")
        numbers[label] = places[0] if places else _by_number(label, names, count, whose)
    return np.array([numbers[label] for label in one.labels], np.int64)


def _places(names: Sequence[str], form: Callable[[str], str]) -> dict[str, list[int]]:
    """The classes of each name."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(form(name), []).append(number)
    return found


def about_numbers(one: Labelled, extractor: Extractor) -> list[str]:
    """What to say where classes are known to the classifier by their numbers only: another order is no error."""
    names = extractor.class_names()
    known = set(map(plain, names))
    by_number = next((label for label in dict.fromkeys(one.labels) if plain(label) not in known), None)
    if by_number is None:
        return []
    whose = f"extractor {extractor.name!r}"
    if not names:
        return [f"{one.name}: {whose} has no names for its classes; are the labels numbers in its order?"]
    meant = f"{by_number} is {names[int(by_number)]!r} of {whose}"
    return [f"{one.name}: labels are taken by their numbers: {meant}; is that meant?"]


def check_labelled(one: Labelled, what: str) -> None:
    """InputError where a set does not say the classes of its images."""
    if not one.labels:
        raise InputError(f"{one.name} does not say the class of each image, so {what}; {HOW}")


def _by_number(label: str, names: Sequence[str], count: int, whose: str) -> int:
    if label.isascii() and label.isdigit() and len(label) <= MOST_DIGITS and (int(label) < count or not count):
        return int(label)
    if names:
        close = did_you_mean(label, names, f"There are {count} classes, such as {names[0]!r} and {names[-1]!r}.")
        raise InputError(f"{whose} has no class {shown(label)}. {close}")
    raise InputError(
        f"{whose} has no names for its {count} classes, so {shown(label)} is none; expected 0 to {count - 1}"
    )


def plain(label: str) -> str:
    """A name without capitals, with blanks for underscores."""
    return label.casefold().replace("_", " ")
