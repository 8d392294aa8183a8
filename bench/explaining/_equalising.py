"""How much of a FID goes away when the images of both sets are made alike in something that is no content.

Each factor is looked at alone. Where the sets do not differ in it nothing is changed. These numbers are a diagnosis,
never to be published: the images that they are of are nobody's.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from bench.explaining import _looks as looks
from bench.explaining._looks import UNCOMPRESSED, Change, Looks
from bench.measuring.measure import Measure
from bench.sources import ImageSource
from metrics.arithmetic.frechet import fid_of, influence

NOTICED = 3.0  # standard errors between two means of a set: below it the sets do not differ in something
WIDE = 2.58  # standard errors of a change, so that an interval holds for all five factors together
MOST_BLUR, HALVINGS = 8.0, 12
SAMPLE = 48  # images by which a blur is found
ALIKE = 2  # between two qualities of JPEG
FAINT = 0.5  # of 255: chroma that varies less is grey
LEAST_GAP = 0.1  # of log energy, 5 % of the contrast of edges: no eye sees less


@dataclass(frozen=True, eq=False)
class Member:
    """One set: its images, and their features [n, d]."""

    source: ImageSource
    features: np.ndarray
    looks: Looks


@dataclass(frozen=True)
class Factor:
    """Something in which the sets may differ: `told` says how, and `a`, `b` make the images of each set alike in it
    (None: they stay as they are)."""

    name: str
    told: str
    a: Change | None = None
    b: Change | None = None

    @property
    def differs(self) -> bool:
        return bool(self.a or self.b)


@dataclass(frozen=True)
class Effect:
    """The plain FID `before` and `after` a factor is made equal (None where it is equal already) and the standard error
    of its change (None where that is not known). `instead` says why there is no `after`."""

    name: str
    told: str
    before: float
    after: float | None = None
    se: float | None = None
    instead: str = "no difference"

    def removed(self, floor: float) -> float:
        """The share of what lies above `floor` that goes away."""
        return 0.0 if self.after is None else (self.before - self.after) / self._room(floor)

    def interval(self, floor: float) -> tuple[float, float] | None:
        """That of this share, for all factors together."""
        if self.se is None:
            return None
        reach = WIDE * self.se / self._room(floor)
        return self.removed(floor) - reach, self.removed(floor) + reach

    def is_sure(self, floor: float) -> bool:
        """Whether something goes away, beyond chance."""
        found = self.interval(floor)
        return self.after is not None and (found[0] if found else self.removed(floor)) > 0

    def _room(self, floor: float) -> float:
        return max(self.before - floor, 1e-9 * max(self.before, 1.0))


def effects(a: Member, b: Member, measure: Measure, dependent: bool) -> list[Effect]:
    """What each factor does to the FID of a and b, in one more pass over the images that a factor changes.

    The standard errors are those of independent sets.
    """
    before = fid_of(a.features, b.features).fid
    pull = np.concatenate(influence(a.features, b.features))
    found = []
    for factor in factors(a, b):
        if not factor.differs:
            found.append(Effect(factor.name, factor.told, before))
            continue
        changed = [_features(one, change, measure, factor.name) for one, change in ((a, factor.a), (b, factor.b))]
        after = fid_of(*changed).fid
        se = float(np.linalg.norm(np.concatenate(influence(*changed)) - pull))
        found.append(Effect(factor.name, factor.told, before, after, None if dependent else se))
    return found


def _features(one: Member, change: Change | None, measure: Measure, name: str) -> np.ndarray:
    if change is None:
        return one.features
    tap = measure.extractor.pool
    return replace(measure, cache=None).features(changed(one.source, change, name), (tap,)).arrays[tap]


def changed(source: ImageSource, change: Change, name: str) -> ImageSource:
    """The set with each image changed when it is read."""
    hashes = tuple(hashlib.sha256(f"{name} {one}".encode()).hexdigest() for one in source.hashes)
    plain = replace(source, read_range=None, encoded=None, origin=None)
    return replace(plain, hashes=hashes, read=lambda index: change(source.read(index)))


# ----- factors


def factors(a: Member, b: Member) -> list[Factor]:
    """All five, in words and with what makes the sets alike."""
    return [make(a, b) for make in (_size, _brightness, _colour, _sharpness, _jpeg)]


def common_size(a: Looks, b: Looks) -> tuple[int, int] | None:
    """The smaller of the usual sizes, where they differ."""
    sizes = a.usual_size, b.usual_size
    return None if sizes[0] == sizes[1] else min(sizes, key=lambda size: size[0] * size[1])


def _size(a: Member, b: Member) -> Factor:
    (height_a, width_a), (height_b, width_b) = a.looks.usual_size, b.looks.usual_size
    size = common_size(a.looks, b.looks)
    if size is None:
        return Factor("size", f"both are {width_a} x {height_a}")
    told = f"A is {width_a} x {height_a}, B is {width_b} x {height_b}"

    def change(image: np.ndarray) -> np.ndarray:
        return looks.shrunk(image, size)

    larger_a = height_a * width_a > height_b * width_b
    return Factor("size", told, change if larger_a else None, None if larger_a else change)


def _brightness(a: Member, b: Member) -> Factor:
    (mean_a, sd_a), (mean_b, sd_b) = a.looks.channel(0), b.looks.channel(0)
    told = f"mean {mean_a:.0f} in A and {mean_b:.0f} in B, contrast {sd_a:.0f} and {sd_b:.0f} (of 255)"
    if not _noticed(a.looks.values[:, :2], b.looks.values[:, :2]) or sd_b < FAINT:
        return Factor("brightness", told)

    def change(image: np.ndarray) -> np.ndarray:
        return looks.as_bytes((image - np.float32(mean_b)) * np.float32(sd_a / sd_b) + np.float32(mean_a))

    return Factor("brightness", told, b=change)


def _colour(a: Member, b: Member) -> Factor:
    pairs = [(a.looks.channel(number), b.looks.channel(number)) for number in (1, 2)]
    names = "blue against yellow", "red against green"
    told = ", ".join(
        f"{name} {round(mean_a):+d} in A and {round(mean_b):+d} in B"
        for name, ((mean_a, _), (mean_b, _)) in zip(names, pairs, strict=True)
    )
    is_grey = [max(one.looks.channel(number)[1] for number in (1, 2)) < FAINT for one in (a, b)]
    if all(is_grey):
        return Factor("colour", "both are grey")
    if any(is_grey):
        told = "A is grey and B is not" if is_grey[0] else "B is grey and A is not"
        return Factor("colour", told, None if is_grey[0] else looks.grey, None if is_grey[1] else looks.grey)
    if not _noticed(a.looks.values[:, 2:6], b.looks.values[:, 2:6]):
        return Factor("colour", told)

    gain, offset = _channels(a.looks, b.looks)
    return Factor("colour", told, b=lambda image: looks.as_bytes(image * gain + offset))


def _channels(a: Looks, b: Looks) -> tuple[np.ndarray, np.ndarray]:
    """Gain and offset [3, 1, 1] that give each channel of B the mean and deviation of that of A, and then all of them
    together the brightness and contrast that B has."""
    (luma_a, contrast_a), (luma_b, contrast_b) = a.channel(0), b.channel(0)
    whole = contrast_b / max(contrast_a, 1e-6)
    pairs = [(a.channel(number), b.channel(number)) for number in (3, 4, 5)]
    gain = np.array([whole * sd_a / max(sd_b, 1e-6) for (_, sd_a), (_, sd_b) in pairs], np.float32)
    goal = [whole * (mean_a - luma_a) + luma_b for (mean_a, _), _ in pairs]
    offset = np.array(goal, np.float32) - gain * np.array([mean_b for _, (mean_b, _) in pairs], np.float32)
    return gain[:, None, None], offset[:, None, None]


def _sharpness(a: Member, b: Member) -> Factor:
    gap = float(b.looks.sharpness.mean() - a.looks.sharpness.mean())
    told = f"edges of B have {100 * np.exp(gap / 2):.0f} % of the contrast of those of A"
    if abs(gap) < LEAST_GAP or not _noticed(a.looks.sharpness[:, None], b.looks.sharpness[:, None]):
        return Factor("sharpness", told)
    sharp, other = (b, a) if gap > 0 else (a, b)
    size = common_size(a.looks, b.looks)
    sigma = _blur(sharp.source, float(other.looks.sharpness.mean() - sharp.looks.sharpness.mean()), size)

    def change(image: np.ndarray) -> np.ndarray:
        return looks.blurred(image if size is None else looks.shrunk(image, size), sigma)

    return Factor("sharpness", told, None if gap > 0 else change, change if gap > 0 else None)


def _blur(source: ImageSource, gap: float, size: tuple[int, int] | None) -> float:
    """The width of the Gaussian that lowers the mean sharpness by so much, by halving."""
    places = np.unique(np.linspace(0, source.count - 1, SAMPLE).astype(int))
    images = [source.read(int(place)) for place in places]
    images = images if size is None else [looks.shrunk(image, size) for image in images]
    goal = float(np.mean([looks.sharpness_of(image) for image in images])) + gap
    low, high = 0.0, MOST_BLUR
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = float(np.mean([looks.sharpness_of(looks.blurred(image, middle)) for image in images]))
        low, high = (middle, high) if reached > goal else (low, middle)
    return (low + high) / 2


def _jpeg(a: Member, b: Member) -> Factor:
    found = looks.quality_of(a.source), looks.quality_of(b.source)
    if abs(found[0] - found[1]) <= ALIKE:
        return Factor("JPEG quality", "no difference in the pixels")
    quality = min(found)

    def change(image: np.ndarray) -> np.ndarray:
        return looks.compressed(image, quality)

    shown = [
        f"those of {letter} a JPEG of quality {one}"
        for letter, one in zip("AB", found, strict=True)
        if one < UNCOMPRESSED
    ]
    told = " and ".join(shown).replace("those of", "the pixels of", 1).replace(" a JPEG", " show a JPEG", 1)
    return Factor("JPEG quality", told, change, change)


def _noticed(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether the means of any of these properties [n, k] are further apart than chance brings them."""
    errors = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    return bool((np.abs(a.mean(axis=0) - b.mean(axis=0)) > NOTICED * np.maximum(errors, 1e-9)).any())
