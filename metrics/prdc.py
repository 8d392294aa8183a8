"""Precision, recall, density and coverage: how much of each set lies inside the other's neighbourhoods.

With B_k(z) the ball around an image z that reaches its k-th nearest neighbour in its own set (z itself not counted):

    precision = share of generated images inside at least one real ball          Kynkaanniemi et al. 2019
    recall    = share of real images inside at least one generated ball           (arXiv 1904.06991, eq. 1 and 2)
    density   = mean number of real balls that hold a generated image, over k     Naeem et al. 2020
    coverage  = share of real balls that hold at least one generated image        (arXiv 2002.09797, eq. 3 and 4)

Conventions: an image ON the edge of a ball is inside it for precision and recall (<=, as in torch-fidelity 0.4,
`prc_features_to_metric`, and the authors' code) and outside it for density and coverage (<, as in the authors' `prdc`
package, which also uses < for precision and recall). The two differ at ties only: copied images, features that are
whole numbers. k is 3 in torch-fidelity and 5 in prdc and here; the features (VGG16, Inception, DINOv2) change the
number far more than either.

Ties are decided exactly (`metrics.arithmetic.nearest`): a copy of an image has exactly its distances, whatever the
block size.

No interval is given: the balls of all images depend on each other, so the shares are no binomial counts, and dropping
images for a jackknife, or repeating them for a bootstrap, makes the balls grow or shrink, a shift of the size of the
noise itself. The ruler is what real images get against other real images, as many of them: docs/metrics.md says how
much that changes from draw to draw (`benchmarks/noise_prdc.py`), and `bench opinions` puts it beside the number.

Cost: (n^2 / 2 + m^2 / 2 + n m) d multiplications of the features' own type. Memory beyond the features: a copy of them
and a few blocks of 4 MiB. 10,000 against 10,000 images in 2,048 dimensions took 10.4 s of one Zen 4 core, of which the
products alone need 8.7 s; the package prdc takes 3.5 times as long, torch-fidelity 1.9 times for precision and recall
alone (`benchmarks/speed_metrics.py`).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from genbench.shapes import Float, Float64, Num
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.agreement import WHOLE
from metrics.arithmetic.arrays import Given, check_pair
from metrics.arithmetic.left_out import moved as left_out
from metrics.arithmetic.nearest import exact, nearest_screened, pairs_where, screen, screened
from metrics.options import whole_number
from metrics.types import Counts, Metric, Moved, Option, Output, Plot, Sample, Values

K = 5
RULER = (
    "precision, recall, density and coverage have no interval: compare them with those of as many real images against "
    "other real ones (`bench opinions` shows these)"
)


@numpy_defaults()
def compute(real: Given, generated: Given, *, k: int = K) -> dict[str, float]:
    """Precision, recall, density and coverage of generated [m, d] against real [n, d] features; higher is better.

    Precision, recall and coverage are in [0, 1]; density is at least 0, 1 in expectation for equal distributions, and
    can exceed 1. InputError where a set has no k-th neighbour (n <= k), for other shapes, NaN or infinity.
    """
    k = whole_number(k, "k, the number of nearest neighbours,", 1)
    real, generated = check_pair(real, generated, least=k + 1)
    one, other = screened(real, generated)
    real_radii, generated_radii = (nearest_screened(each, each, k)[1][:, -1] for each in (one, other))

    in_balls, errors = 0, other.errors(one)
    precise, recalled, covered = (np.zeros(len(each), dtype=bool) for each in (generated, real, real))
    for rows, columns, squared in screen(other, one):
        sides, radii, own_radii = (generated[rows], real[columns]), real_radii[columns], generated_radii[rows]
        inside, (i, j, away) = _below(squared, radii[None], errors[rows], *sides)
        inside[i, j] = away < radii[j]
        precise[rows] |= inside.any(axis=1)
        precise[rows.start + i[away <= radii[j]]] = True
        in_balls += int(np.count_nonzero(inside))
        covered[columns] |= inside.any(axis=0)
        near, (i, j, away) = _below(squared, own_radii[:, None], errors[rows], *sides)
        near[i, j] = away <= own_radii[i]
        recalled[columns] |= near.any(axis=0)
    return {
        "precision": float(precise.mean()),
        "recall": float(recalled.mean()),
        "density": in_balls / (k * len(generated)),
        "coverage": float(covered.mean()),
    }


def _below(
    squared: Float[np.ndarray, "b n"],
    radii: Float64[np.ndarray, "_ _"],
    error: Float[np.ndarray, " b"],
    generated: Num[np.ndarray, "b d"],
    real: Num[np.ndarray, "n d"],
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """bool [b, n]: which distances are below these radii, as far as rounding lets it be seen; rows, columns and exact
    squares of the pairs for which it does not."""
    radii = radii.astype(squared.dtype)
    slack = error[:, None] + 2 * np.finfo(squared.dtype).eps * radii.max()
    gap = squared - radii
    below = gap < -slack
    i, j = pairs_where(below ^ (gap <= slack))
    return below, (i, j, exact(generated, i, real, j))


def about_equal(name: str, features: np.ndarray, k: int) -> str:
    """What must be said of n features [n, d] of which more than k are equal; "" where there are no such.

    Their balls have no radius: they hold nothing for density and coverage (<), and only copies for the others (<=).
    """
    _, counts = np.unique([row.tobytes() for row in np.ascontiguousarray(features)], return_counts=True)
    number = int(counts[counts > k].sum())
    if not number:
        return ""
    return (
        f"{number:,} of {len(features):,} images of {name} have the features of {k} others or more: their balls "
        "have no radius and hold nothing but copies, so density and coverage say little"
    )


def notes(values: Values, samples: Sequence[Sample], options: Values) -> list[str]:
    """What to compare the numbers with, as they have no interval, and which set has images without a radius."""
    found = [about_equal(one.name, one.features, options["k"]) for one in samples if one.features is not None]
    return [RULER, *filter(None, found)]


@numpy_defaults()
def moved(real: Given, generated: Given) -> dict[str, Moved]:
    """All four of sets of one size, with what leaving each image out changes."""
    return left_out(*check_pair(real, generated, least=K + 2), K)


def impossible(values: Values, counts: Counts, options: Values) -> Iterator[str]:
    """What the images that lie in balls, the balls that hold images, and the pairs of both cannot be together."""
    precision, density, coverage = (values.get(key) for key in ("precision", "density", "coverage"))
    k = options.get("k", 1)
    balls, most = k * counts.generated, counts.real / k
    if density is None:
        return
    pairs = density * balls
    if density > most:
        yield f"density is {density:.6g}; it must be in [0, {most:.6g}]"
    elif abs(pairs - round(pairs)) > WHOLE:
        yield f"density is {density:.9g}; it is not a whole number of balls over {balls}"
    if precision is None or coverage is None:
        return
    inside, covered = precision * counts.generated, coverage * counts.real
    if not covered - WHOLE <= pairs <= covered * counts.generated + WHOLE:
        yield f"density {density:.6g} and coverage {coverage:.6g} exclude each other"
    if pairs > inside * counts.real + WHOLE:
        yield f"density {density:.6g} and precision {precision:.6g} exclude each other"


METRIC = Metric(
    name="prdc",
    title="Precision, recall, density, coverage",
    source="Kynkaanniemi et al. 2019, arXiv 1904.06991; Naeem et al. 2020, arXiv 2002.09797",
    feature="pool",
    arity="pair",
    outputs=(
        Output(
            *("precision", "Precision", "higher"),
            says="share of generated images that lie among the real ones",
            kind="share",
            least=0,
            most=1,
            counted="generated",
            shown="top",
            looks_at="fidelity",
        ),
        Output(
            *("recall", "Recall", "higher"),
            says="share of real images that lie among the generated ones",
            kind="share",
            least=0,
            most=1,
            counted="real",
            shown="top",
            looks_at="variety",
        ),
        Output(
            *("density", "Density", "higher"),
            says="how densely real images surround the generated ones; 1 is what real images get",
            kind="share",
            least=0,
            looks_at="fidelity",
        ),
        Output(
            *("coverage", "Coverage", "higher"),
            says="share of real images that have a generated one close by",
            kind="share",
            least=0,
            most=1,
            counted="real",
            shown="top",
            looks_at="variety",
        ),
    ),
    options=(Option("k", K, "Nearest neighbours.", least=1, needs=1, fewer="a smaller k"),),
    protocol=True,
    notes=notes,
    impossible=impossible,
    moved=moved,
    plots=(
        Plot(
            "precision", "recall", "Precision and recall are shares of one set inside the neighbourhoods of the other."
        ),
        Plot("density", "coverage", "Density and coverage answer the same questions, and outliers change them less."),
    ),
    compute=compute,
    least=2,
)
