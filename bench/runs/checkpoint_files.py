"""Which file a checkpoint is, by what a user gives, and what a file is that is none."""

from pathlib import Path

from metrics.errors import InputError
from metrics.extractors.foreign import file_kind
from reference_models.loop.checkpoints import FILE_NAME

OF_OTHERS = ("config.json", "model_index.json")  # of Hugging Face's transformers and diffusers


def checkpoint_file(path: Path) -> Path:
    """The checkpoint at `path`, a file or the folder of a run.

    InputError that says what it is where it is a file of another kind, or a folder that others have written; whether it
    is a whole checkpoint is told when it is read.
    """
    expected = f"expected the folder of a run, or the {FILE_NAME} in it"
    if path.is_dir():
        found = next((name for name in OF_OTHERS if (path / name).is_file()), "")
        if found and not (path / FILE_NAME).is_file():
            raise InputError(f"{path} is a folder of another library (it has a {found}); {expected}")
        path = path / FILE_NAME
    if path.is_file() and (kind := file_kind(path)):
        raise InputError(f"{path} is {kind}; {expected}")
    return path
