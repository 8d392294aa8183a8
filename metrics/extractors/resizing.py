"""Resizing and scaling of images, as each published FID does it: the mode is a part of every number.

All but the last are separable and linear, so each is one small matrix per axis: out = A_h X A_w^T for every channel.

- `tf1`: TensorFlow 1's bilinear, sample i at i n_in / n_out (no half-pixel offset, no antialiasing), its grid in
  float32. Agrees with torch-fidelity's `interpolate_bilinear_2d_like_tensorflow1x`; TTUR and ADM use the same.
- `clean`: Pillow's bicubic (Keys 1981, a = -0.5; the support grows with the scale, so it is antialiased) on float
  images, clipped to [0, 255] and not rounded. Agrees with clean-fid's `build_resizer("clean")` (Parmar et al. 2022,
  arXiv 2104.11222), which clips after both axes as is done here.
- `torch`: `F.interpolate(mode="bilinear", align_corners=False)`: half-pixel centres, no antialiasing. Agrees with
  pytorch-fid.
- `antialias`: `torch` whose support grows with the scale as that of `clean` does, `F.interpolate(antialias=True)`. With
  the scaling of `tf1` it is what torchmetrics does since 1.8. In float32 torch's own weights are 1e-5 off.
- `pillow`: Pillow's bicubic on uint8 images, which rounds after each axis and is antialiased as `clean` is. Pillow does
  it, bit by bit. torchvision's `Resize` does so to a picture, and with it dgm-eval, CLIP, CMMD.

What differs in all but the last: sums run in another order, so pixels agree to float32 rounding (1e-6 of the range),
not bit by bit.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from genbench.shapes import Float32, UInt8


def resize(images: UInt8[np.ndarray, "b c h w"], mode: str, size: int) -> Float32[np.ndarray, "b c {size} {size}"]:
    """Images of one size brought to size x size by the named mode; values in [0, 255], not rounded."""
    batch, channels, height, width = images.shape
    if (height, width) == (size, size):
        return images.astype(np.float32)
    if mode == "pillow":
        return by_pillow(images, size, size)
    rows, columns = _sparse_matrix(mode, height, size), _sparse_matrix(mode, width, size)
    resized = np.empty((batch, channels, size, size), np.float32)
    for image, out in zip(images, resized, strict=True):
        # One product per axis with the other axes flattened behind it; [h, c w] -> [size, c w] -> [w, c size].
        pixels = image.transpose(1, 0, 2).reshape(height, -1).astype(np.float32)
        pixels = (rows @ pixels).reshape(size, channels, width)
        pixels = columns @ pixels.transpose(2, 1, 0).reshape(width, -1)
        out[...] = pixels.reshape(size, channels, size).transpose(1, 2, 0)
    return np.clip(resized, 0, 255, out=resized) if mode == "clean" else resized


def by_pillow(images: UInt8[np.ndarray, "b c h w"], height: int, width: int) -> Float32[np.ndarray, "b c _ _"]:
    """Images of one size brought to height x width by Pillow's bicubic on bytes; whole numbers in [0, 255]."""
    from PIL import Image

    resized = np.empty((*images.shape[:2], height, width), np.float32)
    for image, out in zip(images, resized, strict=True):
        for channel, target in zip(image, out, strict=True):
            target[...] = Image.fromarray(channel).resize((width, height), Image.Resampling.BICUBIC)
    return resized


def standardise(
    pixels: Float32[np.ndarray, "b 3 h w"], mean: tuple[float, ...], sd: tuple[float, ...]
) -> Float32[np.ndarray, "b 3 h w"]:
    """Pixels in [0, 255] scaled in place by the mean and standard deviation that each channel has in [0, 1]."""
    for change, values in ((np.subtract, mean), (np.divide, sd)):
        change(pixels, 255 * np.array(values, np.float32)[:, None, None], out=pixels)
    return pixels


def normalise(pixels: Float32[np.ndarray, "*shape"], mode: str) -> Float32[np.ndarray, "*shape"]:
    """Pixels in [0, 255] scaled in place to about [-1, 1], by the convention that belongs to the resize mode.

    `tf1`, `clean` and `antialias`: (x - 128) / 128 as in the TensorFlow graph (torch-fidelity, clean-fid and
    torchmetrics), so white is 0.992.
    `torch`: 2 x / 255 - 1 as in pytorch-fid and in torchvision's Inception.
    """
    if mode == "torch":
        pixels *= np.float32(2 / 255)
        pixels -= np.float32(1)
    else:
        pixels -= np.float32(128)
        pixels *= np.float32(1 / 128)
    return pixels


@lru_cache(maxsize=64)
def resize_matrix(mode: str, n_in: int, n_out: int) -> Float32[np.ndarray, "{n_out} {n_in}"]:
    """The weights of n_in input samples in each of n_out output samples along one axis; read-only, rows sum to 1."""
    matrix = MODES[mode](n_in, n_out).astype(np.float32)
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=64)
def _sparse_matrix(mode: str, n_in: int, n_out: int) -> Any:
    from scipy.sparse import csr_array  # 0.1 s that whoever only asks how wide the features are can do without

    # Two to a dozen non-zeros in a row: measured 7 times (96 -> 299) to 30 times (512 -> 299) as fast as dense
    # products, and without threads that would compete with the network's.
    return csr_array(resize_matrix(mode, n_in, n_out))


def _tf1(n_in: int, n_out: int) -> np.ndarray:
    return _two_taps(np.arange(n_out, dtype=np.float32) * np.float32(n_in / n_out), n_in)


def _half_pixel(n_in: int, n_out: int) -> np.ndarray:
    # The step is a float32 there; product and difference are rounded once, as a fused multiply-add does.
    step = np.float64(np.float32(n_in / n_out))
    centres = (step * (np.arange(n_out) + 0.5) - 0.5).astype(np.float32)
    return _two_taps(np.maximum(centres, 0), n_in)


def _two_taps(positions: np.ndarray, n_in: int) -> np.ndarray:
    low = positions.astype(np.int64)
    high = np.minimum(low + 1, n_in - 1)
    weight = (positions - low).astype(np.float32)
    matrix = np.zeros((len(positions), n_in), np.float32)
    rows = np.arange(len(positions))
    matrix[rows, low] += 1 - weight
    matrix[rows, high] += weight
    return matrix


def _stretched(kernel: Callable[[np.ndarray], np.ndarray], reach: int, n_in: int, n_out: int) -> np.ndarray:
    """A kernel that reaches so many samples to both sides, stretched by the scale where images shrink."""
    scale = n_in / n_out
    stretch = max(scale, 1.0)
    centres = (np.arange(n_out) + 0.5) * scale
    first = np.maximum((centres - reach * stretch + 0.5).astype(np.int64), 0)[:, None]
    last = np.minimum((centres + reach * stretch + 0.5).astype(np.int64), n_in)[:, None]
    samples = np.arange(n_in)[None, :]
    weights = kernel((samples - centres[:, None] + 0.5) / stretch)
    weights = np.where((samples >= first) & (samples < last), weights, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(x), 0)


def _keys(x: np.ndarray) -> np.ndarray:
    a = -0.5
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


# of ImageNet's pixels in [0, 1], red, green, blue
IMAGENET_MEAN, IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# of those that OpenAI's CLIP was trained on
CLIP_MEAN, CLIP_SD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
MODES: dict[str, Callable[[int, int], np.ndarray]] = {
    "tf1": _tf1,
    "clean": partial(_stretched, _keys, 2),
    "torch": _half_pixel,
    "antialias": partial(_stretched, _triangle, 1),
}
RESIZES = (*MODES, "pillow")
