"""Class embeddings: where they lie, and images of the classes between two of them.

CSC413 (2020) assignment 4, part 3: a t-SNE (van der Maaten and Hinton 2008) of the embeddings says which two classes
are good candidates for an interpolation and which are not; then r_new = alpha r_1 + (1 - alpha) r_2 goes into the
generator in a class's place, with the noise held. Unless told otherwise the two closest and the two furthest pairs of
embeddings are taken. Where all are equally far apart, as one-hot labels are, there is nothing to draw a map of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from bench.exploring._opening import Explorable, require
from bench.exploring._paths import (
    STEP_COLUMNS,
    STEPS_NOTE,
    dense,
    feature_steps,
    linear,
    no_features,
    pixel_steps,
    question,
    shown,
    step_cells,
    step_values,
)
from bench.exploring._pictures import plot_map, strip
from bench.exploring._types import Explored, Picture
from bench.measuring.measure import Measure
from bench.runs.generators import Generator
from bench.tables.table import Cell, Column, Table
from metrics.arithmetic.nearest import nearest
from metrics.errors import InputError
from reference_models.loop import Noise, class_embeddings, sample_embedded
from reference_models.loop.plots import plot_sheets

PERPLEXITY = 30.0  # van der Maaten and Hinton, section 3: 5 to 50; smaller where there are few classes
LEAST_CLASSES = 4  # of a map
EQUAL = 1e-6  # relative difference of distances below which they are one
CLOSEST = FURTHEST = 2  # pairs


@dataclass(frozen=True)
class Strip:
    """Images from class `first` (alpha 1) to class `last` (alpha 0) for one row of noise: [n, c, h, w]."""

    first: int
    last: int
    images: np.ndarray


def explore(
    opened: Explorable,
    measure: Measure | None,
    *,
    pairs: Sequence[str] = (),
    samples: int = 2,
    steps: int = 9,
    seed: int = 0,
) -> Explored:
    """A map of the class embeddings, and `samples` strips of images between the classes of each pair.

    `pairs` are texts "A,B" of class names or labels. `seed` is of the noise and of the t-SNE. Raises InputError for a
    model without class embeddings, an unknown class, and a pair of one class.
    """
    require(opened, "has no class embeddings", lambda model: model.embedding_dim > 0)
    if samples < 1 or steps < 2:
        raise InputError(f"{samples} samples, {steps} steps; expected at least 1 and 2")
    model = opened.model
    embeddings = class_embeddings(model)
    distances = _distances(embeddings)
    chosen = _pairs(opened, distances, pairs)
    noise = model.draw(Noise(seed, 0, samples)).numpy()
    t = dense(steps)
    made = partial(interpolate, opened.generator, embeddings)
    strips = [Strip(a, b, made(a, b, row, 1 - t)) for a, b in chosen for row in noise]
    place, notes = _map(opened, embeddings, distances, seed)
    title = f"{opened.name}, noise of seed {seed}"
    pictures: dict[str, Picture] = {
        "interpolation": partial(_draw_strips, opened=opened, strips=strips, steps=steps, title=title)
    }
    if place is not None:
        pictures["embeddings"] = partial(_draw_map, opened=opened, place=place, pairs=chosen)
    tables = [_pairs_table(opened, measure, distances, strips, samples, title)]
    if not _all_equal(distances):
        tables.append(_classes_table(opened, embeddings, place))
    about = {**opened.about(), **question(measure), "seed": seed, "samples": samples, "shown": steps}
    return Explored("classes", about, tuple(tables), pictures, (*notes, *no_features(measure)))


def interpolate(
    generator: Generator, embeddings: np.ndarray, first: int, last: int, noise: np.ndarray, alpha: np.ndarray
) -> np.ndarray:
    """uint8 images [n, c, h, w] of alpha r_first + (1 - alpha) r_last for one noise vector [noise_dim], alpha [n].

    With alpha 1 the sample of class `first`, with 0 that of class `last`.
    """
    between = linear(embeddings[last], embeddings[first], alpha)
    rows = np.tile(noise, (len(between), 1))
    return sample_embedded(generator.model, rows, between, batch_size=generator.batch_size)


def _distances(embeddings: np.ndarray) -> np.ndarray:
    """Euclidean distances between all embeddings: [classes, classes]."""
    x = embeddings.astype(np.float64)
    return np.stack([np.linalg.norm(x - row, axis=1) for row in x])


def _all_equal(distances: np.ndarray) -> bool:
    values = distances[np.triu_indices(len(distances), 1)]
    return bool(np.ptp(values) <= EQUAL * values.max())


def _pairs(opened: Explorable, distances: np.ndarray, asked: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs that were asked for; otherwise the closest and the furthest, or neighbours where all are equal."""
    labels = range(len(distances))
    chosen = []
    for text in asked:
        words = text.split(",")
        if len(words) != 2:
            raise InputError(f"pair {text!r}; expected two classes A,B, such as 3,5")
        a, b = (opened.label_named(word, labels) for word in words)
        if a == b:
            raise InputError(f"pair {text!r} is one class; expected two, such as {labels[0]},{labels[1]}")
        chosen.append((a, b))
    if chosen:
        return chosen
    if _all_equal(distances):
        return [(label, label + 1) for label in labels[:-1:2]][: CLOSEST + FURTHEST]
    ranked = sorted(combinations(labels, 2), key=lambda pair: (distances[pair], pair))
    return list(dict.fromkeys([*ranked[:CLOSEST], *ranked[-FURTHEST:]]))


