"""Several checkpoints side by side: what they make of the same noise or the same images, and their curves.

CSC413 (2020) assignment 4: a CycleGAN with lambda in {0, default, 10 x default} and with two seeds (part 2, experiments
2 and 3), a DCGAN with and without gradient penalty, spectral norm, other learning rates and more discriminator steps
(part 1, experiments 2 and 3). CIS 680 (2017) assignment 3, section 3: pix2pix with and without discriminator and skips.

Columns are named by the settings that differ. The curves of one kind share their axis, so that their heights compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import ceil, sqrt

import numpy as np

from bench.exploring._naming import names_of, setting_words
from bench.exploring._opening import Opened
from bench.exploring._side_by_side import Column as Shown
from bench.exploring._side_by_side import plot_columns
from bench.exploring._types import Explored
from bench.measuring.evaluation import GENERATED, REAL_1, Evaluation, evaluate
from bench.options import Progress
from bench.protocol import IN_TURN
from bench.runs.samples import asked_labels, generate
from bench.tables.table import Cell, Column, Table
from metrics.errors import InputError
from reference_models.loop import read_curve, reconstruct, sample, translate
from reference_models.loop.grids import spread
from reference_models.loop.plots import tile
from reference_models.types import Direction

LOSSES = "losses.csv"
MEASURED = 32  # images of each that the numbers are about; at least as many as are shown
LAST = 10  # the last tenth of a run is what its losses are summed up over
WIDTH = 230  # pixels of a picture in a column, about
MEASURES = {  # of a checkpoint's images
    "variety": "from each other, over all pairs",
    "change": "from the input",
    "error": "from the true image",
    "cycle": "of the input and its way there and back again",
    "apart": "from those of the first checkpoint",
}


@dataclass(frozen=True)
class Block:
    """What each checkpoint made of one input: images [n, c, h, w]; the input and the target where there are any."""

    title: str
    made: tuple[np.ndarray, ...]
    given: np.ndarray | None = None
    target: np.ndarray | None = None
    returned: tuple[np.ndarray, ...] = ()  # translated back


def explore(
    opened: Sequence[Opened],
    evaluation: Evaluation | None = None,
    *,
    count: int = 9,
    seed: int = 0,
    report: Progress | None = None,
) -> Explored:
    """Checkpoints of one data set that all make images from noise, or all translate, side by side.

    `count` images of each are shown; `seed` is of the noise. With an `evaluation` each is measured under the data set's
    protocol too. Raises InputError for fewer than two checkpoints, other data sets, and models of another kind.
    """
    _check(opened, count)
    names, first = names_of(opened), opened[0]
    blocks = _translations(opened) if first.model.directions else _samples(opened, seed)
    curves = [read_curve(one.folder / LOSSES) for one in opened]
    scores = [_fid(one, evaluation, report) for one in opened] if evaluation else []
    models = " and ".join(dict.fromkeys(one.loaded.spec.name for one in opened))
    title = f"{models} on {first.subject.name}"
    tables = [_checkpoints_table(opened, names, scores, title), _images_table(names, blocks, title)]
    losses = _losses_table(opened, names, curves, title)
    if losses.rows:
        tables.append(losses)
    columns = _columns(opened, names, blocks, curves, count)
    draw = partial(plot_columns, title=title, columns=columns, blocks=[block.title for block in blocks])
    about = {"checkpoints": [{"name": name, **one.about()} for name, one in zip(names, opened, strict=True)]}
    if evaluation:
        about["protocol_id"] = evaluation.protocol.id  # type: ignore[assignment]
    return Explored("compare", {**about, "seed": seed}, tuple(tables), {"compare": draw}, _notes(opened, names, curves))


def _check(opened: Sequence[Opened], count: int) -> None:
    if len(opened) < 2 or count < 1:
        raise InputError(f"{len(opened)} checkpoints and {count} images; expected at least 2 to compare, and 1")
    first = opened[0]
    for one in opened[1:]:
        if one.subject.name != first.subject.name:
            raise InputError(f"{one.name} and {first.name} were not trained on one data set; compare those that were")
        kinds = [", ".join(each.model.directions) or "images from noise" for each in (first, one)]
        if kinds[0] != kinds[1]:
            raise InputError(f"{first.name} makes {kinds[0]}, {one.name} {kinds[1]}; compare models of one kind")


def _samples(opened: Sequence[Opened], seed: int) -> list[Block]:
    """Samples of the same rows of noise; reconstructions of the same test images where all models reconstruct."""
    labels = [asked_labels(one.model, IN_TURN, seed, 0, MEASURED) for one in opened]
    made = (sample(one.model, seed, 0, MEASURED, labels=given) for one, given in zip(opened, labels, strict=True))
    blocks = [Block("the same noise", tuple(made))]
    if all(one.loaded.spec.task == "reconstruct" for one in opened):
        images = spread(opened[0].split(), MEASURED)
        blocks.append(Block("the same images", tuple(reconstruct(one.model, images) for one in opened), images, images))
    return blocks


def _translations(opened: Sequence[Opened]) -> list[Block]:
    """Translations of the same test images, in every direction; with the true partners where the data are pairs."""
    subject, blocks = opened[0].subject, []
    for direction in opened[0].model.directions:
        source, target = (0, 1) if direction == "x-to-y" else (1, 0)
        images = spread(opened[0].split(domain=source), MEASURED)
        partners = spread(opened[0].split(domain=target), MEASURED) if subject.paired else None
        made = tuple(translate(one.model, images, direction) for one in opened)
        back: Direction = "y-to-x" if direction == "x-to-y" else "x-to-y"
        returned: tuple[np.ndarray, ...] = ()
        if back in opened[0].model.directions:
            returned = tuple(translate(one.model, there, back) for one, there in zip(opened, made, strict=True))
        title = f"{subject.domains[source]} to {subject.domains[target]}"
        blocks.append(Block(title, made, images, partners, returned))
    return blocks


def _fid(one: Opened, evaluation: Evaluation, report: Progress | None) -> dict[str, Cell]:
    """The corrected FID under the data set's protocol, by domain."""
    result = evaluate(evaluation, generate(one.model, one.loaded.spec.task, evaluation), report)
    pairs = [pair for pair in result.pairs if (pair.a, pair.b) == (REAL_1, GENERATED)]
    scores = {pair.domain: pair.scores["fid"] for pair in pairs}
    return {label: Cell(fid["fid_corrected"], fid["fid_low"], fid["fid_high"]) for label, fid in scores.items()}


