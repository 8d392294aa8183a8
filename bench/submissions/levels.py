"""`bench verify` as a whole: which entries, which levels, and what is written down of it."""

import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.leaderboard.entries import Entry, read_verified
from bench.leaderboard.entry_places import entry_path, entry_paths
from bench.leaderboard.open_tracks import measure_of, open_track
from bench.leaderboard.tracks import find_track
from bench.options import Progress
from bench.settings.shared import WORKERS
from bench.storage.cache import open_cache
from bench.storage.result_places import first_of, folder_of, in_words, only_read, read_from
from bench.submissions._book import Book
from bench.submissions._recomputing import Again, verify_again
from bench.submissions._values import Problem
from bench.submissions.generators import GeneratorSpec
from bench.submissions.material import GENERATORS, How, open_material
from bench.submissions.submitting import check_images
from bench.submissions.verifying import Verdict, level_before, note_level, verify_entry
from genbench.files import is_unfinished
from genbench.names import did_you_mean
from metrics.errors import InputError

IMAGES_DECIDED = 2  # the level at which the images themselves were measured


@dataclass(frozen=True)
class Source:
    """From what an entry is measured again, and how: `measure` are keywords of `open_tracks.measure_of`."""

    images: Path | None
    checkpoint: Path | None
    how: How
    measure: dict[str, Any]
    root: Path | None = None
    workers: int = WORKERS
    report: Progress | None = None


def find_entry(named: str, results: Path) -> tuple[Path, Path]:
    """The path of an entry and its results folder, from the path of its JSON or TRACK/NAME below `results`.

    Raises InputError where there is none, with the close names.
    """
    path = Path(named)
    if path.suffix == ".json" and path.is_file():
        place = path.resolve()
        if len(place.parents) < 4 or place.parents[1].name != "submissions":
            raise InputError(f"{path} is not in a results folder; expected .../submissions/TRACK/NAME.json")
        return path, folder_of(path)
    track, slash, name = named.partition("/")
    place = first_of(results, entry_path(results, track, name))
    if slash and "/" not in name and place.is_file():
        return place, folder_of(place)
    known = [f"{one.parent.name}/{one.stem}" for one in entry_paths(results)]
    meant = did_you_mean(named, known, f"{in_words(results)} has {len(known):,} entries.")
    raise InputError(f"no entry {named!r}; expected the path of its JSON, or TRACK/NAME below --results. {meant}")


def verify_one(path: Path, results: Path, source: Source | None = None, *, write: bool = True) -> Verdict:
    """One entry, to level 1 or, where a source is given, to level 2 or 3; its verified.json says so afterwards, unless
    `write` is false.

    Raises InputError or ModelError where it cannot be measured again here.
    """
    with _one_thread():
        verdict = verify_entry(path, Book(results, open_cache()))
    if source and verdict.entry and not any(one.code == "track" for one in verdict.problems):
        verdict = verify_again(verdict, _open(verdict.entry, source))
    return _noted(verdict, write)


def verify_all(results: Path) -> list[Verdict]:
    """Level 1 of every entry of a results folder, and what lies among the entries and belongs to none, sorted by path.

    Raises InputError where there is no entry.
    """
    cache, folders = open_cache(), read_from(results)
    books = {folder: Book(folder, cache) for folder in folders}
    paths = sorted({path for folder in folders for path in entry_paths(folder)})
    if not paths:
        raise InputError(f"no entries below {in_words(results)}; make one with `bench submit`, or give --results")
    with _one_thread():
        verdicts = [
            _noted(verify_entry(path, books[folder_of(path)]), not only_read(results, folder_of(path)))
            for path in paths
        ]
    known = {*paths, *(path.with_suffix("") for path in paths)}
    there = [path for folder in folders for path in sorted((folder / "submissions").glob("*/*"))]
    strangers = [path for path in there if path not in known]
    for path in filter(is_unfinished, strangers):
        warnings.warn(f"{path} is being written, or is of a process that was killed: then delete it", stacklevel=2)
    strangers = [path for path in strangers if not is_unfinished(path)]
    verdicts += [Verdict(path, 0, (Problem("file", f"{path} belongs to no entry"),), None) for path in strangers]
    return sorted(verdicts, key=lambda verdict: verdict.path)


def _one_thread() -> AbstractContextManager[object]:
    """On a busy machine the threads of a small decomposition wait for each other a hundred times as long."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _open(entry: Entry, source: Source) -> Again:
    """The track opened again, the images looked at, the model sampled."""
    track = find_track(entry.track)
    labels = entry.rules.protocol.labels  # entries from before they were drawn stay verifiable
    opened = open_track(track, measure_of(track, **source.measure), source.root, source.report, labels)
    subject = opened.subject

    def look(path: Path, how: How) -> Any:
        material = open_material(path, track, subject, how)
        return check_images(material, track, subject, opened, workers=source.workers, report=source.report)

    images = made = None
    if source.images is not None:
        images = look(source.images, source.how)
        if images.looked.unusable:
            raise InputError(images.looked.unusable)
    if source.checkpoint is not None:
        origin = entry.origin
        if not origin.sha256:
            raise InputError(f"{entry.about.name} was submitted as images ({origin.kind}): there is no level 3 of it")
        spec = GeneratorSpec.of_settings(origin.settings or {}) if origin.kind in GENERATORS else None
        made = look(source.checkpoint, replace(source.how, generator=spec, labels=labels))
    return Again(opened, images, made)


def _noted(verdict: Verdict, write: bool) -> Verdict:
    """The verdict with the level that is written down, or would be; one that was reached before stays where nothing is
    wrong."""
    if verdict.entry is None:
        return verdict
    before = read_verified(verdict.path) if verdict.problems else 0
    if before >= IMAGES_DECIDED and all(one.chance for one in verdict.problems):
        return replace(verdict, problems=(), claimed=before, doubts=verdict.problems)
    now = note_level(verdict.path, verdict.level, refuted=verdict.missed > 0, write=write)
    if write or now == level_before(verdict.path):
        return replace(verdict, claimed=now)
    kept = f"published, so its level is not written; --results {folder_of(verdict.path)} writes it"
    return replace(verdict, claimed=now, notes=(*verdict.notes, kept))
