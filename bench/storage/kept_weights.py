"""Which folders keep files of weights, and whether a file there is the published one."""

from collections.abc import Iterator
from pathlib import Path

from bench.storage.reading import file_sha256
from genbench.places import cache_folder, hugging_face_hub, named, torch_hub
from metrics.errors import InputError
from metrics.extractors.types import WeightFile
from reference_models.pretrained.types import PublicFile

File = WeightFile | PublicFile


def weights_folder() -> Path:
    """Where fetched weights are kept."""
    return cache_folder() / "weights"


def named_folder() -> Path | None:
    """The folder of weights that the environment names; a single file there belongs to an extractor."""
    place = named("BENCH_WEIGHTS")
    return place if place and place.is_dir() else None


def kept(file: File) -> tuple[Path | None, str]:
    """The published file in the folders that we or torch keep, and which folder that was; InputError if damaged."""
    own = weights_folder() / file.name
    if own.is_file():
        if fits(own, file):
            return own, "cache"
        raise InputError(
            f"weights file {own} is damaged: its sha256 is not {file.sha256}. Delete it and fetch it again"
        )
    for found, place in _elsewhere(file):
        if found.is_file() and fits(found, file):
            return found, place
    return None, ""


def _elsewhere(file: File) -> Iterator[tuple[Path, str]]:
    """Where others may have kept a file, and the word for each place."""
    if hub := torch_hub():
        yield hub / file.name, "torch hub"
    if isinstance(file, WeightFile) and file.hub and (hub := hugging_face_hub()):
        kept_there = hub / f"models--{file.hub.replace('/', '--')}"
        snapshots = sorted((kept_there / "snapshots").glob("*"), key=lambda one: one.name)
        newest = kept_there / "refs" / "main"
        if newest.is_file():
            current = newest.read_text(encoding="utf-8", errors="replace").strip()
            snapshots.sort(key=lambda one: one.name != current)
        yield from ((snapshot / file.name_in_hub, "Hugging Face Hub") for snapshot in snapshots)


def fits(path: Path, file: File) -> bool:
    fits = file.size in (0, path.stat().st_size)
    return fits and (not file.sha256 or file_sha256(path).startswith(file.sha256))
