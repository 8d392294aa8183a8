"""Kernel Inception Distance: the squared maximum mean discrepancy under a cubic kernel, with its standard error.

Binkowski et al. 2018 (arXiv 1801.01401), section 4: with k(x, y) = (x.y / d + 1)^3, over real x_1..x_n and generated
y_1..y_m,

    KID = mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j)

`kid` takes ALL pairs once, so it has no random part, and its variance has a closed form: metrics/arithmetic/mmd.py.

`kid_subsets_mean` and `kid_subsets_sd` are the protocol of torch-fidelity 0.4 (`kid_features_to_metric`), drawn by the
same generator: 100 random subsets of 1000 images from each set. The subsets overlap, so their spread is NOT an
interval; it shrinks to 0 where the subset is the whole set. They are read off the same pass over the kernel matrix.

Cost: (n^2 / 2 + m^2 / 2 + n m) d multiplications, in float32 from 2,049 images on (metrics/arithmetic/mmd.py). Two sets
of 10,000 in 2,048 dimensions took 11.1 s of one Zen 4 core, of which the products alone need 8.7 s; torch-fidelity
takes 0.9 and torchmetrics 1.2 times as long for the subsets alone (`benchmarks/speed_metrics.py`). 50,000 are 25 times
as much, while the cost of subsets stays. The memory beyond the features is that of a copy, a few blocks and the
subsets' membership (n + m bytes per subset).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from genbench.shapes import Float64
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, check_pair
from metrics.arithmetic.designs import Design
from metrics.arithmetic.mmd import matrices, parts
from metrics.arithmetic.mmd import of_design as mmd_of_design
from metrics.arithmetic.quantiles import Z95
from metrics.options import SEED, check_seed, whole_number
from metrics.types import Interval, Metric, Moved, Option, Output, Sample, Values

MOST_SUBSETS = 10_000  # each is a byte for every image


def _kernel(products: Float64[np.ndarray, "a b"], dims: int) -> Float64[np.ndarray, "a b"]:
    products /= dims
    products += 1.0
    cube: np.ndarray = np.square(products)
    cube *= products  # numpy's ** 3 takes 10 times as long
    return cube


def _members(n: int, m: int, subsets: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which images each subset holds, drawn in torch-fidelity's order: the first set, then the second, per subset."""
    draw = np.random.RandomState(seed)
    member_x, member_y = np.zeros((n, subsets), dtype=bool), np.zeros((m, subsets), dtype=bool)
    for s in range(subsets):
        member_x[draw.choice(n, size, replace=False), s] = True
        member_y[draw.choice(m, size, replace=False), s] = True
    return member_x, member_y


def subset_warning(n: int, m: int, subset_size: int = 1000) -> str | None:
    """Why the subset protocol is left out for n real and m generated images; None where it is not."""
    if subset_size <= min(n, m):
        return None
    return (
        f"KID subsets of {subset_size} images need as many in each set, here are {n} and {m}: the subset protocol is "
        f"left out; kid itself uses all images and stands; give --kid-subset-size {min(n, m)} or less, or more images"
    )


def negative_note(kid: float) -> str | None:
    """What a negative KID means; None where it is not negative."""
    if kid >= 0:
        return None
    return (
        f"KID is {kid:.3g}, below 0: an unbiased estimate of a distance that is near 0 falls below it about half of "
        "the time; read it as 'no difference found with these counts', and see the interval"
    )


