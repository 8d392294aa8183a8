"""The gallery of the pages: one picture for each model and data set, out of what is committed below results/.

A model that was trained with several settings shows the one nearest to its recipe, and of several seeds the first: none
is picked for its looks. Where the licence of a data set forbids pictures, the command stands there that makes them.
What is no picture of a board is cut out of the page of pictures of the run, into docs/gallery, under a name that has
the hash of that page: where it is there, it is up to date.
"""

import hashlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from _run_tables import EMBEDDED, RESULTS, ROOT, Run, number_text, planned_runs
from PIL import Image

from bench import registry
from bench.storage.records import slug
from bench.tables.notes import COMPLETE

COLUMNS = 4
WIDTH = 200  # pixels of a picture on the page
CUT = 240  # and of one that is cut out
FOLDER = ROOT / "docs" / "gallery"
WHITE = 248  # of 255: what is as light is the page
BESIDE = ((12, 12), (40, 60))  # so many such pixels beside and below end a picture: the first that leaves a wide one
LEAST = 200  # pixels of the width of a picture of several images
TITLE = 30  # pixels above the first picture of a page


def gallery() -> Iterator[str]:
    """A table of pictures for each data set, those that need no download first."""
    chosen = sorted(_one_of_each(), key=_place)
    for dataset, runs in groupby(chosen, key=lambda run: run.planned.dataset):
        about = registry.load("datasets", dataset.partition("/")[0])
        yield from (f"## {dataset}", "")
        shown = sorted(runs, key=lambda run: run.planned.model)
        if not about.publishable:
            names = ", ".join(f"`{run.planned.model}`" for run in shown)
            yield f"Pictures are made on request (licence of the images: {about.licence}). Trained: {names}."
            recipe = f" --recipe {shown[0].planned.recipe}" if shown[0].planned.recipe else ""
            yield from ("", "```", f"bench run --model {shown[0].planned.model} --dataset {dataset}{recipe}", "```", "")
            continue
        pictures = [one for one in map(_cell, shown) if one]
        columns = min(COLUMNS, len(pictures))
        yield from (f"|{'   |' * columns}", f"|{'---|' * columns}")
        for start in range(0, len(pictures), COLUMNS):
            row = pictures[start : start + COLUMNS]
            yield f"| {' | '.join(row + [''] * (columns - len(row)))} |"
        yield ""


def _place(run: Run) -> tuple[bool, str]:
    dataset = run.planned.dataset
    return dataset.partition("/")[0] not in EMBEDDED, dataset


def _one_of_each() -> list[Run]:
    """For each model and data set the run with the fewest changes to its recipe, of these the longest."""
    found: dict[tuple[str, str], Run] = {}
    for run in (one for one in planned_runs() if one.seeds):
        key = run.planned.model, run.planned.dataset
        found[key] = min(found.get(key, run), run, key=_order)
    return list(found.values())


def _order(run: Run) -> tuple[int, int, int]:
    return len(run.changes) + len(run.fewer), -(run.first.steps or 0), _picture(run) == ""


def _picture(run: Run) -> str:
    """Its images as they stand on a board, else its page of pictures; "" where there is neither."""
    entry = run.planned.entry(next(iter(run.seeds)))
    places = [f"submissions/{entry}/preview.png"] if entry else []
    places.append(f"figures/{slug(run.planned.dataset)}/{run.file}.webp")
    return next((f"../results/{place}" for place in places if (RESULTS / place).is_file()), "")


def _cell(run: Run) -> str:
    picture, share = _picture(run), run.first.share
    if not picture:
        return ""
    part = "" if share is None or share >= COMPLETE else f", {100 * share:.2g} % of the recipe"
    fid = ", ".join(f"{domain} {number_text(value, 1)}".strip() for domain, value in run.first.fid.items())
    title, steps = run.title.strip("`"), run.first.steps or 0
    shown = picture if picture.endswith(".png") else f"gallery/{cut_name(run)}"
    image = f'<a href="{picture}"><img src="{shown}" width="{WIDTH}" alt="images of {title}"></a>'
    return (
        f"{image}<br>`{title}`: {steps:,} step{'s' * (steps != 1)}{part}; FID {fid} by `{run.first.protocol.extractor}`"
    )


# ----- pictures that are cut out of pages


def _page(run: Run) -> Path:
    return RESULTS / "figures" / slug(run.planned.dataset) / f"{run.file}.webp"


def cut_name(run: Run) -> str:
    """The name of what is cut out of the page of a run."""
    sha256 = hashlib.sha256(_page(run).read_bytes()).hexdigest()
    return f"{slug(run.planned.dataset)}-{run.planned.model}-{sha256[:8]}.webp"


def _wanted() -> dict[str, Run]:
    return {cut_name(run): run for run in _one_of_each() if _is_cut(run)}


def is_cut() -> bool:
    """Whether what lies in the folder is what the gallery shows."""
    return {path.name for path in FOLDER.iterdir()} == set(_wanted())


def cut_pictures() -> None:
    """Cut out what the gallery shows and is not there yet, and remove what it no longer shows."""
    wanted = _wanted()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, run in wanted.items():
        if not (FOLDER / name).is_file():
            with Image.open(_page(run)) as page:
                _first_picture(page.convert("RGB")).save(FOLDER / name, "WEBP", quality=75, method=6)


def _is_cut(run: Run) -> bool:
    public = registry.load("datasets", run.planned.dataset.partition("/")[0]).publishable
    return public and _picture(run).endswith(".webp")


def _first_picture(page: Image.Image) -> Image.Image:
    """What lies in the corner at the top left, below its title, up to the white around it."""
    dark = np.asarray(page.convert("L")) < WHITE
    top = TITLE + int(dark[TITLE:].any(1).argmax())
    for beside, below in BESIDE:
        left, right = _extent(dark[top : top + page.height // 4].any(0), beside)
        bottom = top + _extent(dark[top:, left:right].any(1), below)[1]
        if right - left >= LEAST:
            break
    cut = page.crop((left, top, right, bottom))
    return cut if cut.width <= CUT else cut.resize((CUT, round(cut.height * CUT / cut.width)), Image.Resampling.LANCZOS)


def _extent(used: np.ndarray, gap: int) -> tuple[int, int]:
    """Where a row of places begins to be used, and where it ends before the first gap longer than `gap`."""
    start = int(used.argmax())
    places = np.flatnonzero(used[start:])
    gaps = np.flatnonzero(np.diff(places) > gap)
    return start, start + int(places[gaps[0]] if len(gaps) else places[-1]) + 1
