"""How often the intervals of `bench opinions` hold the ratio that they are for.

    OMP_NUM_THREADS=1 python benchmarks/coverage_opinions.py [--repeats 400] [--dims 64,512] [--counts 100,300]

Draws real 1, real 2 and generated images of one size again and again: non-negative, strongly correlated features, as a
network's pooled features are, with logits of 10 classes for the Inception Score. The generated ones are real
themselves, moved a little, moved far, or less varied. The truth of a case is, for each number, the mean of its values
over all repeats, generated over real 2: the ratio at this n. Prints, per number and case: this ratio, the standard
deviation of its logarithm over the repeats, the root mean square of the estimated one, and how often the 95 % interval
holds the truth and is clear of 1.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from bench.second_opinions.ratios import ratio_of
from metrics import cmmd, fid, inception_score, kid, mind, prdc, vendi
from metrics.arithmetic.quantiles import Z95

CASES = (("as real", 0.0, 1.0), ("moved a little", 0.05, 1.0), ("moved far", 0.3, 1.0), ("less varied", 0.0, 0.7))
METRICS = tuple(one.METRIC for one in (fid, mind, kid, cmmd, inception_score, prdc, vendi))
FACTORS, CLASSES = 16, 10


@dataclass(frozen=True)
class Case:
    """`shift` moves all features, `spread` narrows what the factors bring."""

    name: str
    shift: float
    spread: float
    dims: int
    count: int

    def draw(self, seed: int) -> list[dict[str, np.ndarray]]:
        """Real 1, real 2 and generated, by what metrics read."""
        loadings = np.random.default_rng(1).normal(size=(FACTORS, self.dims)) / 4
        classifier = np.random.default_rng(2).normal(size=(self.dims, CLASSES)) * 3 / np.sqrt(self.dims)
        random = np.random.default_rng(seed)
        sets = []
        for shift, spread in ((0.0, 1.0), (0.0, 1.0), (self.shift, self.spread)):
            common = spread * random.normal(size=(self.count, FACTORS))
            own = random.normal(size=(self.count, self.dims))
            pool = np.maximum(common @ loadings + 0.3 * own + 0.2 + shift, 0)
            sets.append({"pool": pool, "logits": pool @ classifier})
        return sets


def one(case: Case, seed: int) -> dict[str, tuple[float, ...]]:
    """Per number: of the generated images, of real 2, the ends of the interval of their ratio."""
    found = {}
    sets = case.draw(seed)
    for metric in METRICS:
        real, other, made = (one[metric.feature] for one in sets)
        pairs = ((made,), (other,)) if metric.arity == "set" else ((real, made), (real, other))
        of_generated, of_real = (metric.moved(*pair) for pair in pairs)
        for key, value in of_generated.items():
            _, low, high = ratio_of(value, of_real[key])
            ends = (np.nan, np.nan) if low is None or high is None else (low, high)
            found[key] = (value.value, of_real[key].value, *ends)
    return found


def report(case: Case, repeats: int, pool: ProcessPoolExecutor) -> None:
    runs = list(pool.map(one, [case] * repeats, range(repeats), chunksize=4))
    for key in runs[0]:
        made, real, low, high = np.array([run[key] for run in runs]).T
        truth = made.mean() / real.mean()
        there = np.isfinite(low)
        if not there.any():
            print(f"| {key} | {case.name} | {case.dims} | {case.count} | {truth:.3f} | | | no interval | |", flush=True)
            continue
        logs, made_se = np.log(made[there] / real[there]), np.log(high[there] / low[there]) / (2 * Z95)
        covers = np.mean((low[there] <= truth) & (truth <= high[there]))
        clear = np.mean((low[there] > 1) | (high[there] < 1))
        print(
            f"| {key} | {case.name} | {case.dims} | {case.count} | {truth:.3f} | {logs.std(ddof=1):.4f} | "
            f"{np.sqrt(np.mean(made_se**2)):.4f} | {100 * covers:.1f} % | {100 * clear:.1f} % |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--dims", default="64,512")
    parser.add_argument("--counts", default="100,300")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    print("| number | generated | d | n | ratio | sd of log | estimated | covers | clear of 1 |")
    print("|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(asked.processes) as pool:
        for dims in map(int, asked.dims.split(",")):
            for count in map(int, asked.counts.split(",")):
                for case in CASES:
                    report(Case(*case, dims, count), asked.repeats, pool)


if __name__ == "__main__":
    main()
