"""What sets that are not independent do to the corrected FID, how many of them are noticed, and how many others.

    OMP_NUM_THREADS=1 python benchmarks/dependence.py bias [--repeats 40]
    OMP_NUM_THREADS=1 python benchmarks/dependence.py seen [--repeats 100]
    OMP_NUM_THREADS=1 python benchmarks/dependence.py false-alarms [--repeats 1000]
    OMP_NUM_THREADS=1 python benchmarks/dependence.py pairs [--repeats 200]     # 15 minutes on one core

All sets are draws from one Gaussian of trace 100, so the true distance is 0. `bias`: row i of both has the given
correlation, or a share of the rows is in both. `seen`: in how many of a hundred such pairs the rows in order, and the
same rows shuffled, are taken for dependent (`metrics.arithmetic.dependence`). `false-alarms`: the same of independent
sets in any order, and of sets of C classes that both stand in the order of their classes or have them in turn. `pairs`:
what the estimates that know the pairs make of rows with the given correlation, of one distribution and of two that
differ in mean and spread: bias, spread, estimated standard deviation and coverage of the FID and of the KID (whose true
value is the mean over all repeats where the two differ).
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np

from metrics import kid
from metrics.arithmetic.dependence import links
from metrics.arithmetic.designed_sets import of_pairs
from metrics.arithmetic.designs import Design
from metrics.arithmetic.fid_interval import split_half

Pair = tuple[np.ndarray, np.ndarray]
SHAPES = (
    (100, 512, 1.0),
    (300, 512, 1.0),
    (300, 64, 1.0),
    (100, 512, 0.0),
    (100, 16, 2.0),
)  # n, d, spectrum 1 / k^decay


def draw(seed: int, count: int, dims: int, decay: float, rho: float = 0.0, share: float = 0.0) -> Pair:
    random = np.random.default_rng(seed)
    scale = np.sqrt(np.arange(1, dims + 1) ** -decay)
    scale *= np.sqrt(100 / (scale**2).sum())
    first, other = random.normal(size=(2, count, dims)) * scale
    second = rho * first + np.sqrt(1 - rho**2) * other
    second[: round(share * count)] = first[: round(share * count)]
    return first, second


def in_classes(seed: int, count: int, classes: int, apart: float, in_turn: bool) -> Pair:
    labels = np.arange(count) % classes
    labels = labels if in_turn else np.sort(labels)
    means = apart * draw(seed + 10**6, classes, 64, 1.0)[0]
    first, second = draw(seed, count, 64, 1.0)
    return first + means[labels], second + means[labels]


def bias(repeats: int) -> Iterator[str]:
    cases = [{"rho": rho} for rho in (0.0, 0.3, 0.5, 0.9)] + [{"share": share} for share in (0.01, 0.02, 0.05, 0.1)]
    for count, dims, decay in SHAPES:
        for case in cases:
            found = [split_half(*draw(seed, count, dims, decay, **case), seed=seed) for seed in range(repeats)]
            covered = 100 * np.mean([one.low <= 0 <= one.high for one in found])
            values = np.array([one.value for one in found])
            yield (
                f"n {count}, d {dims}, 1/k^{decay:g}, {case}: bias {values.mean():+.2f}, sd {values.std(ddof=1):.2f}, "
                f"covers {covered:.0f} %, upper end below 0 {100 * np.mean([one.high < 0 for one in found]):.0f} %"
            )


def seen(repeats: int) -> Iterator[str]:
    for count, dims, decay in SHAPES:
        for rho in (0.2, 0.3, 0.5, 0.7, 0.9, 0.97):
            shares = _shares(lambda seed: draw(seed, count, dims, decay, rho), repeats)  # noqa: B023, used at once
            yield f"n {count}, d {dims}, 1/k^{decay:g}, correlation {rho}: {shares}"


def false_alarms(repeats: int) -> Iterator[str]:
    for count, dims, decay in SHAPES:
        shares = _shares(lambda seed: draw(seed, count, dims, decay), repeats)  # noqa: B023, used at once
        yield f"any order, n {count}, d {dims}, 1/k^{decay:g}: {shares}"
    for count, classes in ((40, 10), (100, 10), (100, 25), (300, 10), (300, 100), (100, 50)):
        for apart in (0.5, 2.0):
            for in_turn in (False, True):
                make = lambda seed: in_classes(seed, count, classes, apart, in_turn)  # noqa: B023, E731
                order = "in turn" if in_turn else "sorted"
                yield f"{classes} classes {order}, {apart} apart, n {count}: {_shares(make, repeats)}"


def _shares(make: Callable[[int], Pair], repeats: int) -> str:
    found = [links(*pair, np.arange(len(pair[0]))) for pair in map(make, range(repeats))]
    in_order, copies = (100 * np.mean([getattr(one, sign) for one in found]) for sign in ("in_order", "copies"))
    return f"in order {in_order:.1f} %, copies wherever they stand {copies:.1f} % of {repeats}"


def pairs(repeats: int) -> Iterator[str]:
    for count, dims, decay in SHAPES:
        for differ in (False, True):
            for rho in (0.0, 0.3, 0.5, 0.7, 0.9):
                found = np.array([_of_pairs(seed, count, dims, decay, rho, differ) for seed in range(repeats)])
                true_kid = found[:, 1, 0].mean() if differ else 0.0
                truths = _differing(dims, decay)[2] if differ else 0.0, true_kid
                shown = [_counted(one, truth) for one, truth in zip(found.transpose(1, 0, 2), truths, strict=True)]
                which = "differ" if differ else "same"
                yield f"n {count}, d {dims}, 1/k^{decay:g}, {which}, {rho}: FID {shown[0]} | KID {shown[1]}"


def _of_pairs(seed: int, count: int, dims: int, decay: float, rho: float, differ: bool) -> list[list[float]]:
    first, second = draw(seed, count, dims, decay, rho)
    if differ:
        factor, step, _ = _differing(dims, decay)
        second = second * factor + step
    fid, of_kid = of_pairs(first, second, seed=seed), kid.of_design(first, second, Design(pairs=True))
    return [
        [fid.value, fid.sd, fid.low, fid.high],
        [of_kid[key] for key in ("kid", "kid_sd", "kid_low", "kid_high")],
    ]


def _differing(dims: int, decay: float) -> tuple[np.ndarray, np.ndarray, float]:
    """What makes the second distribution: factors of its standard deviations, its mean, and the FID that this gives."""
    random = np.random.default_rng(5)
    scale = np.sqrt(np.arange(1, dims + 1) ** -decay)
    scale *= np.sqrt(100 / (scale**2).sum())
    factor, step = np.exp(0.25 * random.normal(size=dims)), 0.3 * scale * random.normal(size=dims)
    return factor, step, float(step @ step + (scale**2 * (1 - factor) ** 2).sum())


def _counted(found: np.ndarray, truth: float) -> str:
    value, sd, low, high = found.T
    return (
        f"truth {truth:.3g}, bias {value.mean() - truth:+.3g}, sd {value.std(ddof=1):.3g}, estimated "
        f"{np.sqrt((sd**2).mean()):.3g}, half width {np.mean(high - low) / 2:.3g}, covers "
        f"{100 * np.mean((low <= truth) & (truth <= high)):.1f} %"
    )


PARTS = {"bias": (bias, 40), "seen": (seen, 100), "false-alarms": (false_alarms, 1000), "pairs": (pairs, 200)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--repeats", type=int)
    asked = parser.parse_args()
    part, repeats = PARTS[asked.part]
    for line in part(asked.repeats or repeats):
        print(line, flush=True)


if __name__ == "__main__":
    main()