@numpy_defaults()
def compute(
    real: Given,
    generated: Given,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    seed: int = SEED,
) -> dict[str, float]:
    """KID of real [n, d] against generated [m, d] features, its standard error and 95 % interval; lower is better.

    `kid` is unbiased, so it can be negative; `kid_sd` is its standard error over draws of both sets, in which an
    estimated first-order part below 0 counts as 0 (at equal distributions this makes it about 12 % too wide on
    average). `kid_low` and `kid_high` are the ends of a 95 % interval, which reaches further up than down
    (`metrics.arithmetic.quantiles.growing_ends`). `kid_subsets_mean` and `kid_subsets_sd` (ddof 0) are
    torch-fidelity's numbers, absent where a set has fewer than `subset_size` images (see `subset_warning`). Nothing is
    multiplied by 100 or 1000. InputError for fewer than 4 images, other shapes, NaN, or subsets that cannot be drawn.
    """
    real, generated = check_pair(real, generated, least=4)
    subsets = whole_number(subsets, "the number of KID subsets", 1, MOST_SUBSETS)
    subset_size = whole_number(subset_size, "the size of the KID subsets", 2)
    seed = check_seed(seed)
    n, m = len(real), len(generated)
    drawn = 0 if subset_warning(n, m, subset_size) else subsets
    member_x, member_y = _members(n, m, drawn, subset_size, seed)
    found = matrices(real, generated, _kernel, member_x, member_y)
    kid, spread = found.unbiased, parts(found)
    low, high = spread.ends(kid)
    result = {"kid": kid, "kid_sd": math.sqrt(spread.variance), "kid_low": low, "kid_high": high}
    if drawn:
        own = found.xx.subsets + found.yy.subsets
        each = own / (subset_size * (subset_size - 1)) - 2 * found.xy.subsets / subset_size**2
        result |= {"kid_subsets_mean": each.mean(), "kid_subsets_sd": each.std()}
    return {name: float(value) for name, value in result.items()}


@numpy_defaults()
def of_design(real: Given, generated: Given, design: Design, **options: Any) -> dict[str, float]:
    """The KID with its interval, by the keys of `compute`, of sets that are no independent draws; torch-fidelity's
    subsets know nothing of that."""
    kid, variance = mmd_of_design(*check_pair(real, generated, least=4), _kernel, design)
    sd = math.sqrt(variance)
    return {"kid": kid, "kid_sd": sd, "kid_low": kid - Z95 * sd, "kid_high": kid + Z95 * sd}


@numpy_defaults()
def influence(real: Given, generated: Given) -> tuple[Float64[np.ndarray, " n"], float]:
    """How much each image of real [n, d] raises (below 0: lowers) the KID to first order, and the variance that
    generated [m, d] brings to it.

    The influence is 2 (a(x) - b(x)) / n less its mean, with a and b as in metrics/arithmetic/mmd.py. Two KIDs to the
    same real images differ with variance |u - v|^2 + s + t, where u, v are their influences and s, t their variances:
    what the real images bring to both cancels, and the noise in u and v stands for the terms that mix both sets.
    InputError as `compute`.
    """
    real, generated = check_pair(real, generated, least=4)
    found = matrices(real, generated, _kernel)
    return found.influence(), parts(found).variance_y


def paired(real: Given, generated: Given) -> tuple[Float64[np.ndarray, " n"], float]:
    """The influence of each real image, and the standard deviation that the generated ones bring."""
    moves, variance = influence(real, generated)
    return moves, float(np.sqrt(variance))


def notes(values: Values, samples: Sequence[Sample], options: Values) -> list[str]:
    """What a KID below 0 means, unless its whole interval is, and whether subsets could be drawn."""
    n, m = (one.count for one in samples)
    high, said = values.get("kid_high"), [subset_warning(n, m, options["subset_size"])]
    if high is not None and high >= 0:
        said.insert(0, negative_note(values["kid"]))
    return [line for line in said if line]


def moved(real: Given, generated: Given) -> dict[str, Moved]:
    """The KID over all pairs, an image with itself among them: at least 0, as a ratio needs it."""
    found = matrices(*check_pair(real, generated, least=4), _kernel)
    return {"kid_biased": Moved(found.biased, found.biased_influences())}


METRIC = Metric(
    name="kid",
    title="KID",
    source="Binkowski et al. 2018, Demystifying MMD GANs, arXiv 1801.01401",
    feature="pool",
    arity="pair",
    version=2,  # 1: an interval that reaches as far down as up
    outputs=(
        Output(
            *("kid", "KID", "lower"),
            says="distance of features by a cubic kernel, without bias",
            interval=Interval("kid_low", "kid_high", "kid_sd", even=False, leans=True),
            power=3,
        ),
    ),
    beside=(
        Output(
            *("kid_biased", "KID, biased", "lower"),
            says="an image counts as its own neighbour, so it is too large for small sets",
            least=0,
            looks_at="both",
        ),
    ),
    options=(
        Option("subsets", 100, "Of torch-fidelity's KID.", least=1),
        Option("subset_size", 1000, least=2),
    ),
    protocol=True,
    influence=paired,
    notes=notes,
    moved=moved,
    of_design=of_design,
    compute=compute,
)
