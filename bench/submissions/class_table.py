"""What became of the folders of a class, as a table and as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from bench.leaderboard.entries import Entry
from bench.measuring.findings import Finding
from bench.submissions.roster import Student
from bench.tables.table import Cell, Column, Table

COLUMNS = (
    Column("slug", "Folder"),
    Column("name", "Entry"),
    Column("authors", "Authors", shown="fills"),
    Column("status", "Status"),
    Column("attempts", "Submissions", decimals=0, shown="fills"),
    Column("reasons", "Why it is refused", shown="never"),
    Column("warnings", "Warnings", shown="never"),
    Column("flags", "Why it is flagged", shown="never"),
    Column("shared", "What it shares", shown="never"),
)


Status = Literal["accepted", "unchanged", "refused"]


@dataclass(frozen=True)
class HandedIn:
    """What became of one folder: `accepted` (of a dry run: could be), `unchanged` where the entry was there of the same
    images, or `refused` for the `reasons`. `flags` say why the entry is not ranked, `shared` what it shares with others
    of the track."""

    student: Student
    given: Path
    status: Status
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    entry: Entry | None = None
    path: Path | None = None
    flags: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def attempts(self) -> int | None:
        """How often this name was handed in and accepted; None where there is no entry."""
        return None if self.entry is None else len(self.entry.earlier) + 1


def class_table(track: str, found: Sequence[HandedIn], absent: Sequence[str] = ()) -> Table:
    """A row for each folder; below, for people, every reason in a line of its own, and who is `absent`."""
    good = sum(one.status != "refused" for one in found)
    title = f"{track}: {good:,} of {len(found):,} accepted"
    return Table(f"{track}-class", title, COLUMNS, tuple(map(_row, found)), (*_notes(found), *_absent(absent)))


def class_values(track: str, found: Sequence[HandedIn], absent: Sequence[str] = ()) -> dict[str, Any]:
    """The same as JSON values."""
    submissions = [
        {
            "slug": one.student.slug,
            "name": one.student.name,
            "authors": one.student.authors,
            "given": str(one.given),
            "status": one.status,
            "attempts": one.attempts,
            "path": None if one.path is None else str(one.path),
            "reasons": list(one.reasons),
            "flags": list(one.flags),
            "shared": list(one.shared),
            "findings": [asdict(finding) for finding in one.findings],
        }
        for one in found
    ]
    good = all(one.status != "refused" for one in found)
    return {"track": track, "good": good, "submissions": submissions, "absent": list(absent)}


def _row(one: HandedIn) -> tuple[Cell, ...]:
    student = one.student
    said = (one.reasons, _warnings(one), one.flags, one.shared)
    return (
        *(Cell(student.slug), Cell(student.name), Cell(student.authors or None), Cell(one.status), Cell(one.attempts)),
        *(Cell("; ".join(lines) or None) for lines in said),
    )


def _warnings(one: HandedIn) -> tuple[str, ...]:
    return tuple(finding.what for finding in one.findings if finding.level == "warning")


def _absent(slugs: Sequence[str]) -> Iterable[str]:
    if slugs:
        yield f"in the roster, but nothing was handed in: {', '.join(slugs)}"


def _notes(found: Iterable[HandedIn]) -> Iterable[str]:
    for one in found:
        lines = [("refused", one.reasons), ("flagged", one.flags), ("shared", one.shared), ("warning", _warnings(one))]
        for word, said in lines:
            yield from (f"{one.student.slug}: {word}: {line}" for line in said)
