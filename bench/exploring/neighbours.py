"""Nearest training neighbours of a model's images, in pixels and in features, beside those of held-out real images.

Looks for memorising: a generated image is a copy where its nearest training image is at distance 0, and suspicious
where it lies much closer than held-out real images do. Pixels find copies, features also those that were moved or
relit. Blurred images lie close to everything, so that a small distance alone proves nothing; the numbers that know of
that are those of the metric `memorisation`, which stand beside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from bench.datasets import Split
from bench.datasets.splits import subset
from bench.exploring._opening import Opened, made
from bench.exploring._paths import features_of
from bench.exploring._pictures import Line, Panel, plot_panels, strip
from bench.exploring._types import Explored, Picture
from bench.measuring.measure import Measure
from bench.measuring.scoring import Options, compute
from bench.measuring.subject import TEST
from bench.options import Done
from bench.sources.splits import source_of_split
from bench.tables.table import Cell, Column, Table
from metrics.arithmetic.nearest import nearest
from metrics.errors import InputError
from metrics.memorisation import METRIC as MEMORISATION
from metrics.splits import drawn
from reference_models.loop.grids import spread
from reference_models.loop.plots import plot_sheets

COMPARED = 1_000  # generated images, and held-out ones, at most
BLOCK = 4_096  # training images in memory at once
QUANTILES = (0.05, 0.5, 0.95)
GAP = 12  # pixels between an image and its neighbours
GENERATED, HELD_OUT = "generated", "held out"


@dataclass(frozen=True)
class Neighbours:
    """The k nearest training images of each image of a set, the nearest first: rows and distances, both [n, k]."""

    rows: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True)
class Query:
    """A set of images uint8 [n, c, h, w], their features [n, d], and the neighbours of each by pixels and features."""

    images: np.ndarray
    features: np.ndarray
    by: Mapping[str, Neighbours]


def explore(
    opened: Opened,
    measure: Measure,
    *,
    shown: int = 6,
    k: int = 4,
    samples: int | None = None,
    seed: int = 0,
    direction: str | None = None,
    limit: int | None = None,
    report: Done | None = None,
) -> Explored:
    """The `k` nearest training images of `samples` generated images (as many as there are test images, at most 1000).

    As many test images are held out for comparison. `direction` is of a translation, whose neighbours are sought in the
    domain that it makes; `limit` draws so many training images. Raises InputError for fewer than 1 image shown, k or
    samples, or more than there are.
    """
    domain = _domain(opened, direction)
    held_out, training = opened.split(TEST, domain), opened.split(opened.train_split, domain)
    if limit is not None and 0 < limit < training.count:
        training = subset(training, drawn(training.count, limit, seed))
    count = samples if samples is not None else min(COMPARED, held_out.count)
    if min(shown, k, count) < 1 or k > training.count or (limit is not None and limit < 1):
        raise InputError(
            f"{shown} shown, {k} neighbours, {count} samples, limit {limit}; expected at least 1 of each, and at most "
            f"{training.count} neighbours"
        )
    sets = {GENERATED: made(opened, count, seed, direction), HELD_OUT: spread(held_out, min(count, held_out.count))}
    title = f"{opened.subject.name} {opened.train_split}"
    source, tap = source_of_split(training, title, cache=measure.cache), measure.extractor.pool
    known = replace(measure, progress=report).features(source, (tap,)).arrays[tap]
    queries = _search(measure, sets, training, known, k)
    title = f"{opened.name}, noise of seed {seed}" if not opened.model.directions else opened.name
    pictures: dict[str, Picture] = {
        space: partial(_draw_neighbours, title=title, space=space, queries=queries, training=training, shown=shown)
        for space in ("pixels", "features")
    }
    pictures["distances"] = partial(_draw_distances, title=title, queries=queries)
    about = {
        **opened.about(), **measure.question, "seed": seed, "direction": direction,
        "training_split": opened.train_split, "training_images": training.count, "limit": limit,
    }  # fmt: skip
    tables = [_distances_table(queries, training, title), _nearest_table(queries[GENERATED], training, title)]
    signs = _signs_table(known, queries, title)
    tables[1:1] = [signs] if signs else []
    notes = () if limit is None else (f"neighbours among {training.count:,} drawn training images only",)
    return Explored("neighbours", about, tuple(tables), pictures, notes)


def nearest_images(images: np.ndarray, training: Split, k: int) -> Neighbours:
    """The k nearest images of a split to uint8 images [n, c, h, w], by root mean square difference in [0, 1]."""
    flat = images.reshape(len(images), -1)
    rows = np.empty((len(flat), 0), np.int64)
    squared = np.empty((len(flat), 0))
    for start in range(0, training.count, BLOCK):
        block = training.read(start, min(start + BLOCK, training.count)).reshape(-1, flat.shape[1])
        found, away = nearest(flat, block, min(k, len(block)))
        rows, squared = np.hstack([rows, start + found]), np.hstack([squared, away])
        best = np.argsort(squared, axis=1, kind="stable")[:, :k]
        rows, squared = np.take_along_axis(rows, best, axis=1), np.take_along_axis(squared, best, axis=1)
    return Neighbours(rows, np.sqrt(squared / flat.shape[1]) / 255)


def _domain(opened: Opened, direction: str | None) -> int:
    """The domain whose images are made: the second one of a translation from X to Y, else the first."""
    return int(bool(opened.model.directions) and (direction or opened.model.directions[0]) == "x-to-y")


def _search(
    measure: Measure, sets: Mapping[str, np.ndarray], training: Split, known: np.ndarray, k: int
) -> dict[str, Query]:
    queries = {}
    for name, images in sets.items():
        features = features_of(measure, images)
        rows, squared = nearest(features, known, k)
        by = {"pixels": nearest_images(images, training, k), "features": Neighbours(rows, np.sqrt(squared))}
        queries[name] = Query(images, features, by)
    return queries


# ----- tables and pictures


def _distances_table(queries: Mapping[str, Query], training: Split, title: str) -> Table:
    """Per space and set: copies, and quantiles of the distance to the nearest training image."""
    rows = []
    for space in ("pixels", "features"):
        for name, query in queries.items():
            first = query.by[space].distances[:, 0]
            copies = int((first == 0).sum()) if space == "pixels" else None
            values = [float(first.min()), *np.quantile(first, QUANTILES).tolist()]
            rows.append((Cell(space), Cell(name), Cell(len(first)), Cell(copies), *map(Cell, values)))
    columns = (
        Column("space", "Distance in"), Column("set", "Images"), Column("count", "n"), Column("copies", "copies"),
        Column("least", "least", decimals=3), Column("low", "5 %", decimals=3), Column("median", "median", decimals=3),
        Column("high", "95 %", decimals=3),
    )  # fmt: skip
    note = (
        f"distance of each image to the nearest of {training.count:,} training images; copies are equal to it. "
        "pixels: root mean square difference in [0, 1]; features: Euclidean"
    )
    return Table("distances", f"Nearest training images. {title}", columns, tuple(rows), (note,))


def _signs_table(known: np.ndarray, queries: Mapping[str, Query], title: str) -> Table | None:
    """The metric `memorisation` of these sets; None for fewer images than it needs."""
    features = [queries[name].features for name in (GENERATED, HELD_OUT)]
    if min(map(len, (known, *features))) < MEMORISATION.least:
        return None
    values = compute(MEMORISATION, known, *features, options=Options())
    columns = tuple(Column(one.name, one.title, one.better, 3) for one in MEMORISATION.outputs)
    row = tuple(Cell(values[one.name]) for one in MEMORISATION.outputs)
    note = "in features, by the metric `memorisation`, whose description says what each number can and cannot tell"
    return Table("memorisation", f"Signs of memorisation. {title}", columns, (row,), (note,))


def _nearest_table(query: Query, training: Split, title: str) -> Table:
    """Every generated image with its nearest training image."""
    names = training.names or tuple(map(str, range(training.count)))
    pixels, features = query.by["pixels"], query.by["features"]
    rows = tuple(
        (
            Cell(row),
            *(Cell(float(pixels.distances[row, 0])), Cell(names[pixels.rows[row, 0]])),
            *(Cell(float(features.distances[row, 0])), Cell(names[features.rows[row, 0]])),
        )
        for row in range(len(query.images))
    )
    columns = (
        Column("image", "Generated image"),
        Column("pixels_distance", "pixels", decimals=3), Column("pixels_nearest", "nearest"),
        Column("features_distance", "features", decimals=3), Column("features_nearest", "nearest"),
    )  # fmt: skip
    return Table("nearest", f"Each generated image. {title}", columns, rows)


def _draw_neighbours(
    path: Path, *, title: str, space: str, queries: Mapping[str, Query], training: Split, shown: int
) -> None:
    """The first generated images, those closest to a training image, and held-out ones, each with its neighbours."""
    generated, held_out = queries[GENERATED], queries[HELD_OUT]
    closest = np.argsort(generated.by[space].distances[:, 0], kind="stable")[:shown]
    across = np.linspace(0, len(held_out.images) - 1, min(shown, len(held_out.images))).round().astype(int)
    chosen = {
        "generated, and its nearest": (generated, np.arange(min(shown, len(generated.images)))),
        "generated, the closest of all": (generated, closest),
        "held-out real": (held_out, across),
    }
    sheets = [(caption, _sheet(query, space, training, rows)) for caption, (query, rows) in chosen.items()]
    plot_sheets(path, sheets, f"Nearest training images in {space}. {title}")


def _sheet(query: Query, space: str, training: Split, chosen: np.ndarray) -> np.ndarray:
    """A row per image: itself, and its neighbours behind a gap."""
    rows = query.by[space].rows[chosen]
    alone, neighbours = strip(query.images[chosen], 1), strip(training.take(rows.ravel()), rows.shape[1])
    return np.hstack([alone, np.full((len(alone), GAP, 3), 255, np.uint8), neighbours])


def _draw_distances(path: Path, *, title: str, queries: Mapping[str, Query]) -> None:
    """The share of images whose nearest training image is no further than a distance."""
    words = {"pixels": "RMS difference to the nearest", "features": "distance to the nearest"}
    panels = [
        Panel(space, (words[space], "share of images"), list(_steps(queries, space)), floor=0)
        for space in ("pixels", "features")
    ]
    plot_panels(path, f"Distance to the training images. {title}", panels)


def _steps(queries: Mapping[str, Query], space: str) -> Sequence[Line]:
    lines = []
    for name, query in queries.items():
        distances = np.sort(query.by[space].distances[:, 0])
        share = np.arange(1, len(distances) + 1) / len(distances)
        lines.append(Line(distances, share, name, landmark=name == HELD_OUT))
    return lines
