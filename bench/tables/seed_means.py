"""Scores over training seeds: the mean of a number, and the words for what it covers."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bench.storage.records import Numbers
from bench.tables.columns import Number
from bench.tables.table import Cell
from metrics.arithmetic.training_seeds import SHARED, SeedMean, over_seeds

ONE_SEED = "one training seed: the spread between seeds is not known; `bench run --seeds 0-4` trains five"
ONE_SEED_EACH = "one training seed of each: the spread between seeds is not known, so these are ranks of trainings"
ONE_OF_SEVERAL = "one of several training seeds: the mean over them is the score of the model"
COVERS = (
    "[ ] of a mean is its 95 % t-interval over training seeds. It covers training and sampling, on these real images; "
    "other real images are not in it"
)
BETWEEN = (
    "spread between seeds: the standard deviation that training alone brings, without what the sampling errors "
    "explain. Sampling error: of the score of one seed. – where it is not known"
)
SHARE = (
    f"which part of a distance's sampling error is the real images', which all seeds share, is not kept in records: "
    f"{100 * SHARED:.0f} % is assumed, and the interval of the spread holds for any part"
)


def seed_mean(number: Number, scores: Iterable[Mapping[str, Numbers]], apart: float | None = None) -> SeedMean | None:
    """A number over the seeds whose scores by metric these are; None where it was measured of none.

    `apart` is the variance of the sampling errors that differs from seed to seed, where it is known. A number of one
    set has no real images: all of its error does.
    """
    found = [one.get(number.metric.name, {}) for one in scores]
    found = [one for one in found if one.get(number.key) is not None]
    if not found:
        return None
    errors = _errors(number, found)
    if apart is None and errors is not None and number.metric.arity == "set":
        apart = float(np.mean(np.square(errors)))
    return over_seeds([float(one[number.key] or 0) for one in found], errors, apart)


def _errors(number: Number, found: Sequence[Numbers]) -> list[float] | None:
    """The standard errors of a number, of a plain value those of its corrected one; None where one is not known."""
    outputs = number.metric.outputs
    at = next((one.interval for one in outputs if one.corrects == number.key), number.output.interval)
    errors = [one.get(at.se) for one in found] if at and at.se else [None]
    known = [float(error) for error in errors if error is not None]
    return known if len(known) == len(errors) else None


def mean_cell(mean: SeedMean | None, decimals: int = 2) -> Cell:
    """The mean with its t-interval."""
    return Cell() if mean is None else Cell(mean.mean, mean.low, mean.high, decimals)


def between_cell(mean: SeedMean | None, decimals: int = 2) -> Cell:
    """The spread between seeds with its interval; where no sampling error is known, it cannot be told apart."""
    return Cell() if mean is None else Cell(mean.between, mean.between_low, mean.between_high, decimals)


def sampling_cell(mean: SeedMean | None, decimals: int = 2) -> Cell:
    """The sampling error of the score of one seed."""
    return Cell() if mean is None else Cell(mean.sampling, decimals=decimals)
