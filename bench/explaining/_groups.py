"""What the images show: classes as the extractor reads them, and clusters of features; which are missing or too many.

The clusters are k-means of both sets together (Lloyd; scikit-learn), in the leading principal components, so that they
know nothing of which image is from where. A share is compared by Fisher's exact test, two-sided, and the probabilities
of all groups are held together by Holm's rule (1979); the interval of a difference is Newcombe's (1998), of Wilson's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genbench.shapes import Int64
from metrics.arithmetic.chance import more_often
from metrics.arithmetic.frechet import fid_of
from metrics.arithmetic.quantiles import Z95

COMPONENTS = 32
STARTS = 4
SURE = 0.05
PER_CLUSTER = 10  # images of both sets: fewer make no cluster
LEAST_LEFT = 0.2  # of the images of a set, so that a FID of those with equal shares says something
DRAWS = 3

Labels = Int64[np.ndarray, " n"]


@dataclass(frozen=True)
class Group:
    """One class or cluster: how many of each set it holds, the difference of the shares (B less A) with its 95 %
    interval, and the probability of such a difference by chance, held together with those of all other groups."""

    name: str
    a: int
    b: int
    share_a: float
    share_b: float
    low: float
    high: float
    p: float

    @property
    def differs(self) -> bool:
        return self.p < SURE


@dataclass(frozen=True, eq=False)
class Grouping:
    """All groups of a kind ("class", "cluster") that hold an image, those that differ most first; `labels` of both sets
    are places in `names`, in which the groups stand by their number.

    `overlap` is the sum of the smaller shares: 1 where both sets show the same, 0 where they have no group in common.
    """

    kind: str
    groups: tuple[Group, ...]
    numbers: tuple[int, ...]
    labels: tuple[Labels, Labels]
    overlap: float


@dataclass(frozen=True)
class Evened:
    """The FID of images with the same shares of all groups, `after`, beside that of as many that were drawn at random,
    `before`: means over draws."""

    before: float
    after: float


def by_class(logits_a: np.ndarray, logits_b: np.ndarray, names: Sequence[str]) -> Grouping:
    """Groups by the class that the extractor reads in each image."""
    return _grouping("class", logits_a.argmax(axis=1), logits_b.argmax(axis=1), names)


def by_cluster(a: np.ndarray, b: np.ndarray, count: int, seed: int) -> Grouping:
    """Groups of near features; fewer than `count` where there are few images."""
    from sklearn.cluster import KMeans

    from bench.measuring.scoring import threads_for

    count = max(2, min(count, (len(a) + len(b)) // PER_CLUSTER))
    rows = np.concatenate([a, b]).astype(np.float64)
    rows -= rows.mean(axis=0)
    with threads_for(a, b):
        _, _, axes = np.linalg.svd(rows, full_matrices=False)
        places = rows @ axes[:COMPONENTS].T
        labels = KMeans(count, n_init=STARTS, random_state=seed).fit_predict(places).astype(np.int64)
    order = np.argsort(-np.bincount(labels, minlength=count), kind="stable")  # the largest is the first
    labels = np.argsort(order)[labels]
    return _grouping("cluster", labels[: len(a)], labels[len(a) :], [str(number + 1) for number in range(count)])


def _grouping(kind: str, labels_a: Labels, labels_b: Labels, names: Sequence[str]) -> Grouping:
    counts_a, counts_b = (np.bincount(one, minlength=len(names)) for one in (labels_a, labels_b))
    n_a, n_b = len(labels_a), len(labels_b)
    there = np.flatnonzero(counts_a + counts_b)
    chances = _holm([_fisher(int(counts_a[i]), n_a, int(counts_b[i]), n_b) for i in there])
    found = [
        Group(
            names[int(i)],
            int(counts_a[i]),
            int(counts_b[i]),
            counts_a[i] / n_a,
            counts_b[i] / n_b,
            *_newcombe(int(counts_a[i]), n_a, int(counts_b[i]), n_b),
            p,
        )
        for i, p in zip(there, chances, strict=True)
    ]
    order = sorted(range(len(found)), key=lambda place: (-abs(found[place].share_b - found[place].share_a), place))
    overlap = float(np.minimum(counts_a / n_a, counts_b / n_b).sum())
    groups, numbers = tuple(found[i] for i in order), tuple(int(there[i]) for i in order)
    return Grouping(kind, groups, numbers, (labels_a, labels_b), overlap)


# ----- chance


def _fisher(hits_a: int, n_a: int, hits_b: int, n_b: int) -> float:
    """Two-sided: twice the smaller of the one-sided probabilities."""
    return min(1.0, 2 * min(more_often(hits_a, n_a, hits_b, n_b), more_often(hits_b, n_b, hits_a, n_a)))


def _holm(chances: Sequence[float]) -> list[float]:
    adjusted = [0.0] * len(chances)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda one: chances[one])):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[place]))
        adjusted[place] = highest
    return adjusted


def _newcombe(hits_a: int, n_a: int, hits_b: int, n_b: int) -> tuple[float, float]:
    """Of share B less share A."""
    (a, low_a, high_a), (b, low_b, high_b) = _wilson(hits_a, n_a), _wilson(hits_b, n_b)
    down, up = np.hypot(b - low_b, high_a - a), np.hypot(high_b - b, a - low_a)
    return float(b - a - down), float(b - a + up)


def _wilson(hits: int, count: int) -> tuple[float, float, float]:
    share, z = hits / count, Z95
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return share, middle - half, middle + half


# ----- equal shares


def evened(grouping: Grouping, a: np.ndarray, b: np.ndarray, seed: int) -> Evened | None:
    """The FID with equal shares of all groups; None where too few images are left of either set."""
    kept = _kept(grouping)
    if any(sum(counts.values()) < max(8, LEAST_LEFT * len(one)) for counts, one in zip(kept, (a, b), strict=True)):
        return None
    draw = np.random.default_rng(seed)
    before, after = [], []
    for _ in range(DRAWS):
        chosen, anyhow = [], []
        for counts, labels, features in zip(kept, grouping.labels, (a, b), strict=True):
            rows = [draw.permutation(np.flatnonzero(labels == group))[:number] for group, number in counts.items()]
            chosen.append(features[np.sort(np.concatenate(rows))])
            anyhow.append(features[np.sort(draw.permutation(len(labels))[: sum(counts.values())])])
        after.append(fid_of(*chosen).fid)
        before.append(fid_of(*anyhow).fid)
    return Evened(float(np.mean(before)), float(np.mean(after)))


def _kept(grouping: Grouping) -> tuple[dict[int, int], dict[int, int]]:
    """How many images of each group stay, so that both sets have the smaller of their shares of each."""
    counts = [{int(i): int((labels == i).sum()) for i in np.unique(labels)} for labels in grouping.labels]
    sizes = [len(labels) for labels in grouping.labels]
    common = sorted(set(counts[0]) & set(counts[1]))
    shares = np.array([min(one[i] / size for one, size in zip(counts, sizes, strict=True)) for i in common])
    if not len(shares):
        return {}, {}
    shares /= shares.sum()
    kept = []
    for one in counts:
        most = min(one[i] / share for i, share in zip(common, shares, strict=True))
        kept.append({i: int(most * share + 1e-9) for i, share in zip(common, shares, strict=True)})
    return kept[0], kept[1]
