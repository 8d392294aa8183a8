"""Data sets of somebody's own: `new_track`."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from bench import registry
from bench.options import checked
from bench.settings.boards import NewTrackSettings
from bench.storage.result_places import DATASETS, own_data_sets
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import place, text

if TYPE_CHECKING:
    from bench.datasets import Dataset


def new_track(name: str, real: str | Path, **settings: Unpack[NewTrackSettings]) -> "Dataset":
    """Makes a data set and a track of folders of images: `name` is one wherever a data set or a track is named.

    Writes `results`/datasets/NAME.toml and copies no image. `real` are the images that are measured against; their two
    disjoint sets are as large as the images allow, or `count`. `train` and `test` are for models; without `train`, half
    of the real images are. Folders A and B are two domains, pairs where their names agree; other folders are classes.
    Raises InputError for a name that is taken, and for folders without enough images.
    """
    from bench.datasets import own as own_data

    how = checked(NewTrackSettings, settings)
    name = text(name, "name")
    path: Path = how["results"] / DATASETS / f"{name}.toml"
    _check_name(name, path, force=how["force"])
    extractor = registry.resolve("extractors", how["extractor"]) if how["extractor"] else ""
    recipe = registry.resolve("datasets", how["recipe"]) if how["recipe"] else ""
    given = {"real": expanded(place(real, "real")), "train": how["train"], "test": how["test"]}
    folders = {part: folder for part, folder in given.items() if folder}
    if len({folder.resolve() for folder in folders.values()}) < len(folders):
        raise InputError("one folder is given twice; images that are trained on must not be those measured against")
    own = own_data.new_own(
        path,
        folders,
        asked=how["count"],
        title=how["title"] or name,
        licence=how["licence"] or "the owner's",
        publishable=how["publishable"],
        size=how["size"],
        grey=how["grey"],
        extractor=extractor,
        recipe=recipe,
    )
    own_data.write_own(path, own)
    return own_data.of_file(path)


def _check_name(name: str, path: Path, *, force: bool) -> None:
    """InputError for a name that cannot be one, or that another data set or track has."""
    from bench.datasets.own import NAME
    from bench.leaderboard.tracks import tracks

    if not NAME.fullmatch(name):
        raise InputError(f"name {name!r}: expected small letters, digits and single hyphens, such as my-shapes")
    mine = own_data_sets()
    others = {*registry.names("datasets"), *(one.name for one in tracks().values() if one.subject != name)} - {*mine}
    if name in others:
        raise InputError(f"the name {name!r} is taken by a data set or track of this project; choose another")
    if (path.exists() or name in mine) and not force:
        raise InputError(f"{mine.get(name, path)} exists; replace it with --force, or choose another name")
