"""Images of both sets in rows: at the ends of directions, near the centres of groups, those that move the FID."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.explaining._equalising import Member
from bench.explaining._groups import Grouping
from bench.explaining._overview import draw_overview
from bench.explaining._words import Evidence, percent
from bench.sources import ImageSource
from reference_models.loop.plots import INK, save_png, tile

SIDE = 72  # pixels of an image in a picture
FEW_PIXELS = 40  # a smaller image is enlarged by a whole factor, so that its pixels stay to be seen
SHOWN_ROWS, SHOWN_IMAGES = 5, 6

Place = tuple[int, int]  # a set (0 is A, 1 is B) and an image of it


def thumbnails(sources: Sequence[ImageSource], places: Sequence[Place]) -> np.ndarray:
    """uint8 [n, 3, SIDE, SIDE]: these images in their proportions, on white."""
    return np.array([thumbnail(sources[which].read(int(row))) for which, row in places], np.uint8)


def thumbnail(image: np.ndarray) -> np.ndarray:
    """One of them."""
    from PIL import Image

    _, height, width = image.shape
    longer = max(height, width)
    scale = SIDE // longer if longer <= FEW_PIXELS else SIDE / longer
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.NEAREST if longer <= FEW_PIXELS else Image.Resampling.BICUBIC
    small = np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize(size, how)).transpose(2, 0, 1)
    sheet = np.full((3, SIDE, SIDE), 255, np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    sheet[:, top : top + size[1], left : left + size[0]] = small
    return sheet


def draw_rows(path: Path, title: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[np.ndarray]]]) -> None:
    """PNG of rows of images: words at the left, and a block of thumbnails [n, 3, h, w] under each head."""
    from matplotlib.figure import Figure

    widest = [max([1, *(len(blocks[column]) for _, blocks in rows)]) for column in range(len(heads))]
    figure = Figure(
        figsize=(2.2 + sum(0.78 * count + 0.25 for count in widest), 0.75 + 0.86 * len(rows)),
        layout="constrained",
        facecolor="white",
    )
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    axes = figure.subplots(len(rows), 1 + len(heads), squeeze=False, width_ratios=[2.4, *map(float, widest)])
    for line, (words, blocks) in zip(axes, rows, strict=True):
        line[0].text(0, 0.5, words, va="center", fontsize=8.5, color=INK, transform=line[0].transAxes)
        line[0].set_axis_off()
        for place, block, count in zip(line[1:], blocks, widest, strict=True):
            place.set_axis_off()
            padding = np.full((count - len(block), 3, SIDE, SIDE), 255, np.uint8)
            place.imshow(tile(np.concatenate([block.reshape(-1, 3, SIDE, SIDE), padding]), count))
            place.set_anchor("W")
    for place, head in zip(axes[0][1:], heads, strict=True):
        place.set_title(head, fontsize=8.5, color=INK, loc="left")
    save_png(figure, path)


def pictures(
    found: Evidence, members: tuple[Member, Member], moves: Sequence[tuple[Place, float]], title: str
) -> dict[str, Any]:
    sources = [one.source for one in members]
    both = np.concatenate([one.features for one in members]).astype(np.float64)
    return {
        "overview": partial(
            draw_overview, title=title, distance=found.distance, floor=found.floor, found=found.every_effect,
            directions=found.directions, grouping=found.grouping,
        ),
        "directions": partial(_draw_directions, found=found, both=both, sources=sources),
        "groups": partial(_draw_groups, grouping=found.grouping, both=both, sources=sources),
        "influence": partial(_draw_moving, moves=moves, sources=sources),
    }  # fmt: skip


def _place(row: int, first: int) -> Place:
    return (0, row) if row < first else (1, row - first)


def _draw_directions(path: Path, found: Evidence, both: np.ndarray, sources: Sequence[ImageSource]) -> None:
    rows, first, directions = [], sources[0].count, found.directions
    for number, axis in enumerate(directions.axes[:SHOWN_ROWS]):
        order = np.argsort(both @ axis, kind="stable")
        ends = [order[:SHOWN_IMAGES], order[::-1][:SHOWN_IMAGES]]
        blocks = [thumbnails(sources, [_place(int(row), first) for row in end]) for end in ends]
        inside = [int((end < first).sum()) for end in ends]
        share = directions.total[number] / (found.distance.fid or 1.0)
        of_a = "from A: " + " and ".join(f"{count} of {len(end)}" for count, end in zip(inside, ends, strict=True))
        rows.append((f"direction {number + 1}: {percent(share)} of the FID\n{of_a}", blocks))
    draw_rows(path, "Images at both ends of the first directions", ("the end of A", "the end of B"), rows)


def _draw_groups(path: Path, grouping: Grouping, both: np.ndarray, sources: Sequence[ImageSource]) -> None:
    labels = np.concatenate(grouping.labels)
    rows, first = [], sources[0].count
    for one, number in list(zip(grouping.groups, grouping.numbers, strict=True))[:SHOWN_ROWS]:
        inside = np.flatnonzero(labels == number)
        centre = both[inside].mean(axis=0, keepdims=True)
        blocks = []
        for which in (0, 1):
            own = inside[(inside < first) == (which == 0)]
            order = np.argsort(((both[own] - centre) ** 2).sum(axis=1), kind="stable")[:SHOWN_IMAGES]
            blocks.append(thumbnails(sources, [_place(int(row), first) for row in own[order]]))
        words = f"{grouping.kind} {one.name}\n{percent(one.share_a, 1)} of A, {percent(one.share_b, 1)} of B"
        rows.append((words, blocks))
    draw_rows(path, "The groups that differ most: images nearest to their centres", ("A", "B"), rows)


def _draw_moving(path: Path, moves: Sequence[tuple[Place, float]], sources: Sequence[ImageSource]) -> None:
    raising, lowering = ([place for place, value in moves if (value > 0) == up] for up in (True, False))
    rows = []
    for words, chosen in (("raise it", raising), ("lower it", lowering)):
        own = ([one for one in chosen if one[0] == which] for which in (0, 1))
        blocks = [thumbnails(sources, one[:SHOWN_IMAGES]) for one in own]
        rows.append((words, blocks))
    draw_rows(path, "The images that move the FID most", ("A", "B"), rows)
