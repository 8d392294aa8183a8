"""Which file a checkpoint is, by what a user gives: a path, a model that comes with this project, one of the Hub."""

from pathlib import Path
from typing import Any, NamedTuple

from bench.storage.hub import FROM_HUB, fetch
from bench.storage.reading import file_sha256, read_json
from bench.storage.trained import CONFIG, TRAINED, trained_names
from genbench.names import did_you_mean
from metrics.errors import InputError
from metrics.extractors.foreign import file_kind
from reference_models import CHECKPOINT

WEIGHTS = "model.safetensors"  # of an exported model, as `bench.runs.exporting` writes it
LIBRARY, EXPORT_SCHEMA = "genbench", 1
OF_OTHERS = (CONFIG, "model_index.json")  # of Hugging Face's transformers and diffusers
AGAIN = "export or download it again"


class CheckpointFile(NamedTuple):
    """The file, and what is to be said of where it is from: `hub:OWNER/NAME@COMMIT`, the name of a model that comes
    with this project, or ""."""

    path: Path
    source: str = ""


def is_checkpoint(given: Path) -> bool:
    """Whether a folder of a checkpoint is meant, or a model by its name or of the Hub; no file is read but a short one
    and nothing is fetched."""
    if str(given).startswith(FROM_HUB):
        return True
    if given.exists():
        return given.is_dir() and ((given / CHECKPOINT).is_file() or _config(given).get("library") == LIBRARY)
    return str(given) in trained_names()


def checkpoint_file(given: Path, others: tuple[str, ...] = ()) -> CheckpointFile:
    """The checkpoint that is given: a file, the folder of a run or of an exported model, `hub:OWNER/NAME`, or the name
    of a model that comes with this project; what is there comes before a name. `others` are names that could have been
    given too.

    InputError that says what it is where it is a file of another kind, a folder that others have written, a damaged
    export or one of another version; whether it is a whole checkpoint is told when it is read.
    """
    if str(given).startswith(FROM_HUB):
        folder, commit = fetch(str(given), (CONFIG, WEIGHTS))
        return CheckpointFile(_exported(folder), f"{str(given).partition('@')[0]}@{commit}")
    if not given.exists() and len(given.parts) == 1:
        return _named(str(given), others)
    path = _in_folder(given) if given.is_dir() else given
    if path.is_file() and (kind := file_kind(path)):
        raise InputError(f"{path} is {kind}; {EXPECTED}")
    return CheckpointFile(path)


EXPECTED = f"expected the folder of a run or of an exported model, or the {CHECKPOINT} in it"


def _named(name: str, others: tuple[str, ...]) -> CheckpointFile:
    known = (*trained_names(), *others)
    if name in trained_names():
        return CheckpointFile(_exported(TRAINED / name), name)
    if Path(name).suffix:  # a file that is missing, which is told when it is read
        return CheckpointFile(Path(name))
    meant = did_you_mean(name, known, f"There are: {', '.join(known)}.")
    raise InputError(f"there is no checkpoint {name!r}, and no generator of that name. {meant}")


def _in_folder(folder: Path) -> Path:
    if (folder / CHECKPOINT).is_file():
        return folder / CHECKPOINT
    if _config(folder).get("library") == LIBRARY:
        return _exported(folder)
    if found := next((name for name in OF_OTHERS if (folder / name).is_file()), ""):
        raise InputError(f"{folder} is a folder of another library (it has a {found}); {EXPECTED}")
    return folder / CHECKPOINT


def _config(folder: Path) -> dict[str, Any]:
    """What config.json of a folder says; {} where there is none, or one that cannot be read."""
    try:
        values = read_json(folder / CONFIG, remedy=AGAIN)
    except InputError:
        return {}
    return values if isinstance(values, dict) else {}


def _exported(folder: Path) -> Path:
    """The weights of an exported model; InputError where they are not those that its config.json names."""
    about, path = _config(folder), folder / WEIGHTS
    if about.get("library") != LIBRARY:
        raise InputError(f"{folder} is no exported model of {LIBRARY} (by its {CONFIG}); {EXPECTED}")
    if about.get("schema") != EXPORT_SCHEMA:
        writer = f"{LIBRARY} {about.get('library_version')} in schema {about.get('schema')!r}"
        raise InputError(
            f"{folder} was exported by {writer}, this one reads {EXPORT_SCHEMA}; update {LIBRARY}, or export it again"
        )
    weights = about.get("weights")
    wanted = weights.get("sha256") if isinstance(weights, dict) else None
    if not path.is_file() or file_sha256(path) != wanted:
        raise InputError(f"{path} is not the file that {CONFIG} beside it names; {AGAIN}")
    return path
