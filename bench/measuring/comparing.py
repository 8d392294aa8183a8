"""The Fréchet distance of two sides, whatever each of them is: images, a saved statistics file, an accumulator.

Two sides with features get all estimates. Where a side has statistics only, the plain value is exact and there is no
corrected value and no interval: those keys are None, and a warning says why.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring.dependence import Member, about_dependence, about_shared, without_estimates
from bench.measuring.measure import Measure
from bench.measuring.scoring import MeasuredSet, Options, Scores, about_sets, compute, notes_beside, table_of
from bench.measuring.statistics import QUESTION, SavedStatistics, check_compatible, statistics_of
from metrics.errors import InputError
from metrics.fid import METRIC, GaussianStats, fid_between, influence
from metrics.types import Sample

ABSENT = tuple(key for one in METRIC.outputs for key in one.estimates)


@dataclass(frozen=True, eq=False)
class Side:
    """One of two things to compare; `features` is None where only `statistics` are there, `count` where a file does
    not say it, `digest` (and `keys` and `hashes` of the images) where no list of images stands behind it."""

    name: str
    digest: str | None
    count: int | None
    dims: int
    keys: tuple[str, ...]
    features: np.ndarray | None = field(repr=False)
    statistics: Callable[[], GaussianStats] = field(repr=False)
    warnings: tuple[str, ...] = ()
    hashes: tuple[str, ...] = field(default=(), repr=False)


def side_of_images(measured: MeasuredSet, measure: Measure) -> Side:
    """A set of images by its features at the extractor's pool tap."""
    tap, source, table = measure.extractor.pool, measured.source, table_of(measured)

    def statistics() -> GaussianStats:
        return _gaussian(statistics_of(table, tap, GaussianStats.of_blocks, measure.cache))

    features = table.arrays[tap]
    return Side(
        source.name,
        source.digest,
        source.count,
        features.shape[1],
        source.keys,
        features,
        statistics,
        about_sets(measured),
        source.hashes,
    )


def side_of_file(path: Path, saved: SavedStatistics, measure: Measure) -> Side:
    """Saved statistics, if they were made with the same extractor, weights and resize; InputError where not."""
    plugin = measure.extractor
    if (dims := plugin.taps[plugin.pool]) != len(saved.mean):
        raise InputError(
            f"{path}: statistics of {len(saved.mean)} features, and {plugin.name} has {dims}; choose the extractor "
            "and the tap of the statistics"
        )
    said = check_compatible(saved.provenance, plugin, measure.weights.sha256, measure.resize, plugin.pool)
    return replace(side_of_statistics(path, saved), warnings=(*saved.notes, *(f"{path.name}: {note}" for note in said)))


def side_of_statistics(path: Path, saved: SavedStatistics) -> Side:
    """Saved statistics as they are."""
    digest = (saved.provenance or {}).get("source_digest")
    return Side(path.name, digest, saved.count, len(saved.mean), (), None, lambda: _gaussian(saved), saved.notes)


def common_question(a: SavedStatistics, b: SavedStatistics) -> dict[str, Any]:
    """What made two statistics files, as far as they say it: extractor, its version and sha256, resize, tap.

    Raises InputError where both say it and differ.
    """
    first, second = a.provenance or {}, b.provenance or {}
    differing = [name for name in QUESTION if name in first and name in second and first[name] != second[name]]
    if differing:
        said = "; ".join(f"{name} {first[name]!r} and {second[name]!r}" for name in differing)
        raise InputError(f"the two statistics files cannot be compared: {said}. Write one of them again: `bench stats`")
    told = {**first, **second}
    return {("extractor_sha256" if name == "weights_sha256" else name): told.get(name) for name in QUESTION}


def frechet(a: Side, b: Side, options: Options) -> Scores:
    """The FID of two sides with the keys of `metrics.fid.compute`, and what must be said beside it.

    Raises InputError for sides of different width, what `metrics.fid.compute` raises, and for all
    estimates where a side has no features.
    """
    if a.features is not None and b.features is not None:
        members = [Member(one.name, one.keys, one.hashes, one.features) for one in (a, b)]  # type: ignore[arg-type]
        values: dict[str, Any] = compute(METRIC, a.features, b.features, options=options)
        dependent, said = about_dependence(*members)
        values = without_estimates(METRIC, values) if dependent else values
    else:
        said = about_shared(a.name, a.hashes, b.name, b.hashes)
        if options.fitting(METRIC)["all_estimates"]:
            raise InputError("all estimates need the features of both sides, and one has statistics only; give images")
        distance = fid_between(a.statistics(), b.statistics())
        values = {**asdict(distance), **dict.fromkeys(ABSENT), "n_a": a.count, "n_b": b.count}
        without = " and ".join(dict.fromkeys(side.name for side in (a, b) if side.features is None))
        said.append(f"{without}: statistics but no features, so there is no corrected FID and no interval")
    if a.count is not None and b.count is not None:
        samples = [Sample(one.name, one.count or 0, one.dims, one.features) for one in (a, b)]
        said += notes_beside(METRIC, values, samples, options)
    return Scores(values, (*a.warnings, *b.warnings, *said))


def most_influential(a: Side, b: Side, number: int) -> list[dict[str, Any]]:
    """The images of both sides that move the FID most: set, image, and by how much it raises the FID."""
    assert a.features is not None, "the influence of an image needs features"
    assert b.features is not None, "the influence of an image needs features"
    moves = np.concatenate(influence(a.features, b.features))
    rows = [("a", key) for key in a.keys] + [("b", key) for key in b.keys]
    order = np.argsort(-np.abs(moves), kind="stable")[:number]
    return [{"set": rows[i][0], "image": rows[i][1], "influence": float(moves[i])} for i in order]


def about_sides(a: Side, b: Side) -> dict[str, Any]:
    """Names and digests of both sides."""
    return {"name_a": a.name, "digest_a": a.digest, "name_b": b.name, "digest_b": b.digest}


def _gaussian(saved: SavedStatistics) -> GaussianStats:
    # A file that does not say its count gets the smallest one that lets its covariance have full rank.
    return GaussianStats(saved.mean, saved.cov, saved.count or len(saved.mean) + 1)
