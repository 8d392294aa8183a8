"""How often the interval of the mean FID over classes covers the truth.

Ten classes, each a pair of Gaussians with the means and covariances of one class of real features and of the same
features moved or stretched, so that the Fréchet distance of every class is known. Prints a row per number of images of
a class and strength: the true mean, the mean of the corrected one, its true and its estimated standard deviation, and
the share of repeats whose 95 % interval holds the truth; behind it the same of the single classes.

    python benchmarks/coverage_by_class.py [--repeats 200] [--seed 0]
"""

import argparse

import numpy as np

from bench.measuring.by_class import mean_of
from bench.measuring.sets import measure_set
from bench.measuring.setup import Setup
from metrics import fid
from metrics.fid import GaussianStats, fid_between

COUNTS = (25, 50, 100)
STRENGTHS = (0.0, 0.3)  # of what is done to the generated Gaussians
CLASSES = 10
OUTPUT = fid.METRIC.output("fid_corrected")

Gaussian = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    real = class_gaussians()
    draw = np.random.default_rng(asked.seed)
    print("| n of a class | strength | true mean | found | true sd | estimated sd | covered | of a class |")
    print("|---|---|---|---|---|---|---|---|")
    for strength in STRENGTHS:
        made = [(mean + strength * np.sqrt(np.diag(cov)), cov * (1 + strength)) for mean, cov in real]
        truths = np.array([distance(one, other) for one, other in zip(real, made, strict=True)])
        for count in COUNTS:
            row = repeated(real, made, truths, count, asked.repeats, draw)
            print(f"| {count} | {strength} | {truths.mean():.3f} | {row} |", flush=True)


def repeated(
    real: list[Gaussian],
    made: list[Gaussian],
    truths: np.ndarray,
    count: int,
    repeats: int,
    draw: np.random.Generator,
) -> str:
    means, of_classes = [], []
    for _ in range(repeats):
        pairs = zip(real, made, strict=True)
        rows = [fid.compute(*(draw.multivariate_normal(*one, count) for one in pair)) for pair in pairs]
        of_classes += [row["fid_low"] <= truth <= row["fid_high"] for row, truth in zip(rows, truths, strict=True)]
        means.append(mean_of(OUTPUT, rows))
    found, sd, low, high = (
        np.array([one[f"fid_{key}"] for one in means]) for key in ("corrected", "sd", "low", "high")
    )
    covered = np.mean((low <= truths.mean()) & (truths.mean() <= high))
    shares = f"{100 * covered:.1f} % | {100 * np.mean(of_classes):.1f} %"
    return f"{found.mean():.3f} | {found.std():.3f} | {sd.mean():.3f} | {shares}"


def class_gaussians() -> list[Gaussian]:
    """Mean and covariance of the features of each digit."""
    setup = Setup.of({"extractor": "digits-cnn"})
    measured = measure_set(setup.open("digits:train"), setup.measure(), (fid.METRIC,))
    labels = np.array(measured.labels)
    parts = [measured.features()[labels == str(digit)].astype(np.float64) for digit in range(CLASSES)]
    return [(part.mean(axis=0), np.cov(part, rowvar=False)) for part in parts]


def distance(one: Gaussian, other: Gaussian) -> float:
    """The Fréchet distance of two Gaussians."""
    return fid_between(GaussianStats(*one, 10_000), GaussianStats(*other, 10_000)).fid


if __name__ == "__main__":
    main()
