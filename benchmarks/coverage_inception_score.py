"""How often the interval of the Inception Score covers the generator's own score, and what bias is left.

Draws sets of n images from generators whose score is known (from 200,000 draws), some far richer than n images can
show, and prints one row per generator and n: the plain score (one split), the corrected one, the true and the
estimated standard deviation of its logarithm, and the share of repeats whose 95 % interval holds the known score.

    python benchmarks/coverage_inception_score.py [--repeats 500] [--seed 0]
"""

import argparse
from collections.abc import Callable

import numpy as np

from metrics import inception_score

POPULATION_IMAGES = 200_000
GENERATORS = {  # name: (classes, noise of the logits, certainty of the own class, spread of the class frequencies)
    "10 classes, unsure": (10, 1.0, 5.0, 0.0),
    "10 classes, sure": (10, 0.3, 30.0, 0.0),
    "100 classes, uneven": (100, 1.0, 8.0, 1.0),
    "1000 classes, uneven": (1000, 1.5, 10.0, 1.0),
    "1000 classes, even": (1000, 1.5, 10.0, 0.0),
    "1000 classes, sure, very uneven": (1000, 0.5, 60.0, 2.0),
}
COUNTS = (50, 100, 300, 1000)


def generator(
    classes: int, noise: float, certainty: float, spread: float, draw: np.random.Generator
) -> Callable[[int], np.ndarray]:
    """A function from a number of images to logits: each class has its own mean, its own frequency."""
    frequency = np.exp(spread * draw.normal(size=classes))
    frequency /= frequency.sum()
    means = noise * draw.normal(size=(classes, classes)) / 3

    def logits(count: int) -> np.ndarray:
        own = draw.choice(classes, count, p=frequency)
        values = noise * draw.normal(size=(count, classes)) + means[own]
        values[np.arange(count), own] += certainty * draw.exponential(size=count)
        return values

    return logits


def population_score(logits: Callable[[int], np.ndarray]) -> float:
    """The score of 200,000 draws as one split, a block at a time; its own bias is below classes / 400,000."""
    step = 5_000
    looked = [inception_score.Rows.of(logits(step), np.arange(step)).sums for _ in range(POPULATION_IMAGES // step)]
    return float(np.exp(inception_score.Sums.joined(looked).log_score))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| generator | its IS | n | plain | corrected | sd of log | estimated | covered |")
    print("|---|---|---|---|---|---|---|---|")
    for name, settings in GENERATORS.items():
        logits = generator(*settings, np.random.default_rng(arguments.seed))
        truth = population_score(logits)
        for n in COUNTS:
            runs = [inception_score.compute(logits(n), splits=1) for _ in range(arguments.repeats)]
            plain, corrected, se, low, high = (
                np.array([run[f"inception_score{end}"] for run in runs])
                for end in ("", "_corrected", "_se", "_low", "_high")
            )
            covered = np.mean((low <= truth) & (truth <= high))
            print(
                f"| {name} | {truth:.2f} | {n} | {plain.mean():.2f} | {corrected.mean():.2f} "
                f"| {np.log(corrected).std():.3f} | {(se / corrected).mean():.3f} | {100 * covered:.1f} % |",
                flush=True,
            )


if __name__ == "__main__":
    main()