# ----- tables


def _checkpoints_table(
    opened: Sequence[Opened], names: Sequence[str], scores: Sequence[Mapping[str, Cell]], title: str
) -> Table:
    """One row per checkpoint: its settings that differ, its seed and steps, and its FID where it was measured."""
    settings = setting_words(opened)
    columns = [Column("name", "Checkpoint"), *(Column(name, name) for name in settings)]
    columns += [Column("seed", "seed"), Column("steps", "steps")]
    for label in scores[0] if scores else ():
        columns.append(Column(f"fid_{label}".strip("_"), f"FID {label}".strip() + ", corrected [95 %]", "lower", None))
    rows = []
    for place, one in enumerate(opened):
        state = one.loaded.state
        told = [words[place] for words in settings.values()]
        fid = scores[place].values() if scores else ()
        rows.append((*map(Cell, (names[place], *told, state["seed"], state["step"])), *fid))
    return Table("checkpoints", f"Side by side. {title}", tuple(columns), tuple(rows))


def _images_table(names: Sequence[str], blocks: Sequence[Block], title: str) -> Table:
    """What can be said of the images of each checkpoint, by block; columns that no block has are left out."""
    measured = [(block, place, _measures(block, place)) for block in blocks for place in range(len(names))]
    keys = [key for key in MEASURES if any(key in values for _, _, values in measured)]
    rows = tuple(
        (Cell(block.title), Cell(names[place]), *(Cell(values.get(key)) for key in keys))
        for block, place, values in measured
    )
    columns = (Column("what", "Images"), Column("name", "Checkpoint"), *(Column(key, key, decimals=3) for key in keys))
    note = f"root mean square differences in [0, 1], means over {len(blocks[0].made[0])} images: " + "; ".join(
        f"{key}: {MEASURES[key]}" for key in keys
    )
    return Table("images", f"What they make. {title}", columns, rows, (note,))


