"""What counts as seen, and what passes: one rule for every check.

Values of one set against another are a few numbers, one for each random split of the images. Damaged images are told
from real ones where every value of theirs is worse than every value of real against real. With 4 splits of damaged
images and 10 of real ones, chance does that once in C(14, 4) = 1,001 times, whatever the distribution of the values, if
the splits were independent; they share images, so that is a guide and no promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

REAL_SPLITS, DAMAGED_SPLITS = 10, 4

Moved = Literal["worse", "better", ""]
Expected = Literal["worse", "unmoved"]
Better = Literal["lower", "higher"]


def moved(values: Sequence[float], others: Sequence[float], better: Better) -> Moved:
    """Whether all of the values are worse than all of the others, or all better."""
    if min(values) > max(others):
        return "worse" if better == "lower" else "better"
    if max(values) < min(others):
        return "better" if better == "lower" else "worse"
    return ""


@dataclass(frozen=True)
class Curve:
    """One number under one check: its values of real against real, and at each strength, the weakest first.

    A strength without values could not be measured, because there were too few images.
    """

    better: Better
    expected: Expected
    strengths: tuple[float, ...]
    real: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    @property
    def measured(self) -> list[tuple[float, tuple[float, ...]]]:
        """The strengths that have values."""
        return [(strength, values) for strength, values in zip(self.strengths, self.values, strict=True) if values]

    @property
    def told(self) -> list[Moved]:
        """Of each measured strength, how it is told from real against real."""
        return [moved(values, self.real, self.better) for _, values in self.measured]

    @property
    def first(self) -> float | None:
        """The weakest strength from which on all are told as worse; None where the strongest is not."""
        found = None
        for (strength, _), how in zip(reversed(self.measured), reversed(self.told), strict=True):
            if how != "worse":
                break
            found = strength
        return found

    @property
    def monotone(self) -> bool:
        """Whether no strength is told from the one before it as better."""
        ordered = [self.real, *(values for _, values in self.measured)]
        return all(moved(more, less, self.better) != "better" for less, more in pairwise(ordered))

    @property
    def passed(self) -> bool | None:
        """Expected worse: monotone, and the strongest is told. Expected unmoved: none is told. None: not measured."""
        if not self.real or not self.measured:
            return None
        if self.expected == "unmoved":
            return not any(self.told)
        return self.monotone and self.first is not None

    @property
    def word(self) -> str:
        """In short: from which strength on it is told, or what went wrong; "" where it was not measured."""
        if self.passed is None:
            return ""
        if self.expected == "unmoved":
            return "same" if self.passed else next(filter(None, self.told))
        if self.first is None:
            return "better" if "better" in self.told else "no"
        return f"{self.first:g}" if self.monotone else "back"
