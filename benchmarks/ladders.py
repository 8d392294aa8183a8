"""From which share on a number tells damaged images from real ones, and what one missing class weighs against it.

    OMP_NUM_THREADS=1 python benchmarks/ladders.py [--repeats 60] [--n 250] [--extractor digits-cnn] [--processes 2]
    OMP_NUM_THREADS=1 python benchmarks/ladders.py --data-set mnist --data-root DIR --extractor mnist-layout

Each repeat draws real 1 and a set of which a growing share is damaged from the test images, which no extractor was
trained on (both are halves of the 500 test digits): the same images and more of them at each step. Real 2, which gives
the way to noise its scale, and everything that damage is made of come from 2,000 training images at most. A number is
taken with its sign, so that more is worse.

Prints, for each number and each damage, the smallest share from which on it is above the 95 % quantile of undamaged
sets in at least 80 % of the repeats, with a star where its mean falls somewhere on the way up; and which share of
chimeras counts as much as one missing class, which is 10 % of the images. With `--at 0.1,0.2` a cell says in how many
repeats these shares are told, by 1.645 standard deviations of undamaged sets above their mean. 60 repeats take 4
minutes on two idle cores, and half of it with `--metrics fid,kid,inception-score`.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench import registry
from bench.leaderboard import way
from bench.measuring.measure import measure
from bench.sanity_checks.damages import blur
from bench.second_opinions.mean_ratio import mean_log_ratio
from metrics import cmmd, fid, inception_score, kid, prdc, vendi
from metrics.types import Metric

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
CLASSES = 10
MOST = 2_000  # images of a split in one repeat
SIGMA = 2.0  # of blurred images, in pixels
GRAIN = 20.0  # levels
OUTPUTS = (  # (metric, key, 1 where more is worse)
    *((fid.METRIC, "fid_corrected", 1), (kid.METRIC, "kid", 1), (cmmd.METRIC, "cmmd", 1)),
    *((inception_score.METRIC, "inception_score_corrected", -1), (vendi.METRIC, "vendi", -1)),
    *((prdc.METRIC, key, -1) for key in ("precision", "recall", "density", "coverage")),
)
METRICS = tuple(dict.fromkeys(metric for metric, _, _ in OUTPUTS))
WAYS = {
    "way-to-noise": way.PARTS,
    "the same by FID and IS": (("fid", "fid_corrected"), way.PARTS[1]),
    "the same by FID, KID and IS": (("fid", "fid_corrected"), *way.PARTS),
}
LEVEL, POWER = 0.95, 0.8
Z = 1.645  # standard deviations of undamaged sets above their mean, with --at
Step = tuple[str, float]  # damage and share
Ladders = dict[Step, dict[str, dict[str, float]]]  # then by metric and by key
UNDAMAGED, REAL_2 = ("undamaged", 0.0), ("real 2", 0.0)
Draw = np.random.Generator

# ----- damage: images [n, 1, h, w] as bad as can be, made of other ones (images and labels)


def chimeras(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """The upper half of one image on the lower half of another one of another class."""
    upper, lower = draw.integers(len(spare), size=(2, 8 * len(images)))
    differ = np.flatnonzero(labels[upper] != labels[lower])[: len(images)]
    half = images.shape[2] // 2
    return np.concatenate([spare[upper[differ], :, :half], spare[lower[differ], :, half:]], axis=2)


def blobs(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Draws from the Gaussian over pixels with mean and covariance of the images."""
    flat = spare.reshape(len(spare), -1).astype(float)
    centred = flat - flat.mean(axis=0)
    mixed = draw.normal(size=(len(images), len(flat))) @ centred / np.sqrt(len(flat))
    return np.rint(mixed + flat.mean(axis=0)).clip(0, 255).astype(np.uint8).reshape(images.shape)


