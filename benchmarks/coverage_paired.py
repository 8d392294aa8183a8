"""Whether the paired standard error of a difference of two distances is right, and what pairing gains.

    OMP_NUM_THREADS=1 python benchmarks/coverage_paired.py [--repeats 300] [--dims 64,256] [--counts 250,1000]

Draws one real set and the sets of two generators again and again. Mean and spectrum of A differ from those of the real
images; those of B differ the same way and further (alike, as two models of one kind do), another way (unlike), or both
are the real distribution (perfect).
Prints per case, for the corrected FID and the KID: the true difference (FID: in closed form; KID: the mean of the
unbiased estimates), the mean estimate, its standard deviation over the repeats, the root mean square of the paired and
of the unpaired estimate of it, and how often the 95 % intervals hold the truth.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from bench.leaderboard.differences import difference, estimate
from bench.leaderboard.influence import influences
from bench.tables.columns import Number
from metrics import fid, kid

CASES = (("alike", (0, 0), (1.0, 1.2)), ("unlike", (0, 1), (1.0, 1.2)), ("perfect", (0, 0), (0.0, 0.0)))
METRICS = tuple(Number(one, one.main) for one in (fid.METRIC, kid.METRIC))


@dataclass(frozen=True)
class Case:
    """`ways` are the directions, and `away` how far, in which the two generators differ from the real images."""

    name: str
    dims: int
    count: int
    ways: tuple[int, int]
    away: tuple[float, float]

    def real(self) -> np.ndarray:
        """Variances in the eigenbasis of the real covariance, falling as 1 / k, whose sum is 10."""
        variances = 1.0 / np.arange(1, self.dims + 1)
        return variances * 10 / variances.sum()

    def parameters(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variances of a generator."""
        step, turn = np.random.default_rng(5 + self.ways[side]).normal(size=(2, self.dims))
        away = self.away[side]
        return 0.3 * away * np.sqrt(self.real()) * step, self.real() * np.exp(0.5 * away * turn)

    def truth(self, side: int) -> float:
        """The FID of a generator."""
        mean, variances = self.parameters(side)
        return float(mean @ mean + ((np.sqrt(variances) - np.sqrt(self.real())) ** 2).sum())

    def draw(self, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        random = np.random.default_rng(seed)
        x = random.normal(size=(self.count, self.dims)) * np.sqrt(self.real())
        made = []
        for side in (0, 1):
            mean, variances = self.parameters(side)
            made.append(random.normal(size=(self.count, self.dims)) * np.sqrt(variances) + mean)
        return x, made[0], made[1]


def one(case: Case, seed: int) -> list[list[float]]:
    real, *generated = case.draw(seed)
    scores = [{"fid": fid.compute(real, made), "kid": kid.compute(real, made)} for made in generated]
    moves = [influences((fid.METRIC, kid.METRIC), real, made) for made in generated]
    rows = []
    for row, number in enumerate(METRICS):
        paired = difference(*(estimate(number, side, kept[row]) for side, kept in zip(scores, moves, strict=True)))
        apart = difference(*(estimate(number, side, None) for side in scores))
        rows.append([paired.value, paired.se, paired.low, paired.high, apart.se, apart.low, apart.high])
    return rows


def report(case: Case, repeats: int, pool: ProcessPoolExecutor) -> None:
    found = np.array(list(pool.map(one, [case] * repeats, range(repeats), chunksize=4)))
    for place, metric in enumerate(number.key for number in METRICS):
        value, se, low, high, apart, apart_low, apart_high = found[:, place].T
        truth = case.truth(0) - case.truth(1) if metric == "fid_corrected" else value.mean()
        cells = [truth, value.mean(), value.std(ddof=1), np.sqrt(np.mean(se**2)), np.sqrt(np.mean(apart**2))]
        covers = [np.mean((a <= truth) & (truth <= b)) for a, b in ((low, high), (apart_low, apart_high))]
        told = [np.mean((a > 0) | (b < 0)) for a, b in ((low, high), (apart_low, apart_high))]
        print(
            f"| {case.name} | {case.dims} | {case.count} | {metric} | "
            + " | ".join(f"{cell:.4g}" for cell in cells)
            + " | "
            + " | ".join(f"{100 * share:.1f} %" for share in (*covers, *told))
            + " |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--dims", default="64,256")
    parser.add_argument("--counts", default="250,1000")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    print("| case | d | n | | truth | mean | sd | paired | unpaired | covers | unpaired | told apart | unpaired |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(asked.processes) as pool:
        for dims in map(int, asked.dims.split(",")):
            for count in map(int, asked.counts.split(",")):
                for case in CASES:
                    report(Case(case[0], dims, count, *case[1:]), asked.repeats, pool)


if __name__ == "__main__":
    main()
