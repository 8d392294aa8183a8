"""What a set with as many images of each class does to the distances that take it for independent draws, and what the
estimates that know of it do.

    OMP_NUM_THREADS=1 python benchmarks/balanced.py [--repeats 400] [--counts 250]      # 4 minutes on one core

A perfect generator: real 1 and the generated images are disjoint draws from the 1,797 digits, so the true distance is
0. "iid": drawn at random; "even": as many of each digit. Features: digits-cnn. Prints, for the corrected FID and the
KID (times 1,000), and for the same by the estimates that know which sets are even ("known"): the mean with its standard
error, how often the interval holds 0, the spread, and the standard deviation that was estimated.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np

from metrics import kid
from metrics.arithmetic.designed_sets import of_strata
from metrics.arithmetic.designs import Design
from metrics.arithmetic.fid_interval import Interval, split_half

CLASSES = 10
NAMES = ("FID", "FID, known", "1000 KID", "KID, known")
CASES = {"iid, iid": (False, False), "iid, even": (False, True), "even, even": (True, True)}


@cache
def population() -> tuple[np.ndarray, np.ndarray]:
    """Features float32 [1797, d] and labels of all digits."""
    from bench.datasets import open_dataset
    from bench.measuring.measure import measure
    from bench.measuring.scoring import load_metrics
    from bench.measuring.sets import measure_set
    from bench.sources import open_source

    parts = [open_dataset("digits").load(split, Path(), "") for split in ("train", "test")]
    images = np.concatenate([one.read(0, one.count) for one in parts])
    found = measure_set(open_source(images), measure("digits-cnn", device="cpu"), load_metrics(["fid"]))
    return found.features(), np.concatenate([one.labels for one in parts if one.labels is not None])


def drawn(random: np.random.Generator, count: int, even: tuple[bool, bool]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two disjoint sets of rows of the population: their features and labels."""
    features, labels = population()
    left, found = random.permutation(len(labels)), []
    for one in even:
        if one:
            chosen = np.concatenate([left[labels[left] == digit][: count // CLASSES] for digit in range(CLASSES)])
        else:
            chosen = left[:count]
        left = left[~np.isin(left, chosen)]
        found.append((features[chosen], labels[chosen]))
    return found


def estimates(seed: int, count: int, even: tuple[bool, bool]) -> list[tuple[float, float, float, float]]:
    (real, real_labels), (made, made_labels) = drawn(np.random.default_rng(seed), count, even)
    known = [labels if one else None for labels, one in zip((real_labels, made_labels), even, strict=True)]
    kids = kid.compute(real, made), kid.of_design(real, made, Design(classes=(known[0], known[1])))
    found = [
        split_half(real, made, seed=seed),
        of_strata(real, made, known[0], known[1], seed=seed),
        *(Interval(*(1000 * one[key] for key in ("kid", "kid_sd", "kid_low", "kid_high"))) for one in kids),
    ]
    return [(one.value, one.sd, one.low, one.high) for one in found]


def report(case: str, count: int, repeats: int, run: Callable[..., list]) -> None:
    found = np.array(run(partial(estimates, count=count, even=CASES[case]), range(repeats)))
    for name, (value, sd, low, high) in zip(NAMES, found.transpose(1, 2, 0), strict=True):
        spread = value.std(ddof=1)
        print(
            f"{case:<11} n {count:<4} {name:<10} mean {value.mean():+.3f} +- {spread / np.sqrt(repeats):.3f}, "
            f"covers 0 in {100 * np.mean((low <= 0) & (high >= 0)):.1f} %, below 0 in {100 * np.mean(high < 0):.1f} %, "
            f"spread {spread:.3f}, estimated {np.sqrt((sd**2).mean()):.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--counts", default="250")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.processes) as pool:
        for count in map(int, asked.counts.split(",")):
            for case in CASES:
                report(case, count, asked.repeats, lambda *given: list(pool.map(*given, chunksize=10)))


if __name__ == "__main__":
    main()
