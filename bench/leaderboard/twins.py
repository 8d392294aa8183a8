"""Entries of one track that share images or a model: said of both, because none of it is an error.

Of two entries it is found, the first of these that holds, and whether they have one model file:

- equal images, by the sha256 of their pixels (of an entry of schema 1 made from files: of their bytes);
- nearly equal images, where features or thumbnails are kept (`bench.leaderboard.near_images`);
- means nearer together than those of independent images are, where no features are kept. With images from one
  distribution n m / (n + m) |m1 - m2|^2 is a weighted sum of chi-squares, here taken as one of as many degrees of
  freedom as its variance says (Satterthwaite 1946). What is below NEAR_MEANS of its expectation and less probable than
  CHANCE is not chance.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import FEATURES, MANIFEST, MOMENTS, THUMBNAILS, beside, entry_path
from bench.leaderboard.evidence import Evidence, hashes_of, read_evidence
from bench.leaderboard.moments import Moments, read_moments
from bench.leaderboard.near_images import Near, near_pairs
from bench.leaderboard.small_pictures import comparable, read_small_pictures
from bench.storage.reading import read_text
from bench.storage.result_places import first_of

SHARE = 0.01  # of the images of an entry: fewer equal ones are not mentioned
HALF_MEANS, NEAR_MEANS = 0.5, 0.05  # of what independent images have
CHANCE = 1e-4

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Look:
    """What is compared of one entry."""

    entry: Entry
    hashes: frozenset[str]
    moments: Moments | None
    evidence: Evidence | None
    thumbnails: np.ndarray | None = None

    @property
    def features(self) -> np.ndarray | None:
        """Those that are kept."""
        return None if self.evidence is None else self.evidence.features


def twins(looks: Sequence[Look]) -> dict[str, tuple[str, ...]]:
    """What each entry of a track shares with others, one line for each, by slug."""
    found: dict[str, list[str]] = defaultdict(list)
    equal, close = _equal(looks), _close_means(looks)
    near = _near(looks, close)
    one_file = _pairs([{look.entry.origin.sha256} - {""} for look in looks])
    for a, b in sorted({*equal, *near, *close, *one_file}):
        for side, (this, that) in enumerate(((looks[a], looks[b]), (looks[b], looks[a]))):
            name, said = that.entry.about.name, ""
            if shared := equal.get((a, b), 0):
                said = f"{shared:,} of its {this.entry.manifest.count:,} images are also in {name!r}"
            elif (a, b) in near:
                said = _nearly(near[a, b][side], this.entry, name)
            elif close.get((a, b)) and (this.features is None or that.features is None):
                said = f"its images are nearly those of {name!r}, by the means of their features"
            if said:
                found[this.entry.slug].append(said)
            if (a, b) in one_file:
                found[this.entry.slug].append(f"it was made by the same file as {name!r}")
    return {slug: tuple(lines) for slug, lines in found.items()}


def look_at(results: Path, entry: Entry) -> Look:
    """Read what is compared of an entry; InputError where that is damaged."""
    folder = beside(first_of(results, entry_path(results, entry.track, entry.slug)))
    moments = read_moments(folder / MOMENTS) if MOMENTS in entry.files else None
    evidence = read_evidence(folder / FEATURES, entry.rules) if FEATURES in entry.files else None
    if evidence is not None:
        hashes = frozenset(hashes_of(evidence.pixels))
    elif MANIFEST in entry.files:
        lines = read_text(folder / MANIFEST).splitlines()
        hashes = frozenset(line.removeprefix("\\")[:64] for line in lines)
    else:
        hashes = frozenset()
    kept = THUMBNAILS in entry.files
    small = read_small_pictures(folder / THUMBNAILS, entry.manifest.count) if kept else None
    return Look(entry, hashes, moments, evidence, None if small is None else comparable(small))


def _equal(looks: Sequence[Look]) -> Mapping[Pair, int]:
    """How many images each two entries have in common, where it is more than SHARE of them."""
    shared = _pairs([look.hashes for look in looks])
    return {pair: count for pair, count in shared.items() if count > SHARE * looks[pair[0]].entry.manifest.count}


def _pairs(sets: Iterable[Iterable[str]]) -> Counter[Pair]:
    """How many elements each two sets share, by their numbers; only those that share any."""
    holders = defaultdict(list)
    for number, elements in enumerate(sets):
        for one in elements:
            holders[one].append(number)
    groups = Counter(map(tuple, holders.values()))  # of copies of one entry all elements have the same holders
    shared: Counter[Pair] = Counter()
    for numbers, times in groups.items():
        for pair in combinations(numbers, 2):
            shared[pair] += times
    return shared


def _close_means(looks: Sequence[Look]) -> dict[Pair, bool]:
    """The pairs whose means lie together, and whether so near that no chance brings them there."""
    known = [(number, look.moments) for number, look in enumerate(looks) if look.moments is not None]
    if len({len(one.mean) for _, one in known}) != 1:
        return {}
    means = np.stack([one.mean for _, one in known])
    noise = np.array([one.trace / one.count for _, one in known])
    products = means @ means.T
    squares = np.diag(products)
    ratios = (squares[:, None] + squares - 2 * products) / (noise[:, None] + noise)
    rows, columns = np.nonzero(np.triu(ratios < HALF_MEANS, 1))
    return {
        (known[i][0], known[j][0]): _beyond_chance(ratios[i, j], known[i][1])
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    }


def _beyond_chance(ratio: float, moments: Moments) -> bool:
    from scipy.special import gammainc

    spectrum = moments.spectrum
    freedom = spectrum.sum() ** 2 / max((spectrum**2).sum(), np.finfo(float).tiny)
    return bool(ratio < NEAR_MEANS and gammainc(freedom / 2, freedom / 2 * max(ratio, 0)) < CHANCE)


def _near(looks: Sequence[Look], close: Iterable[Pair]) -> dict[Pair, tuple[Near, Near]]:
    """The pairs that share nearly equal images, by their thumbnails or else by their features."""
    kept = ([look.features for look in looks], [look.thumbnails for look in looks])
    found: dict[Pair, tuple[Near, Near]] = {}
    for rows in kept:
        found |= near_pairs({number: one for number, one in enumerate(rows) if one is not None}, close)
    return found


def _nearly(near: Near, entry: Entry, name: str) -> str:
    """What is said of an entry whose images are nearly those of another one."""
    count = entry.manifest.count
    of = f"its {count:,} images" if near.compared == count else f"{near.compared:,} of its images that were compared"
    translated = any(one.domain for one in entry.rules.protocol.real)
    caution = "; two translations of one image can look alike too" if translated else ""
    return f"{near.count:,} of {of} are nearly images of {name!r}{caution}"
