"""Memorisation of a generator: what its features say, what its pixels say, and whether a leaderboard would flag it."""

from bench.measuring.copies import copies
from bench.measuring.flags import flags
from bench.measuring.scoring import Options, Scores, compute
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
    values = compute(metric, *(one.features(metric.feature) for one in sets), options=options)
    pixels = copies(*(one.images for one in sets), workers=workers)
    warnings = tuple(dict.fromkeys(line for one in sets for line in one.warnings))
    return Scores({**values, **pixels, "flags": list(flags(values, pixels))}, warnings)
