"""Where results lie: `results` holds those that the project publishes, `my-results` those that a user makes.

Git ignores `my-results`, so no command changes a file of a checkout unless `--results results` asks for it. What is
published beside `my-results` is read with it; any other folder is read alone.
"""

from pathlib import Path

OWN, PUBLISHED = Path("my-results"), "results"


def read_from(results: Path) -> tuple[Path, ...]:
    """The results folders that are read where `results` is the one that is written: that one first."""
    published = results.parent / PUBLISHED
    return (results, published) if results.name == OWN.name and published.is_dir() else (results,)


def first_of(results: Path, path: Path) -> Path:
    """Where that is read which would be written at `path`, below `results`: in the first folder that has it, otherwise
    there."""
    places = [folder / path.relative_to(results) for folder in read_from(results)]
    return next((one for one in places if one.exists()), path)


def folder_of(entry: Path) -> Path:
    """The results folder that an entry or a record lies in, from its path: FOLDER/submissions/TRACK/NAME.json."""
    return entry.parent.parent.parent


def in_words(results: Path) -> str:
    """The results folders that are read, as messages name them."""
    return " and ".join(map(str, read_from(results)))
