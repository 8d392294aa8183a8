"""What was given to `bench submit`, and the images that it stands for.

| given                                        | kind          | images                                            |
|----------------------------------------------|---------------|---------------------------------------------------|
| a folder, an archive, a table or an array of | as it is      | read in place                                     |
| images, a pattern of files, a URL            |               |                                                   |
| a run's folder, its checkpoint.safetensors   | `checkpoint`  | sampled here from the track's noise rows, or      |
|                                              |               | translated from the other domain of the real set  |
|                                              |               | that the protocol names                           |
| .onnx, TorchScript (.pt, .pth, .ts)          | `onnx`, `torchscript` | sampled in a process of its own           |

Anything of more than MOST_FILES files is refused before any of them is read.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.datasets import eval_set
from bench.leaderboard.entries import FILES, Kind, Origin
from bench.leaderboard.tracks import Track
from bench.measuring.evaluation import SAMPLING_SEED
from bench.measuring.subject import Subject
from bench.protocol import DRAWN
from bench.runs.checkpoint_files import checkpoint_file, is_checkpoint
from bench.sources.listings import listing_of
from bench.storage.reading import claimed_members, file_sha256
from bench.storage.records import TRAINED_ON
from bench.submissions._isolation import Isolation, isolation
from bench.submissions.generators import GeneratorSpec, Limits, sample_generator
from genbench.places import exists
from metrics.errors import InputError
from metrics.extractors.foreign import TORCHSCRIPT, file_kind

MOST_FILES = 100_000
CONTROLS = ("train-copies", "pixel-gaussian")
SUFFIXES: dict[str, Kind] = {
    ".zip": "zip",
    ".tar": "tar",
    ".parquet": "table",
    ".arrow": "table",
    ".npz": "npz",
    ".npy": "npz",
    ".safetensors": "checkpoint",
    ".onnx": "onnx",
    ".pt": "torchscript",
    ".pth": "torchscript",
    ".ts": "torchscript",
}
GENERATORS = ("onnx", "torchscript")


@dataclass(frozen=True)
class Material:
    """Images, as what `open_source` takes, and where they came from; `remarks` are about how they were made, and
    `isolation` says how somebody's generator was kept apart while it made them."""

    images: Path | np.ndarray
    origin: Origin
    remarks: tuple[str, ...] = ()
    isolation: Isolation | None = None


@dataclass(frozen=True)
class How:
    """How what is no image is turned into images; nothing of it is needed for images. `say` is told how a generator is
    kept apart, before it runs. `labels` says how a model with classes is asked for them, as in the protocol."""

    generator: GeneratorSpec | None = None
    limits: Limits = field(default_factory=Limits)
    trust_code: bool = False
    device: str = "cpu"
    say: Callable[[str], object] = str
    labels: str = DRAWN


def kind_of(path: Path) -> Kind:
    """What a path is, by its name and, of a folder, by the checkpoint in it; InputError where it is nothing of these.

    An image file, a file of another kind, and what does not exist or matches nothing are refused; so are more than
    MOST_FILES files, before one of them is opened.
    """
    if is_checkpoint(path):
        return "checkpoint"
    if path.is_dir():
        _check_few(path, _count_files(path))
        return "folder"
    listing = listing_of(path) if not exists(path) else None
    if listing:
        _check_few(path, len(listing.keys))
        return next(kind for kind in FILES if kind == listing.kind)
    if not path.is_file():
        raise InputError(f"{path} does not exist; expected a folder or file of images, a checkpoint or a generator")
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(SUFFIXES)
        raise InputError(f"{path} cannot be submitted; expected a folder or a file ending in {known}")
    if kind in FILES:
        _check_few(path, claimed_members(path) if kind == "zip" else _count_images(path))
    return kind


def open_material(path: Path, track: Track, subject: Subject, how: How, *, reference: bool = False) -> Material:
    """The images of whatever was given, sampled where it is a model or generator; see the module's table.

    `reference` marks a checkpoint as a reference model of this project. Raises InputError or ModelError for what cannot
    be opened, makes images of another shape, or may not be run.
    """
    kind = kind_of(path)
    if reference and kind != "checkpoint":
        raise InputError(f"--reference marks models of this project, and {path} is not a checkpoint; leave it out")
    if kind == "checkpoint":
        return _from_checkpoint(path, track, subject, how, reference)
    if kind in GENERATORS:
        return _from_generator(kind, path, track, subject, how)
    return Material(path, Origin(kind))


