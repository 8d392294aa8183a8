"""Fréchet Inception Distance: the Wasserstein-2 distance between Gaussians fitted to two sets of features, squared.

Heusel et al. 2017 (arXiv 1706.08500), equation 6; equation 10 of the assignment behind Tables 6 and 7:

    FID = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))

in float64 with covariances over 1 / (n - 1), as in torch-fidelity, pytorch-fid and TTUR; stylegan3 has 1 / n. The trace
of the root is a sum of singular values where a set has at most d images (also exact where the covariances are singular)
and of the roots of symmetric eigenvalues otherwise: no matrix square root, no complex numbers, no epsilon.

The plain value is biased upwards by about tr S / n and more, so it falls as n grows. Beside it stand a corrected value,
its standard deviation and a 95 % interval; how they are made and how often they cover is in
`metrics.arithmetic.fid_interval` and in
docs/fid.md.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_pair
from metrics.arithmetic.designed_sets import of_design as interval_of_design
from metrics.arithmetic.designs import Design
from metrics.arithmetic.fid_interval import infinity, jackknife, split_half_of
from metrics.arithmetic.frechet import Frechet, Pair, Side, fid_between, fid_of, influence
from metrics.arithmetic.gaussian import GaussianStats, check_covariance
from metrics.errors import InputError
from metrics.options import SEED, check_seed, switch
from metrics.types import Counts, Interval, Metric, Moved, Option, Output, Sample, Value, Values

__all__ = ["METRIC", "Frechet", "GaussianStats", "check_covariance", "compute", "fid_between", "fid_of", "influence"]

LEAST = 4  # images per set: halves of two


def compute(real: Given, generated: Given, *, seed: int = SEED, all_estimates: bool = False) -> dict[str, float]:
    """The FID of real [n, d] and generated [m, d] with its corrected value and 95 % interval.

    Lower is better; the unit is that of a squared feature. `seed` draws the halves behind the correction: it moves the
    corrected value far less than its standard deviation, and nothing depends on the order of the rows.
    `all_estimates` adds the delete-group jackknife and FID-infinity. Raises InputError for fewer than 4 images,
    different widths and features that are not finite. A Python warning says so where the corrected value lies so far
    below 0 that the sets cannot be independent.
    """
    seed, all_estimates = check_seed(seed), switch(all_estimates, "all_estimates")
    result = measured(real, generated, seed=seed, all_estimates=all_estimates)
    if far_below_0(result):
        warnings.warn(
            f"the corrected FID is {result['fid_corrected']:.4g}, its interval ends at {result['fid_high']:.4g}, but "
            "no distance is below 0: one set was made from the other, or they share images, so read the plain value "
            f"{result['fid']:.4g} only",
            stacklevel=2,
        )
    return result


def far_below_0(result: Values) -> bool:
    """Whether no two independent sets have this result: the whole interval is below 0, and either by a quarter of its
    width, or the plain value is a tenth of what few images alone make of it."""
    plain, corrected, low, high = (result[key] for key in ("fid", "fid_corrected", "fid_low", "fid_high"))
    return bool(high < 0 and (-high > (high - low) / 4 or plain < (plain - corrected) / 10))


@numpy_defaults()
def measured(real: Given, generated: Given, *, seed: int = SEED, all_estimates: bool = False) -> dict[str, float]:
    """The values of `compute`, for those who look for dependence themselves."""
    real, generated = check_pair(real, generated, LEAST)
    seed, all_estimates = check_seed(seed), switch(all_estimates, "all_estimates")
    pair = Pair(Side(real), Side(generated))
    plain = pair.parts.distance
    interval = split_half_of(pair, seed=seed)
    result = {
        "fid": plain.fid,
        "mean_term": plain.mean_term,
        "covariance_term": plain.covariance_term,
        "fid_corrected": interval.value,
        "fid_sd": interval.sd,
        "fid_low": interval.low,
        "fid_high": interval.high,
        "fid_room": interval.room,
        "n_a": len(real),
        "n_b": len(generated),
    }
    if all_estimates:
        grouped = jackknife(real, generated, seed=seed)
        result |= {
            "fid_jackknife": grouped.value,
            "fid_jackknife_sd": grouped.sd,
            "fid_jackknife_low": grouped.low,
            "fid_jackknife_high": grouped.high,
            "fid_infinity": infinity(real, generated, seed=seed),
        }
    return result


@numpy_defaults()
def of_design(real: Given, generated: Given, design: Design, *, seed: int = SEED, **options: Any) -> dict[str, float]:
    """The corrected FID with its interval, by the keys of `compute`, of sets that are no independent draws."""
    real, generated = check_pair(real, generated, LEAST)
    found = interval_of_design(real, generated, design, seed=check_seed(seed))
    ends = {"fid_low": found.low, "fid_high": found.high, "fid_room": found.room}
    return {"fid_corrected": found.value, "fid_sd": found.sd, **ends}


def of_statistics(
    a: GaussianStats, b: GaussianStats, *, seed: int = SEED, all_estimates: bool = False
) -> dict[str, float | None]:
    """The plain FID of two Gaussians and its parts; what needs features is None. InputError for all estimates."""
    if switch(all_estimates, "all_estimates"):
        raise InputError("all estimates need the features of both sets, and one has statistics only; give images")
    estimates = (key for output in METRIC.outputs for key in output.estimates)
    return {**asdict(fid_between(a, b)), **dict.fromkeys(estimates)}


def paired(real: Given, generated: Given) -> tuple[np.ndarray, float]:
    """The influence of each real image, and the standard deviation that the generated ones bring; the corrected FID
    has the same first order."""
    of_real, of_generated = influence(real, generated)
    return of_real, float(np.linalg.norm(of_generated))


def moved(real: Given, generated: Given) -> dict[str, Moved]:
    """The plain FID with the influence of each image."""
    pair = Pair(*map(Side, check_pair(real, generated, 2)))
    return {"fid": Moved(pair.parts.distance.fid, pair.influence)}


def notes(values: Values, samples: Sequence[Sample], options: Values) -> list[str]:
    """How to read a FID of few images, and one of two counts."""
    n, m = (one.count for one in samples)
    dims, said = samples[0].dims, []
    if min(n, m) <= dims:
        read = "a corrected one needs the images of independent sets"
        if values["fid_corrected"] is not None:
            read = "read the corrected value and its interval"
        said.append(
            f"n <= d: {min(n, m)} images for {dims} features, so the plain FID is mostly small-sample bias; {read}"
        )
    if n != m:
        said.append(f"different n: {n} against {m}; the plain FID's bias depends on both")
    return said


def impossible(values: Values, counts: Counts, options: Values) -> Iterator[str]:
    """The FID is the sum of its two terms."""
    plain, mean_term, covariance_term = (values.get(key) for key in ("fid", "mean_term", "covariance_term"))
    if plain is None or mean_term is None or covariance_term is None:
        return
    if abs(plain - mean_term - covariance_term) > 1e-9 * abs(plain):
        yield f"fid is {plain:.9g}, its terms add up to {mean_term + covariance_term:.9g}"


METRIC = Metric(
    name="fid",
    title="Fréchet Inception Distance",
    source="Heusel et al. 2017, arXiv 1706.08500",
    feature="pool",
    arity="pair",
    version=3,  # 1: a wider interval; 2: too low where the sets differ in directions of little variance
    outputs=(
        Output(
            *("fid", "FID", "lower"),
            says="the plain value, as papers print it; too high for small sets",
            decimals=2,
            looks_at="both",
        ),
        Output(
            *("fid_corrected", "FID, corrected", "lower"),
            says="without the bias of few images",
            corrects="fid",
            interval=Interval("fid_low", "fid_high", "fid_sd", even=False, leans=True, noisy=True, room="fid_room"),
            column="corrected",
            shown="top",
        ),
        Output(
            *("mean_term", "mean term", "lower"),
            says="the part of the plain FID from the means",
            least=0,
            shown="entry",
        ),
        Output(
            *("covariance_term", "covariance term", "lower"),
            says="the part of the plain FID from the spread around the means",
            least=0,
            shown="entry",
        ),
    ),
    beside=(
        Value("fid_room", least=0),
        Value("n_a", kind="count", counted="real"),
        Value("n_b", kind="count", counted="generated"),
        Output(
            *("fid_jackknife", "FID, delete-group jackknife", "lower"),
            corrects="fid",
            interval=Interval("fid_jackknife_low", "fid_jackknife_high", "fid_jackknife_sd"),
        ),
        Output("fid_infinity", "FID-infinity", "lower", corrects="fid"),
    ),
    options=(Option("all_estimates", False, "Add the delete-group jackknife and FID-infinity.", flag=None),),
    protocol=True,
    influence=paired,
    of_statistics=of_statistics,
    notes=notes,
    impossible=impossible,
    moved=moved,
    of_design=of_design,
    compute=measured,
)
