"""Whether KID's standard error is right, and how often its interval covers the true distance.

Draws pairs of sets from two distributions of non-negative, strongly correlated features (as a network's pooled
features are) that differ by a shift, and prints one row per counts and shift: the mean KID over all repeats (it is
unbiased, so this is the truth), the true standard deviation, the root mean square and the mean of the estimated one,
and the share of repeats whose 95 % interval holds the truth.

    python benchmarks/coverage_kid.py [--repeats 1000] [--seed 0]
"""

import argparse

import numpy as np

from metrics import kid

DIMENSIONS, FACTORS = 64, 16
CASES = ((100, 100, 0.0), (100, 300, 0.0), (300, 300, 0.0), (300, 300, 0.05), (100, 100, 0.1), (100, 300, 0.1))
CASES += ((300, 300, 0.1), (1000, 1000, 0.0), (1000, 1000, 0.1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = np.random.default_rng(arguments.seed)
    loadings = draw.normal(size=(FACTORS, DIMENSIONS)) / 4

    def features(count: int, shift: float) -> np.ndarray:
        common, own = draw.normal(size=(count, FACTORS)), draw.normal(size=(count, DIMENSIONS))
        return np.maximum(common @ loadings + 0.3 * own + 0.2 + shift, 0)

    print("| n | m | shift | KID | true sd | estimated, rms | estimated, mean | covered |")
    print("|---|---|---|---|---|---|---|---|")
    for n, m, shift in CASES:
        runs = [kid.compute(features(n, 0), features(m, shift), subset_size=10_000) for _ in range(arguments.repeats)]
        value, sd, low, high = (np.array([run[f"kid{end}"] for run in runs]) for end in ("", "_sd", "_low", "_high"))
        truth = value.mean() if shift else 0.0
        covered = np.mean((low <= truth) & (truth <= high))
        print(
            f"| {n} | {m} | {shift} | {truth:.5f} | {value.std():.5f} | {np.sqrt(np.mean(sd**2)):.5f} "
            f"| {sd.mean():.5f} | {100 * covered:.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
