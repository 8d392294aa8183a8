"""Looking at what a model learned: `explore`."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.api.runs import open_measure
from bench.options import checked_together, known
from bench.settings.explorations import (
    ExploreClasses,
    ExploreManifold,
    ExploreNeighbours,
    ExploreNoise,
    ExploreSideBySide,
    ExploreSteps,
    ExploreTruncation,
    Exploring,
    OfGenerator,
)
from bench.tables.several import Tables
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import check_names, place

if TYPE_CHECKING:
    from bench.exploring import Explorable, Explored, Opened
    from bench.measuring.measure import Measure

GENERATOR_WEIGHTS = "--generator-weights"  # `--weights` are the extractor's
EXPLORATIONS: dict[str, tuple[type, ...]] = {  # the groups of their options, their own first
    "classes": (ExploreClasses, OfGenerator, Exploring),
    "compare": (ExploreSideBySide, Exploring),
    "manifold": (ExploreManifold, Exploring),
    "neighbours": (ExploreNeighbours, Exploring),
    "noise": (ExploreNoise, OfGenerator, Exploring),
    "steps": (ExploreSteps, Exploring),
    "truncation": (ExploreTruncation, Exploring),
}


@dataclass(frozen=True)
class Exploration:
    """What an exploration found, the folder that it was written to, and the files there."""

    found: "Explored"
    folder: Path
    files: tuple[Path, ...]

    @property
    def tables(self) -> Tables:
        """Its numbers."""
        return Tables(self.found.tables, self.found.notes)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the pictures as JSON values."""
        return {**self.found.json(), "folder": str(self.folder), "files": [str(path) for path in self.files]}

    def __repr__(self) -> str:
        return f"Exploration({self.found.name}, {self.folder})"

    def _repr_html_(self) -> str:
        return self.tables._repr_html_()


def explore(what: str, *checkpoints: str | Path, **options: Any) -> Exploration:
    """Looks at a checkpoint (a file, a run's folder or the name of a pretrained generator): numbers and pictures.

    `what` is noise, manifold, classes, truncation, steps, neighbours, or compare, which takes several checkpoints; the
    options are those of `bench explore WHAT`. Written to `output`, a new folder; without one beside the checkpoint.
    Raises InputError for a model that has not what is looked at.
    """
    from bench.exploring import write

    check_names([what], EXPLORATIONS, "exploration")
    how: Any = checked_together(EXPLORATIONS[what], options)
    paths = [expanded(place(one, "the checkpoint")) for one in checkpoints]
    if not paths or (len(paths) > 1 and what != "compare"):
        raise InputError(f"{len(paths)} checkpoints; {what} looks at {'several' if what == 'compare' else 'one'}")
    own = {name: how[name] for name in known(EXPLORATIONS[what][0])}
    folder, found = _FINDERS[what](what, paths, how, own)
    return Exploration(found, folder, tuple(write(found, folder, force=how["force"])))


_Finding = tuple[Path, "Explored"]


def _module(what: str) -> Any:
    return import_module(f"bench.exploring.{what}")


def _manifold(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    folder, (opened,) = _ready(what, paths, how)
    return folder, _module(what).explore(opened, _measure_if_there(opened, how), **own)


def _measure_of(opened: "Opened", how: Any) -> "Measure":
    """The extractor that was asked for, else the one that the run was measured with, else that of the data set."""
    from bench.runs.stored import measured_with

    usual = {} if how["extractor"] else measured_with(opened.folder)
    return open_measure(opened.subject, {**how, **{name: how[name] or value for name, value in usual.items()}})


def _measure_if_there(opened: "Opened", how: Any) -> "Measure | None":
    """The same for what is drawn without features too: None where nobody asked for one and its weights are missing."""
    from bench.weights import MissingWeights

    try:
        return _measure_of(opened, how)
    except InputError as error:
        missing = isinstance(error, MissingWeights) or isinstance(error.__cause__, MissingWeights)
        if not missing or how["extractor"] or how["weights"]:
            raise
        return None


def _of_generator(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    folder, opened, measure = _ready_generator(what, paths[0], how)
    return folder, _module(what).explore(opened, measure, **own)


def _neighbours(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    tell = how["progress"]
    report = tell and (lambda done, total: tell("training images", done, total))
    folder, (opened,) = _ready(what, paths, how)
    return folder, _module(what).explore(opened, _measure_of(opened, how), report=report, **own)


def _truncation(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    own["bounds"] = _module(what).BOUNDS if own["bounds"] is None else [_number(one) for one in own["bounds"]]
    return _levels(what, paths, how, own)


def _steps(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    own["steps"] = _module(what).STEPS if own["steps"] is None else [_whole(one) for one in own["steps"]]
    return _levels(what, paths, how, own)


def _levels(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    from bench.measuring.evaluation import open_evaluation

    folder, (opened,) = _ready(what, paths, how)
    evaluation = open_evaluation(opened.subject, _measure_of(opened, how))
    return folder, _module(what).explore(opened, evaluation, report=how["progress"], **own)


def _side_by_side(what: str, paths: Sequence[Path], how: Any, own: dict[str, Any]) -> _Finding:
    from bench.measuring.evaluation import open_evaluation

    folder, opened = _ready(what, paths, how)
    subject = opened[0].subject
    evaluation = open_evaluation(subject, _measure_of(opened[0], how)) if own.pop("measured") else None
    return folder, _module(what).explore(opened, evaluation, report=how["progress"], **own)


_FINDERS = {
    "noise": _of_generator,
    "classes": _of_generator,
    "manifold": _manifold,
    "neighbours": _neighbours,
    "steps": _steps,
    "truncation": _truncation,
    "compare": _side_by_side,
}


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{value!r} is not a number; write for example --at inf,1,0.5") from None


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InputError(f"{value!r} is not a whole number; write for example --at 1,10,50") from None


def _ready(what: str, paths: Sequence[Path], how: Any) -> "tuple[Path, list[Opened]]":
    """The folder that will be written, checked, and the opened checkpoints."""
    from bench.exploring import check_folder, default_folder, open_run

    folder = how["output"] or default_folder(what, paths[0])
    check_folder(folder, how["force"])
    where = {name: how[name] for name in ("dataset", "data_root", "device")}
    return folder, [open_run(one, **where) for one in paths]


def _ready_generator(what: str, source: Path, how: Any) -> "tuple[Path, Explorable, Measure | None]":
    """The same for a checkpoint or for the name of a pretrained generator, and the extractor: that of the data set."""
    from bench.exploring import Explorable, check_folder
    from bench.runs.generators import open_generator, pretrained_name

    opened: Explorable
    measure: Measure | None
    pretrained, weights = pretrained_name(source), how["generator_weights"]
    if pretrained or weights:
        folder = how["output"] or Path("explore") / f"{what}-{pretrained}"
        check_folder(folder, how["force"])
        measure = open_measure(None, how)
        generator = open_generator(
            source,
            weights_file=weights,
            offline=how["offline"],
            device=how["device"],
            weights_option=GENERATOR_WEIGHTS,
        )
        opened = Explorable(generator)
    else:
        folder, (opened,) = _ready(what, [source], how)
        measure = _measure_if_there(opened, how)
    if how["truncation"] is not None:
        opened.model.truncate(how["truncation"])
    return folder, opened, measure