def _from_checkpoint(path: Path, track: Track, subject: Subject, how: How, reference: bool) -> Material:
    from bench.runs.samples import TO_DOMAIN, asked_labels
    from bench.runs.stored import open_checkpoint, train_split_of
    from reference_models.loop import sample, to_json, translate
    from reference_models.loop.checkpoints import parameters_of

    file, source = checkpoint_file(path)
    loaded = open_checkpoint(file, subject, device=how.device)
    model, trained_on = loaded.model, loaded.state["data"]["name"]
    if model.directions:
        name, domains = loaded.spec.name, subject.dataset.domains
        if len(domains) != 2:
            raise InputError(f"{name} translates, and {subject.name} has no two domains; choose their track")
        place = domains.index(subject.domains[0])
        direction = TO_DOMAIN[place]
        if direction not in model.directions:
            raise InputError(
                f"{name} translates {model.directions[0]} only, and {track.name} asks for {direction}; "
                "submit it to the track of the other domain"
            )
        other = eval_set(subject.dataset, subject.dataset.translated, subject.root, domains[1 - place])
        given = other.read(0, other.count)
        started = time.perf_counter()
        images = translate(model, given, direction)
    else:
        labels = asked_labels(model, how.labels, SAMPLING_SEED, 0, track.count)
        started = time.perf_counter()
        images = sample(model, SAMPLING_SEED, 0, track.count, labels=labels)
    seconds = time.perf_counter() - started
    split = train_split_of(loaded, file.parent)
    origin = Origin(
        kind="checkpoint",
        sha256=file_sha256(file),
        model=loaded.spec.name,
        settings=to_json(loaded.config),
        training_seed=loaded.state["seed"],
        training_steps=loaded.state["step"],
        sampling_seed=SAMPLING_SEED,
        reference=reference,
        control=loaded.spec.name in CONTROLS,
        parameters=parameters_of(model, loaded.state),
        training_seconds=round(float(loaded.state["seconds"]), 1),
        seconds_per_image=float(f"{seconds / len(images):.2g}"),
        source=source,
        train_split="" if split == TRAINED_ON else split,
    )
    elsewhere = trained_on not in (subject.name, subject.dataset.name)
    remarks = [f"the model was trained on {trained_on}, not on {subject.name}"] if elsewhere else []
    remarks += [f"the model was trained on {split}, not on the training split"] if split != TRAINED_ON else []
    return Material(images, origin, tuple(remarks))


def _from_generator(kind: Kind, path: Path, track: Track, subject: Subject, how: How) -> Material:
    spec = how.generator
    if spec is None:
        raise InputError(
            f"{path} needs its noise: --noise-dim N, and --noise and --output-range if they differ from the defaults"
        )
    found = file_kind(path)
    if found and not (kind == "torchscript" and found == TORCHSCRIPT):
        raise InputError(f"{path} is {found}; expected {'an ONNX file' if kind == 'onnx' else 'TorchScript'}")
    if kind == "torchscript" and not how.trust_code:
        raise InputError(f"{path} is TorchScript, which is code; run it with --trust-code if you trust its author")
    how.say(isolation().words)
    made = sample_generator(kind, path, spec, track.count, subject.dataset.shape, how.limits)
    settings: dict[str, Any] = spec.as_settings()
    origin = Origin(kind, file_sha256(path), "", settings, sampling_seed=SAMPLING_SEED)
    return Material(made.images, origin, made.remarks, made.isolation)


def _check_few(path: Path, count: int) -> None:
    if count > MOST_FILES:
        raise InputError(f"{path} holds more than {MOST_FILES:,} files, more than any track asks for; none was read")


def _count_images(path: Path) -> int:
    listing = listing_of(path)
    return len(listing.keys) if listing else 0


def _count_files(folder: Path) -> int:
    """How many files there are in a folder and below, counted up to one more than MOST_FILES; links count as files."""
    folders, count = [folder], 0
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                else:
                    count += 1
                if count > MOST_FILES:
                    return count
    return count
