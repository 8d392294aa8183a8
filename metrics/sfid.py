"""Spatial FID: the Fréchet distance of features that keep their place in the image.

Nash et al. 2021 (arXiv 2103.03841), as the evaluator of ADM computes it (github.com/openai/guided-diffusion): the first
seven channels of Inception's mixed_6/conv, 17 x 17 x 7 = 2023 values per image instead of the 2048 of its last pooling.
Where things stand in an image counts here, and what they are counts less.

The arithmetic, the correction and the interval are those of the FID (metrics/fid.py).
"""

from genbench.surroundings import numpy_defaults
from metrics import fid
from metrics.arithmetic.arrays import Given
from metrics.arithmetic.designs import Design
from metrics.arithmetic.gaussian import GaussianStats
from metrics.options import SEED
from metrics.types import Interval, Metric, Moved, Output, Value

KEYS = ("fid", "fid_corrected", "fid_sd", "fid_low", "fid_high", "fid_room")


@numpy_defaults()
def compute(real: Given, generated: Given, *, seed: int = SEED) -> dict[str, float]:
    """sFID of real [n, 2023] and generated [m, 2023] spatial features with its corrected value and 95 % interval.

    Lower is better. Errors as `metrics.fid.compute`.
    """
    found = fid.measured(real, generated, seed=seed)
    return {f"s{key}": found[key] for key in KEYS}


def of_statistics(a: GaussianStats, b: GaussianStats, *, seed: int = SEED) -> dict[str, float | None]:
    """The plain sFID of two Gaussians; what needs features is None."""
    found = fid.of_statistics(a, b, seed=seed)
    return {f"s{key}": found[key] for key in KEYS}


def of_design(real: Given, generated: Given, design: Design, *, seed: int = SEED) -> dict[str, float]:
    """The corrected sFID with its interval, of sets that are no independent draws."""
    return {f"s{key}": value for key, value in fid.of_design(real, generated, design, seed=seed).items()}


def moved(real: Given, generated: Given) -> dict[str, Moved]:
    """The plain value with the influence of each image."""
    return {f"s{key}": found for key, found in fid.moved(real, generated).items()}


METRIC = Metric(
    name="sfid",
    title="Spatial FID",
    source="Nash et al. 2021, arXiv 2103.03841",
    feature="spatial",
    arity="pair",
    outputs=(
        Output(
            *("sfid", "sFID", "lower"),
            says="the FID of features that keep their place in the image; too high for small sets",
            decimals=2,
            shown="table",
            looks_at="both",
        ),
        Output(
            *("sfid_corrected", "sFID, corrected", "lower"),
            says="without the bias of few images",
            corrects="sfid",
            interval=Interval("sfid_low", "sfid_high", "sfid_sd", even=False, leans=True, noisy=True, room="sfid_room"),
            column="corrected",
            shown="table",
        ),
    ),
    version=3,  # as that of the FID
    beside=(Value("sfid_room", least=0),),
    influence=fid.paired,
    of_statistics=of_statistics,
    moved=moved,
    of_design=of_design,
    compute=compute,
)
