"""Paired outlines and coloured shapes at 64x64, drawn: what edges2shoes is, without the download.

Image i of the domain "shapes" is one of ten shapes, shaded, on white, most with a smaller shape on it; image i of
"edges" is its outline, thin and black on white. As a shoe's outline says what kind of shoe it is, the shape says its
colour: each class has its own hue (with a little play), so a translation can be right or wrong and a few minutes of
training show. Rows are pairs; for unpaired training the two domains are shuffled apart.

Training and test images come from two hash streams of their own and are disjoint by construction.
"""

from pathlib import Path

import numpy as np

from bench.datasets._draw import CLASSES, HALF_TURN, column, coverage, distance, grid, hsv_to_rgb, placed
from bench.datasets._types import Dataset, Split
from bench.datasets.order import uniforms
from bench.datasets.splits import check_choice, indexed_split

SPLITS = {"train": 20_000, "test": 2_000}
DOMAINS = ("edges", "shapes")
STREAMS = {"train": 3, "test": 4}
ROOM = (0.50, 0, 0, 0.36, 0.42, 0.50, 0.34, 0.34, 0.30, 0.24)  # radius of what fits on each class; ring and moon: none
LINE = {64: 1.5, 128: 2.2}  # width of an outline in pixels
AT_ONCE = 16  # images drawn together: their planes stay in the second-level cache


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 64x64; `root` is not used."""
    return load_sized("edges2shapes", 64, split, domain)


def load_sized(name: str, size: int, split: str, domain: str) -> Split:
    """One domain of one split at size 64 or 128: the same drawings at another resolution."""
    check_choice(name, split, SPLITS, domain, DOMAINS)
    labels = np.arange(SPLITS[split], dtype=np.int64) % len(CLASSES)
    return indexed_split(SPLITS[split], lambda indices: _draw(STREAMS[split], indices, size, domain), labels)


def _draw(stream: int, indices: np.ndarray, size: int, domain: str) -> np.ndarray:
    images = np.empty((len(indices), 3, size, size), np.uint8)
    for kind in range(len(CLASSES)):
        rows = np.flatnonzero(indices % len(CLASSES) == kind)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            images[some] = _draw_kind(kind, uniforms(stream, indices[some], 12), size, domain)
    return images


def _draw_kind(kind: int, u: np.ndarray, size: int, domain: str) -> np.ndarray:
    """Images of one class out of uniforms [n, 12]: uint8 [n, 3, h, w]."""
    x, y = grid(size)
    radius = 0.62 + 0.26 * u[:, 0]
    turn = (2 * u[:, 1] - 1) * HALF_TURN
    centre = (2 * u[:, 2:4] - 1) * (0.94 - radius[:, None])
    own_x, own_y = placed(x, y, centre, radius, turn)
    outer = distance(kind, own_x, own_y) * column(radius)
    motif = (kind + 1 + (u[:, 4] * (len(CLASSES) - 1)).astype(int)) % len(CLASSES)  # never the shape it stands on
    inner = _motif(kind, motif, own_x, own_y, radius)
    if domain == "edges":
        away = np.minimum(np.abs(outer), np.abs(inner)) - np.float32(LINE[size] / size)
        grey = 255 - 255 * coverage(away, 2 / size)
        return np.repeat(np.floor(grey + np.float32(0.5)).astype(np.uint8)[:, None], 3, axis=1)

    body = _colours(np.full(len(u), kind), u[:, 5:8])
    mark = _colours(motif, u[:, 8:11])
    rim = np.clip(1 + outer * np.float32(10), 0, 1)
    shade = (1 + np.float32(0.14) * y) * (1 - np.float32(0.35) * rim)
    on_body, on_mark = coverage(outer, 2 / size), coverage(inner, 2 / size)
    images = np.empty((len(u), 3, size, size), np.uint8)
    for channel in range(3):
        colour = column(body[:, channel] * 255) * shade
        colour = colour + on_mark * (column(mark[:, channel] * 255) - colour)
        images[:, channel] = np.clip(255 + on_body * (colour - 255) + np.float32(0.5), 0, 255)
    return images


def _motif(kind: int, motif: np.ndarray, own_x: np.ndarray, own_y: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Distance to the smaller shape on each shape [n, h, w]; far away where the class has no room for one."""
    if not ROOM[kind]:
        return np.full(own_x.shape, 9, np.float32)
    scale, lift = np.float32(ROOM[kind]), np.float32({3: 0.05, 9: 0.28}.get(kind, 0))  # in the heart, in the arrow head
    inner = np.empty(own_x.shape, np.float32)
    for which in np.unique(motif):
        rows = motif == which
        inner[rows] = distance(int(which), own_x[rows] / scale, (own_y[rows] - lift) / scale)
    return inner * (column(radius) * scale)


def _colours(kind: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The colour of each class, with a little play: [n, 3] in [0, 1]."""
    hue = kind * 0.3 + 0.02 + 0.05 * (u[:, 0] - 0.5)  # neighbours in the list lie far apart on the wheel
    return hsv_to_rgb(hue, 0.62 + 0.25 * u[:, 1], 0.80 + 0.16 * u[:, 2])


DATASET = Dataset(
    name="edges2shapes",
    title="Outlines and shapes, 64x64, drawn pairs, embedded",
    source="drawn by this project",
    licence="CC0 1.0",
    shape=(3, 64, 64),
    splits=SPLITS,
    load=load,
    howto="nothing to do: the images are drawn when they are read",
    classes=CLASSES,
    domains=DOMAINS,
    paired=True,
    eval_sets={"real 1": ("test", 200), "real 2": ("test", 200)},
    extractors=("vgg16-random",),
)
