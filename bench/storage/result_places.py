"""Where results lie: `results` holds those that the project publishes, `my-results` those that a user makes.

Git ignores `my-results`, so no command changes a file of a checkout unless `--results results` asks for it. What is
published beside `my-results` is read with it; any other folder is read alone.
"""

from pathlib import Path

from genbench.places import expanded
from metrics.options import place

OWN, PUBLISHED = Path("my-results"), "results"
DATASETS = "datasets"  # of somebody's own, one TOML file each


_named: list[Path] = []  # results folders that this process was told of, the last first


def look_in(results: Path) -> None:
    """From now on data sets of somebody's own are found in this results folder too."""
    if results in _named:
        _named.remove(results)
    _named.insert(0, results)


def results_folder(results: object) -> Path:
    """The results folder that a function was given, looked in from now on; InputError where it is no place."""
    where = expanded(place(results, "results"))
    look_in(where)
    return where


def own_data_sets() -> dict[str, Path]:
    """The files that `bench tracks new` wrote, by name, in the results folders that were named and the usual ones."""
    folders = [place for results in (*_named, OWN) for place in read_from(results)]
    paths = [path for folder in dict.fromkeys(folders) for path in sorted((folder / DATASETS).glob("*.toml"))]
    return {path.stem: path for path in reversed(paths)}


def read_from(results: Path) -> tuple[Path, ...]:
    """The results folders that are read where `results` is the one that is written: that one first."""
    published = results.parent / PUBLISHED
    return (results, published) if results.name == OWN.name and published.is_dir() else (results,)


def first_of(results: Path, path: Path) -> Path:
    """Where that is read which would be written at `path`, below `results`: in the first folder that has it, otherwise
    there."""
    folders = read_from(results)
    if len(folders) == 1:
        return path
    places = [folder / path.relative_to(results) for folder in folders]
    return next((one for one in places if one.exists()), path)


def only_read(results: Path, folder: Path) -> bool:
    """Whether `folder` is read beside `results` and never written: what is published there stays as it is."""
    return folder.resolve() in [one.resolve() for one in read_from(results)[1:]]


def folder_of(entry: Path) -> Path:
    """The results folder that an entry or a record lies in, from its path: FOLDER/submissions/TRACK/NAME.json."""
    return entry.parent.parent.parent


def in_words(results: Path) -> str:
    """The results folders that are read, as messages name them."""
    return " and ".join(map(str, read_from(results)))
