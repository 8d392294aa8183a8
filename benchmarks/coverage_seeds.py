"""How often the interval of a mean over training seeds holds the truth, and what is found of the spread between them.

    python benchmarks/coverage_seeds.py [--repeats 40000]

Draws the scores of k seeds again and again: x_i = mu + b_i + c + e_i, where b_i is what training brings (standard
deviation tau), e_i what the generated images and c what the real images do (together 1, `shared` of the variance c's).
The truth of the t-interval is mu + c, the mean over all seeds on these real images; `any real` counts mu, which it does
not promise. `between` is the root of the mean estimate of tau^2, with the shared part known and taken as half, beside
`if forgotten`, the whole sampling variance taken off; `interval` how often that of tau holds tau. Scores whose training
part is skewed (exponential) are counted too. All of it takes 10 seconds on one core.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, stdtrit

from metrics.arithmetic.training_seeds import over_seeds

COUNTS, SPREADS, SHARES, SHAPES = (2, 3, 5, 10), (0.0, 0.5, 1.0, 3.0, 10.0), (0.2, 0.5, 0.9), ("normal", "skewed")
HEADS = (
    *("training", "shared", "k", "tau", "covers", "any real", "interval"),
    *("between, known", "taken as half", "if forgotten"),
)
CHECKED = 200  # repeats that are computed by the function itself too


class Counted(NamedTuple):
    """What was counted of one case; the last three are root means."""

    covers: float
    any_real: float
    tau_covers: float
    known: float
    half: float
    forgotten: float


def drawn(random: np.random.Generator, shape: str, size: tuple[int, int]) -> np.ndarray:
    """Numbers of mean 0 and variance 1."""
    return random.normal(size=size) if shape == "normal" else random.exponential(size=size) - 1


def count(k: int, tau: float, shared: float, shape: str, repeats: int) -> Counted:
    random = np.random.default_rng([k, int(10 * tau), int(10 * shared)])
    real = np.sqrt(shared) * random.normal(size=(repeats, 1))
    own = np.sqrt(1 - shared) * random.normal(size=(repeats, k))
    x = tau * drawn(random, shape, (repeats, k)) + real + own
    mean, variance = x.mean(axis=1), x.var(axis=1, ddof=1)
    reach = stdtrit(k - 1, 0.975) * np.sqrt(variance / k)
    low, high = ((k - 1) * variance / chdtri(k - 1, tail) for tail in (0.025, 0.975))
    check(x, mean, reach, low, high)
    known, half, forgotten = (np.maximum(variance - part, 0) for part in (1 - shared, 0.5, 1.0))
    return Counted(
        covers=float(np.mean(np.abs(mean - real[:, 0]) <= reach)),
        any_real=float(np.mean(np.abs(mean) <= reach)),
        tau_covers=float(np.mean((low - 1 <= tau**2) & (tau**2 <= high))),
        known=float(np.sqrt(known.mean())),
        half=float(np.sqrt(half.mean())),
        forgotten=float(np.sqrt(forgotten.mean())),
    )


def check(x: np.ndarray, mean: np.ndarray, reach: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """The columns above are those of the function that tables use."""
    for row in range(CHECKED):
        found = over_seeds(x[row], np.ones(x.shape[1]))
        ends = [np.sqrt(max(end, 0)) for end in (low[row] - 1, high[row])]
        assert np.allclose([found.low, found.high], mean[row] + reach[row] * np.array([-1, 1]))
        assert np.allclose([found.between_low, found.between_high], ends)


def lines(repeats: int) -> Iterator[str]:
    yield f"| {' | '.join(HEADS)} |"
    yield "|---" + "|---:" * (len(HEADS) - 1) + "|"
    for shape in SHAPES:
        for shared in SHARES:
            for k in COUNTS:
                for tau in SPREADS:
                    one = count(k, tau, shared, shape, repeats)
                    shares = " | ".join(f"{100 * share:.1f} %" for share in one[:3])
                    yield (
                        f"| {shape} | {shared} | {k} | {tau:g} | {shares} | "
                        + " | ".join(f"{spread:.2f}" for spread in one[3:])
                        + " |"
                    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=40_000)
    for line in lines(parser.parse_args().repeats):
        print(line, flush=True)
