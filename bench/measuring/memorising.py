"""Memorisation of a generator: what its features say, what its pixels say, and whether a leaderboard would flag it."""

from bench.measuring.copies import copies
from bench.measuring.flags import flags
from bench.measuring.measure import Measure
from bench.measuring.scoring import MeasuredSet, Options, Scores, about_sets, compute, table_of
from metrics.types import Metric


def score_triplet(
    train: MeasuredSet,
    generated: MeasuredSet,
    held_out: MeasuredSet,
    measure: Measure,
    metric: Metric,
    options: Options,
) -> Scores:
    """A metric of what a generator has seen, what it made, and real images that it has not seen.

    Beside its own keys stand those of `bench.measuring.copies.copies`, and `flags`, the reasons of
    `bench.measuring.flags.flags`.
    """
    tables = (table_of(measured).arrays[measure.extractor.pool] for measured in (train, generated, held_out))
    values = compute(metric, *tables, options=options)
    pixels = copies(train.source, generated.source, held_out.source, workers=measure.workers)
    return Scores({**values, **pixels, "flags": list(flags(values, pixels))}, about_sets(train, generated, held_out))
