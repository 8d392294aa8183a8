"""How often sets with a share of copied training images are flagged, by kind of copy, and how often honest sets are.

    OMP_NUM_THREADS=1 python benchmarks/copies_told.py fashion-mnist --extractor fashion-cnn --data-root FOLDER
    OMP_NUM_THREADS=1 python benchmarks/copies_told.py FOLDER_OF_IMAGES --extractor pixels

Real images are drawn into a training set and the others. In each draw some of the others are the held-out set, and an
entry is n of what is left, with so many changed training images in the place of as many of its own. What is near to
what is measured once. The rules are those of exact copies and near duplicates; those of the nearest real image, which
ask for a quarter of the images, are left out. The draws take from the same images, so they are not independent.

Prints a table in markdown: the percent of the draws that are flagged, by pixels or features, and by features alone in
brackets, at n = 250 and 1,000. About three minutes for 15,000 small images.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from flags_on_copies import as_jpeg

from bench.measuring.evaluation import array_source
from bench.measuring.flags import flags
from bench.measuring.measure import Measure, measure
from bench.measuring.scoring import load_metrics
from bench.measuring.sets import measure_set
from bench.measuring.subject import open_subject
from bench.sources import ImageSource, open_source
from metrics.arithmetic.near_duplicates import near_numbers
from metrics.arithmetic.nearest import nearest
from metrics.arithmetic.thumbnails import levelled, thumbnails, two_nearest

SHARES, COUNTS = (0.01, 0.02, 0.03, 0.05, 0.1), (250, 1000)
COPIED = 250  # training images of each kind of copy: as many as the largest share asks for, and more
MEMORISATION = load_metrics(["memorisation"])


def noisy(images: np.ndarray) -> np.ndarray:
    grey = np.array_equal(images[:, 0], images[:, 1])
    step = np.random.default_rng(0).normal(0, 15, images[:, :1].shape if grey else images.shape)
    return np.clip(images + step, 0, 255).round().astype(np.uint8)


KINDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exact": lambda images: images,
    "shifted by a pixel": lambda images: np.concatenate([images[..., :1], images[..., :-1]], axis=-1),
    "JPEG of quality 50": partial(as_jpeg, quality=50),
    "noise of 15 levels": noisy,
    "mirrored": lambda images: np.ascontiguousarray(images[..., ::-1]),
    "brightness +25": lambda images: np.clip(images.astype(int) + 25, 0, 255).astype(np.uint8),
}


@dataclass(frozen=True, eq=False)
class Near:
    """The nearest training image of each image [n], and the squared distances to the two nearest [n, 2]."""

    rows: np.ndarray
    squared: np.ndarray

    def of(self, places: np.ndarray) -> "Near":
        return Near(self.rows[places], self.squared[places])

    def with_others(self, other: "Near") -> "Near":
        return Near(np.concatenate([self.rows, other.rows]), np.concatenate([self.squared, other.squared]))


def real_images(what: str, root: Path | None, most: int) -> np.ndarray:
    """uint8 [n, 3, h, w] of a data set by name, all its splits, or of a folder, in random order."""
    if Path(what).is_dir():
        source = open_source(what)
        rows = np.random.default_rng(1).permutation(source.count)[:most]
        return np.stack([source.read(int(row)) for row in rows])
    subject = open_subject(what, root)
    splits = [subject.dataset.load(name, subject.root, subject.domains[0]) for name in subject.dataset.splits]
    images = np.concatenate([split.take(np.arange(split.count)) for split in splits])
    return images[np.random.default_rng(1).permutation(len(images))[:most]]


def features(images: np.ndarray, how: Measure) -> np.ndarray:
    source: ImageSource = array_source(images, "images")
    return measure_set(source, how, MEMORISATION).features("pool")


def near_by_both(train: np.ndarray, how: Measure) -> Callable[[np.ndarray], dict[str, Near]]:
    """A function from images to what they are near to, by the metric's key."""
    small, known = levelled(thumbnails(as_three(train))), features(train, how)

    def look(images: np.ndarray) -> dict[str, Near]:
        rows, squared = nearest(features(images, how), known, 2)
        return {
            "near_duplicates": Near(rows[:, 0], squared),
            "near_copies": Near(*two_nearest(as_three(images), small)),
        }

    return look


def as_three(images: np.ndarray) -> np.ndarray:
    return np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images


def told(made: dict[str, Near], held_out: dict[str, Near], exact: float) -> dict[str, bool]:
    """Whether such a set is flagged, by features, by pixels, and by any."""
    values = {key: near_numbers(key, made[key].squared, made[key].rows, held_out[key].squared) for key in made}
    by_features = bool(flags(values["near_duplicates"], {}))
    by_pixels = bool(flags({}, values["near_copies"] | {"exact_copies": exact, "exact_copies_expected": 0.0}))
    return {"features": by_features, "pixels": by_pixels, "any": by_features or by_pixels}


def draws(
    others: dict[str, Near], copied: dict[str, Near], share: float, n: int, asked: argparse.Namespace, exact: bool
) -> dict[str, float]:
    """The shares of the draws that are flagged."""
    draw = np.random.default_rng([n, round(1000 * share)])
    found = []
    count = len(others["near_copies"].rows)
    for _ in range(asked.draws if share else asked.honest):
        order, copies = draw.permutation(count), round(share * n)
        chosen = draw.permutation(COPIED)[:copies]
        held_out = {key: one.of(order[: asked.held_out]) for key, one in others.items()}
        own = {key: one.of(order[asked.held_out :][: n - copies]) for key, one in others.items()}
        made = {key: own[key].with_others(copied[key].of(chosen)) for key in own}
        found.append(told(made, held_out, share if exact else 0.0))
    return {key: float(np.mean([one[key] for one in found])) for key in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images")
    parser.add_argument("--extractor", default="pixels")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--train", type=int, default=5_000)
    parser.add_argument("--held-out", type=int, default=5_000)
    parser.add_argument("--pool", type=int, default=5_000)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--honest", type=int, default=400)
    asked = parser.parse_args()
    how = measure(asked.extractor)
    images = real_images(asked.images, asked.data_root, asked.train + asked.held_out + asked.pool)
    train, rest = images[: asked.train], images[asked.train :]
    look = near_by_both(train, how)
    others = look(rest)
    counts = [n for n in COUNTS if n + asked.held_out <= len(rest)]
    print(f"{asked.images}: {len(train)} training images, {asked.held_out} held out, by {asked.extractor} and pixels")
    print("| copies |", " | ".join(f"{n}: {100 * share:g} %" for n in counts for share in SHARES), "|")
    print("|---|" + "---:|" * len(counts) * len(SHARES))
    for kind, change in KINDS.items():
        copied = look(as_three(change(as_three(train[:COPIED])))[:, : images.shape[1]])
        found = [draws(others, copied, share, n, asked, kind == "exact") for n in counts for share in SHARES]
        print(f"| {kind} | {' | '.join(map(cell, found))} |", flush=True)
    for n in counts:
        print(f"none, n = {n}, {asked.honest} draws: {cell(draws(others, others, 0.0, n, asked, False))}", flush=True)


def cell(flagged: dict[str, float]) -> str:
    return f"{100 * flagged['any']:.3g} ({100 * flagged['features']:.3g})"


if __name__ == "__main__":
    main()
