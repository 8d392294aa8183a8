"""Images out of a trained model: made as a protocol asks for them, written and read again.

Sample i depends on the noise row (sampling seed, i) only, with the label that is drawn with it, and on its own real
image where the model translates or reconstructs; batch sizes move a pixel by rounding at most. In a run's folder they
are kept as npz, uint8 [n, h, w, c] under `arr_0`, which `bench fid` and ADM's evaluator read; `translated` beside it
names the real set that was translated, where that is not real 1, `labels` the class that each image should be of, where
that is known, and `asked` how a model with classes was asked for them, where not in turn. `bench sample` also writes a
folder of PNGs.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bench.datasets import Split
from bench.datasets.images import centre_square, file_split, list_images, resized
from bench.measuring.evaluation import GENERATED, REAL_1, RECONSTRUCTED, SAMPLING_SEED, UNTRAINED, Arrays, Evaluation
from bench.measuring.subject import TEST, Subject
from bench.protocol import DRAWN, IN_TURN
from bench.runs.generators import Generator
from bench.runs.jobs import Job
from bench.sources.arrays import MAX_UNPACKED_BYTES
from bench.storage.array_files import ArrayFile
from bench.storage.files import whole
from bench.storage.folders import whole_folder
from bench.storage.records import slug
from metrics.errors import InputError
from reference_models.loop import Noise, reconstruct, sample, translate, untrained
from reference_models.loop.plots import plot_sheets, tile
from reference_models.types import Direction, Model

TO_DOMAIN: tuple[Direction, Direction] = ("y-to-x", "x-to-y")  # what makes images of the first, of the second domain
DEFAULT_COUNT = 1_000
RECONSTRUCTIONS = "reconstructions.npz"
PAIRS_SHOWN, PAIRS_ACROSS = 32, 4  # in the picture of inputs beside outputs
SHEET_IMAGES, SHEET_SIDE = 64, 560  # pixels that a sheet has at most for being enlarged
MOST_NAME = 4 * 1024  # bytes of the name of a set


def generate(model: Model, task: str, evaluation: Evaluation) -> Arrays:
    """The images that the protocol asks for, uint8 [n, c, h, w] by (set, domain), with the test images beside their
    reconstructions. The same for any batch size but for rounding."""
    subject = evaluation.subject
    made = {(GENERATED, label): images for label, images in _generated(model, evaluation).items()}
    if task == "reconstruct":
        made[TEST, ""] = subject.test_images()
        made[RECONSTRUCTED, ""] = reconstruct(model, made[TEST, ""])
    return made


def generate_run(job: Job, trained: Model, evaluation: Evaluation) -> Arrays:
    """What a record measures: the images of a trained model, and those from before its training."""
    return {**generate(trained, job.spec.task, evaluation), **generate_untrained(job, trained, evaluation)}


def generate_untrained(job: Job, trained: Model, evaluation: Evaluation) -> Arrays:
    """The generated sets of the model as it was before its training, on the device of the trained one; none of a model
    that nothing is optimised in."""
    model = untrained(job.spec, job.config, job.data, job.seed)
    if not model.optimisers:
        return {}
    model.to(next(trained.parameters()).device).eval()
    return {(UNTRAINED, label): images for label, images in _generated(model, evaluation).items()}


def _generated(model: Model, evaluation: Evaluation) -> dict[str, np.ndarray]:
    """As many images as the protocol asks for by domain, of those that the model makes."""
    subject = evaluation.subject
    if not model.directions:
        count = evaluation.count()
        labels = asked_labels(model, evaluation.protocol.labels, SAMPLING_SEED, 0, count)
        return {"": sample(model, SAMPLING_SEED, 0, count, labels=labels)}
    return {
        label: translate(model, subject.images(subject.dataset.translated, other), direction)
        for label, other, direction in zip(subject.labels, subject.labels[::-1], TO_DOMAIN, strict=True)
        if direction in model.directions
    }


def asked_labels(model: Model, how: str, seed: int, start: int, stop: int) -> np.ndarray | None:
    """int64 [stop - start]: the labels that these rows of noise are asked for, "drawn" or "in turn"; None of a model
    without classes."""
    if not model.classes:
        return None
    return Noise(seed, start, stop).labels(model.classes) if how == DRAWN else np.arange(start, stop) % model.classes


def samples_path(folder: Path, label: str, name: str = GENERATED) -> Path:
    """Where a set of a run is kept: its generated images, or those from before its training."""
    first = "samples" if name == GENERATED else name
    return folder / f"{first}{'-' if label else ''}{slug(label)}.npz"


def save_generated(
    folder: Path,
    made: Arrays,
    translated: str = REAL_1,
    labels: Mapping[tuple[str, str], Sequence[str]] = MappingProxyType({}),
    asked: str = IN_TURN,
) -> None:
    """Write generated sets and reconstructions as npz, [n, h, w, c] as `arr_0`, their labels beside; InputError where
    there is no room."""
    for (name, label), images in made.items():
        if name != TEST:
            path = folder / RECONSTRUCTIONS if name == RECONSTRUCTED else samples_path(folder, label, name)
            beside = {"translated": translated} if label and translated != REAL_1 else {}
            classes = labels.get((name, label), ())
            drawn = classes and asked != IN_TURN and name != RECONSTRUCTED
            save_images(path, images, classes, {**beside, "asked": asked} if drawn else beside)


def save_images(
    path: Path, images: np.ndarray, labels: Sequence[str] = (), beside: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """uint8 [n, c, h, w] as an npz with `arr_0` uint8 [n, h, w, c], labels and texts beside it, whole or not at all."""
    beside = {**beside, "labels": np.array(labels)} if labels else beside
    with whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, arr_0=np.ascontiguousarray(images.transpose(0, 2, 3, 1)), **beside)


def save_pngs(folder: Path, images: np.ndarray, names: Sequence[str] = (), *, force: bool = False) -> None:
    """uint8 [n, c, h, w] as a folder of PNGs of these names, or 00000.png ..., whole or not at all; InputError where it
    exists or there is no room. `force` replaces a folder that holds nothing but PNGs."""
    from PIL import Image

    with whole_folder(folder) as unfinished:
        _check_replaced(folder, force)
        for row, image in enumerate(images):
            pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
            path = unfinished / (names[row] if names else f"{row:05d}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.ascontiguousarray(pixels)).save(path)


def save_sheet(path: Path, images: np.ndarray) -> None:
    """The first SHEET_IMAGES of uint8 [n, c, h, w] as one PNG, enlarged where they are small; whole or not at all."""
    from PIL import Image

    shown = images[:SHEET_IMAGES]
    sheet = tile(shown, ceil(len(shown) ** 0.5))
    factor = max(1, SHEET_SIDE // max(sheet.shape[:2]))
    with whole(path) as unfinished:
        Image.fromarray(sheet.repeat(factor, axis=0).repeat(factor, axis=1)).save(unfinished, "PNG", optimize=True)


def names_like(folder: Path, count: int) -> list[str]:
    """Names of PNGs for what is made of the first images of a folder: their own, so that both can be paired again.

    Where two of them differ in the suffix only, all keep it before the new one.
    """
    files = [path.relative_to(folder) for path in list_images(folder)[:count]]
    names = [path.with_suffix(".png").as_posix() for path in files]
    if len({name.casefold() for name in names}) == len(names):
        return names
    return [f"{path.as_posix()}.png" for path in files]


def _check_replaced(folder: Path, force: bool) -> None:
    if not folder.exists():
        return
    strangers = [path.name for path in folder.iterdir() if path.suffix != ".png"] if folder.is_dir() else [folder.name]
    if strangers or not force:
        why = f"holds {strangers[0]}, so it is not replaced" if strangers else "exists; replace it with --force"
        raise InputError(f"{folder} {why}, or choose another name")


def load_generated(folder: Path, subject: Subject, asked: str = "") -> Arrays:
    """What `save_generated` wrote; InputError where a file is missing or damaged, and where a model with classes was
    `asked` for its labels otherwise ("" of any other model)."""
    paths = {label: samples_path(folder, label) for label in subject.labels}
    there = {label: path for label, path in paths.items() if path.is_file()} or paths
    translated = subject.dataset.translated
    made = {(GENERATED, label): _load_images(path, label and translated, asked) for label, path in there.items()}
    before = {label: samples_path(folder, label, UNTRAINED) for label in subject.labels}
    made |= {
        (UNTRAINED, label): _load_images(path, label and translated, asked)
        for label, path in before.items()
        if path.is_file()
    }
    if (folder / RECONSTRUCTIONS).is_file():
        made |= {(TEST, ""): subject.test_images(), (RECONSTRUCTED, ""): _load_images(folder / RECONSTRUCTIONS)}
    return made


def _load_images(path: Path, translated: str = "", asked: str = "") -> np.ndarray:
    """The images of a file; InputError where they are translations of another real set than `translated`, or were
    asked for by other labels."""
    with ArrayFile(path, f"make it again with `bench evaluate {path.parent}`") as file:
        images = file.read("arr_0", most=MAX_UNPACKED_BYTES)
        found = file.text("translated", most=MOST_NAME) if "translated" in file.names else REAL_1
        how = file.text("asked", most=MOST_NAME) if "asked" in file.names else IN_TURN
    if images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(f"{path} holds {images.dtype} {list(images.shape)}, expected uint8 [n, h, w, c]")
    if translated and found != translated:
        raise InputError(
            f"{path} holds translations of {found}, the protocol asks for those of {translated}; make them again with "
            f"`bench evaluate {path.parent}`"
        )
    if asked and how != asked:
        raise InputError(
            f"{path} holds images whose labels are {how}, the protocol asks for labels that are {asked}; make them "
            f"again with `bench evaluate {path.parent}`"
        )
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def check_asked(
    generator: Generator,
    direction: str | None,
    classes: str | None = None,
    truncation: float | None = None,
    folder: Path | None = None,
) -> None:
    """InputError for a direction where nothing is translated, for classes or a truncation where nothing is made from
    noise, and for a `folder` of images where a model takes none."""
    model = generator.model
    if folder and not (model.directions or model.code_dim):
        raise InputError(
            f"{generator.name} makes images from noise and takes no --images; leave it out, or give a model that "
            "translates or reconstructs (`bench list models`)"
        )
    if not model.directions and direction:
        does = "reconstructs images" if folder else "makes images from noise"
        raise InputError(f"{generator.name} {does} and knows no --direction; leave it out")
    if (model.directions or folder) and (classes is not None or truncation is not None):
        raise InputError(
            f"{generator.name} makes images from images and knows no --classes and no --truncation; leave them out"
        )


def sample_noise(
    generator: Generator,
    seed: int,
    count: int | None,
    *,
    classes: str | None = None,
    truncation: float | None = None,
) -> np.ndarray:
    """uint8 images [n, c, h, w] of the noise rows 0 to `count` (1000).

    `classes` are names or numbers of labels with commas between them: image i has the one at i modulo their number;
    without them, labels are drawn with the noise. InputError for an unknown one; ModelError for a truncation that the
    model refuses.
    """
    model, count = generator.model, count or DEFAULT_COUNT
    labels = noise_labels(generator, seed, count, classes)
    if truncation is not None:
        model.truncate(truncation)
    return sample(model, seed, 0, count, batch_size=generator.batch_size, labels=labels)


def noise_labels(generator: Generator, seed: int, count: int, classes: str | None) -> np.ndarray | None:
    """int64 [count]: what the noise rows 0 to `count` are asked for, `classes` in turn where they are named; None of a
    model without classes."""
    if classes is None:
        return asked_labels(generator.model, DRAWN, seed, 0, count)
    return np.resize(labels_of(generator, classes), count)


def labels_of(generator: Generator, classes: str) -> np.ndarray:
    """int64 [n]: the labels of classes named `a,b,...`, by name where there are names, or by number."""
    known, number = list(generator.classes), generator.model.classes
    if not number:
        raise InputError(f"{generator.name} knows no classes; leave --classes out")
    labels = []
    for word in (part.strip() for part in classes.split(",")):
        label = known.index(word) if word in known else int(word) if word.isascii() and word.isdigit() else -1
        if not 0 <= label < number:
            named = f", or one of {', '.join(known)}" if known else ""
            raise InputError(f"no class {word!r} in {generator.name}; expected a number from 0 to {number - 1}{named}")
        labels.append(label)
    return np.array(labels, np.int64)


def translate_test(generator: Generator, subject: Subject, direction: str | None, count: int | None) -> np.ndarray:
    """uint8 translations [n, c, h, w] of the first `count` test images (at most 1000 of those that there are).

    Raises InputError where the direction is missing and the model knows two, or where there are not so many images.
    """
    split, way = tested_split(generator, subject, direction)
    if count is not None and count > split.count:
        raise InputError(
            f"-n {count}: {subject.name} has {split.count} test images to translate; ask for at most that many"
        )
    return translate(generator.model, split.read(0, min(count or DEFAULT_COUNT, split.count)), way)


def tested_split(generator: Generator, subject: Subject, direction: str | None) -> tuple[Split, Direction]:
    """The test images that are translated, and the direction."""
    way = _way(generator, direction)
    return subject.dataset.load(TEST, subject.root, subject.domains[0 if way == "x-to-y" else 1]), way


def from_folder(
    generator: Generator, folder: Path, direction: str | None, count: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [n, c, h, w] twice: the first `count` images of a folder (None: all, by their path) as the model sees them,
    and what it makes of them: translations, or reconstructions by a model that does so.

    The middle square of each is resized to what the model was trained on, and turned grey where that was. Raises
    InputError where the direction is missing and the model knows two, for a folder without so many images, and for a
    file that does not decode, naming it.
    """
    files = list_images(folder)
    if not files:
        raise InputError(
            f"--images {folder}: {'no image in it' if folder.is_dir() else 'no such folder'}; give a folder"
        )
    if count is not None and count > len(files):
        raise InputError(f"-n {count}: {folder} holds {len(files)} images; ask for at most that many")
    channels, side, _ = generator.shape
    mode = "L" if channels == 1 else "RGB"
    way = _way(generator, direction) if generator.model.directions else None
    split = file_split(files, folder, lambda image: resized(centre_square(image), side).convert(mode), generator.shape)
    given = split.read(0, count or split.count)
    return given, translate(generator.model, given, way) if way else reconstruct(generator.model, given)


def draw_beside(output: Path, given: np.ndarray, made: np.ndarray, title: str) -> Path:
    """A PNG beside the output, never in it, of the first inputs, each with what was made of it on its right."""
    path = output.with_name(f"{output.stem}-beside-inputs.png")
    pairs = np.stack([given, made], axis=1)[:PAIRS_SHOWN]
    columns = min(PAIRS_ACROSS, len(pairs))
    sheet = tile(pairs.reshape(-1, *pairs.shape[2:]), 2 * columns)
    plot_sheets(path, [("", sheet)], title, columns=("input", "output") * columns)
    return path


def _way(generator: Generator, direction: str | None) -> Direction:
    """The direction asked for, or the only one."""
    known = generator.model.directions
    if direction is None and len(known) > 1:
        raise InputError(f"{generator.name} translates both ways; choose --direction {' or '.join(known)}")
    return direction or known[0]  # type: ignore[return-value]
