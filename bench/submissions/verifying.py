"""The first level of `bench verify`: is an entry consistent with itself, with its files and with its track?

No image, no weights and no data set are needed. Every manipulation that can be seen without them is named: JSON that is
damaged or not strict, a file changed, missing or added, a manifest that does not give its root, pictures of other
images, rules that are not those of the track, scores that cannot be true, that exclude each other, or that are not what
the features beside the entry give; where none are kept, what its moments and influences do not allow.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import __version__
from bench.leaderboard.doubts import doubts
from bench.leaderboard.entries import VERIFIED_SCHEMA, Entry, Level, Verified, read_verified, write_verified
from bench.leaderboard.entry_places import MOMENTS, VERIFIED, beside, track_path
from bench.leaderboard.open_tracks import COPIES, MEMORISATION
from bench.leaderboard.tracks import check_rules
from bench.measuring.declared import all_declared, declared
from bench.measuring.evaluation import REAL_2
from bench.storage.provenance import now_utc
from bench.storage.reading import file_sha256
from bench.submissions._beside import files, images, measured
from bench.submissions._book import Book, Page, counts_of
from bench.submissions._facts import facts
from bench.submissions._values import UNCOMPUTABLE, UNCOMPUTABLE_WORDS, Problem, StoredScores, possible
from bench.submissions.about import check_about
from genbench.errors import one_line
from metrics.errors import InputError


@dataclass(frozen=True)
class Verdict:
    """What was found about one entry: the level that it has reached now, and all problems; `claimed` is the level that
    verified.json keeps, `doubts` what is unlikely and was settled by images, as that claims; `entry` where it can be
    read; `missed` the level that images or a model were given for and did not give (0: none); `notes` what is worth
    saying and no problem."""

    path: Path
    level: Level
    problems: tuple[Problem, ...]
    entry: Entry | None
    claimed: Level = 0
    doubts: tuple[Problem, ...] = ()
    missed: Level = 0
    notes: tuple[str, ...] = ()


def verify_entry(path: Path, book: Book) -> Verdict:
    """Level 1 of one entry: 1 where nothing is wrong, else 0 with every problem that was found."""
    try:
        entry = book.entry(path)
        check_about(entry.about)
    except InputError as error:
        return Verdict(path, 0, (Problem("entry", str(error)),), None)
    problems = list(files(path, entry))
    try:
        page = book.page(entry.track)
        problems += page.problems
        check_rules(page.record.rules, entry.rules, f"{track_path(book.results, entry.track)} has other rules")
    except InputError as error:
        problems.append(Problem("track", str(error)))
        return Verdict(path, 0, tuple(problems), entry)
    problems += facts(entry, page.record.created_utc)
    for name in book.with_moments_of(entry):
        problems.append(Problem("moments", f"{MOMENTS} is that of the entry {name!r}, whose images are others"))
    known = None if problems else book.known(path, entry)
    if not known or not known.sound:
        found = list(_checked(path, entry, page))
        problems += found
        if known and not found:
            known.keep()
    return Verdict(path, 0 if problems else 1, tuple(dict.fromkeys(problems)), entry)


def _checked(path: Path, entry: Entry, page: Page) -> Iterator[Problem]:
    """What the numbers and the files of an entry contradict."""
    try:
        yield from (*images(path, entry, page), *_scores(entry, page), *measured(path, entry, page))
    except UNCOMPUTABLE as error:
        yield Problem("value", f"it holds {UNCOMPUTABLE_WORDS} ({one_line(error)})")


def _scores(entry: Entry, page: Page) -> Iterator[Problem]:
    null: StoredScores = page.record.landmarks.get(REAL_2, {})
    choices = {MEMORISATION: entry.rules.memorisation, COPIES: entry.rules.copies}
    copied = {one.name: one.known(choices[one.name].version) for one in all_declared(choices)}
    expected, given = {*null, *copied}, set(entry.scores)
    yield from (Problem("value", f"the scores of {name} are missing") for name in sorted(expected - given))
    yield from (Problem("value", f"the track does not ask for scores of {name}") for name in sorted(given - expected))
    asked = {name: {key for key, value in null[name].items() if value is not None} for name in null}
    asked |= copied
    for name in sorted(expected & given):
        there = {key for key, value in entry.scores[name].items() if value is not None}
        for key in sorted((asked[name] ^ there) - _left_out(name, there)):
            yield Problem("value", f"{name}: {key} is {'missing' if key in asked[name] else 'not a number of it'}")
    counts = counts_of(entry.rules, "")
    yield from possible(entry.scores, counts, entry.rules.protocol.options)
    yield from (Problem("below-null", what, chance=True) for what in doubts(entry.scores, null))


def _left_out(metric: str, there: set[str]) -> set[str]:
    """What an entry has no numbers of where its images are not independent of real 1: of these all or none."""
    found = declared(metric)
    estimates = set(found.estimates) if found and found.arity == "pair" else set()
    return set() if estimates & there else estimates


# ----- what was verified


def level_before(path: Path) -> Level:
    """The level that an entry has reached before; 0 where the file that says so is damaged."""
    try:
        return read_verified(path)
    except InputError:
        return 0


def note_level(path: Path, level: Level, *, refuted: bool = False, write: bool = True) -> Level:
    """Say which level the entry has, and `write` verified.json where it does not say this level of these bytes yet.

    A level that was reached before stays where the entry is still consistent, and is taken back where it is not, and
    where it was `refuted`: the images or the model that were given now did not give what stands in it.
    """
    before = level_before(path)
    now = level if refuted or not level else max(level, before)
    if not write:
        return now
    sha256 = file_sha256(path)
    place = beside(path) / VERIFIED
    if now != before or (now and not place.is_file()):
        try:
            write_verified(place, Verified(VERIFIED_SCHEMA, sha256, now, __version__, now_utc()))
        except InputError as error:  # a check reads: what it cannot note down is no reason to stop
            warnings.warn(f"the level of {path} was not written: {error}", stacklevel=2)
    return now
