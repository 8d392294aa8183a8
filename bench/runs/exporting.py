"""A trained model as a folder for others, in the layout that the Hugging Face Hub shows.

model.safetensors   the weights that images are made by, and in its header what they are the weights of
config.json         the same for people and for the Hub, with the sha256 of the weights
README.md           the model card (`bench.runs.model_card`)
preview.png         images of the noise that protocols use; none of a model that translates
"""

from pathlib import Path
from typing import Any, NamedTuple

from bench import __version__
from bench.measuring.evaluation import SAMPLING_SEED
from bench.runs.checkpoint_files import EXPORT_SCHEMA, LIBRARY, WEIGHTS, CheckpointFile, checkpoint_file
from bench.runs.generators import Generator, generator_of
from bench.runs.model_card import CARD, PREVIEW, card
from bench.runs.samples import SHEET_IMAGES, sample_noise, save_sheet
from bench.runs.stored import train_split_of
from bench.storage.files import write_text
from bench.storage.folders import whole_folder
from bench.storage.reading import file_sha256
from bench.storage.records import TRAINED_ON, RunRecord, read_records, write_json
from bench.storage.trained import CONFIG
from metrics.errors import InputError
from reference_models.loop import Loaded, load
from reference_models.loop.checkpoints import export


class Written(NamedTuple):
    """Of what was exported: the sha256 and the bytes of its weights, and whether its card has a table."""

    sha256: str
    size: int
    measured: bool


def export_run(run: Path, folder: Path, results: Path, *, half: bool = False, force: bool = False) -> Written:
    """Write the model of a run, or of a checkpoint, into a folder for others.

    The table of its card is that of the record of this checkpoint, of those below `results`. `half` keeps matrices and
    kernels in 16 bits. Raises InputError where the folder holds something else, or exists and `force` was not given.
    """
    found = checkpoint_file(run)
    loaded = _saying_its_split(load(found.path), found.path.parent)
    record = _record_of(loaded, file_sha256(found.path), results)
    with whole_folder(folder) as unfinished:
        _check_replaced(folder, force)
        export(unfinished / WEIGHTS, loaded.model, loaded.state, half=half)
        about = _about(loaded, found, file_sha256(unfinished / WEIGHTS), half)
        write_json(unfinished / CONFIG, about)
        preview = _preview(generator_of(loaded), unfinished / PREVIEW)
        write_text(unfinished / CARD, card(about, record, preview))
    size = (folder / WEIGHTS).stat().st_size
    return Written(about["weights"]["sha256"], size, record is not None)


def _record_of(loaded: Loaded, sha256: str, results: Path) -> RunRecord | None:
    """The newest record of a checkpoint; None where it was not measured, or by what cannot be read."""
    records = read_records(results, loaded.state["data"]["name"], damaged=lambda why: None)
    found = [one for one in records if one.checkpoint_sha256 == sha256 and one.status == "ok"]
    return max(found, key=lambda one: one.created_utc, default=None)


def _saying_its_split(loaded: Loaded, folder: Path) -> Loaded:
    """An earlier checkpoint does not say on which split it was trained, and leaves the folder that does."""
    split = train_split_of(loaded, folder)
    if split == TRAINED_ON:
        return loaded
    return loaded._replace(state={**loaded.state, "data": {**loaded.state["data"], "split": split}})


def _about(loaded: Loaded, found: CheckpointFile, sha256: str, half: bool) -> dict[str, Any]:
    """What config.json says."""
    state = loaded.state
    return {
        "library": LIBRARY,
        "library_version": __version__,
        "schema": EXPORT_SCHEMA,
        "model": loaded.spec.name,
        "title": loaded.spec.title,
        "paper": loaded.spec.source,
        "task": loaded.spec.task,
        "settings": state["settings"],
        "data": state["data"],
        "seed": state["seed"],
        "steps": state["step"],
        "checkpoint_sha256": file_sha256(found.path),
        "weights": {"file": WEIGHTS, "sha256": sha256, "bits": 16 if half else 32},
    }


def _preview(made: Generator, path: Path) -> bool:
    """Draw the first images of a model that makes them from noise; whether it does."""
    if made.model.directions:
        return False
    save_sheet(path, sample_noise(made, SAMPLING_SEED, SHEET_IMAGES))
    return True


def _check_replaced(folder: Path, force: bool) -> None:
    """InputError where something stands in the way that is no export, or where one does and `force` was not given."""
    if not folder.exists():
        return
    if not (folder / CONFIG).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} holds something else (it has no {CONFIG}), so it is not replaced; choose another -o"
        )
    if not force:
        raise InputError(f"{folder} exists; replace it with --force or choose another -o")
