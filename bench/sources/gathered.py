"""Images that come one by one from Python, as PIL images, arrays or tensors: read once, kept in memory as uint8.

Arrays are [h, w, c] or [c, h, w] with 1 or 3 channels, or batches of them; an item of a data set may be (image, label)
or {"image": ..., "label": ...}. A label is a whole number or a name; where one image has none, none has.

The range of floats is found over all images, by the rules of `bench.sources.arrays`: as long as none lies below 0 both
readings of every image are kept.
"""

from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from PIL import Image

from bench.sources._types import Choose, ImageSource
from bench.sources.arrays import channels_last, check_bright, check_range, check_type, from_signed, from_unit
from bench.sources.decoding import pixels_of
from bench.sources.labels import at, of_values
from bench.sources.rows import hash_of, three_channels
from metrics.arithmetic.arrays import plain_array
from metrics.errors import InputError
from metrics.options import shown


def from_items(name: str, kind: str, items: Iterable[Any], choose: Choose) -> ImageSource:
    """The source of all images in `items`, or of those that `choose` takes."""
    images, labels = gather(items, name)
    chosen = choose(len(images))
    numbers = range(len(images)) if chosen is None else [int(number) for number in chosen]
    taken = [images[number] for number in numbers]
    places = () if chosen is None else tuple(numbers)
    hashes = tuple(hash_of(image) for image in taken)
    read, its_labels = taken.__getitem__, at(labels, numbers)
    whole = len(images) if places else 0
    keys = tuple(map(str, numbers))
    return ImageSource(name, kind, keys, hashes, read, places=places, whole=whole, labels=its_labels)


def gather(items: Iterable[Any], name: str) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """uint8 [3, h, w] of each image, and the labels of all; InputError for what is no image, for two types in one set,
    and for other ranges."""
    types: dict[np.dtype, int] = {}
    plain: list[np.ndarray] = []
    unit: list[np.ndarray] = []  # floats read as [0, 1], as long as that can be
    signed: list[np.ndarray] = []  # and as [-1, 1]
    labels: list[Any] = []
    low, high = np.inf, -np.inf
    for number, (image, label) in enumerate(_flat(items, name)):
        labels.append(label)
        types.setdefault(image.dtype, number)
        if len(types) > 1:
            raise InputError(f"{name} holds images of {' and '.join(map(str, types))}; expected one type; convert them")
        if image.dtype == np.uint8:
            plain.append(three_channels(image[None])[0])
            continue
        low, high = float(np.minimum(low, image.min())), float(np.maximum(high, image.max()))  # NaN stays NaN
        check_range(low, high, name)
        signed.append(three_channels(from_signed(image)[None])[0])
        if low >= 0:
            unit.append(three_channels(from_unit(image)[None])[0])
        else:
            unit.clear()
    if not types:
        raise InputError(f"{name} holds no images; expected at least one")
    if signed and low >= 0:
        check_bright(low, high, name)
    return plain or unit or signed, () if None in labels else of_values(labels)


def _flat(items: Iterable[Any], name: str) -> Iterator[tuple[np.ndarray, Any]]:
    """Each image as [c, h, w], of uint8 or floats, and its label, None where it has none."""
    for number, item in enumerate(items):
        where = f"{name}, image {number}"
        one, label = _parts_of(item, where)
        if isinstance(one, Image.Image):
            yield pixels_of(one, where), *_labels(label, 1)
            continue
        if not isinstance(one, np.ndarray) and not hasattr(one, "detach"):
            raise InputError(f"{where} is {shown(one)}; expected a PIL image, an array or a tensor")
        array = plain_array(one, where)
        if array.ndim not in (3, 4):
            raise InputError(
                f"{where} has shape {list(array.shape)}; expected [h, w, c] or [c, h, w] with 1 or 3 channels, or a "
                "batch of them (grey [h, w]: array[..., None])"
            )
        batch = array if array.ndim == 4 else array[None]
        last = channels_last(batch, where)
        check_type(batch.dtype, where)
        labels = _labels(label, len(batch))
        yield from zip(batch.transpose(0, 3, 1, 2) if last else batch, labels, strict=True)


def _parts_of(item: Any, where: str) -> tuple[Any, Any]:
    """Image and label of what a data set gives: itself, (image, label), "image" and "label" of a mapping."""
    if isinstance(item, Mapping):
        if "image" not in item:
            raise InputError(f"{where} is a mapping of {', '.join(map(str, item))}; expected one under 'image'")
        return item["image"], item.get("label")
    if not isinstance(item, list | tuple):
        return item, None
    found = [one for one in item if isinstance(one, Image.Image) or getattr(one, "ndim", 0) >= 3]
    if len(found) != 1 or found[0] is not item[0]:
        raise InputError(f"{where} is a {type(item).__name__} of {len(item)}; expected (image, label) with one image")
    return found[0], item[1] if len(item) == 2 else None


def _labels(given: Any, count: int) -> list[Any]:
    """A whole number or a name for each of so many images; None for each where that is not what was given."""
    many = given.tolist() if hasattr(given, "tolist") else given
    labels = many if isinstance(many, list | tuple) else [many]
    fit = len(labels) == count and all(isinstance(one, Integral | str) for one in labels)
    return list(labels) if fit else [None] * count
