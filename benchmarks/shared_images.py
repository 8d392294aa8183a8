"""How often two entries are told to share nearly equal images: honest ones, and one with changed images of the other.

    OMP_NUM_THREADS=1 python benchmarks/shared_images.py digits --runs runs
    OMP_NUM_THREADS=1 python benchmarks/shared_images.py shapes --runs runs

Honest pairs are two samples of one set without a common image: real images, the samples of every checkpoint below
--runs that was trained on this data set (many more than a pair needs, each from its own noise), and images of ten
prototypes with noise, a model that has collapsed. Dishonest ones have a share of changed images of the other. Prints a
table in markdown: of how many pairs of 250 images it is told, by thumbnails alone, as for networks whose features are
not kept, by features alone, and by either, as on a board. Two minutes for each data set and three models, on one core.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from copies_told import KINDS, as_three, features, noisy

from bench.leaderboard.near_images import near_pairs
from bench.leaderboard.small_pictures import comparable, small
from bench.measuring.measure import Measure, measure
from bench.measuring.subject import Subject, open_subject
from bench.runs.stored import open_checkpoint
from reference_models.loop import sample

COUNT, POOL = 250, 2_500
SHARES = (1.0, 0.25, 0.1)
Views = tuple[np.ndarray, np.ndarray]  # thumbnails and features, row by row


def views(images: np.ndarray, how: Measure) -> Views:
    return comparable(small(as_three(images))), features(images, how)


def told(views: Views, a: np.ndarray, other: Views, b: np.ndarray) -> list[bool]:
    found = [bool(near_pairs({0: x[a], 1: y[b]})) for x, y in zip(views, other, strict=True)]
    return [*found, any(found)]


def real_images(subject: Subject) -> np.ndarray:
    splits = [subject.dataset.load(name, subject.root, "") for name in subject.dataset.splits]
    images = np.concatenate([split.take(np.arange(min(split.count, POOL))) for split in splits])
    return images[np.random.default_rng(1).permutation(len(images))[:POOL]]


def honest(subject: Subject, runs: Path) -> Iterator[tuple[str, np.ndarray]]:
    real = real_images(subject)
    yield "real images", real
    yield "ten prototypes with noise", changed_images(real[np.random.default_rng(2).integers(0, 10, POOL)], noisy)
    for path in sorted(runs.glob(f"*-{subject.name}-*/checkpoint.safetensors")):
        model = open_checkpoint(path, subject).model
        if not model.directions and hasattr(model, "sample"):
            yield (
                path.parent.name,
                np.concatenate([sample(model, 0, start, start + COUNT) for start in range(0, POOL, COUNT)]),
            )


def row(name: str, found: list[list[bool]]) -> None:
    counts = np.sum(found, axis=0)
    print(f"| {name} | {len(found)} | {' | '.join(map(str, counts))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--extractor", default="digits-cnn")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--pairs", type=int, default=1_000, help="honest ones of each kind")
    parser.add_argument("--copied", type=int, default=40, help="dishonest ones of each kind")
    asked = parser.parse_args()
    subject, how, draw = open_subject(asked.dataset), measure(asked.extractor), np.random.default_rng(0)
    print("| images | pairs | told by thumbnails | by features | by either |\n|---|---:|---:|---:|---:|")
    for name, images in honest(subject, asked.runs):
        seen = views(images, how)
        orders = (draw.permutation(len(images)) for _ in range(asked.pairs))
        row(name, [told(seen, order[:COUNT], seen, order[COUNT : 2 * COUNT]) for order in orders])
    real = real_images(subject)
    seen = views(real, how)
    for name, change in KINDS.items():
        changed = views(changed_images(real, change), how)
        for share in SHARES:
            row(f"{name}, {share:.0%}", [shared(seen, changed, share, draw) for _ in range(asked.copied)])


def changed_images(real: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return change(as_three(real))[:, : real.shape[1]]


def shared(seen: Views, changed: Views, share: float, draw: np.random.Generator) -> list[bool]:
    """One entry of real images, and one with this share of them changed, the others its own."""
    order, copied = draw.permutation(len(seen[0])), round(share * COUNT)
    mine, own = order[:COUNT], order[COUNT : 2 * COUNT - copied]
    mixed = tuple(np.concatenate([x[mine[:copied]], y[own]]) for x, y in zip(changed, seen, strict=True))
    return told(seen, mine, (mixed[0], mixed[1]), np.arange(COUNT))


if __name__ == "__main__":
    main()
