"""The training loop: it knows `train_step` only; optimisers, critic steps, averages and schedules are the model's.

The folder of a run holds checkpoint.safetensors, losses.csv, evaluation.csv, one PNG per figure of curves, grids/ with
pictures over the steps, and the last pictures. On the CPU a run that was interrupted, killed or out of memory goes on
with `resume` bit for bit as if nothing had happened: weights, optimisers and random generators stand in the checkpoint,
the order of the images is computed from (seed, step), and curves are cut back to the checkpoint's step. The checkpoint
is always the last state and never one chosen by a score.
"""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from math import ceil, inf, isfinite
from pathlib import Path
from typing import Any, NoReturn

import torch

from genbench.signals import ending
from genbench.surroundings import torch_defaults
from reference_models.errors import ModelError
from reference_models.loop import checkpoints
from reference_models.loop.averaging import built
from reference_models.loop.batches import batches, epoch_images
from reference_models.loop.curves import last_mean, read_curve
from reference_models.loop.logs import Log, logger
from reference_models.loop.progress import Bar
from reference_models.loop.ranks import ALONE, Ranks, asked_ranks, from_first, joined, launcher
from reference_models.loop.run import (
    Evaluate,
    Intervals,
    Precision,
    Run,
    earlier_state,
    layout,
    question_of,
)
from reference_models.loop.together import Together, check_shared
from reference_models.types import Data, Model, ModelSpec


@dataclass(frozen=True)
class Budget:
    """When to stop, counted over the whole run with its resumptions; what is reached first. Empty: the recipe's."""

    steps: int | None = None
    epochs: float | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        for unit, amount in (("steps", self.steps), ("epochs", self.epochs), ("minutes", self.minutes)):
            if amount is not None and not (isfinite(amount) and amount > 0):
                raise ModelError(f"a budget of {amount} {unit} trains nothing; give a positive number")

    def total_steps(self, config: Any, data: Data) -> int | None:
        """Steps until the end; None where only the minutes decide."""
        epochs = config.epochs if self == Budget() else self.epochs
        steps = [] if epochs is None else [ceil(epochs * epoch_images(data) / config.batch_size)]
        return min([*steps, *([self.steps] if self.steps else [])], default=None)


@dataclass(frozen=True)
class Every:
    """An interval in steps or in epochs; empty: as the recipe says."""

    steps: int | None = None
    epochs: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and self.epochs is not None:
            raise ModelError(f"pictures every {self.steps} steps and every {self.epochs} epochs; give one of the two")
        for unit, amount in (("steps", self.steps), ("epochs", self.epochs)):
            if amount is not None and not (isfinite(amount) and amount > 0):
                raise ModelError(f"pictures every {amount} {unit}; give a positive number")

    def in_steps(self, config: Any, data: Data) -> int | None:
        """The interval in steps, an epoch rounded up to a whole one; None where it is empty."""
        return self.steps if self.epochs is None else ceil(self.epochs * epoch_images(data) / config.batch_size)


@dataclass(frozen=True)
class TrainResult:
    """What a training did, counted over the whole run; `losses` are means over the last 100 steps."""

    model: Model
    checkpoint: Path
    steps: int
    epochs: float
    images: int
    seconds: float
    resumed_at: int
    losses: Mapping[str, float]


def train(
    spec: ModelSpec,
    config: Any,
    data: Data,
    *,
    folder: Path,
    budget: Budget | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "float32",
    compile: bool = False,
    grid_every: int | None = None,
    checkpoint_every: int | None = None,
    evaluate: Evaluate | None = None,
    evaluate_every: int = 100,
    resume: bool = False,
    log: Log | None = None,
    progress: bool = True,
) -> TrainResult:
    """Build a model, train it until the budget is spent, and leave everything in `folder`.

    Pictures are made every `grid_every` steps (a tenth of the budget, in time where only minutes are given),
    checkpoints every `checkpoint_every` steps (once a minute); `evaluate` is called with the model in evaluation mode
    at step 0, every `evaluate_every` steps and at the end, and what it returns becomes evaluation.csv. ModelError for
    data that do not fit the task or the network, a folder with a checkpoint (unless `resume`), a checkpoint of
    another run, a device that is not there, a loss that is not finite. KeyboardInterrupt, and a signal such as SIGTERM,
    comes again after the step was finished and the checkpoint written.

    Of several processes that torchrun has started, this is what the first one does, and `follow` what the others do.
    """
    check_fits(spec, data)
    ranks, budget = asked_ranks(), budget or Budget()
    check_shared(spec, config, data, ranks, compile=compile)
    place = ranks.place(find_device(device))
    total = budget.total_steps(config, data)
    tenth = ceil(total / 10) if total else None
    every = Intervals(grid_every or tenth, (budget.minutes or inf) * 6, evaluate_every, checkpoint_every)
    started_by = launcher()
    with torch_defaults(place, training=True), joined(ranks):
        question = question_of(spec, config, data, seed, precision)
        run = _open_run(spec, config, data, folder, question, place, resume)
        together = Together(run.model, ranks)
        together.begin(question, run.step, place)
        run.shared_step = together.step
        for network in run.model.children() if compile else ():
            network.compile()
        seconds_left = budget.minutes and budget.minutes * 60 - run.seconds
        with (
            logger(log, folder, run.step) as run.log,
            closing(
                batches(data, config.batch_size, seed, run.step, place, spec.task == "paired", ranks.share)
            ) as stream,
            Bar(f"{spec.name} on {data.name}", total, run.step, progress, seconds_left) as bar,
            interruption(ranks) as interrupted,
            together.installed(),
        ):
            run.begin(evaluate)
            while from_first(_goes_on(run, total, budget, interrupted, started_by), ranks):
                run.learn(next(stream), bar)
                run.pause(every, evaluate)
            if interrupted:
                run.checkpoint()
                interrupt(interrupted[0])
            run.finish(evaluate)
            if interrupted:
                interrupt(interrupted[0])
        return _result(run)


