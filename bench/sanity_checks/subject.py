"""The images that checks are made of: a set, its modes, and the set that is mixed in."""

import warnings
from dataclasses import dataclass

import numpy as np

from bench import registry
from bench.measuring.setup import Images, Setup
from bench.sources import ImageSource, iterate
from bench.sources.splits import split_named
from bench.weights import NEEDS_NO_DOWNLOAD
from metrics.arithmetic.thumbnails import thumbnails
from metrics.errors import InputError

USUAL_N = (100, 1000)
PARTS = 5  # of a set, of which a comparison takes at most one a side: then every check has images enough
CLUSTERS = 10
MIXED_IN = ("shapes:test", "digits:train")  # whichever is of another data set


@dataclass(frozen=True)
class Subject:
    """The images, the mode of each, what modes are, the images to mix in, and the counts to be compared."""

    images: ImageSource
    modes: np.ndarray
    modes_are: str
    others: ImageSource | None
    counts: tuple[int, ...]


def named(images: Images) -> Images:
    """The training split, where a data set was named and no split of it."""
    return f"{images}:train" if isinstance(images, str) and images in registry.names("datasets") else images


def usual_extractor(images: Images) -> str:
    """The extractor for a set that needs no download: that of its data set."""
    split = split_named(images)
    if not split or split[0].startswith("folder:"):
        return NEEDS_NO_DOWNLOAD
    return str(registry.load("datasets", split[0]).extractors[-1])


def usual_other(images: Images) -> str:
    """A set of another data set that needs no download."""
    split = split_named(images)
    return next(name for name in MIXED_IN if not split or name.partition(":")[0] != split[0])


def open_subject(images: Images, mixed_with: Images | None, asked: tuple[int, ...], setup: Setup) -> Subject:
    """Opens the sets, without `mixed_with` the images alone; InputError where they are too few for what was asked."""
    source = setup.open(images)
    counts = _counts(source, asked)
    seed = setup.settings["seed"]
    most = PARTS * max(counts)
    if source.count > most:
        source = source.taken(np.sort(np.random.RandomState(seed).permutation(source.count)[:most]).tolist())
    modes, modes_are = _modes(source, seed)
    others = None if mixed_with is None else _taken(setup.open(mixed_with), max(counts), seed)
    return Subject(source, modes, modes_are, others, counts)


def _counts(source: ImageSource, asked: tuple[int, ...]) -> tuple[int, ...]:
    distinct = len(set(source.hashes))
    for n in asked:
        if 2 * n > distinct:
            raise InputError(
                f"{source.name} has {distinct:,} different images, and n = {n:,} needs {2 * n:,}: real images on both "
                f"sides; {f'give at most --n {distinct // 2}' if distinct > 1 else 'give more images'}"
            )
    if not asked and distinct < 2 * PARTS:
        images = "image" if distinct == 1 else "images"
        raise InputError(
            f"{source.name} has {distinct} different {images}; the checks need at least {2 * PARTS}; give more"
        )
    usual = dict.fromkeys(min(n, distinct // PARTS) for n in USUAL_N)
    return tuple(sorted(set(asked))) or tuple(usual)


def _taken(source: ImageSource, count: int, seed: int) -> ImageSource:
    """At most so many images, drawn at random and in random order: their start is itself a random set."""
    return source.taken(np.random.RandomState(seed).permutation(source.count)[:count].tolist())


def _modes(source: ImageSource, seed: int) -> tuple[np.ndarray, str]:
    """The class of each image, by number, else its cluster, the largest cluster first."""
    if source.labels:
        return np.unique(source.labels, return_inverse=True)[1], "classes"
    small = np.concatenate([thumbnails(one[None]) for batch in iterate(source, 0) for one in batch]).astype(np.float64)
    return clusters(small, min(CLUSTERS, len(small)), seed), f"{CLUSTERS} clusters of thumbnails"


def clusters(points: np.ndarray, number: int, seed: int) -> np.ndarray:
    """The cluster [n] of each point [n, d] by k-means, numbered from the largest to the smallest."""
    from scipy.cluster.vq import kmeans2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a cluster without points: there are fewer then
        _, found = kmeans2(points, number, minit="++", seed=np.random.RandomState(seed))
    order = np.argsort(-np.bincount(found, minlength=number), kind="stable")
    return np.asarray(np.argsort(order)[found])
