"""The codes of a model that encodes: between two images, over their plane, and added up.

- Combinations of the codes of two images as a series of reconstructions, beside the fading of their pixels: CIS 680
  (2017) assignment 3, section 1, part 3.
- Where the codes of the test images lie, by label. Of each number of the code its variance over the images; one below
  0.01 carries nothing (Burda et al. 2016, arXiv 1509.00519, section 5.2).
- With noise of two numbers, the images over a grid of the Gaussian's quantiles (Kingma and Welling 2014, Figure 4).
- Arithmetic on mean codes, a - b + c (Radford et al. 2016, section 6.3.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from bench.datasets.order import permutation
from bench.exploring._codes import (
    Coded,
    arithmetic_pictures,
    arithmetic_table,
    coded,
    codes_table,
    draw_codes,
    triples_of,
)
from bench.exploring._opening import Opened, require
from bench.exploring._paths import (
    STEP_COLUMNS,
    STEPS_NOTE,
    dense,
    feature_steps,
    linear,
    no_features,
    path_words,
    pixel_steps,
    question,
    shown,
    step_cells,
    step_values,
)
from bench.exploring._pictures import strip
from bench.exploring._types import Explored, Picture
from bench.measuring.measure import Measure
from bench.tables.table import Cell, Column, Table
from metrics.errors import InputError
from reference_models.loop import decode, sample_from
from reference_models.loop.plots import plot_sheets
from reference_models.types import Model

GRID = 15


@dataclass(frozen=True)
class Blend:
    """From one test image to another: their rows, the images between them by codes or by pixels [n, c, h, w]."""

    first: int
    last: int
    way: str
    images: np.ndarray


def explore(
    opened: Opened,
    measure: Measure | None,
    *,
    seed: int = 0,
    pairs: int = 4,
    steps: int = 9,
    grid: int | None = None,
    arithmetic: Sequence[str] = (),
) -> Explored:
    """Combinations of the codes of `pairs` pairs of test images, drawn by `seed`; codes, grid and arithmetic.

    `grid` is the side of the grid, for codes of two numbers (None: 15 where they have two). `arithmetic` are texts
    "A,B,C" of class names or labels, for a - b + c; without any, three are chosen where there are labels. Raises
    InputError for a model that does not encode, a grid over other codes, and arithmetic without two labels.
    """
    require(opened, "does not encode images", lambda model: model.code_dim > 0)
    model = opened.model
    if pairs < 1 or steps < 2 or (grid is not None and grid < 2):
        raise InputError(f"{pairs} pairs, {steps} steps, a grid of {grid}; expected at least 1, 2 and 2")
    if grid is not None and model.code_dim != 2:
        raise InputError(
            f"a grid needs codes of 2 numbers, those of this {opened.loaded.spec.name} have {model.code_dim}; leave "
            "--grid away, or train one with --set zdim=2 (vae) or --set code=2 (the others)"
        )
    given = coded(opened)
    triples = triples_of(given, arithmetic)
    blends = _blends(model, given, seed, pairs, steps)
    tables = [_blends_table(given, measure, blends), codes_table(given)]
    pictures: dict[str, Picture] = {
        "combinations": partial(_draw_blends, given=given, blends=blends, steps=steps),
        "codes": partial(draw_codes, given=given),
    }
    notes = [*no_features(measure)]
    if model.code_dim == 2:
        pictures["grid"] = partial(_draw_grid, opened=opened, side=grid or GRID)
    if triples:
        tables.append(arithmetic_table(given, triples))
        pictures |= arithmetic_pictures(given, triples)
    else:
        notes.append(f"no arithmetic: {opened.subject.name} has no two labels")
    about = {**opened.about(), **question(measure), "seed": seed, "pairs": pairs, "shown": steps}
    return Explored("manifold", about, tuple(tables), pictures, tuple(notes))


def combine(model: Model, a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """uint8 images [n, c, h, w] of the codes (1 - t) a + t b: codes a, b [d], t [n]; the ends are reconstructions."""
    return decode(model, linear(a, b, t))


def _blends(model: Model, given: Coded, seed: int, pairs: int, steps: int) -> list[Blend]:
    """For each pair of images the series by codes, and the one by pixels: the fading of one picture into the other."""
    order = np.resize(permutation(seed, len(given.images)), 2 * pairs)
    t = dense(steps)
    blends = []
    for first, last in order.reshape(pairs, 2).tolist():
        a, b = (given.images[row].astype(np.float64).ravel() for row in (first, last))
        faded = np.rint(linear(a, b, t)).astype(np.uint8).reshape(len(t), *given.images.shape[1:])
        blends.append(Blend(first, last, "codes", combine(model, given.codes[first], given.codes[last], t)))
        blends.append(Blend(first, last, "pixels", faded))
    return blends


def _blends_table(given: Coded, measure: Measure | None, blends: Sequence[Blend]) -> Table:
    features = feature_steps(measure, [blend.images for blend in blends])
    rows = []
    for number, (blend, one) in enumerate(zip(blends, features, strict=True)):
        ends = f"{given.name(blend.first)} to {given.name(blend.last)}" if given.known else None
        rows.append(
            (
                Cell(number // 2 + 1),
                Cell(ends),
                Cell(blend.way),
                *step_cells(step_values(pixel_steps(blend.images), one)),
            )
        )
    columns = (Column("pair", "Pair"), Column("ends", "From, to"), Column("way", "Way"), *STEP_COLUMNS)
    note = "way codes: decoded combinations of the two codes; way pixels: the two images faded into each other"
    return Table(
        "combinations", f"Combinations of two codes. {given.opened.name}", columns, tuple(rows), (note, STEPS_NOTE)
    )


def _draw_blends(path: Path, *, given: Coded, blends: Sequence[Blend], steps: int) -> None:
    rows = [
        np.concatenate([given.images[[one.first]], shown(one.images, steps), given.images[[one.last]]])
        for one in blends
    ]
    words = [f"{number // 2 + 1} {blend.way}" for number, blend in enumerate(blends)]
    columns = ["real", *path_words(steps), "real"]
    sheet = strip(np.concatenate(rows), len(columns))
    plot_sheets(path, [("", sheet)], f"Combinations of two codes. {given.opened.name}", columns=columns, rows=words)


def _draw_grid(path: Path, *, opened: Opened, side: int) -> None:
    """Images over the quantiles (i + 1/2) / side of both numbers of the noise."""
    quantiles = ndtri((np.arange(side) + 0.5) / side)
    noise = np.stack(np.meshgrid(quantiles, quantiles[::-1]), axis=-1).reshape(-1, 2)
    images = sample_from(opened.model, noise.astype(np.float32))
    columns = [f"{z:+.1f}" if abs(z) >= 0.05 else "0" for z in quantiles]
    title = f"Images over the plane of the noise: z[0] to the right, z[1] upwards. {opened.name}"
    plot_sheets(path, [("", strip(images, side))], title, columns=columns, rows=columns[::-1])
