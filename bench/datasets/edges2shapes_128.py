"""Paired outlines and coloured shapes at 128x128: the drawings of edges2shapes at the size of edges2shoes."""

from pathlib import Path

from bench.datasets import edges2shapes
from bench.datasets._types import Dataset, Split


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 128x128; `root` is not used."""
    return edges2shapes.load_sized("edges2shapes-128", 128, split, domain)


DATASET = Dataset(
    name="edges2shapes-128",
    title="Outlines and shapes, 128x128, drawn pairs, embedded",
    source="drawn by this project",
    licence="CC0 1.0",
    shape=(3, 128, 128),
    splits=edges2shapes.SPLITS,
    load=load,
    howto=edges2shapes.DATASET.howto,
    classes=edges2shapes.DATASET.classes,
    domains=edges2shapes.DOMAINS,
    paired=True,
    eval_sets={"real 1": ("test", 100), "real 2": ("test", 100)},
    extractors=("vgg16-random",),
)
