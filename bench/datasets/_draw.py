"""Ten shapes as signed distances, and what the two drawn data sets share: where a shape stands, how it is covered.

The distances follow Inigo Quilez, "2D distance functions" (iquilezles.org/articles/distfunctions2d), cut down to what
drawing needs: the zero set is exact and the gradient near it is one, so `clip(0.5 - distance / pixel)` is the covered
part of a pixel (anti-aliasing without supersampling) and `|distance| < width / 2` a line of even width.

Pixels see +, -, *, / and square roots only, which IEEE 754 rounds the same everywhere, and parameters are rounded to
2^-16 before they meet a pixel: every machine draws the same bytes, whatever the batch.
"""

from collections.abc import Callable

import numpy as np

CLASSES = ("circle", "ring", "crescent", "heart", "flower", "square", "triangle", "star", "cross", "arrow")
HALF_TURN = np.pi
Coordinates = np.ndarray  # float32 [n, h, w], in units of the shape's own radius


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the pixels, x to the right [1, 1, size] and y up [1, size, 1], both in (-1, 1)."""
    centres = ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)
    return centres[None, None, :], -centres[None, :, None]


def placed(
    x: np.ndarray, y: np.ndarray, centre: np.ndarray, radius: np.ndarray, turn: np.ndarray
) -> tuple[Coordinates, Coordinates]:
    """Coordinates of shapes of the given centres [n, 2], radii [n] and turns [n] in radians, in units of the radius."""
    cos, sin, scale = column(np.cos(turn)), column(np.sin(turn)), column(1 / radius)
    dx, dy = x - column(centre[:, 0]), y - column(centre[:, 1])
    return (cos * dx + sin * dy) * scale, (cos * dy - sin * dx) * scale


def column(values: np.ndarray) -> np.ndarray:
    """Parameters [n] as float32 [n, 1, 1], rounded so that the last bit of a cosine cannot reach a pixel."""
    return (np.round(values * 65536) / 65536).astype(np.float32)[:, None, None]


def coverage(distance: np.ndarray, pixel: float | np.ndarray) -> np.ndarray:
    """How much of each pixel lies inside, in [0, 1]."""
    return np.clip(np.float32(0.5) - distance / np.asarray(pixel, np.float32), 0, 1)


def hsv_to_rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colours [n, 3] in [0, 1] (A. R. Smith, SIGGRAPH 1978), the hue in turns."""
    wheel = np.abs((hue[:, None] + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1
    return value[:, None] * (1 - saturation[:, None] * (1 - np.clip(wheel, 0, 1)))


def distance(kind: int, x: Coordinates, y: Coordinates) -> np.ndarray:
    """Signed distance to shape CLASSES[kind] of radius about 1 around the origin: negative inside."""
    return _DISTANCES[kind](x, y)


def _circle(x: Coordinates, y: Coordinates) -> np.ndarray:
    return _length(x, y) - _f(0.86)


def _ring(x: Coordinates, y: Coordinates) -> np.ndarray:
    return np.abs(_length(x, y) - _f(0.68)) - _f(0.22)


def _crescent(x: Coordinates, y: Coordinates) -> np.ndarray:
    return np.maximum(_length(x + _f(0.12), y) - _f(0.9), _f(0.72) - _length(x - _f(0.36), y))


def _heart(x: Coordinates, y: Coordinates) -> np.ndarray:
    x, y = np.abs(x) * _f(0.62), (y + _f(0.9)) * _f(0.62)  # Quilez's heart stands on its tip and is 1.2 high
    upper = _length(x - _f(0.25), y - _f(0.75)) - _f(0.35355338)
    along = _f(0.5) * np.maximum(x + y, 0)
    lower = np.minimum(_length(x, y - 1), _length(x - along, y - along))
    return np.where(x + y > 1, upper, np.where(x > y, lower, -lower)) / _f(0.62)


def _flower(x: Coordinates, y: Coordinates) -> np.ndarray:
    radius = np.maximum(_length(x, y), _f(1e-3))
    c = y / radius
    five = c * (c * c * (_f(16) * c * c - _f(20)) + _f(5))  # cos(5 angle), Chebyshev
    slope = _f(0.9) / np.maximum(radius, _f(0.4))  # 5 * 0.18: how fast the petals turn
    return (radius - _f(0.74) - _f(0.18) * five) / np.sqrt(1 + slope * slope * np.maximum(1 - five * five, 0))


def _square(x: Coordinates, y: Coordinates) -> np.ndarray:
    return np.maximum(np.abs(x), np.abs(y)) - _f(0.74)


def _triangle(x: Coordinates, y: Coordinates) -> np.ndarray:
    return np.maximum(np.abs(x) * _f(0.8660254) + y * _f(0.5), -y) - _f(0.52)


def _star(x: Coordinates, y: Coordinates) -> np.ndarray:
    """Five points: the fold of a pentagram, then one edge from the tip to the notch."""
    x = np.abs(x)
    for nx, ny in ((0.80901699, -0.58778525), (-0.80901699, -0.58778525)):
        beyond = np.maximum(_f(nx) * x + _f(ny) * y, 0) * _f(2)
        x, y = x - beyond * _f(nx), y - beyond * _f(ny)
    x = np.abs(x)
    edge_x, edge_y, outer = _f(0.45 * 0.58778525), _f(0.45 * 0.80901699 - 1), _f(1)  # from the tip (0, 1) to the notch
    tip = y - outer
    along = np.clip((x * edge_x + tip * edge_y) / (edge_x * edge_x + edge_y * edge_y), 0, 1)
    away = _length(x - along * edge_x, tip - along * edge_y)
    return np.where(tip * edge_x - x * edge_y > 0, away, -away)


def _cross(x: Coordinates, y: Coordinates) -> np.ndarray:
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.maximum(x, y) - _f(0.86), np.minimum(x, y) - _f(0.29))


def _arrow(x: Coordinates, y: Coordinates) -> np.ndarray:
    x = np.abs(x)
    head = np.maximum(x * _f(0.76822128) + (y - _f(0.95)) * _f(0.6401844), _f(0.05) - y)  # half width 0.75, height 0.9
    shaft = np.maximum(x - _f(0.25), np.abs(y + _f(0.36)) - _f(0.54))
    return np.minimum(head, shaft)


def _length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y)


def _f(value: float) -> np.float32:
    return np.float32(value)


_DISTANCES: tuple[Callable[[Coordinates, Coordinates], np.ndarray], ...] = (
    _circle, _ring, _crescent, _heart, _flower, _square, _triangle, _star, _cross, _arrow,
)  # fmt: skip
