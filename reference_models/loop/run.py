"""The state of one training between its steps, and what it leaves behind: curves, pictures, checkpoints."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from reference_models.errors import ModelError
from reference_models.loop import checkpoints
from reference_models.loop.batches import epoch_images
from reference_models.loop.curves import Curve, read_curve
from reference_models.loop.film import Film, draw_film, strips
from reference_models.loop.grids import draw, draw_quartets
from reference_models.loop.logs import Writer
from reference_models.loop.plots import plot_curves, tile
from reference_models.loop.progress import Bar
from reference_models.loop.sampling import evaluating
from reference_models.loop.settings import to_json
from reference_models.types import Batch, Data, Model, ModelSpec

Precision = Literal["float32", "bf16"]
Evaluate = Callable[[Model], Mapping[str, float]]
TrainStep = Callable[[Batch], Mapping[str, Tensor | float]]
CHECKPOINT_SECONDS = 60.0
CURVE_SECONDS = 5.0  # between two drawings of the curves while a run goes on; the last one comes at its end
LABELS = {"losses": "loss", "other losses": "loss"}  # of the axis, where it is not the figure's title
LOSSES_KEPT_ON_GPU = 20  # steps between two waits for the GPU


@dataclass(frozen=True)
class Intervals:
    """Steps between two rounds of pictures (None: so many seconds), two evaluations, checkpoints (None: a minute)."""

    pictures: int | None
    picture_seconds: float
    evaluation: int
    checkpoint: int | None


class Run:
    """The state of a training between its steps."""

    def __init__(
        self,
        spec: ModelSpec,
        config: Any,
        data: Data,
        model: Model,
        device: torch.device,
        folder: Path,
        question: Mapping[str, Any],
        earlier: Mapping[str, Any] | None,
    ) -> None:
        self.spec, self.config, self.data, self.model, self.device = spec, config, data, model, device
        self.folder, self.question = folder, question
        self.path = folder / checkpoints.FILE_NAME
        self.step = self.resumed_at = int(earlier["step"]) if earlier else 0
        self.log: Writer | None = None
        self.shared_step: TrainStep | None = None  # instead of the model's own, with several processes
        self._earlier_seconds, self._started = float(earlier["seconds"]) if earlier else 0.0, time.monotonic()
        self._saved_at, self._saved_step = time.monotonic(), self.step
        self._drawn_at = self._earlier_seconds
        self._curves_at = time.monotonic()
        self._losses = Curve(folder / "losses.csv", self.step)
        self._evaluation = Curve(folder / "evaluation.csv", self.step if earlier else -1)
        self._film = Film(folder / "grids" / "film.npz", self.step if earlier else -1)
        self._waiting: list[tuple[int, Mapping[str, Tensor | float]]] = []
        self._patience = LOSSES_KEPT_ON_GPU if device.type == "cuda" else 1

    @property
    def seconds(self) -> float:
        return self._earlier_seconds + time.monotonic() - self._started

    def epoch(self, step: int) -> float:
        return step * self.config.batch_size / epoch_images(self.data)

    def learn(self, batch: Batch, bar: Bar) -> None:
        """One step of the model; its losses go to the curve and the bar once they are known."""
        step = self.shared_step or self.model.train_step
        self._waiting.append((self.step + 1, step_in(self.question["precision"], step, batch, self.device)))
        self.step += 1
        if len(self._waiting) >= self._patience:
            losses = self._note_losses()
            new_images = (self.step - self.resumed_at) * self.config.batch_size
            bar.show(self.step, new_images / max(time.monotonic() - self._started, 1e-9), losses)

    def _note_losses(self) -> Mapping[str, float]:
        values: dict[str, float] = {}
        for step, losses in self._waiting:
            values = {name: float(value) for name, value in losses.items()}
            for name, value in values.items():
                if not isfinite(value):
                    self._losses.flush()
                    raise checkpoints.not_finite(name, value, step, self.path)
                if self.log:
                    self.log.scalar(f"losses/{name}", value, step)
            self._losses.append(step, self.epoch(step), values)
        self._waiting.clear()
        return values

    def begin(self, evaluate: Evaluate | None) -> None:
        """The model as it was made, measured and drawn."""
        if self.step == 0:
            self._evaluate(evaluate)
            self._draw()

    def pause(self, every: Intervals, evaluate: Evaluate | None) -> None:
        """What is due after this step besides learning."""
        if self.step % every.evaluation == 0:
            self._evaluate(evaluate)
        since_drawn = self.seconds - self._drawn_at
        if self.step % every.pictures == 0 if every.pictures else since_drawn >= every.picture_seconds:
            self._draw()
        since_saved = time.monotonic() - self._saved_at
        if self.step % every.checkpoint == 0 if every.checkpoint else since_saved >= CHECKPOINT_SECONDS:
            self.checkpoint()

    def _evaluate(self, evaluate: Evaluate | None) -> None:
        """Let the caller measure the model; training is not changed by it."""
        if evaluate is None or self._evaluation.last_step == self.step:
            return
        self._check()
        with evaluating(self.model):
            values = evaluate(self.model)
        self._evaluation.append(self.step, self.epoch(self.step), values)
        if self.log:
            for name, value in values.items():
                self.log.scalar(f"evaluation/{name}", value, self.step)

    def _draw(self) -> None:
        """Pictures and curves as they are now."""
        self._check()
        self._drawn_at = self.seconds
        self._draw_pictures(self.folder / "grids", f"-{self.step:07d}")
        self._follow()
        self._flush()
        if time.monotonic() - self._curves_at >= CURVE_SECONDS:
            draw_curves(self.spec, self.data.name, self.folder)
            self._curves_at = time.monotonic()

    def _check(self) -> None:
        """Losses and weights are numbers still: a model of others is neither measured nor drawn."""
        self._note_losses()
        checkpoints.check_weights(self.model, self.step, self.path)

    def _draw_pictures(self, folder: Path, suffix: str = "") -> None:
        when = f"step {self.step:,}, epoch {self.epoch(self.step):,.4g}"
        draw(self.spec, self.model, self.data, self.question["seed"], when, folder, suffix)

    def _follow(self) -> None:
        """A moment of the film of what becomes of the same inputs."""
        made = strips(self.spec, self.model, self.data, self.question["seed"])
        if not made:
            return
        self._film.append(self.step, made)
        if self.log:
            for name, images in made.items():
                self.log.image(name, tile(images, len(images)), self.step)

    def checkpoint(self) -> None:
        """Curves first, then the state: the curves reach at least to the checkpoint's step."""
        self._flush()
        images = self.step * self.config.batch_size
        state = {**self.question, "step": self.step, "images": images, "seconds": self.seconds}
        checkpoints.save(self.path, self.model, state, self.device)
        self._saved_at, self._saved_step = time.monotonic(), self.step

    def _flush(self) -> None:
        self._note_losses()
        self._losses.flush()
        self._evaluation.flush()

    def finish(self, evaluate: Evaluate | None) -> None:
        """The last numbers, state and pictures."""
        self._evaluate(evaluate)
        if self.step > self._saved_step or not self.path.exists():
            self.checkpoint()
        self._flush()
        self._draw_pictures(self.folder)
        draw_quartets(self.spec, self.model, self.data, self.folder)
        self._follow()
        draw_film(self.spec, self.data, self._film, self.folder)
        draw_curves(self.spec, self.data.name, self.folder)


