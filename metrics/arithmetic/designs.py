"""How two sets were drawn, where not as independent images: what `designed_sets` and `mmd` have estimates for."""

import math
from dataclasses import dataclass

import numpy as np

from genbench.shapes import Int64, Num

LEAST_IN_CLASS = 5  # images
CHANCE = 0.01  # that independent draws are as even

Classes = Int64[np.ndarray, " _"] | None


@dataclass(frozen=True, eq=False)
class Design:
    """`pairs`: row i of one set belongs to row i of the other. `classes`: of each set whose numbers of images of each
    class were fixed, the class of each row, from 0; None of a set where chance decided them."""

    pairs: bool = False
    classes: tuple[Classes, Classes] = (None, None)


def is_even(counts: Num[np.ndarray, " k"]) -> bool:
    """Whether so many images of each class are nearer to equal numbers than independent draws of classes that are
    equally likely would be, but for one time in a hundred: Pearson's chi squared, its lower tail."""
    values = np.asarray(counts, np.float64)
    if len(values) < 2 or values.min() < LEAST_IN_CLASS:
        return False
    mean = values.mean()
    half, degrees = float(((values - mean) ** 2).sum() / mean / 2), (len(values) - 1) / 2
    return half < degrees and lower_tail(degrees, half) < CHANCE  # at its mean the tail is above a half


def lower_tail(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function by its series, for x < a; loading scipy's takes 0.3 s."""
    term = total = 1.0
    n = a
    while term > 1e-17 * total:
        n += 1
        term *= x / n
        total += term
    return total * math.exp(a * math.log(x) - x - math.lgamma(a + 1)) if x else 0.0
