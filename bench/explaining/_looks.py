"""What images of a set look like, whatever they show: size, brightness, colour, sharpness, JPEG quality.

Y, Cb and Cr are those of JFIF without its offsets. Sharpness is the logarithm of the mean squared Laplacian of Y. The
quality of a JPEG is looked for in the pixels (Farid 2009, "Exposing digital forgeries from JPEG ghosts"): an image that
was compressed before changes least when it is compressed again with the quality of that time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np

from bench.sources import ImageSource, iterate
from genbench.shapes import Float32, Float64, UInt8

Image = UInt8[np.ndarray, "3 h w"]
Change = Callable[[np.ndarray], np.ndarray]  # of one image uint8 [3, h, w]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
BLUE, RED = 0.564, 0.713
COARSE, FINE = 5, 4  # steps of quality, and how far around the best of them each is tried
QUALITIES = range(15, 86, COARSE)  # above them a JPEG changes pixels by little more than rounding
APART = 10  # steps to a lower and a higher quality that a ghost is compared with
TRIED = 12  # images that are compressed with each quality
GHOST = 0.7  # of the change with those two: below it there is one
UNCOMPRESSED = 100
LEAST_SIDE = 16  # a smaller image has too few blocks of 8 x 8


@dataclass(frozen=True, eq=False)
class Looks:
    """Of each image: `sizes` [n, 2] (height, width), `values` [n, 12], the mean and the standard deviation of Y, Cb,
    Cr, red, green and blue, and `sharpness` [n]."""

    sizes: np.ndarray
    values: Float64[np.ndarray, "n 12"]
    sharpness: Float64[np.ndarray, " n"]

    @property
    def usual_size(self) -> tuple[int, int]:
        """The most common size."""
        sizes, counts = np.unique(self.sizes, axis=0, return_counts=True)
        height, width = sizes[int(np.argmax(counts))]
        return int(height), int(width)

    def channel(self, number: int) -> tuple[float, float]:
        """Mean and standard deviation of one of these (0 is Y) over all pixels, each image counting once."""
        means, deviations = self.values[:, 2 * number], self.values[:, 2 * number + 1]
        mean = float(means.mean())
        return mean, float(np.sqrt(max((deviations**2 + means**2).mean() - mean**2, 0.0)))


def looks_of(source: ImageSource, workers: int, size: tuple[int, int] | None = None) -> Looks:
    """One pass over a set; sharpness at `size`, if that is given."""
    sizes, values, sharpness = [], [], []
    for image in images_of(source, workers):
        sizes.append(image.shape[1:])
        channels = *split(image), *image
        values.append([number for one in channels for number in (one.mean(), one.std())])
        sharpness.append(sharpness_of(image if size is None else shrunk(image, size)))
    return Looks(np.array(sizes), np.array(values, np.float64), np.array(sharpness))


def images_of(source: ImageSource, workers: int) -> Iterator[np.ndarray]:
    """The images, decoded in threads."""
    return (image for batch in iterate(source, workers=workers) for image in batch)


def split(image: Image) -> tuple[Float32[np.ndarray, "h w"], ...]:
    """Y, Cb and Cr of an image."""
    pixels = image.astype(np.float32)
    luma = np.tensordot(LUMA, pixels, 1)
    return luma, BLUE * (pixels[2] - luma), RED * (pixels[0] - luma)


def grey(image: Image) -> Image:
    """The image without its colours."""
    return np.repeat(as_bytes(split(image)[0])[None], 3, axis=0)


def as_bytes(pixels: np.ndarray) -> Image:
    """Pixels rounded and clipped."""
    return np.rint(pixels).clip(0, 255).astype(np.uint8)


def sharpness_of(image: Image) -> float:
    from scipy.ndimage import laplace

    return float(np.log(np.mean(laplace(split(image)[0], mode="nearest") ** 2) + 1e-3))


def blurred(image: Image, sigma: float) -> Image:
    """The image under a Gaussian."""
    from scipy.ndimage import gaussian_filter

    return as_bytes(gaussian_filter(image.astype(np.float32), (0, sigma, sigma), mode="nearest"))


def shrunk(image: Image, size: tuple[int, int]) -> Image:
    """The image through this size, if it is larger in any direction: Pillow's bicubic on bytes."""
    from metrics.extractors.resizing import by_pillow

    height, width = image.shape[1:]
    if height <= size[0] and width <= size[1]:
        return image
    return by_pillow(image[None], min(height, size[0]), min(width, size[1]))[0].astype(np.uint8)


# ----- JPEG


def compressed(image: Image, quality: int) -> Image:
    """The image out of a JPEG of this quality."""
    from PIL import Image as Pillow

    data = BytesIO()
    Pillow.fromarray(image.transpose(1, 2, 0)).save(data, "JPEG", quality=quality)
    return np.asarray(Pillow.open(data)).transpose(2, 0, 1)


def quality_of(source: ImageSource) -> int:
    """The JPEG quality that the pixels of a set show; UNCOMPRESSED where they show none.

    Images that were never compressed change the less, the higher the quality; others also least at that of then.
    """
    images = _sample(source)
    if not images:
        return UNCOMPRESSED

    @cache
    def change(quality: int) -> float:
        squares = [np.mean((image - compressed(image, quality).astype(np.float32)) ** 2) for image in images]
        return float(np.mean(squares)) + 1e-3

    def depth(quality: int) -> float:
        return change(quality) / min(change(quality - APART), change(quality + APART))

    coarse = min(QUALITIES, key=depth)
    best = min(range(coarse - FINE, coarse + FINE + 1), key=depth)
    return best if depth(best) < GHOST else UNCOMPRESSED


def _sample(source: ImageSource) -> list[np.ndarray]:
    places = np.unique(np.linspace(0, source.count - 1, TRIED).astype(int))
    images = [source.read(int(place)) for place in places]
    return [image for image in images if min(image.shape[1:]) >= LEAST_SIDE]
