"""CMMD: the squared maximum mean discrepancy of features of unit length, under a Gaussian kernel.

Jayasumana et al. 2024 (arXiv 2401.09603): k(x, y) = exp(-|x - y|^2 / 2 sigma^2) with sigma = 10, over embeddings of
CLIP that are scaled to length 1; everything times 1000. Features of another network give other numbers, which compare
among themselves only.

- `cmmd` is the unbiased estimate of the paper (the U-statistic), which can fall below 0; its standard error and
  interval come in closed form (metrics/arithmetic/mmd.py).
- `cmmd_biased` is what the authors' code prints (google-research/cmmd): over all pairs, an image with itself among
  them (the V-statistic). It is at least 0 and too large by what an image is nearer to itself than to others, over n.

What it cannot see: features of length 1 with so wide a kernel make it close to |mean x - mean y|^2 / sigma^2, so spread
that leaves the means in place moves it little.
"""

import math
from collections.abc import Sequence

import numpy as np

from genbench.shapes import Float64
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_pair
from metrics.arithmetic.designs import Design
from metrics.arithmetic.directions import directions
from metrics.arithmetic.mmd import Kernel, Matrices, matrices, parts
from metrics.arithmetic.mmd import of_design as mmd_of_design
from metrics.arithmetic.quantiles import Z95
from metrics.options import whole_number
from metrics.types import Interval, Metric, Moved, Option, Output, Sample, Value, Values

SIGMA, MOST_SIGMA = 10, 1_000  # wider, the kernel is 1 to the last digits that a float64 has
SCALE = 1000
LEAST = 4  # images of each set: its variance takes four distinct ones


def _kernel(sigma: int) -> Kernel:
    def kernel(products: Float64[np.ndarray, "a b"], dims: int) -> Float64[np.ndarray, "a b"]:
        products -= 1  # |x - y|^2 = 2 - 2 x.y for rows of length 1
        products /= sigma**2
        return np.exp(products, out=products)

    return kernel


def _matrices(real: Given, generated: Given, sigma: int) -> Matrices:
    real, generated = check_pair(real, generated, least=LEAST)
    sigma = whole_number(sigma, "the width of the kernel of CMMD", 1, MOST_SIGMA)
    return matrices(directions(real, "real"), directions(generated, "generated"), _kernel(sigma))


@numpy_defaults()
def compute(real: Given, generated: Given, *, sigma: int = SIGMA) -> dict[str, float]:
    """CMMD of real [n, d] against generated [m, d] features, times 1000; lower is better.

    `cmmd_sd` is the standard error over draws of both sets, `cmmd_low` and `cmmd_high` are the ends of its 95 %
    interval, as those of the KID.
    InputError for fewer than 4 images, other shapes, NaN, an image whose features are all 0, and a sigma
    that is not from 1 to 1000.
    """
    found = _matrices(real, generated, sigma)
    spread = parts(found)
    low, high = spread.ends(found.unbiased)
    values = {"cmmd": found.unbiased, "cmmd_sd": math.sqrt(spread.variance), "cmmd_low": low, "cmmd_high": high}
    return {key: SCALE * value for key, value in {**values, "cmmd_biased": found.biased}.items()}


@numpy_defaults()
def of_design(real: Given, generated: Given, design: Design, *, sigma: int = SIGMA) -> dict[str, float]:
    """The CMMD with its interval, by the keys of `compute`, of sets that are no independent draws."""
    real, generated = check_pair(real, generated, least=LEAST)
    sides = directions(real, "real"), directions(generated, "generated")
    found, variance = mmd_of_design(*sides, _kernel(sigma), design)
    value, sd = SCALE * found, SCALE * math.sqrt(variance)
    return {"cmmd": value, "cmmd_sd": sd, "cmmd_low": value - Z95 * sd, "cmmd_high": value + Z95 * sd}


@numpy_defaults()
def influence(real: Given, generated: Given) -> tuple[Float64[np.ndarray, " n"], float]:
    """The influence of each real image on the CMMD, and the standard deviation that the generated ones bring."""
    found = _matrices(real, generated, SIGMA)
    return SCALE * found.influence(), SCALE * math.sqrt(parts(found).variance_y)


def moved(real: Given, generated: Given) -> dict[str, Moved]:
    """The biased value with the influence of each image."""
    found = _matrices(real, generated, SIGMA)
    of_real, of_generated = found.biased_influences()
    return {"cmmd_biased": Moved(SCALE * found.biased, (SCALE * of_real, SCALE * of_generated))}


def notes(values: Values, samples: Sequence[Sample], options: Values) -> list[str]:
    """What a value below 0 means, unless its whole interval is."""
    value, high = values["cmmd"], values.get("cmmd_high")
    if value >= 0 or high is None or high < 0:
        return []
    return [f"CMMD is {value:.3g}, below 0: an unbiased estimate of a distance near 0 falls below it half of the time"]


METRIC = Metric(
    name="cmmd",
    title="CLIP Maximum Mean Discrepancy",
    source="Jayasumana et al. 2024, arXiv 2401.09603",
    feature="pool",
    arity="pair",
    version=2,  # 1: an interval that reaches as far down as up
    outputs=(
        Output(
            *("cmmd", "CMMD", "lower"),
            says="distance of the features' directions under a Gaussian kernel; no bias from few images",
            interval=Interval("cmmd_low", "cmmd_high", "cmmd_sd", even=False, leans=True),
            shown="table",
        ),
        Output(
            *("cmmd_biased", "CMMD, biased", "lower"),
            says="an image counts as its own neighbour, so it is too large for small sets",
            least=0,
            shown="entry",
            looks_at="both",
        ),
    ),
    beside=(Value("cmmd_sd", least=0),),
    options=(Option("sigma", SIGMA, "Width of the Gaussian kernel.", least=1),),
    influence=influence,
    notes=notes,
    moved=moved,
    of_design=of_design,
    compute=compute,
)
