"""How often the intervals of the way to noise hold: of an entry, of differences, of ranks.

    OMP_NUM_THREADS=1 python benchmarks/coverage_way.py [--repeats 200] [--dims 64] [--counts 100,250]

Draws real 1 and the sets of six generators again and again: non-negative, correlated features with logits of 10
classes. Generator k moves its features by k / 10 of a step and narrows what its factors bring; the first is real
itself, and the third and the fourth are the same. Real 2 and noise are drawn once. The truth: the mean of the unbiased
KIDs over the repeats, and the Inception Score of 100,000 images. Prints per d and n how often the interval of an entry
holds its way, that of a paired difference the difference, and that of a rank the rank; and for pairs that differ, how
often they are told apart, beside the same by the corrected FID. 200 repeats of one d and n take 2 minutes on two cores.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import combinations

import numpy as np

from bench.leaderboard import way
from bench.leaderboard.differences import Estimate, difference, differences, estimate
from bench.leaderboard.influence import influences
from bench.leaderboard.ranking import ranks
from bench.tables.columns import Number
from metrics import fid, inception_score, kid

FACTORS, CLASSES, MANY = 16, 10, 100_000
GENERATORS = (0.0, 0.05, 0.1, 0.1, 0.2, 0.4)
WAY, FID = Number(way.METRIC, way.METRIC.outputs[0]), Number(fid.METRIC, fid.METRIC.output("fid_corrected"))
PAIRS = tuple(combinations(range(len(GENERATORS)), 2))
Set = dict[str, np.ndarray]


def drawn(random: np.random.Generator, count: int, dims: int, away: float) -> Set:
    """Features and logits of a generator that is so far away from real images (0)."""
    loadings = np.random.default_rng(1).normal(size=(FACTORS, dims)) / 4
    classifier = np.random.default_rng(2).normal(size=(dims, CLASSES)) * 5 / np.sqrt(dims)
    common = (1 - away) * random.normal(size=(count, FACTORS))
    pool = np.maximum(common @ loadings + 0.3 * random.normal(size=(count, dims)) + 0.2 + 0.3 * away, 0)
    return {"pool": pool, "logits": pool @ classifier}


def measured(real: Set, made: Set) -> dict[str, dict[str, float]]:
    return {
        "fid": fid.compute(real["pool"], made["pool"]),
        "kid": kid.compute(real["pool"], made["pool"]),
        "inception-score": inception_score.compute(made["logits"]),
    }


@cache
def landmarks(count: int, dims: int) -> dict[str, dict[str, dict[str, float]]]:
    """Real 2, and noise: features of no factor and far away."""
    random = np.random.default_rng(10**6)
    real, other = (drawn(random, count, dims, 0.0) for _ in range(2))
    flat = 1 + 0.1 * random.normal(size=(count, dims))
    noise = {"pool": flat, "logits": 0.1 * random.normal(size=(count, CLASSES))}
    return {"real 2": measured(real, other), "noise": measured(real, noise)}


def one(seed: int, count: int, dims: int) -> list[tuple[float, Estimate, Estimate]]:
    """The KID of each generator, and the estimates of its way and its FID."""
    random, marks = np.random.default_rng(seed), landmarks(count, dims)
    real = drawn(random, count, dims, 0.0)
    found = []
    for away in GENERATORS:
        made = drawn(random, count, dims, away)
        scores = measured(real, made)
        rows = dict(zip(("fid", "kid"), influences((fid.METRIC, kid.METRIC), real["pool"], made["pool"]), strict=True))
        row = way.way_row(scores, marks, rows)
        estimates = estimate(WAY, {way.NAME: way.way(scores, marks)}, row), estimate(FID, scores, rows["fid"])
        assert estimates[0] and estimates[1]
        found.append((scores["kid"]["kid"], estimates[0], estimates[1]))
    return found


def truths(runs: Sequence[list[tuple[float, Estimate, Estimate]]], count: int, dims: int) -> np.ndarray:
    """The way of each generator without noise."""
    by_kid, by_score = way.scales(landmarks(count, dims))
    random = np.random.default_rng(10**7)
    found = []
    for place, away in enumerate(GENERATORS):
        logits = np.concatenate([drawn(random, MANY // 10, dims, away)["logits"] for _ in range(10)])
        score = inception_score.compute(logits)["inception_score"]
        mean = float(np.mean([run[place][0] for run in runs]))
        found.append((by_kid.place(mean) + by_score.place(score)) / 2)
    found[3] = found[2]
    return np.array(found)


def report(count: int, dims: int, repeats: int, pool: ProcessPoolExecutor) -> str:
    runs = list(pool.map(partial(one, count=count, dims=dims), range(repeats), chunksize=4))
    truth = truths(runs, count, dims)
    own, apart, ranked, told, by_fid = [], [], [], [], []
    for run in runs:
        ways, fids = [each[1] for each in run], [each[2] for each in run]
        reach = [1.96 * np.sqrt(each.variance) for each in ways]
        own += [
            each.value - wide - each.down <= at <= each.value + wide + each.up
            for each, wide, at in zip(ways, reach, truth, strict=True)
        ]
        for a, b in PAIRS:
            found = difference(ways[a], ways[b])
            apart.append(found.low <= truth[a] - truth[b] <= found.high)
            if truth[a] != truth[b]:
                told.append(found.told_apart)
                by_fid.append(difference(fids[a], fids[b]).told_apart)
        order = np.argsort([each.value for each in ways])
        places = ranks(differences([ways[place] for place in order]), lower_is_better=True)
        for place, rank in zip(order, places, strict=True):
            better, equal = int((truth < truth[place]).sum()), int((truth == truth[place]).sum()) - 1
            ranked.append(
                rank.first is not None and rank.first <= 1 + better and 1 + better + equal <= (rank.last or 0)
            )
    shares = [100 * np.mean(each) for each in (own, apart, ranked, told, by_fid)]
    whole = 100 * np.reshape(ranked, (repeats, -1)).all(axis=1).mean()
    cells = [f"{share:.1f} %" for share in (*shares[:3], whole, *shares[3:])]
    return f"| {dims} | {count} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--dims", default="64")
    parser.add_argument("--counts", default="100,250")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    print("| d | n | way | difference | rank | all ranks at once | told apart | by the corrected FID |")
    print("|---" * 8 + "|")
    with ProcessPoolExecutor(asked.processes) as pool:
        for dims in map(int, asked.dims.split(",")):
            for count in map(int, asked.counts.split(",")):
                print(report(count, dims, asked.repeats, pool), flush=True)


if __name__ == "__main__":
    main()
