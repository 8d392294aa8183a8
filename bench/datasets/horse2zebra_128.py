"""horse2zebra at 128x128, for machines without a large GPU: the same files, splits and sets."""

from pathlib import Path

from bench.datasets import horse2zebra
from bench.datasets._types import Dataset, Split


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 128x128, from the files of horse2zebra."""
    return horse2zebra.load_sized("horse2zebra-128", 128, split, root, domain)


DATASET = Dataset(
    name="horse2zebra-128",
    title="Horses and zebras, 128x128 RGB",
    source="http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/",
    licence="ImageNet images, research use",
    shape=(3, 128, 128),
    splits=horse2zebra.SPLITS,
    load=load,
    howto=horse2zebra.DATASET.howto,
    fetch=horse2zebra.fetch,
    domains=horse2zebra.DOMAINS,
    eval_sets=horse2zebra.DATASET.eval_sets,
    publishable=False,
)
