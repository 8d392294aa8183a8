"""Damage of known strength to one image: uint8 in, uint8 out, the same for the same image, strength and seed.

Noise, blur, rectangles, swirl, and salt and pepper are those of figure 3 of Heusel et al. 2017 (arXiv 1706.08500) with
its strengths; JPEG is added. Four details are not in the paper and are ours: noise is scaled to [0, 255] in each image
(TTUR's code does it over all images), a swirl turns about the centre and reaches 25/64 of the shorter side, borders are
repeated, and a grey image stays grey.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from scipy import ndimage

from bench.sources import ImageSource
from genbench.shapes import UInt8

RECTANGLES = 5  # of an image
SWIRL_REACH = 25 / 64  # of the shorter side

Image = UInt8[np.ndarray, "c h w"]
Apply = Callable[[Image, float, np.random.RandomState], Image]


@dataclass(frozen=True)
class Damage:
    """One kind of damage with its strengths, the weakest first; `unit` says what a strength is.

    `version` goes up when an image would become another: features of damaged images are kept by it.
    """

    name: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    apply: Apply
    version: int = 1


def noise(image: Image, share: float, draw: np.random.RandomState) -> Image:
    """The image mixed with Gaussian noise that fills [0, 255]."""
    drawn = draw.normal(size=(_planes(image), *image.shape[1:]))
    spread = (drawn - drawn.min()) / (drawn.max() - drawn.min()) * 255
    return _rounded((1 - share) * image + share * spread)


def blur(image: Image, sigma: float, draw: np.random.RandomState) -> Image:
    """The image under a Gaussian kernel of `sigma` pixels."""
    return _rounded(ndimage.gaussian_filter(image.astype(np.float64), (0, sigma, sigma), mode="nearest"))


def rectangles(image: Image, share: float, draw: np.random.RandomState) -> Image:
    """Black rectangles at random places, each with this share of both sides."""
    covered = image.copy()
    high, wide = (int(side * share) for side in image.shape[1:])
    for _ in range(RECTANGLES):
        top, left = (
            draw.randint(side - length + 1) for side, length in zip(image.shape[1:], (high, wide), strict=True)
        )
        covered[:, top : top + high, left : left + wide] = 0
    return covered


def swirl(image: Image, strength: float, draw: np.random.RandomState) -> Image:
    """The image turned about its centre, by `strength` radians there and less further out (as in scikit-image)."""
    height, width = image.shape[1:]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    down, right = rows - (height - 1) / 2, columns - (width - 1) / 2
    radius = np.hypot(down, right)
    turn = strength * np.exp(-5 * radius / (np.log(2) * SWIRL_REACH * min(height, width)))
    angle = np.arctan2(down, right) + turn
    places = (radius * np.sin(angle) + (height - 1) / 2, radius * np.cos(angle) + (width - 1) / 2)
    return _rounded(np.stack([ndimage.map_coordinates(one, places, float, order=1, mode="nearest") for one in image]))


def salt_and_pepper(image: Image, share: float, draw: np.random.RandomState) -> Image:
    """This share of the pixels black or white, either with probability 1/2."""
    hit = draw.random_sample(image.shape[1:]) < share
    return np.where(hit, np.where(draw.random_sample(image.shape[1:]) < 0.5, 0, 255), image).astype(np.uint8)


def jpeg(image: Image, quality: float, draw: np.random.RandomState) -> Image:
    """The image written as JPEG and read again."""
    from PIL import Image as Pillow

    file = BytesIO()
    planes = image[0] if _planes(image) == 1 else image.transpose(1, 2, 0)
    Pillow.fromarray(np.ascontiguousarray(planes)).save(file, "JPEG", quality=int(quality))
    read = np.asarray(Pillow.open(file))
    return np.ascontiguousarray(np.broadcast_to(read if read.ndim == 2 else read.transpose(2, 0, 1), image.shape))


def _planes(image: Image) -> int:
    """1 of a grey image, which may be repeated in three channels."""
    return 1 if (image == image[:1]).all() else len(image)


def _rounded(values: np.ndarray) -> Image:
    return np.asarray(np.rint(values).clip(0, 255), np.uint8)


DAMAGES = {
    one.name: one
    for one in (
        Damage("noise", "Gaussian noise", "share", (0.25, 0.5, 0.75), noise),
        Damage("blur", "Gaussian blur", "sigma in pixels", (1, 2, 4), blur),
        Damage("rectangles", "Black rectangles", "share of each side", (0.25, 0.5, 0.75), rectangles),
        Damage("swirl", "Swirl", "radians at the centre", (1, 2, 4), swirl),
        Damage("salt-and-pepper", "Salt and pepper", "share of pixels", (0.1, 0.2, 0.3), salt_and_pepper),
        Damage("jpeg", "JPEG", "quality", (75, 50, 20, 10), jpeg),
    )
}


def damaged(source: ImageSource, damage: Damage, strength: float, seed: int) -> ImageSource:
    """The same images, damaged when they are read.

    What is drawn depends on the seed, the damage and the content of the image, not on its place, and is the same for
    every strength. The hashes are made of the same, so that features are found in the cache without a look at a pixel.
    """
    made_of = [f"{damage.name} {damage.version} {seed} {one}" for one in source.hashes]

    def read(index: int) -> np.ndarray:
        number = int.from_bytes(hashlib.sha256(made_of[index].encode()).digest()[:4], "big")
        return damage.apply(source.read(index), strength, np.random.RandomState(number))

    return replace(
        source,
        name=f"{source.name}, {damage.title} {strength:g}",
        kind="damaged",
        hashes=tuple(hashlib.sha256(f"{one} {strength:g}".encode()).hexdigest() for one in made_of),
        read=read,
        read_range=None,
        encoded=None,
        origin=None,
    )
