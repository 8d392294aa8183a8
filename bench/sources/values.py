"""Which part of the range of their type the values of a set of images use.

12 bits in 16-bit files, masks of 0 and 1, floats of [0, 1] that are read as [-1, 1] because one of them lies below 0:
all are read without an error, and measured nearly black or washed out. So a set whose values span no more than half of
the range is told of, beside the number. The darkest real photographs span more than that as soon as they are a few.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.sources._types import ImageSource
from bench.sources.decoding import SIXTEEN_BITS, sixteen_bit_values

EIGHT_BITS = 255


@dataclass(frozen=True)
class Extremes:
    """The lowest and the highest value of some images, of 0 to `top`."""

    low: int
    high: int
    top: int = EIGHT_BITS

    @property
    def narrow(self) -> bool:
        """Whether they span no more than half of what there is."""
        return self.high - self.low <= (self.top + 1) // 2

    @property
    def note(self) -> str:
        """What to say of images that use so little of the range of their type; "" of others."""
        if not self.narrow:
            return ""
        if self.high <= (self.top + 1) // 2:
            what, remedy = (
                f"no value above {self.high:,}",
                "they are measured as dark. Are they masks of 0 and 1, or 12 bits in 16? Scale them to the whole range",
            )
        elif self.low >= self.top // 2:
            what, remedy = (
                f"no value below {self.low:,}",
                "they are measured as light. Are they floats in [0, 1] with some below 0? Clip them",
            )
        else:
            what, remedy = (
                f"all values from {self.low:,} to {self.high:,}",
                "they are measured as grey. Is that intended?",
            )
        return f"range: {what} of {self.top:,}, the most that the type can hold; {remedy}"


def of_image(image: np.ndarray) -> Extremes:
    """The extremes of decoded pixels, uint8 of any shape."""
    return Extremes(int(image.min()), int(image.max()))


def of_file(data: bytes, name: str, image: np.ndarray) -> Extremes:
    """The extremes of an encoded image as it stores them, where it is grey of 16 bits; of its decoded pixels if not."""
    values = sixteen_bit_values(data, name)
    return of_image(image) if values is None else Extremes(int(values.min()), int(values.max()), SIXTEEN_BITS)


def joined(parts: Iterable[Extremes]) -> Extremes:
    """The extremes of all parts (at least one), of 8 bits unless all are of 16."""
    parts = list(parts)
    if len({part.top for part in parts}) > 1:
        parts = [part if part.top == EIGHT_BITS else _in_eight_bits(part) for part in parts]
    return Extremes(min(part.low for part in parts), max(part.high for part in parts), parts[0].top)


def as_stored(source: ImageSource, decoded: Extremes) -> Extremes:
    """The extremes of a set in the type of its files, which are read again where those of its pixels are `narrow`."""
    if source.encoded is None or not decoded.narrow:
        return decoded
    found = []
    for index in range(source.count):
        values = sixteen_bit_values(source.encoded(index), source.keys[index])
        if values is None:
            return decoded
        found.append(Extremes(int(values.min()), int(values.max()), SIXTEEN_BITS))
    return joined(found)


def _in_eight_bits(part: Extremes) -> Extremes:
    step = SIXTEEN_BITS // EIGHT_BITS
    return Extremes(round(part.low / step), round(part.high / step))
