"""Ten drawn shapes in colour at 64x64: labelled, unlimited, the same on every machine, no download.

Image i of a split is class i mod 10, with its size, turn, place, colours, shading and background drawn from a hash of
(split, i), so any part of a split can be drawn alone and every block of ten images is balanced. Training and test
images come from two hash streams and share no parameters, so they are disjoint by construction. The counts are where
the splits stop by convention: nothing is stored.
"""

from pathlib import Path

import numpy as np

from bench.datasets._draw import CLASSES, HALF_TURN, column, coverage, distance, grid, hsv_to_rgb, placed
from bench.datasets._types import Dataset, Split
from bench.datasets.order import uniforms
from bench.datasets.splits import check_choice, indexed_split

SPLITS = {"train": 100_000, "test": 10_000}
STREAMS = {"train": 1, "test": 2}
SIZE = 64
AT_ONCE = 16  # images of one class drawn together: their planes stay in the second-level cache


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, RGB 64x64; `root` is not used."""
    check_choice("shapes", split, SPLITS, domain)
    labels = np.arange(SPLITS[split], dtype=np.int64) % len(CLASSES)
    return indexed_split(SPLITS[split], lambda indices: _draw(STREAMS[split], indices), labels)


def _draw(stream: int, indices: np.ndarray) -> np.ndarray:
    images = np.empty((len(indices), 3, SIZE, SIZE), np.uint8)
    for kind in range(len(CLASSES)):
        rows = np.flatnonzero(indices % len(CLASSES) == kind)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            images[some] = _draw_kind(kind, uniforms(stream, indices[some], 16))
    return images


def _draw_kind(kind: int, u: np.ndarray) -> np.ndarray:
    """Images of one class out of uniforms [n, 16]: uint8 [n, 3, h, w]."""
    x, y = grid(SIZE)
    radius = 0.38 + 0.34 * u[:, 0]
    turn = (2 * u[:, 1] - 1) * HALF_TURN
    centre = (2 * u[:, 2:4] - 1) * (0.94 - radius[:, None])
    away = distance(kind, *placed(x, y, centre, radius, turn)) * column(radius)  # in units of half the picture
    inside = coverage(away, 2 / SIZE)

    # The background: two close pale or dark tones across the picture, darker close to the shape as under a soft light.
    hue = u[:, 4]
    dark = u[:, 5] < 0.3
    ground = np.where(dark, 0.16 + 0.14 * u[:, 6], 0.80 + 0.16 * u[:, 6])
    tint = np.where(dark, 0.35, 0.14) * (0.4 + 0.6 * u[:, 7])
    slope_x, slope_y = np.cos(2 * HALF_TURN * u[:, 8]), np.sin(2 * HALF_TURN * u[:, 8])
    light = 1 + column(0.10 * slope_x) * x + column(0.10 * slope_y) * y
    near = np.clip(1 - np.maximum(away, 0) * np.float32(5), 0, 1)
    light = light * (1 - np.float32(0.28) * near * near)

    # The shape: a full colour away from the hue behind it, lighter above, with a darker rim.
    shape_hue = hue + 0.25 + 0.5 * u[:, 9]
    value = np.where(dark, 0.86, 0.72) + 0.14 * u[:, 10]
    rim = np.clip(1 + away * np.float32(14), 0, 1)
    shade = (1 + np.float32(0.16) * y) * (1 - np.float32(0.42) * rim)

    images = np.empty((len(u), 3, SIZE, SIZE), np.uint8)
    behind_rgb = hsv_to_rgb(hue, tint, ground)
    shape_rgb = hsv_to_rgb(shape_hue, 0.62 + 0.33 * u[:, 11], value)
    for channel in range(3):
        behind = column(behind_rgb[:, channel] * 255) * light
        front = column(shape_rgb[:, channel] * 255) * shade
        images[:, channel] = np.clip(behind + inside * (front - behind) + np.float32(0.5), 0, 255)
    return images


DATASET = Dataset(
    name="shapes",
    title="Ten drawn shapes, 64x64 RGB, embedded",
    source="drawn by this project",
    licence="CC0 1.0",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="nothing to do: the images are drawn when they are read",
    classes=CLASSES,
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("shapes-cnn",),
)
