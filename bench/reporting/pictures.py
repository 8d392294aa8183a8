"""The figures of a run: its curves drawn anew from their numbers, its moments from its film, and its last pictures."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.measuring.subject import open_subject
from bench.reporting.document import Figure
from bench.reporting.given import Given
from bench.runs.jobs import load_data
from genbench.errors import told
from metrics.errors import InputError
from reference_models.loop.film import Film, Sheets, film_sheets
from reference_models.loop.plots import curves_figure, sheets_figure
from reference_models.loop.run import Curves, curves_of
from reference_models.types import Data

FILM = Path("grids") / "film.npz"
LAST = ("samples", "reconstructions", "translations")  # pictures of a finished training, each with its words
WORDS = {
    "samples": "images that the trained model makes",
    "reconstructions": "test images and their reconstructions",
    "translations": "test images and their translations",
}
MOMENTS = {
    "samples-over-training": "the same noise at moments of the training",
    "reconstructions-over-training": "reconstructions of the same test images at moments of the training",
    "translations-over-training": "translations of the same test images at moments of the training",
    "sample-grids": "36 images at moments of the training",
}
BESIDE = 2  # grids in one figure
LAST_STEP = 2**62


def curves(run: Given) -> Iterator[Figure]:
    """A figure of each group of losses, and of each number that was measured during the training."""
    if run.folder is None:
        return
    for one in curves_of(run.spec, run.folder):
        last = int(one.curve["step"][-1]) if len(one.curve["step"]) else 0
        caption = f"{run.title}: {one.title} over {last:,} steps"
        if len(one.curve["step"]) >= 100 and not one.name.startswith("evaluation"):
            caption += "; faint: each value, dark: the mean over a fiftieth of the run"
        yield Figure(f"{run.slug}-{one.name}", caption, partial(_drawn_curves, one))


def _drawn_curves(one: Curves) -> Any:
    return curves_figure(one.curve, one.columns, "", one.label)


def last_pictures(run: Given) -> Iterator[Figure]:
    """What the trained model makes, as it was drawn at the end of the training; four 2 x 2 figures of two domains."""
    if run.folder is None:
        return
    for name in LAST:
        path = run.folder / f"{name}.png"
        if path.is_file():
            yield Figure(f"{run.slug}-{name}", f"{run.title}: {WORDS[name]}", partial(_of_file, path), pixels=True)
    pairs = sorted(run.folder.glob("translation-*.png"))
    if pairs:
        caption = f"{run.title}: real and generated images, {len(pairs)} figures of two by two"
        yield Figure(f"{run.slug}-translation-pairs", caption, partial(_of_files, tuple(pairs)), pixels=True)


def moments(run: Given, wanted: Sequence[int]) -> Iterator[Figure]:
    """What became of the same inputs, at the moments of the film that are nearest to these steps; as they were drawn
    where the data set is not there."""
    if run.folder is None or not (run.folder / FILM).is_file():
        return
    film, data = Film(run.folder / FILM, LAST_STEP), _data(run)
    if data is None:
        yield from _drawn_moments(run)
        return
    for one in film_sheets(run.spec, data, *film.nearest(wanted)):
        caption = f"{run.title}: {MOMENTS[one.name]}"
        parts = _parts(one)
        for number, part in enumerate(parts):
            name = f"{run.slug}-{one.name}" + (f"-{number + 1}" if len(parts) > 1 else "")
            yield Figure(name, caption, partial(_drawn_sheets, part), pixels=True)


def _drawn_moments(run: Given) -> Iterator[Figure]:
    assert run.folder is not None
    for name, words in MOMENTS.items():
        path = run.folder / f"{name}.png"
        if path.is_file():
            yield Figure(f"{run.slug}-{name}", f"{run.title}: {words}", partial(_of_file, path), pixels=True)


def _parts(one: Sheets) -> list[Sheets]:
    """Grids a few at a time, so that their images stay large enough to see."""
    if one.name != "sample-grids":
        return [one]
    starts = range(0, len(one.sheets), BESIDE)
    return [one._replace(sheets=one.sheets[start : start + BESIDE]) for start in starts]


def _drawn_sheets(one: Sheets) -> Any:
    return sheets_figure(one.sheets, "", one.columns, one.rows)


def film_steps(run: Given) -> tuple[int, ...]:
    """The steps at which something was drawn; () where nothing was kept."""
    if run.folder is None or not (run.folder / FILM).is_file():
        return ()
    return Film(run.folder / FILM, LAST_STEP).steps


def _data(run: Given) -> Data | None:
    """The images that a film is framed with; None where the data set is not there."""
    try:
        return load_data(open_subject(run.dataset), run.train_split)
    except InputError:
        return None


def _of_file(path: Path) -> Any:
    """A picture that is there already, in its own size."""
    return _of_files((path,))


def _of_files(paths: Sequence[Path]) -> Any:
    """Pictures that are there already, two in a row, in their own size."""
    from matplotlib.figure import Figure as Drawing
    from PIL import Image

    found = []
    for path in paths:
        with told("read", path, InputError), Image.open(path) as file:
            found.append(file.convert("RGB"))
    wide, high = (max(one.size[side] for one in found) for side in (0, 1))
    across, down = min(2, len(found)), -(-len(found) // 2)
    picture = Image.new("RGB", (wide * across, high * down), "white")
    for place, one in enumerate(found):
        picture.paste(one, (place % 2 * wide, place // 2 * high))
    figure = Drawing(figsize=(picture.width / 100, picture.height / 100), dpi=100, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return figure
