"""Memorisation of a generator: what its features say, what its pixels say, and whether a leaderboard would flag it."""

from bench.measuring.copies import copies
from bench.measuring.dependence import SHARED
from bench.measuring.flags import flags
from bench.measuring.scoring import Counted, Options, Scores, compute
from bench.measuring.sets import MeasuredSet
from metrics.types import Metric


def score_triplet(
    train: MeasuredSet, generated: MeasuredSet, held_out: MeasuredSet, metric: Metric, options: Options, workers: int
) -> Scores:
    """A metric of what a generator has seen, what it made, and real images that it has not seen.

    Beside its own keys stand those of `bench.measuring.copies.copies`, and `flags`, the reasons of
    `bench.measuring.flags.flags`.
    """
    sets = (train, generated, held_out)
    values = compute(metric, *(one.features(metric.feature) for one in sets), options=options, device=train.device)
    pixels = copies(*(one.images for one in sets), workers=workers)
    warnings = [line for one in sets for line in one.warnings] + about_held_out(train, held_out)
    return Scores({**values, **pixels, "flags": list(flags(values, pixels))}, tuple(dict.fromkeys(warnings)))


def about_held_out(train: Counted, held_out: Counted) -> list[str]:
    """A warning where images that should be new to a generator are among those that it was trained on."""
    known = set(train.hashes)
    seen = sum(one in known for one in held_out.hashes)
    if seen <= SHARED * len(held_out.hashes):
        return []
    return [
        f"{seen:,} of {len(held_out.hashes):,} images of {held_out.name} are also in the training images "
        f"{train.name}, so they are not new to the generator and FLD and memorisation say nothing; give images that it "
        "was not trained on"
    ]
