"""Real 1, real 2 and generated images of one size: the ruler and what is held against it.

A distance to real 1 is compared with that of real 2 to real 1, so that all three sets have one size n, the smallest:
what few images add to a distance is then in both. Where nobody gives real 2, `metrics.splits.disjoint` cuts the real
images into two sets that share no image; of `NAME:real-1` of a data set, real 2 is its `NAME:real-2`.
"""

from dataclasses import dataclass, replace

from bench.datasets import open_dataset
from bench.measuring.evaluation import REAL_1, REAL_2
from bench.measuring.given import ready_set
from bench.measuring.sets import MeasuredSet
from bench.measuring.setup import Images, Setup
from bench.sources.splits import split_named
from metrics.errors import InputError
from metrics.splits import disjoint, drawn

LEAST = 10  # images in each set


@dataclass(frozen=True, eq=False)
class Three:
    """The sets, each of `count` images, as images or as features that were given; `name` is that of the real images,
    `said` how they were taken, `warnings` what was found in all that they were taken from."""

    real_1: MeasuredSet
    real_2: MeasuredSet
    generated: MeasuredSet
    name: str
    said: str
    warnings: tuple[str, ...] = ()

    @property
    def sets(self) -> tuple[MeasuredSet, MeasuredSet, MeasuredSet]:
        return self.real_1, self.real_2, self.generated

    @property
    def count(self) -> int:
        """Of the images in each."""
        return self.real_1.count or 0

    @property
    def given_features(self) -> bool:
        """Whether they are features, of whatever extractor, and no images."""
        return self.real_1.source is None


def three_sets(real: Images, generated: Images, real_2: Images | None, setup: Setup) -> Three:
    """The three sets out of what was given; `limit` is the largest size that they may have.

    InputError for what holds neither images nor features, both mixed, and fewer than LEAST images in a set.
    """
    real_2 = _own_real_2(real) if real_2 is None else real_2
    given = [real, generated, *(() if real_2 is None else (real_2,))]
    how = replace(setup, settings={**setup.settings, "limit": None})
    how.check_there(*(one for one in given if ready_set(one, how) is None))
    opened = [_open(one, how) for one in given]
    of_real, made = opened[:2]
    if len({one.source is None for one in opened}) > 1:
        names = [f"{one.name} holds {'images' if one.source else 'features'}" for one in opened]
        raise InputError(f"{', '.join(names)}; expected the same of all sets; give images for all")
    if len({one.dims() for one in opened}) > 1:
        widths = ", ".join(f"{one.dims()} of {one.name}" for one in opened)
        raise InputError(f"the features have different widths ({widths}); give those of one extractor for all sets")
    limit, seed = setup.settings["limit"], setup.settings["seed"]
    found = _halved(of_real, made, limit, seed) if real_2 is None else _apart(of_real, made, opened[2], limit, seed)
    if found.count < LEAST:
        counts = [f"{len(set(of_real.hashes))} different images of {of_real.name}" if real_2 is None else ""]
        counts += [f"{one.count} of {one.name}" for one in opened[real_2 is None :]]
        raise InputError(
            f"{found.said}, {found.count} in each set, since there are {', '.join(filter(None, counts))}; second "
            f"opinions need at least {LEAST} in each of the three sets; give more images or a larger limit"
        )
    return replace(found, warnings=tuple(dict.fromkeys(line for one in opened for line in one.warnings)))


def _own_real_2(real: Images) -> str | None:
    """Real 2 of the data set whose real 1 was given."""
    named = split_named(real)
    if not named or named[1] != REAL_1.replace(" ", "-") or REAL_2 not in (open_dataset(named[0]).eval_sets or {}):
        return None
    return f"{named[0]}:{REAL_2.replace(' ', '-')}" + (f"/{named[2]}" if named[2] else "")


def _open(given: Images, setup: Setup) -> MeasuredSet:
    ready = ready_set(given, setup)
    if ready is None or ready.with_images:  # of both, the images: statistics hold no single ones
        # The notes count the files of the whole set, so they are said of it once and not of each part.
        found = MeasuredSet.of_images(setup.open(given))
        return replace(found, source=replace(found.images, notes=()))
    if "pool" not in ready.measured.arrays:
        raise InputError(f"{ready.what} {ready.measured.name} holds no features of single images; give the images")
    return ready.measured


def _halved(real: MeasuredSet, generated: MeasuredSet, limit: int | None, seed: int) -> Three:
    count = _smallest(limit, len(set(real.hashes)) // 2, len(generated.keys))
    rows, _ = disjoint(real.hashes, (count, count), seed)
    one, two = (real.taken(part, f"{real.name}, half {number}") for number, part in enumerate(rows, 1))
    said = f"{real.name} cut into two disjoint sets with seed {seed}"
    return Three(one, two, _drawn(generated, count, seed), real.name, said)


def _apart(real: MeasuredSet, generated: MeasuredSet, other: MeasuredSet, limit: int | None, seed: int) -> Three:
    count = _smallest(limit, *(len(one.keys) for one in (real, generated, other)))
    real_1, made, real_2 = (_drawn(one, count, seed) for one in (real, generated, other))
    return Three(real_1, real_2, made, real.name, f"{real.name} and {other.name}")


def _smallest(limit: int | None, *counts: int) -> int:
    return min(counts if limit is None else (*counts, limit))


def _drawn(one: MeasuredSet, count: int, seed: int) -> MeasuredSet:
    """So many of its images, as `--limit` draws them."""
    if count == len(one.keys):
        return one.taken(range(count), one.name)
    return one.taken(drawn(len(one.keys), count, seed), one.name)
