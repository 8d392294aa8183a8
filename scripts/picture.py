"""The picture of the README: samples of some entries of the board of `digits`, and what the board says of them.

    python scripts/picture.py          # writes docs/digits.png

It is made from the committed previews and the committed board, so it shows what `bench leaderboard digits` says.
"""

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from bench.datasets import data_root, eval_set, open_dataset

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
ENTRIES = (
    *("real 2", "biggan", "flow-matching", "dcgan-deep", "dcgan", "vqvae", "ddpm", "vae", "pixel-gaussian", "gan"),
)
SIDE, STEP, COUNT = 64, 68, 12  # pixels of an image in a preview, from one to the next, and images in a row here
INK, GREY, BLUE, FAINT = "#222222", "#888888", "#1f6f78", "#dddddd"


def samples(name: str) -> np.ndarray:
    """The first images of an entry side by side, uint8 [SIDE, COUNT * STEP]."""
    if name == "real 2":
        real = eval_set(open_dataset("digits"), name, data_root()).take(range(COUNT))[:, 0]
        tiles = [np.asarray(Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for one in real]
    else:
        with Image.open(RESULTS / "submissions" / "digits" / name / "preview.png") as preview:
            grid = np.asarray(preview.convert("L"))
        corners = [(row * STEP, column * STEP) for row in range(6) for column in range(6)][:COUNT]
        tiles = [grid[top : top + SIDE, left : left + SIDE] for top, left in corners]
    return np.hstack([np.pad(tile, ((0, 0), (0, STEP - SIDE)), constant_values=255) for tile in tiles])


def one_name(name: str) -> str:
    """Of a mean over training seeds, the name of its first entry."""
    return name.partition(", mean of")[0]


def main() -> None:
    with (RESULTS / "leaderboards" / "digits.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # A model with several training seeds has its rank in the row of their mean.
    board = {row["name"]: row for row in rows} | {one_name(row["name"]): row for row in rows if row["rank"]}
    figure = Figure(figsize=(8.4, 0.42 * len(ENTRIES) + 0.6), facecolor="white")
    left, right = figure.subplots(1, 2, width_ratios=(COUNT, 6.6))
    figure.subplots_adjust(left=0.14, right=0.985, top=0.925, bottom=0.065, wspace=0.02)
    for height, name in enumerate(ENTRIES):
        row = board[name]
        value, low, high = (float(row[f"way_to_noise{end}"]) for end in ("", "_low", "_high"))
        colour = BLUE if row["rank"] else GREY
        left.imshow(samples(name), cmap="gray", extent=(0, COUNT, height + 0.46, height - 0.46), aspect="auto")
        right.plot([low, high], [height, height], color=colour, linewidth=3, solid_capstyle="butt")
        right.plot([value], [height], "o", color=colour, markersize=4)
        said = f"{value:.3f} [{low:.3f}, {high:.3f}]".replace("-", "−")
        right.text(0.63, height, said, va="center", fontsize=8.5, color=INK)
    left.set(xlim=(0, COUNT), ylim=(len(ENTRIES) - 0.5, -0.5), xticks=[])
    left.set_yticks(range(len(ENTRIES)), [f"{board[name]['rank']}  {name}".strip() for name in ENTRIES], color=INK)
    right.set(xlim=(-0.06, 1.42), ylim=(len(ENTRIES) - 0.5, -0.5), yticks=[], xticks=(0, 0.2, 0.4, 0.6))
    right.axvline(0, color=INK, linewidth=0.8)
    right.grid(axis="x", color=FAINT, linewidth=0.6)
    right.set_axisbelow(True)
    left.set_title("rank, name, samples", loc="left", fontsize=9.5, color=INK)
    right.set_title("way to noise ↓ with its 95 % interval", loc="left", fontsize=9.5, color=INK)
    for axes in (left, right):
        axes.tick_params(length=0, labelsize=9)
        axes.spines[:].set_visible(False)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=120)
    Image.open(drawn).convert("RGB").quantize(32, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        ROOT / "docs" / "digits.png", optimize=True
    )


if __name__ == "__main__":
    main()