def _map(
    opened: Explorable, embeddings: np.ndarray, distances: np.ndarray, seed: int
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """A t-SNE of the embeddings, [classes, 2], or None and why there is none. On one thread: the same every time."""
    count = len(embeddings)
    if count < LEAST_CLASSES:
        return None, (f"no map: {count} classes; a t-SNE needs at least {LEAST_CLASSES}",)
    if _all_equal(distances):
        return None, (f"no map: the class embeddings of {opened.generator.name} are all equally far apart",)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (count - 1) / 3)
    with threadpool_limits(1):
        place = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(embeddings)
    return place.astype(np.float64), ()


# ----- tables and pictures


def _pairs_table(
    opened: Explorable,
    measure: Measure | None,
    distances: np.ndarray,
    strips: Sequence[Strip],
    samples: int,
    title: str,
) -> Table:
    """One row per pair: distance of the embeddings, and the path of images, the mean over the noise rows."""
    features = feature_steps(measure, [one.images for one in strips])
    paths = [(pixel_steps(one.images), steps) for one, steps in zip(strips, features, strict=True)]
    rows = []
    for start in range(0, len(strips), samples):
        a, b = strips[start].first, strips[start].last
        values = np.mean([step_values(*one) for one in paths[start : start + samples]], axis=0)
        names = Cell(opened.label_name(a)), Cell(opened.label_name(b))
        rows.append((*names, Cell(float(distances[a, b])), *step_cells(values.tolist())))
    columns = (Column("first", "r₁"), Column("last", "r₂"), Column("distance", "|r₁ − r₂|"), *STEP_COLUMNS)
    note = f"means over {samples} rows of noise"
    return Table("pairs", f"Between two classes. {title}", columns, tuple(rows), (note, STEPS_NOTE))


def _classes_table(opened: Explorable, embeddings: np.ndarray, place: np.ndarray | None) -> Table:
    """Every class with its closest other one, and its place on the map."""
    neighbours, squared = nearest(embeddings, embeddings, 1, of_itself=True)
    rows = tuple(
        (
            Cell(opened.label_name(label)),
            Cell(opened.label_name(int(neighbours[label, 0]))),
            Cell(float(np.sqrt(squared[label, 0]))),
            Cell(float(np.linalg.norm(embeddings[label].astype(np.float64)))),
            *((Cell(), Cell()) if place is None else map(Cell, place[label].tolist())),
        )
        for label in range(len(embeddings))
    )
    columns = (
        Column("class", "Class"),
        Column("closest", "closest class"),
        Column("distance", "at"),
        Column("norm", "|r|"),
        Column("x", "map x"),
        Column("y", "map y"),
    )
    note = "distances of embeddings; on a t-SNE map only the neighbours have a meaning, not the distances"
    return Table("classes", f"Class embeddings. {opened.name}", columns, rows, (note,))


def _draw_strips(path: Path, *, opened: Explorable, strips: Sequence[Strip], steps: int, title: str) -> None:
    columns = [f"{'α = ' if not number else ''}{alpha:.3g}" for number, alpha in enumerate(np.linspace(1, 0, steps))]
    rows = [f"{opened.label_name(one.first)} to {opened.label_name(one.last)}" for one in strips]
    sheet = strip(np.concatenate([shown(one.images, steps) for one in strips]), steps)
    plot_sheets(path, [("", sheet)], f"α r₁ + (1 − α) r₂. {title}", columns=columns, rows=rows)


def _draw_map(path: Path, *, opened: Explorable, place: np.ndarray, pairs: Sequence[tuple[int, int]]) -> None:
    names = [opened.label_name(label) for label in range(len(place))]
    plot_map(path, f"Class embeddings (t-SNE), the pairs shown linked. {opened.name}", place, names, pairs)
