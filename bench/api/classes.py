"""A class: `submit_all` hands in many folders at once, `grades` tells where each entry stands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bench.api.boards import about_of
from bench.api.desk import Desk, Refused, desk_of
from bench.options import checked
from bench.settings.boards import SubmitSettings
from bench.storage.result_places import OWN, results_folder
from bench.tables.table import Table
from genbench.places import expanded
from metrics.errors import InputError
from metrics.options import place, text

if TYPE_CHECKING:
    from bench.measuring.findings import Finding
    from bench.submissions.class_table import HandedIn, Status
    from bench.submissions.roster import Student


@dataclass(frozen=True)
class ClassResult:
    """What became of each folder, in the order in which they were given. `absent` are the slugs of the roster that no
    folder has."""

    track: str
    submissions: "tuple[HandedIn, ...]"
    absent: tuple[str, ...] = ()

    @property
    def refused(self) -> "tuple[HandedIn, ...]":
        """Those that have no entry now."""
        return tuple(one for one in self.submissions if one.status == "refused")

    @property
    def table(self) -> Table:
        """A row for each folder, with every reason."""
        from bench.submissions.class_table import class_table

        return class_table(self.track, self.submissions, self.absent)

    def as_dict(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        from bench.submissions.class_table import class_values

        return class_values(self.track, self.submissions, self.absent)


def submit_all(
    paths: Iterable[str | Path],
    *,
    track: str,
    roster: str | Path | None = None,
    say: Callable[[str], object] = str,
    **settings: Unpack[SubmitSettings],
) -> ClassResult:
    """Submits many folders or files to one track, each as an entry of the name of its folder, or of the name
    and authors that a roster gives it.

    What is wrong with one stops no other: its reasons are in the result. An entry that is there already, of the same
    images, stays as it is; of other images it needs `force`. `say` is told a line for each. Raises InputError, before
    anything is written, for a folder that the roster does not name and for names that cannot be those of entries.
    """
    from bench.leaderboard.tracks import find_track
    from bench.submissions.roster import absent_of, students_of

    how = checked(SubmitSettings, settings)
    if isinstance(paths, (str, Path)):
        raise InputError("submit_all takes a list of paths; `submit` takes one")
    given = [expanded(place(one, "a path")) for one in paths]
    if not given:
        raise InputError("no path was given; expected a folder, .zip, .tar or .npz of images for each entry")
    of_class = None if roster is None else expanded(place(roster, "the roster"))
    students, absent = students_of(given, of_class), absent_of(given, of_class)
    desk = desk_of(find_track(text(track, "track")), how, say)
    found = []
    for path, student in students:
        found.append(_handed_in(desk, path, student))
        say(f"{len(found)} of {len(given)}: {student.slug} {found[-1].status}")
    return ClassResult(desk.track.name, tuple(found if desk.opened is None else _on_board(desk, found)), absent)


def grades(
    track: str,
    *,
    roster: str | Path | None = None,
    gradescope: str | Path | None = None,
    points: float = 1.0,
    results: str | Path = OWN,
) -> Table:
    """Each entry of a track with its authors, the time in UTC, how often it was submitted, rank and score with their
    intervals, why it is flagged and what it shares; of a `roster`, those students alone, also where they have no entry.

    `gradescope` is a new folder that gets SLUG/results.json of each: `points` for an entry that is ranked, 0 otherwise.
    Raises InputError where there is no entry, and where that folder holds something already.
    """
    from bench.leaderboard.board import read_board
    from bench.leaderboard.grades import grades_of
    from bench.leaderboard.gradescope import write_gradescope
    from bench.submissions.roster import read_roster

    board = read_board(results_folder(results), text(track, "track"))
    students = None if roster is None else read_roster(expanded(place(roster, "the roster")))
    given = None if students is None else [(one.slug, one.name, one.authors) for one in students]
    table = grades_of(board, given)
    if gradescope is not None:
        write_gradescope(expanded(place(gradescope, "gradescope")), board, table, points)
    return table


def _handed_in(desk: Desk, path: Path, student: "Student") -> "HandedIn":
    from bench.submissions.class_table import HandedIn
    from reference_models.errors import ModelError

    seen: list[tuple[Finding, ...]] = []
    how: SubmitSettings = {**desk.how, "authors": student.authors or desk.how["authors"]}
    try:
        made = desk.hand_in(path, about_of(student.name, how), seen.append, keep_same=True)
    except Refused as error:
        reasons = tuple(one.what for one in error.findings if one.level == "error")
        return HandedIn(student, path, "refused", error.findings, reasons)
    except (InputError, ModelError) as error:
        return HandedIn(student, path, "refused", seen[0] if seen else (), (str(error),))
    status: Status = "accepted" if made.written else "unchanged"
    return HandedIn(student, path, status, made.findings, (), made.entry, made.path)


def _on_board(desk: Desk, found: "list[HandedIn]") -> "list[HandedIn]":
    """The same with what the board says of each entry."""
    from bench.leaderboard.board import read_board

    if not any(one.entry for one in found):
        return found
    known = {one.entry.slug: one for one in read_board(desk.how["results"], desk.track.name).entries}
    there = [known.get(one.entry.slug) if one.entry else None for one in found]
    return [
        replace(one, flags=standing.flags, shared=standing.twins) if standing else one
        for one, standing in zip(found, there, strict=True)
    ]
