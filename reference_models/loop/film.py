"""What becomes of the same few inputs while a model trains: kept as arrays, drawn as one picture with a row per moment.

grids/film.npz holds `steps` int64 [k] and, by name, uint8 [k, n, c, h, w]: "samples" of the same noise,
"reconstructions" of the same test images, translations "x-to-y" and "y-to-x" of the same test images. Images above 128
pixels are averaged down, so that a film of a hundred moments stays a few megabytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genbench.errors import one_line
from genbench.regular import open_regular
from reference_models.errors import ModelError
from reference_models.loop.files import whole
from reference_models.loop.grids import SIDE, domain_names, spread
from reference_models.loop.plots import plot_sheets, tile
from reference_models.loop.sampling import reconstruct, sample, translate
from reference_models.types import Data, Model, ModelSpec

COLUMNS = 6
LABELS = 10  # one sample of each, where the model is given labels
TRANSLATED = 3
MOMENTS = 6
GRIDS = 5  # assignment 4 of CIS 680, 5.2.2: 6 x 6 samples at five epochs at least
LARGEST_SIDE = 128
RECONSTRUCTIONS = "reconstructions"
OTHER_WAY = {"x-to-y": "y-to-x", "y-to-x": "x-to-y"}


class Film:
    """The moments of one training, in the order of their steps."""

    def __init__(self, path: Path, last_step: int) -> None:
        """Open for appending; moments after `last_step` are left out. ModelError for a file that cannot be read."""
        self.path = path
        self._moments: dict[int, dict[str, np.ndarray]] = {}
        if not path.exists():
            return
        try:
            with open_regular(path) as file, np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            steps = [int(step) for step in arrays.pop("steps")]
            if {len(array) for array in arrays.values()} - {len(steps)}:
                raise ValueError("it holds other numbers of moments than steps")
        except Exception as error:  # whatever numpy trips over in a damaged file
            raise ModelError(
                f"{path} cannot be read ({one_line(error)}); delete it, the training goes on without it"
            ) from error
        for place, step in enumerate(steps):
            if step <= last_step:
                self._moments[step] = {name: array[place] for name, array in arrays.items()}

    def append(self, step: int, strips: Mapping[str, np.ndarray]) -> None:
        """Add a moment, uint8 [n, c, h, w] by name, and write the file, whole or not at all."""
        if step in self._moments:
            return
        self._moments[step] = dict(strips)
        with whole(self.path) as unfinished, unfinished.open("wb") as file:
            steps = [*self._moments]
            arrays: dict[str, Any] = {"steps": np.array(steps, np.int64), **self._arrays(steps)}
            np.savez_compressed(file, **arrays)

    def chosen(self, count: int) -> tuple[list[int], dict[str, np.ndarray]]:
        """At most `count` moments, evenly spread from first to last: steps, and uint8 [k, n, c, h, w] by name."""
        places = np.linspace(0, len(self._moments) - 1, min(count, len(self._moments))).round().astype(int)
        steps = [[*self._moments][place] for place in places]
        return steps, self._arrays(steps)

    def nearest(self, wanted: Sequence[int]) -> tuple[list[int], dict[str, np.ndarray]]:
        """The moments that are nearest to these steps, each once, as `chosen` gives them; none of an empty film."""
        there = np.array([*self._moments], np.int64)
        places = {int(np.abs(there - step).argmin()) for step in wanted} if len(there) else set()
        steps = [int(there[place]) for place in sorted(places)]
        return steps, self._arrays(steps)

    @property
    def steps(self) -> tuple[int, ...]:
        """Of all moments."""
        return tuple(self._moments)

    def _arrays(self, steps: list[int]) -> dict[str, np.ndarray]:
        names = self._moments[steps[0]] if steps else ()
        return {name: np.stack([self._moments[step][name] for step in steps]) for name in names}


def strips(spec: ModelSpec, model: Model, data: Data, seed: int) -> dict[str, np.ndarray]:
    """What the model makes now of the inputs that are followed: uint8 [n, c, h, w] by name."""
    found: dict[str, np.ndarray] = {}
    for way in model.directions:
        found[way] = translate(model, _followed(data, way), way)
    if model.noise_dim and not model.directions:
        labels = np.arange(min(model.classes, LABELS)) if model.classes else None
        found["samples"] = sample(model, seed, 0, SIDE * SIDE if labels is None else len(labels), labels=labels)
    if spec.task == "reconstruct":
        found[RECONSTRUCTIONS] = reconstruct(model, _followed(data, RECONSTRUCTIONS))
    return {name: _small(images) for name, images in found.items()}


class Sheets(NamedTuple):
    """What `plot_sheets` draws; `name` is that of its file."""

    name: str
    sheets: Sequence[tuple[str, np.ndarray]]
    title: str
    columns: Sequence[str] = ()
    rows: Sequence[str] = ()


def film_sheets(spec: ModelSpec, data: Data, steps: Sequence[int], found: Mapping[str, np.ndarray]) -> Iterator[Sheets]:
    """Pictures of these moments: samples-, reconstructions- and translations-over-training, of what there is. A row per
    moment, real images above what was made of them, and below it what should have been made, where there are pairs.
    sample-grids: 36 samples at each moment, where no labels are given."""
    moments = [f"step {step:,}" for step in steps]
    title = f"{spec.name} on {data.name} over its training"
    ways = {name: images for name, images in found.items() if name in OTHER_WAY}
    if ways:
        x, y = domain_names(data)
        captions = {"x-to-y": f"{x} to {y}", "y-to-x": f"{y} to {x}"}
        sheets = [(captions[name], _sheet(_framed(data, name, images))) for name, images in ways.items()]
        rows = ["real", *moments, *(["target"] if data.paired else [])]
        yield Sheets("translations-over-training", sheets, title, rows=rows)
    if "samples" in found:
        labelled = spec.task == "class-conditional"
        sheet = _sheet([images if labelled else images[:COLUMNS] for images in found["samples"]])
        columns = data.classes[: found["samples"].shape[1]] if labelled else ()
        yield Sheets("samples-over-training", [("", sheet)], title, columns, moments)
        if not labelled:
            grids = [tile(images, SIDE) for images in found["samples"]]
            yield Sheets("sample-grids", list(zip(moments, grids, strict=True)), title)
    if RECONSTRUCTIONS in found:
        sheet = _sheet([_small(_followed(data, RECONSTRUCTIONS)), *found[RECONSTRUCTIONS]])
        yield Sheets("reconstructions-over-training", [("", sheet)], title, rows=["real", *moments])


def draw_film(spec: ModelSpec, data: Data, film: Film, folder: Path) -> None:
    """One PNG per picture of moments from first to last; sample-grids.png shows the last five of them."""
    for one in film_sheets(spec, data, *film.chosen(MOMENTS)):
        sheets = one.sheets[-GRIDS:] if one.name == "sample-grids" else one.sheets
        plot_sheets(folder / f"{one.name}.png", sheets, one.title, columns=one.columns, rows=one.rows)


def _framed(data: Data, way: str, images: np.ndarray) -> list[np.ndarray]:
    """Moments of a translation with their inputs before them, and their targets after them where there are pairs."""
    target = [_followed(data, OTHER_WAY[way])] if data.paired else []
    return [_small(_followed(data, way)), *images, *map(_small, target)]


def _followed(data: Data, name: str) -> np.ndarray:
    """The images that a strip is made of: test images, where there are any."""
    images = (data.test or data.train)[1 if name == "y-to-x" else 0]
    return spread(images, TRANSLATED if name in OTHER_WAY else COLUMNS)


def _sheet(rows: Sequence[np.ndarray]) -> np.ndarray:
    return tile(np.concatenate(list(rows)), len(rows[0]))


def _small(images: np.ndarray) -> np.ndarray:
    """uint8 [n, c, h, w] averaged down by a whole factor to at most 128 pixels a side; a remainder is cut off."""
    factor = ceil(max(images.shape[2:]) / LARGEST_SIDE)
    if factor == 1:
        return images
    count, channels, height, width = images.shape
    high, wide = height // factor, width // factor
    blocks = images[:, :, : high * factor, : wide * factor].reshape(count, channels, high, factor, wide, factor)
    return np.floor(blocks.mean((3, 5)) + 0.5).astype(np.uint8)
