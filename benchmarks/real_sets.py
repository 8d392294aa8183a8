"""Real photographs, portraits and drawings under damage, as an extractor sees them: the table of docs/sanity.md.

    OMP_NUM_THREADS=1 python benchmarks/real_sets.py FOLDER [--n 100] [--extractor efficientnet-lite0]

FOLDER holds public sets in their usual layout: horse2zebra, emojis, cufs, celeba_10k, tiny-imagenet-200; a missing one
is left out. Each set is drawn into two disjoint parts of n images, by content: one is real, the other is compared with
it as it is, and under each damage at its middle strength. Prints one row of a table in markdown for each.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from bench.measuring.measure import Measure, measure
from bench.measuring.scoring import Options, load_metrics, score_pair
from bench.measuring.sets import MeasuredSet, measure_set
from bench.sanity_checks.damages import DAMAGES, damaged
from bench.sources import ImageSource, open_source
from metrics.options import SEED
from metrics.splits import disjoint
from metrics.types import Metric

SETS = {  # name: the folders of its images
    "horses": ("horse2zebra/trainA", "horse2zebra/testA"),
    "zebras": ("horse2zebra/trainB", "horse2zebra/testB"),
    "Apple emojis": ("emojis/Apple",),
    "CUFS photos": ("cufs/train/photo", "cufs/test/photo"),
    "CelebA, 10k at half size": ("celeba_10k/test",),
    "Tiny ImageNet": ("tiny-imagenet-200/val",),
}
METRICS = load_metrics(("fid", "kid", "cmmd", "prdc"))
COLUMNS = ("fid_corrected", "kid", "cmmd", "precision", "recall", "density", "coverage")
OPTIONS = Options(SEED)


def parts(folder: Path, name: str, n: int) -> tuple[ImageSource, ImageSource] | None:
    """Two disjoint parts of at most n images each."""
    paths = sorted(
        path for one in SETS[name] for path in (folder / one).rglob("*") if path.suffix in (".jpg", ".png", ".JPEG")
    )
    if not paths:
        return None
    source = open_source([str(path) for path in paths])
    count = min(n, len(set(source.hashes)) // 2)
    (one, other), _ = disjoint(source.hashes, [count, count], SEED)
    return source.taken(one.tolist()), source.taken(other.tolist())


def rows(folder: Path, n: int, how: Measure) -> Iterator[tuple[str, str, int, list[str]]]:
    """Set, what it is compared with, how many images a side, and the cells."""
    found = {name: both for name in SETS if (both := parts(folder, name, n))}
    real = {name: measure_set(one, how, METRICS) for name, (one, _) in found.items()}
    for name, (_, other) in found.items():
        others = {"itself": other}
        for damage in DAMAGES.values():
            strength = damage.strengths[len(damage.strengths) // 2]
            others[f"{damage.title} {strength:g}"] = damaged(other, damage, strength, SEED)
        for what, source in others.items():
            yield name, what, source.count, list(cells(real[name], measure_set(source, how, METRICS)))
        if name == "horses" and "zebras" in real:
            yield name, "zebras", other.count, list(cells(real[name], real["zebras"]))


def cells(a: MeasuredSet, b: MeasuredSet) -> Iterator[str]:
    """The columns, with their intervals."""
    values = {key: value for metric in METRICS for key, value in score_pair(a, b, metric, OPTIONS).values.items()}
    for metric in METRICS:
        yield from (cell(metric, key, values) for key in COLUMNS if key in {one.name for one in metric.outputs})


def cell(metric: Metric, key: str, values: dict[str, float]) -> str:
    at = metric.output(key).interval
    decimals = metric.output(key).decimals if key != "fid_corrected" else 1
    text = f"{values[key]:.{decimals}f}"
    return f"{text} [{values[at.low]:.{decimals}f}, {values[at.high]:.{decimals}f}]" if at else text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--extractor", default="efficientnet-lite0")
    asked = parser.parse_args()
    titles = {one.name: one.title for metric in METRICS for one in metric.outputs}
    print("| real | against | n |", " | ".join(titles[key] for key in COLUMNS), "|")
    print("|---|---|---:|" + "---|" * len(COLUMNS))
    for name, what, count, found in rows(asked.folder, asked.n, measure(asked.extractor)):
        print(f"| {name} | {what} | {count} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
