"""How well orders of the board of digits agree with the eye, and with a classifier that is no extractor here.

    python benchmarks/agreement_of_orders.py [--results results]

The eye: one look at the 36 first images of each entry, in random order and without names, beside 36 real digits, from
the best to the worst (EYE). The one who looked knew nothing of the board or of the models. The classifier: a support
vector machine on the 8 x 8 pixels, trained on the training digits (99 % of the test digits right); how surely it takes
these 36 images for one class and for no other one on average. Prints Spearman's rank correlation of each order with
both, over the ranked entries that were looked at: later ones are left out. It takes 10 seconds.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import rankdata, spearmanr
from sklearn.svm import SVC

from bench.datasets import digits
from bench.leaderboard import way
from bench.leaderboard.board import Board, read_board
from bench.leaderboard.entry_places import PREVIEW, beside, entry_path
from bench.second_opinions.mean_ratio import mean_log_ratio
from bench.tables.columns import of_board

EYE = (
    "biggan", "dcgan-deep", "dcgan", "cgan", "stylegan2-small", "flow-matching", "improved-gan", "dcgan-guided",
    "dcgan-upconv", "lsgan", "sngan", "wgan", "ebgan", "dcgan-small", "vqvae", "began", "vdb-gan", "ddpm", "vae",
    "gan-deep", "conv-vae", "wgan-gp", "gan", "autoencoder", "conv-autoencoder",
)  # fmt: skip
SIDE, GAP, FACTOR, COLUMNS = 32, 2, 2, 6  # of a preview: each image twice as large, 6 x 6 of them


def small(images: np.ndarray) -> np.ndarray:
    """Images [n, 32, 32] as they were published: 8 x 8 means, from 0 to 1, flat."""
    return images.reshape(len(images), 8, 4, 8, 4).mean(axis=(2, 4)).reshape(len(images), -1) / 255


def preview(path: Path) -> np.ndarray:
    """The images [36, 32, 32] of a preview."""
    with Image.open(path) as opened:
        sheet = np.asarray(opened.convert("L"))[::FACTOR, ::FACTOR].astype(float)
    step = SIDE + GAP
    places = [(row * step, column * step) for row in range(COLUMNS) for column in range(COLUMNS)]
    return np.stack([sheet[top : top + SIDE, left : left + SIDE] for top, left in places])


class Classifier:
    """Ten support vector machines, one for each digit against all others."""

    def __init__(self) -> None:
        split = digits.load("train", Path())
        images = small(split.take(np.arange(split.count))[:, 0].astype(float))
        self.machines = [SVC(C=5).fit(images, split.labels == digit) for digit in range(10)]

    def sureness(self, images: np.ndarray) -> float:
        """The largest of the ten margins, at most 1, on average over images [n, 32, 32]."""
        flat = small(images)
        margins = np.stack([one.decision_function(flat) for one in self.machines])
        return float(np.minimum(margins.max(axis=0), 1).mean())


def orders(board: Board) -> dict[str, np.ndarray]:
    """Each order: a value for each ranked entry, above where it is worse; of several seeds the first one's own, whose
    images were looked at."""
    marks = board.record.landmarks
    found: dict[str, np.ndarray] = {}
    for number in of_board(board.record.rules.protocol):
        if number.ranked:
            values = [number.cell(one.entry.scores).value for one in board.ranked]
            if None not in values:
                sign = 1 if number.output.better == "lower" else -1
                found[number.output.title] = sign * np.array(values, float)
    ranks = [rankdata(found[title]) for title in ("KID", "IS, corrected")]
    found["rank of KID + rank of IS"] = np.sum(ranks, axis=0)
    means = [mean_log_ratio(one.entry.scores, marks["real 2"])["mean_log_ratio"] for one in board.ranked]
    found["mean-log-ratio"] = np.array([np.inf if one is None else one for one in means])  # they stand last
    fid = ("fid", "fid_corrected")
    for name, parts in (
        ("way-to-noise", way.PARTS),
        ("the same by FID and IS", (fid, way.PARTS[1])),
        ("the same by FID, KID and IS", (fid, *way.PARTS)),
    ):
        found[name] = np.array([way.way(one.entry.scores, marks, parts)[way.KEY] for one in board.ranked], float)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results"))
    results = parser.parse_args().results
    board, classifier = read_board(results, "digits"), Classifier()
    looked_at = [place for place, one in enumerate(board.ranked) if one.entry.slug in EYE]
    slugs = [board.ranked[place].entry.slug for place in looked_at]
    eye = np.array([EYE.index(slug) for slug in slugs])
    previews = [preview(beside(entry_path(results, "digits", slug)) / PREVIEW) for slug in slugs]
    unsure = -np.array([classifier.sureness(one) for one in previews])
    print("| order | eye | classifier | mean |")
    print("|---|---|---|---|")
    found = {name: values[looked_at] for name, values in orders(board).items()}
    for name, values in {**found, "the eye": eye}.items():
        both = [float(spearmanr(values, judge)[0]) for judge in (eye, unsure)]
        print(f"| {name} | {both[0]:.2f} | {both[1]:.2f} | {np.mean(both):.2f} |")


if __name__ == "__main__":
    main()
