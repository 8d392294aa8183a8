"""How much precision, recall, density and coverage of real images against real ones change from draw to draw.

Shuffles real images, cuts them into disjoint pairs of sets of n images, and measures each pair; several shuffles where
one gives few pairs. Prints a row per n: the mean of each number and, behind it, its standard deviation over the pairs.
A generator as good as real images gets such numbers, so it differs from them only by more than about two of these
deviations.

    python benchmarks/noise_prdc.py digits:train,digits:test --extractor digits-cnn
    python benchmarks/noise_prdc.py shapes:train --limit 20000 --extractor shapes-cnn
    python benchmarks/noise_prdc.py folder/of/photographs --extractor efficientnet-lite0
"""

import argparse
from pathlib import Path

import numpy as np

from bench.measuring.sets import measure_set
from bench.measuring.setup import Setup
from metrics import prdc

COUNTS = (100, 250, 500, 1_000, 2_500)
PAIRS = 20  # at least so many for a standard deviation
NUMBERS = ("precision", "recall", "density", "coverage")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", help="sets of real images, with commas between them, that are taken as one")
    parser.add_argument("--extractor", default="inception")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    how = {"extractor": asked.extractor, "limit": asked.limit, "data_root": asked.data_root}
    setup = Setup.of({name: value for name, value in how.items() if value is not None})
    measure = setup.measure()
    opened = [setup.open(name) for name in asked.sets.split(",")]
    features = np.concatenate([measure_set(one, measure, (prdc.METRIC,)).features() for one in opened])
    draw = np.random.default_rng(asked.seed)
    print(f"{len(features):,} images, {features.shape[1]} features of {asked.extractor}\n")
    print("| n | pairs | " + " | ".join(NUMBERS) + " |")
    print("|---|---|" + "---|" * len(NUMBERS))
    for count in COUNTS:
        if 2 * count <= len(features):
            found = measured(features, count, draw)
            cells = [f"{one.mean():.3f} ± {one.std(ddof=1):.3f}" for one in found.T]
            print(f"| {count:,} | {len(found)} | " + " | ".join(cells) + " |", flush=True)


def measured(features: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """The numbers of at least PAIRS pairs of disjoint sets [pairs, 4], without a use for images that are left over."""
    found: list[list[float]] = []
    while len(found) < PAIRS:
        order = draw.permutation(len(features))
        for start in range(0, len(order) - 2 * count + 1, 2 * count):
            real, generated = order[start : start + count], order[start + count : start + 2 * count]
            values = prdc.compute(features[real], features[generated])
            found.append([values[name] for name in NUMBERS])
    return np.array(found)


if __name__ == "__main__":
    main()
