"""Opening a generator by what a user names: a checkpoint, the folder of a run, of the Hub, one with public weights."""

from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from bench import registry, weights
from bench.runs.checkpoint_files import checkpoint_file
from bench.storage.kept_weights import kept, named_folder, weights_folder
from bench.storage.reading import file_sha256, read_json
from genbench.surroundings import torch_defaults
from metrics.errors import InputError
from metrics.extractors.state import read_state
from reference_models.loop import Loaded, find_device, load
from reference_models.pretrained.types import Pretrained
from reference_models.types import Model

PIXELS_AT_ONCE = 2**20  # of the images of one batch: 64 of 128x128, 4 of 512x512
MOST_AT_ONCE = 250


class Generator(NamedTuple):
    """A model in evaluation mode, what it is called and what it was trained on.

    `classes` are the names of its labels, empty where they are numbers only; `shape` is that of an image.
    `weights_sha256` is that of a published or named weights file, `official` whether it is known to be the published
    one of a pretrained generator; both are None for a checkpoint of this project that lies here. `source` is where a
    published one is from.
    """

    name: str
    model: Model
    dataset: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    weights_sha256: str | None = None
    official: bool | None = None
    source: str = ""

    @property
    def batch_size(self) -> int:
        """How many images fit into memory at once."""
        return max(1, min(MOST_AT_ONCE, PIXELS_AT_ONCE // prod(self.shape[1:])))


def open_generator(
    source: Path,
    *,
    weights_file: Path | None = None,
    offline: bool = False,
    device: str = "cpu",
    weights_option: str = "--weights",
) -> Generator:
    """The generator of what `checkpoint_file` takes, or of a name such as biggan-deep-256.

    A path that exists comes before a name. `weights_file` is for a name: its weights, or a folder that holds them.
    `weights_option` is what the command at hand calls it, for messages.
    Raises InputError and ModelError for a source that is neither, and for weights that are missing, damaged or foreign.
    """
    name, known = pretrained_name(source), registry.names("pretrained")
    if name:
        spec = registry.load("pretrained", name)
        return _pretrained(spec, find_weights(spec, weights_file, offline, weights_option), device)
    if weights_file:
        raise InputError(
            f"{weights_option} is for a pretrained generator ({', '.join(known)}); {source} has its own, leave it out"
        )
    path, origin = checkpoint_file(source, tuple(known))
    opened = generator_of(load(path, device=device))
    return opened._replace(weights_sha256=file_sha256(path), source=origin) if origin else opened


def pretrained_name(source: Path) -> str | None:
    """The name of the pretrained generator that is meant; None for a path."""
    name = str(source).replace("_", "-")
    return name if name in registry.names("pretrained") and not source.exists() else None


def generator_of(loaded: Loaded) -> Generator:
    """The generator of a loaded checkpoint."""
    data = loaded.state["data"]
    return Generator(loaded.spec.name, loaded.model, data["name"], tuple(data["classes"]), tuple(data["shape"]))


def find_weights(
    spec: Pretrained, explicit: Path | None = None, offline: bool = False, option: str = "--weights"
) -> weights.Weights:
    """The weights of a pretrained generator: `explicit` (a file, or a folder with the published or the saved one), then
    the published name in a folder named by $BENCH_WEIGHTS, then in the folders where downloads are kept.

    Never downloads: InputError naming the file, its address and the choices where there is none, where a named place
    does not exist, and where a kept file is damaged.
    """
    names = (spec.file.name, spec.saved_as[0])
    if explicit and not explicit.is_file():
        found = [explicit / name for name in names if (explicit / name).is_file()]
        if not found:
            raise InputError(f"no weights at {str(explicit)!r}; expected a file, or a folder with {' or '.join(names)}")
        path: Path | None = found[0]
    else:
        folder = named_folder()
        in_folder = folder / spec.file.name if folder and (folder / spec.file.name).is_file() else None
        path = explicit or in_folder or kept(spec.file)[0]
    if path is None:
        raise InputError(_missing(spec, offline, option))
    digest = file_sha256(path)
    return weights.Weights(path, digest, digest == spec.file.sha256)


def _pretrained(spec: Pretrained, found: weights.Weights, device: str) -> Generator:
    place = find_device(device)
    assert found.path is not None
    with torch_defaults(place):
        model = spec.build(read_state(found.path), _settings(spec, found.path)).to(place)
    return Generator(spec.name, model, spec.labels, (), spec.shape, found.sha256, found.official)


def _settings(spec: Pretrained, path: Path) -> dict[str, Any] | None:
    """The JSON beside weights that the original package saved, or beside published ones; None where there is none."""
    saved, settings = spec.saved_as
    beside = path.with_name(settings if path.name == saved else f"{spec.name}-{settings}")
    if not beside.is_file():
        return None
    values = read_json(beside, remedy="copy it again, or leave it out")
    if not isinstance(values, dict):
        raise InputError(f"{beside} holds no JSON object; copy it again, or leave it out")
    return values


def _missing(spec: Pretrained, offline: bool, option: str) -> str:
    file = spec.file
    about = f"{file.size / 1e6:.0f} MB, sha256 {file.sha256}" if file.sha256 else "its sha256 is not on record"
    fetch_it = "" if offline else f"fetch it with: bench weights fetch {spec.name}; or "
    return (
        f"{spec.name} has no weights here: {file.name} ({about}) from {file.url} - {fetch_it}put it into "
        f"{weights_folder()} or a folder named by BENCH_WEIGHTS, or name it with {option}"
    )
