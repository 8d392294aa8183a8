"""Varying the noise: paths between two noise vectors, and one number of the noise at a time.

Asked for by the OUC 2018 assignment 3, section 4.3 ("vary the sampled noises and observe what it will cause"). Along
each path stand its distances between neighbouring images, in pixels and in features. A generator that has learned how
images change goes over smoothly; one that has memorised single images jumps from one to the next (Radford et al. 2016,
section 6.1, "walking in the latent space"), and its path is many times as long as the distance of its ends.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.exploring._opening import Explorable, require
from bench.exploring._paths import (
    STEP_COLUMNS,
    STEPS_NOTE,
    Steps,
    dense,
    feature_steps,
    linear,
    no_features,
    path_words,
    pixel_steps,
    question,
    shown,
    spherical,
    step_cells,
    step_values,
)
from bench.exploring._pictures import Line, Panel, plot_panels, strip
from bench.exploring._types import Explored, Picture
from bench.measuring.measure import Measure
from bench.runs.generators import Generator
from bench.tables.table import Cell, Column, Table
from metrics.errors import InputError
from reference_models.loop import Noise, sample_from
from reference_models.loop.plots import plot_sheets

REACH = 2.5  # one number of the noise is moved this far to both sides: 98.8 % of a normal number lies within
WAYS: Mapping[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "linear": linear,
    "spherical": spherical,
}


@dataclass(frozen=True)
class Walk:
    """One path between the noise rows of a pair: its images [n, c, h, w], and how short its noise becomes."""

    pair: int
    way: str
    images: np.ndarray
    least_norm: float  # over the square root of the noise's dimensions
    pixels: Steps
    features: Steps | None


def explore(
    opened: Explorable, measure: Measure | None, *, seed: int = 0, pairs: int = 3, steps: int = 9, dims: int = 8
) -> Explored:
    """Paths between the noise rows (0, 1), (2, 3) ... of `seed`, and single numbers of the noise changed.

    `steps` images of each path are shown and at least 33 measured; `dims` are the numbers of the noise shown, those
    that move the image most. The ends of a path are the samples of its rows. Raises InputError for a model that takes
    no noise and for fewer than 1 pair, 2 steps or 1 number.
    """
    require(opened, "makes no images from noise", lambda model: model.noise_dim > 0)
    if pairs < 1 or steps < 2 or dims < 1:
        raise InputError(f"{pairs} pairs, {steps} steps, {dims} dims; expected at least 1, 2 and 1")
    generator = opened.generator
    noise = generator.model.draw(Noise(seed, 0, 2 * pairs)).numpy()
    walks = _walks(generator, measure, noise, steps)
    effects = np.mean([_effects(generator, noise[2 * pair], pair) for pair in range(pairs)], axis=0)
    strongest = np.argsort(-effects, kind="stable")[:dims]
    title = f"{opened.name}, noise of seed {seed}"
    pictures: dict[str, Picture] = {
        "interpolation": partial(_draw_walks, walks=walks, steps=steps, title=title),
        "path": partial(_draw_steps, walks=walks, title=title),
        "one-number": partial(
            _draw_numbers, generator=generator, start=noise[0], dims=strongest, steps=steps, title=title
        ),
    }
    about = {**opened.about(), **question(measure), "seed": seed, "pairs": pairs, "shown": steps}
    tables = _paths_table(walks, title), _effects_table(effects, title)
    return Explored("noise", about, tables, pictures, no_features(measure))


def interpolate(
    generator: Generator, a: np.ndarray, b: np.ndarray, t: np.ndarray, *, way: str = "spherical", label: int = 0
) -> np.ndarray:
    """uint8 images [len(t), c, h, w] along the path from the noise a [d] to b [d]; `label` where there are classes."""
    return _sample(generator, WAYS[way](a, b, t), label)


def _walks(generator: Generator, measure: Measure | None, noise: np.ndarray, steps: int) -> list[Walk]:
    """All paths of all pairs; in one dimension there is the line only."""
    t = dense(steps)
    ways = list(WAYS)[: 1 if generator.model.noise_dim == 1 else None]
    places = [(pair, way, noise[2 * pair], noise[2 * pair + 1]) for pair in range(len(noise) // 2) for way in ways]
    images = [interpolate(generator, a, b, t, way=way, label=pair) for pair, way, a, b in places]
    features = feature_steps(measure, images)
    least = [float(np.linalg.norm(WAYS[way](a, b, t), axis=1).min()) / math.sqrt(len(a)) for _, way, a, b in places]
    return [
        Walk(pair, way, images[number], least[number], pixel_steps(images[number]), features[number])
        for number, (pair, way, _, _) in enumerate(places)
    ]


def _effects(generator: Generator, start: np.ndarray, label: int) -> np.ndarray:
    """How far the image moves, in pixels, when each number of the noise goes from -REACH to REACH: [noise_dim]."""
    ends = [_moved(start, range(len(start)), np.full(len(start), side)) for side in (-REACH, REACH)]
    low, high = (_sample(generator, one, label) for one in ends)
    difference = (high.astype(np.float32) - low) / 255
    return np.sqrt((difference**2).mean(axis=(1, 2, 3), dtype=np.float64))


def _moved(start: np.ndarray, dims: range | np.ndarray, values: np.ndarray) -> np.ndarray:
    """Copies of one noise vector, each with one number replaced."""
    rows = np.tile(start, (len(dims), 1))
    rows[np.arange(len(dims)), dims] = values
    return rows


def _sample(generator: Generator, noise: np.ndarray, label: int) -> np.ndarray:
    """Images of noise [n, d], all of one label (modulo their number) where there are labels."""
    model = generator.model
    labels = np.full(len(noise), label % model.classes) if model.classes else None
    return sample_from(model, noise, batch_size=generator.batch_size, labels=labels)


# ----- tables and pictures


def _paths_table(walks: list[Walk], title: str) -> Table:
    columns = (Column("pair", "Pair"), Column("way", "Way"), Column("least_norm", "least |z|/√d"), *STEP_COLUMNS)
    rows = tuple(
        (
            Cell(walk.pair + 1),
            Cell(walk.way),
            Cell(walk.least_norm),
            *step_cells(step_values(walk.pixels, walk.features)),
        )
        for walk in walks
    )
    return Table("paths", f"Paths. {title}", columns, rows, (STEPS_NOTE,))


def _effects_table(effects: np.ndarray, title: str) -> Table:
    order = np.argsort(-effects, kind="stable")
    rows = tuple((Cell(int(dim)), Cell(float(effects[dim]))) for dim in order)
    note = f"root mean square difference of the images in [0, 1] when this number goes from -{REACH} to {REACH}"
    columns = (Column("number", "Number of z"), Column("effect", "Effect", decimals=4))
    return Table("numbers", f"Numbers of the noise. {title}", columns, rows, (note,))


def _draw_walks(path: Path, *, walks: list[Walk], steps: int, title: str) -> None:
    columns = path_words(steps)
    rows = [f"{walk.pair + 1} {walk.way}" for walk in walks]
    plot_sheets(
        path,
        [("", strip(np.concatenate([shown(walk.images, steps) for walk in walks]), steps))],
        title,
        columns=columns,
        rows=rows,
    )


def _draw_steps(path: Path, *, walks: list[Walk], title: str) -> None:
    panels = [
        Panel(kind, ("t", f"{unit} per unit of t"), [*_lines(walks, kind)], floor=0)
        for kind, unit in (("pixels", "RMS difference"), ("features", "distance"))
        if getattr(walks[0], kind)
    ]
    plot_panels(path, f"Change along the path. {title}", panels)


def _lines(walks: list[Walk], kind: str) -> Iterator[Line]:
    for colour, way in enumerate(WAYS):
        speeds = np.array([getattr(walk, kind).steps for walk in walks if walk.way == way])
        if not len(speeds):
            continue
        speeds *= speeds.shape[1]
        t = (np.arange(speeds.shape[1]) + 0.5) / speeds.shape[1]
        yield from (Line(t, one, colour=colour, faint=True) for one in speeds)
        yield Line(t, speeds.mean(axis=0), f"{way}, mean of {len(speeds)}", colour)


def _draw_numbers(
    path: Path, *, generator: Generator, start: np.ndarray, dims: np.ndarray, steps: int, title: str
) -> None:
    values = np.linspace(-REACH, REACH, steps)
    noise = np.concatenate([_moved(start, np.full(steps, dim), values) for dim in dims])
    images = _sample(generator, noise, 0)
    columns, rows = [f"{value:+.1f}" if value else "0" for value in values], [f"z[{dim}]" for dim in dims]
    plot_sheets(path, [("", strip(images, steps))], f"One number changed. {title}", columns=columns, rows=rows)