class Curves(NamedTuple):
    """Columns of a curve that share a figure; `name` is that of its file."""

    name: str
    title: str
    label: str
    curve: Mapping[str, np.ndarray]
    columns: Sequence[str]


def curves_of(spec: ModelSpec, folder: Path) -> Iterator[Curves]:
    """The figures of a run's curves: those of the model's losses, and one per number of the evaluation."""
    curve, evaluation = read_curve(folder / "losses.csv"), read_curve(folder / "evaluation.csv")
    names = [name for name in curve if name not in ("step", "epoch")]
    figures = {title: [name for name in group if name in names] for title, group in spec.figures.items()}
    placed = {name for group in figures.values() for name in group}
    figures["other losses" if figures else "losses"] = [name for name in names if name not in placed]
    for title, group in figures.items():
        if group:
            yield Curves(title.replace(" ", "-"), title, LABELS.get(title, title), curve, group)
    for name in evaluation:
        if name not in ("step", "epoch"):
            words = name.replace("_", " ")
            yield Curves(f"evaluation-{name.replace('_', '-')}", words, words, evaluation, [name])


def draw_curves(spec: ModelSpec, data_name: str, folder: Path) -> None:
    """One PNG per figure of a run's curves."""
    for one in curves_of(spec, folder):
        title = f"{spec.name} on {data_name}: {one.title}"
        plot_curves(folder / f"{one.name}.png", one.curve, one.columns, title, one.label)


def question_of(spec: ModelSpec, config: Any, data: Data, seed: int, precision: Precision) -> dict[str, Any]:
    """What a checkpoint is a state of; a run is only ever resumed with the same."""
    about_data = {
        "name": data.name,
        "shape": list(data.shape),
        "classes": list(data.classes),
        "counts": [images.count for images in data.train],
        "paired": data.paired,
        **({"split": data.split} if data.split else {}),
    }
    settings = to_json(config)
    return {"model": spec.name, "settings": settings, "data": about_data, "seed": seed, "precision": precision}


def earlier_state(path: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    state = checkpoints.read_state(path)
    if "split" not in state["data"]:  # earlier ones do not say it
        question = {**question, "data": {key: value for key, value in question["data"].items() if key != "split"}}
    for key, wanted in question.items():
        if state[key] != wanted:
            found, asked = difference(state[key], wanted)
            raise ModelError(
                f"{path} was written with {key} {found}, this run has {asked}; "
                "resume with the same value, or use a new folder"
            )
    return state


def difference(found: Any, wanted: Any) -> tuple[Any, Any]:
    """The two values, of mappings their differing entries only."""
    if not isinstance(wanted, dict):
        return found, wanted
    keys = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
    return {key: found.get(key) for key in keys}, {key: wanted.get(key) for key in keys}


def step_in(precision: Precision, step: TrainStep, batch: Batch, device: torch.device) -> Mapping[str, Tensor | float]:
    """One step in this precision, with the batch laid out as the device wants it."""
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        return step(_laid_out(batch, device))


def layout(device: torch.device) -> torch.memory_format:
    return torch.channels_last if device.type == "cuda" else torch.contiguous_format


def _laid_out(batch: Batch, device: torch.device) -> Batch:
    if device.type != "cuda":
        return batch
    y = None if batch.y is None else batch.y.contiguous(memory_format=torch.channels_last)
    return Batch(batch.x.contiguous(memory_format=torch.channels_last), y, batch.labels, batch.step)
