"""Fréchet Inception Distance: the Wasserstein-2 distance between Gaussians fitted to two sets of features, squared.

Heusel et al. 2017 (arXiv 1706.08500), equation 6; equation 10 of the assignment behind Tables 6 and 7:

    FID = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))

in float64 with covariances over 1 / (n - 1), as in torch-fidelity, pytorch-fid and TTUR; stylegan3 has 1 / n. The trace
of the root is a sum of singular values where a set has at most d images (also exact where the covariances are singular)
and of the roots of symmetric eigenvalues otherwise: no matrix square root, no complex numbers, no epsilon.

The plain value is biased upwards by about tr S / n and more, so it falls as n grows. Beside it stand a corrected value,
its standard deviation and a 95 % interval; how they are made and how often they cover is in `_fid_interval` and in
docs/fid.md.
"""

from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_pair
from metrics.arithmetic.fid_interval import infinity, jackknife, split_half
from metrics.arithmetic.frechet import Frechet, fid_between, fid_of, influence
from metrics.arithmetic.gaussian import GaussianStats, check_covariance
from metrics.options import check_seed, switch
from metrics.types import Metric, Output

__all__ = ["METRIC", "Frechet", "GaussianStats", "check_covariance", "compute", "fid_between", "fid_of", "influence"]

LEAST = 4  # images per set: halves of two


@numpy_defaults()
def compute(real: Given, generated: Given, *, seed: int = 2020, all_estimates: bool = False) -> dict[str, float]:
    """The FID of real [n, d] and generated [m, d] with its corrected value and 95 % interval.

    Lower is better; the unit is that of a squared feature. `seed` draws the halves behind the correction: it moves the
    corrected value far less than its standard deviation, and nothing depends on the order of the rows.
    `all_estimates` adds the delete-group jackknife and FID-infinity. Raises InputError for fewer than 4 images,
    different widths and features that are not finite.
    """
    real, generated = check_pair(real, generated, LEAST)
    seed, all_estimates = check_seed(seed), switch(all_estimates, "all_estimates")
    plain = fid_of(real, generated)
    interval = split_half(real, generated, seed=seed)
    result = {
        "fid": plain.fid,
        "mean_term": plain.mean_term,
        "covariance_term": plain.covariance_term,
        "fid_corrected": interval.value,
        "fid_sd": interval.sd,
        "fid_low": interval.low,
        "fid_high": interval.high,
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


METRIC = Metric(
    name="fid",
    title="Fréchet Inception Distance",
    source="Heusel et al. 2017, arXiv 1706.08500",
    feature="pool",
    arity="pair",
    outputs=(
        Output("fid", "FID", "lower"),
        Output("fid_corrected", "FID, corrected", "lower"),
        Output("mean_term", "mean term", "lower"),
        Output("covariance_term", "covariance term", "lower"),
    ),
    compute=compute,
)