def _goes_on(run: Run, total: int | None, budget: Budget, interrupted: list[int], started_by: int | None) -> bool:
    """Whether there is another step. Nobody would end the processes of a torchrun that was killed, so that this counts
    as a signal to do so."""
    if launcher() != started_by:
        interrupted.append(signal.SIGTERM)
    return not interrupted and run.step < (total or inf) and run.seconds < (budget.minutes or inf) * 60


def _open_run(
    spec: ModelSpec,
    config: Any,
    data: Data,
    folder: Path,
    question: Mapping[str, Any],
    device: torch.device,
    resume: bool,
) -> Run:
    """A new model in its folder, or the one whose checkpoint is there with its whole state."""
    path = folder / checkpoints.FILE_NAME
    if path.exists() and not resume:
        raise ModelError(f"{folder} holds a trained model already; continue with --resume or choose another folder")
    earlier = earlier_state(path, question) if path.exists() else None
    folder.mkdir(parents=True, exist_ok=True)

    model = to_train(spec, config, data, question["seed"], device)
    if earlier:
        checkpoints.restore_training(path, model, earlier, device)
    return Run(spec, config, data, model, device, folder, question, earlier)


def to_train(spec: ModelSpec, config: Any, data: Data, seed: int, device: torch.device) -> Model:
    """The model as a training of this seed starts with it, in training mode on its device."""
    model = _built(spec, config, data, seed).to(device).train()
    model.to(memory_format=layout(device))  # type: ignore[call-overload]
    return model


def untrained(spec: ModelSpec, config: Any, data: Data, seed: int) -> Model:
    """The model as a training of this seed starts with it, on the CPU."""
    with torch_defaults("cpu"):
        return _built(spec, config, data, seed)


def _built(spec: ModelSpec, config: Any, data: Data, seed: int) -> Model:
    torch.manual_seed(seed)  # the one place where the global generators are set
    return built(spec, config, data.shape, len(data.classes))


def _result(run: Run) -> TrainResult:
    curve = read_curve(run.folder / "losses.csv")
    return TrainResult(
        model=run.model.eval(),
        checkpoint=run.path,
        steps=run.step,
        epochs=run.epoch(run.step),
        images=run.step * run.config.batch_size,
        seconds=run.seconds,
        resumed_at=run.resumed_at,
        losses=last_mean(curve, [name for name in curve if name not in ("step", "epoch")]),
    )


def check_fits(spec: ModelSpec, data: Data) -> None:
    """ModelError where the data have not what the model's task needs."""
    domains = 2 if spec.task in ("paired", "unpaired") else 1
    if len(data.train) != domains:
        has = "one domain" if len(data.train) == 1 else f"{len(data.train)} domains"
        needs = "one of its domains" if domains == 1 else "a data set with two domains, such as edges2shapes"
        raise ModelError(
            f"{spec.name} ({spec.task}) cannot be trained on {data.name}, which has {has}; give it {needs}"
        )
    if spec.task == "paired" and not data.paired:
        raise ModelError(f"{spec.name} needs pairs and {data.name} has none; use a paired data set or cyclegan")
    if spec.task == "class-conditional" and (not data.classes or data.train[0].labels is None):
        raise ModelError(f"{spec.name} needs labels and {data.name} has none; use a labelled data set, such as digits")
    if min(images.count for images in data.train) < 1:
        raise ModelError(f"{data.name} has no training images; prepare the data set again")


def find_device(name: str) -> torch.device:
    """The device of this name; "auto" is the GPU where there is one. ModelError where it is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"there is no device {name!r} here ({first}); use --device cpu or auto") from error
    return device


@contextmanager
def interruption(ranks: Ranks = ALONE) -> Iterator[list[int]]:
    """Ctrl-C is noted and the step is finished first; a second one is not waited for. The same for the signals of
    schedulers and of terminals that close. The list holds the number of what was noted.

    With several processes torchrun sends a second one at once, and ends by itself what does not end in 30 s.
    """
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, *ending())}

    def note(number: int, frame: Any) -> None:
        noted.append(number)
        if ranks.size == 1:
            restore()

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    for number in previous:
        signal.signal(number, note)
    try:
        yield noted
    finally:
        restore()


def interrupt(number: int) -> NoReturn:
    """What the noted signal would have done by itself, at the least KeyboardInterrupt."""
    signal.raise_signal(number)
    raise KeyboardInterrupt