def _measures(block: Block, place: int) -> dict[str, float]:
    images = block.made[place]
    values = {"apart": _apart(images, block.made[0]), "variety": _variety(images)}
    if block.given is not None and block.given is not block.target:
        values["change"] = _apart(images, block.given)
    if block.target is not None:
        values["error"] = _apart(images, block.target)
    if block.returned and block.given is not None:
        values["cycle"] = _apart(block.returned[place], block.given)
    return values


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """The mean over the images of their root mean square difference in [0, 1]."""
    squared = ((a.astype(np.float64) - b) / 255) ** 2
    return float(np.sqrt(squared.mean(axis=(1, 2, 3))).mean())


def _variety(images: np.ndarray) -> float:
    """The mean root mean square difference in [0, 1] over all pairs of images."""
    flat = images.reshape(len(images), -1) / 255
    pairs = list(combinations(range(len(flat)), 2))
    return float(np.mean([np.sqrt(((flat[a] - flat[b]) ** 2).mean()) for a, b in pairs]))


def _losses_table(
    opened: Sequence[Opened], names: Sequence[str], curves: Sequence[Mapping[str, np.ndarray]], title: str
) -> Table:
    """Mean and standard deviation of every loss over the last tenth of each run."""
    rows = []
    for name, curve in zip(names, curves, strict=True):
        for loss in [key for key in curve if key not in ("step", "epoch")]:
            values = curve[loss][~np.isnan(curve[loss])]
            last = values[-max(1, len(values) // LAST) :]
            rows.append((Cell(name), Cell(loss), Cell(float(last.mean())), Cell(float(last.std()))))
    columns = (Column("name", "Checkpoint"), Column("loss", "loss"), Column("mean", "mean"), Column("sd", "sd"))
    return Table("losses", f"Losses over the last tenth of the steps. {title}", columns, tuple(rows))


def _notes(
    opened: Sequence[Opened], names: Sequence[str], curves: Sequence[Mapping[str, np.ndarray]]
) -> tuple[str, ...]:
    notes, steps = [], [one.loaded.state["step"] for one in opened]
    if len(set(steps)) > 1:  # budgets in minutes, a run that is not finished
        counts = ", ".join(f"{count:,}" for count in steps)
        notes.append(f"the columns have different numbers of steps ({counts}), so not only their settings differ")
    lacking = [name or "?" for name, curve in zip(names, curves, strict=True) if not curve]
    if lacking:
        notes.append(f"no curves of {'; '.join(lacking)}: no {LOSSES} is beside the checkpoint")
    return tuple(notes)


# ----- the figure


def _columns(
    opened: Sequence[Opened],
    names: Sequence[str],
    blocks: Sequence[Block],
    curves: Sequence[Mapping[str, np.ndarray]],
    count: int,
) -> list[Shown]:
    """The input where there is one, every checkpoint with its curves, the true images where there are some."""
    columns = []
    if any(block.given is not None for block in blocks):
        columns.append(Shown("input", [_sheet(block.given, block, count) for block in blocks]))
    for place, one in enumerate(opened):
        pictures = [_sheet(block.made[place], block, count) for block in blocks]
        columns.append(Shown(names[place], pictures, curves[place], one.loaded.spec.figures))
    if any(block.target is not None and block.target is not block.given for block in blocks):
        columns.append(Shown("real", [_sheet(block.target, block, count) for block in blocks]))
    return columns


def _sheet(images: np.ndarray | None, block: Block, count: int) -> np.ndarray | None:
    """The first images of noise, or evenly spread ones, as a square."""
    if images is None:
        return None
    rows = np.arange(len(images)) if block.given is None else np.linspace(0, len(images) - 1, count).round().astype(int)
    sheet = tile(images[rows[:count]], ceil(sqrt(min(count, len(images)))))
    factor = max(1, round(WIDTH / sheet.shape[1]))
    return sheet.repeat(factor, axis=0).repeat(factor, axis=1)