def blurred(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """The same images under a Gaussian kernel."""
    return np.stack([blur(image, SIGMA, np.random.RandomState(0)) for image in images])


def noise(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Uniform random pixels."""
    return draw.integers(256, size=images.shape, dtype=np.uint8)


def repeated(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """One image for all."""
    return np.repeat(spare[draw.integers(len(spare), size=1)], len(images), axis=0)


def quarters(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Each quarter of another image."""
    upper, lower, left, right = (spare[rows] for rows in draw.integers(len(spare), size=(4, len(images))))
    row, column = (side // 2 for side in images.shape[2:])
    above = np.concatenate([upper[:, :, :row, :column], lower[:, :, :row, column:]], axis=3)
    return np.concatenate([above, np.concatenate([left[:, :, row:, :column], right[:, :, row:, column:]], axis=3)], 2)


def means(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Each the mean of two images."""
    return np.rint(spare[draw.integers(len(spare), size=(2, len(images)))].mean(axis=0)).astype(np.uint8)


def grain(images: np.ndarray, spare: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """The same images with grain."""
    return np.rint(images + draw.normal(scale=GRAIN, size=images.shape)).clip(0, 255).astype(np.uint8)


DAMAGES = {one.__name__: one for one in (chimeras, blobs, blurred, noise, repeated, quarters, means, grain)}
USUAL = ("chimeras", "blobs", "blurred", "noise", "repeated")
MISSING = "classes missing"

# ----- one repeat


@cache
def network(name: str) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Features of images [n, 1, h, w] by what metrics read."""
    how = measure(name, cache=False)
    taps = {"pool": how.extractor.pool, "logits": how.extractor.logits}
    extract = how.extractor.build(how.weights.path, how.resize, "cpu", tuple(taps.values()))

    def features(images: np.ndarray) -> dict[str, np.ndarray]:
        found = extract(np.repeat(images, 3, axis=1))
        return {kind: np.asarray(found[tap]) for kind, tap in taps.items()}

    return features


def scores_of(
    metrics: Sequence[Metric], real: Mapping[str, np.ndarray], made: Mapping[str, np.ndarray]
) -> dict[str, dict[str, float]]:
    """What each metric says of a set against real 1, by metric and by key."""
    given = {
        one: [made[one.feature]] if one.arity == "set" else [real[one.feature], made[one.feature]] for one in metrics
    }
    return {metric.name: dict(metric.compute(*sets)) for metric, sets in given.items()}


def images_of(data_set: str, root: Path, split: str, draw: Draw) -> tuple[np.ndarray, np.ndarray]:
    """Images of a split in a random order [m, 1, h, w] and their labels [m]."""
    found = registry.load("datasets", data_set).load(split, root, "")
    order = draw.permutation(found.count)[:MOST]
    return found.take(order), found.labels[order]


def ladders(
    seed: int, n: int, extractor: str, data_set: str, root: Path, metrics: Sequence[str], damages: Sequence[str]
) -> Ladders:
    """The scores of real 2, of the undamaged set and of each step, by damage and share."""
    draw, features = np.random.default_rng(seed), network(extractor)
    scores = partial(scores_of, [one for one in METRICS if one.name in metrics])
    (images, labels), (spare, classes) = (images_of(data_set, root, split, draw) for split in ("test", "train"))
    real_1, base, real_2 = images[:n], images[n : 2 * n], spare[:n]
    own, spare, classes = labels[n : 2 * n], spare[n:], classes[n:]
    real, plain = features(real_1), features(base)
    found = {REAL_2: scores(real, features(real_2)), UNDAMAGED: scores(real, plain)}
    for name in damages:
        bad = features(DAMAGES[name](base, spare, classes, draw))
        for share in SHARES:
            hit = np.arange(n)[:, None] < round(share * n)
            found[name, share] = scores(real, {one: np.where(hit, bad[one], plain[one]) for one in bad})
    others = features(spare)
    gone = draw.permutation(CLASSES)
    for count in range(1, CLASSES):
        lost = np.flatnonzero(np.isin(own, gone[:count]))
        instead = np.resize(draw.permutation(np.flatnonzero(~np.isin(classes, gone[:count]))), len(lost))
        made = {one: plain[one].copy() for one in plain}
        for one, values in made.items():
            values[lost] = others[one][instead]
        found[MISSING, count / CLASSES] = scores(real, made)
    return found


# ----- numbers, and rules of several


def numbers(found: Ladders) -> dict[str, dict[Step, float]]:
    """Each number and each rule at each step, above where it is worse."""
    marks = {"real 2": found[REAL_2], "noise": found["noise", 1.0]}
    values: dict[str, dict[Step, float]] = {}
    for step, one in found.items():
        for metric, key, sign in (output for output in OUTPUTS if output[0].name in one):
            values.setdefault(metric.output(key).title, {})[step] = sign * one[metric.name][key]
        mean = mean_log_ratio(one, marks["real 2"])["mean_log_ratio"]
        values.setdefault("mean-log-ratio", {})[step] = np.inf if mean is None else mean
        for rule, parts in WAYS.items():
            if all(metric in one for metric, _ in parts):
                values.setdefault(rule, {})[step] = way.way(one, marks, parts)[way.KEY] or 0.0
    return values


def told_from(steps: Mapping[float, np.ndarray], null: np.ndarray) -> str:
    """The share from which on damage is told from none, and whether the mean rises all the way."""
    bound = np.quantile(null, LEVEL)
    power = {share: np.mean(values > bound) for share, values in steps.items()}
    from_on = [share for share in steps if all(power[one] >= POWER for one in steps if one >= share)]
    means = [null.mean(), *(values.mean() for values in steps.values())]
    rises = all(a < b for a, b in pairwise(means))
    return (f"{100 * from_on[0]:.0f} %" if from_on else "never") + ("" if rises else " *")


def told_at(steps: Mapping[float, np.ndarray], null: np.ndarray, shares: Sequence[float]) -> str:
    """In how many of the repeats these shares are told from none."""
    bound = null.mean() + Z * null.std(ddof=1)
    return " / ".join(f"{100 * np.mean(steps[share] > bound):.0f}" for share in shares if share in steps) + " %"


def weighs(at: Mapping[str, Mapping[float, np.ndarray]], null: np.ndarray) -> str:
    """The share of chimeras whose mean is that of one missing class."""
    one = at[MISSING][1 / CLASSES].mean()
    means = np.maximum.accumulate([null.mean(), *(values.mean() for values in at["chimeras"].values())])
    return f"{100 * np.interp(one, means, (0.0, *SHARES)):.0f} %" if one < means[-1] else "more than all"


def report(
    repeats: Sequence[Mapping[str, Mapping[Step, float]]], columns: Sequence[str], shares: Sequence[float]
) -> Iterator[str]:
    """A row of a table in markdown for each number."""
    for name in repeats[0]:
        values = {step: np.array([one[name][step] for one in repeats]) for step in repeats[0][name]}
        null = values[UNDAMAGED]
        at = {damage: {share: values[damage, share] for of, share in values if of == damage} for damage in columns}
        cells = [told_at(at[damage], null, shares) if shares else told_from(at[damage], null) for damage in columns]
        yield f"| {name} | {' | '.join(cells)} | {weighs(at, null)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--n", type=int, default=250)
    parser.add_argument("--extractor", default="digits-cnn")
    parser.add_argument("--data-set", default="digits")
    parser.add_argument("--data-root", type=Path, default=Path())
    parser.add_argument("--metrics", default=",".join(one.name for one in METRICS))
    parser.add_argument("--damages", default=",".join(USUAL), help=f"of {', '.join(DAMAGES)}; noise is needed")
    parser.add_argument("--at", default="", help="shares such as 0.1,0.2: in how many repeats they are told")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    damages = asked.damages.split(",")
    one = partial(
        ladders,
        n=asked.n,
        extractor=asked.extractor,
        data_set=asked.data_set,
        root=asked.data_root,
        metrics=asked.metrics.split(","),
        damages=damages,
    )
    with ProcessPoolExecutor(asked.processes) as pool:
        found = list(pool.map(one, range(asked.repeats)))
    columns = (*damages, MISSING)
    print(f"| told apart from | {' | '.join(columns)} | one missing class is worth, in chimeras |")
    print("|---" * (len(columns) + 2) + "|")
    for row in report(
        [numbers(one) for one in found], columns, [float(share) for share in asked.at.split(",") if share]
    ):
        print(row)


if __name__ == "__main__":
    main()
