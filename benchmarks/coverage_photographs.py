"""How often the intervals of FID and KID cover the true distance on features of photographs, and how wide they are.

    OMP_NUM_THREADS=1 python benchmarks/coverage_photographs.py IMAGES [--most 4000] [--repeats 200]

IMAGES is a folder of photographs. Their features by efficientnet-lite0 (1,280 of them, and random projections to 256
and 64) are the population of real images; those of the same images blurred (sigma 1), as JPEG of quality 20, and with a
quarter of noise are the populations of three generators. Both sets of a comparison are independent draws with
replacement, so the distance of the two populations is the truth. One row per case:

    bias       mean of the corrected FID less the truth, and its share of the truth
    sd         over the repeats, and the root mean square of the estimated one
    covers     the share of repeats whose interval holds the truth
    width      half of the interval over 1.96 times the sd over the repeats: what is needed is 1
    clear      the share of repeats whose interval does not hold 0

A population of few images is no smooth distribution: with 1,280 features, the FID of 6,000 images to the same images as
JPEG is 21.5, of 3,000 it is 26.7, and with many more it would be about 16. Small sets cannot show that part, so that
the truth is too high here unless the population is far larger than its dimensions. The projections suffer less.

The rows "blur - jpeg" and so on are differences of two generators that are compared with the same real images, as the
leaderboard makes them (`bench.leaderboard.differences`).

The features are made once (35 ms an image and kind on one core) and kept in `--features`. A repeat takes 0.03 s with 50
images and 2 s with 500 in 1,280 dimensions.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np

from bench.leaderboard.differences import difference, estimate
from bench.leaderboard.influence import influences
from bench.tables.columns import Number
from metrics import fid, kid
from metrics.arithmetic.fid_interval import split_half

KINDS = {"blur": 1, "jpeg": 20, "noise": 0.25}  # of damage, with its strength
WHOLE = 1280
PAIRS = (("real", "real"), ("real", "blur"), ("real", "jpeg"), ("real", "noise"), ("blur", "jpeg"))
RIVALS = (("blur", "jpeg"), ("blur", "noise"), ("jpeg", "noise"))
METRICS = (fid.METRIC, kid.METRIC)
NUMBERS = tuple(Number(one, one.main) for one in METRICS)


def make_features(images: Path, folder: Path, most: int) -> None:
    """A file of features [n, 1280] for each kind of images."""
    import bench
    from bench.measuring.measure import measure
    from bench.sanity_checks.damages import DAMAGES, damaged
    from metrics.splits import drawn

    source = bench.open_source(images)
    source = source.taken(drawn(source.count, min(most, source.count), 0).tolist())
    folder.mkdir(parents=True, exist_ok=True)
    network = measure("efficientnet-lite0")
    for name in ("real", *KINDS):
        made = source if name == "real" else damaged(source, DAMAGES[name], KINDS[name], 0)
        np.save(folder / f"{name}.npy", network.features(made, ("pool",)).arrays["pool"])
        print(f"features of {source.count:,} images: {name}", flush=True)


@cache
def population(folder: Path, name: str, dims: int) -> np.ndarray:
    features = np.load(folder / f"{name}.npy").astype(np.float64)
    if dims == WHOLE:
        return features
    axes = np.linalg.qr(np.random.default_rng(dims).normal(size=(WHOLE, dims)))[0]
    return features @ axes * np.sqrt(WHOLE / dims)


@cache
def truth(folder: Path, a: str, b: str, dims: int) -> tuple[float, float]:
    """FID and KID of the two populations; draws may hold an image twice, so that the KID counts all pairs."""
    if a == b:
        return 0.0, 0.0
    x, y = (population(folder, name, dims) for name in (a, b))
    return fid.fid_of(x, y).fid, kid.moved(x, y)["kid_biased"].value


Found = list[tuple[float, ...]]  # of FID and KID: value, standard error, and the ends of the interval


def compared(folder: Path, a: str, b: str, dims: int, count: int, seed: int) -> Found:
    """One generator against real images."""
    draw = np.random.default_rng(seed)
    x, y = (one[draw.integers(len(one), size=count)] for one in (population(folder, name, dims) for name in (a, b)))
    one, other = split_half(x, y, seed=seed), kid.compute(x, y)
    return [
        (one.value, one.sd, one.low, one.high),
        tuple(other[key] for key in ("kid", "kid_sd", "kid_low", "kid_high")),
    ]


def rivals(folder: Path, a: str, b: str, dims: int, count: int, seed: int) -> Found:
    """Two generators against the same real images."""
    draw = np.random.default_rng(seed)
    names = (population(folder, name, dims) for name in ("real", a, b))
    x, *made = (one[draw.integers(len(one), size=count)] for one in names)
    scores = [{one.name: one.compute(x, y) for one in METRICS} for y in made]
    moves = [influences(METRICS, x, y) for y in made]
    found = []
    for row, number in enumerate(NUMBERS):
        step = difference(*(estimate(number, side, kept[row]) for side, kept in zip(scores, moves, strict=True)))
        found.append((step.value, step.se, step.low, step.high))
    return found


def summary(found: np.ndarray, true: float) -> str:
    value, sd, low, high = found.T
    spread = value.std(ddof=1)
    covered, width = np.mean((low <= true) & (true <= high)), np.mean(high - low) / 2 / 1.96 / spread
    clear = np.mean((low > 0) | (high < 0))
    share = f" ({100 * (value.mean() / true - 1):+.0f} %)" if true else ""
    estimated = np.sqrt((sd**2).mean())
    digits = 2 if spread > 0.05 else 4
    return (
        f"{true:.{digits}f} | {value.mean() - true:+.{digits}f}{share} | {spread:.{digits}f} | {estimated:.{digits}f} "
        f"| {100 * covered:.1f} % | {width:.2f} | {100 * clear:.0f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--most", type=int, default=4000, help="images that are used")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--dims", default="1280,256,64")
    parser.add_argument("--counts", default="50,100,250,500")
    parser.add_argument("--features", type=Path, default=Path("runs/coverage-photographs"), help="where they are kept")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    folder, dims, counts = asked.features, *([int(n) for n in text.split(",")] for text in (asked.dims, asked.counts))
    if not (folder / "noise.npy").exists():
        make_features(asked.images, folder, asked.most)
    print("| pair | d | n | number | truth | bias | sd | estimated | covers | width | clear |\n" + "|---" * 11 + "|")
    kinds = (("{}, {}", compared, PAIRS), ("{} - {}", rivals, RIVALS))
    with ProcessPoolExecutor(asked.processes) as pool:
        for (name, work, pairs), d, n in product(kinds, dims, counts):
            for a, b in pairs:
                jobs = [pool.submit(work, folder, a, b, d, n, seed) for seed in range(asked.repeats)]
                found = np.array([job.result() for job in jobs])
                true = truth(folder, a, b, d)
                if work is rivals:
                    true = tuple(np.subtract(truth(folder, "real", a, d), truth(folder, "real", b, d)))
                for row, number in enumerate(("FID", "KID")):
                    print(
                        f"| {name.format(a, b)} | {d} | {n} | {number} | {summary(found[:, row], true[row])} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
