"""Where each entry of a track stands, a row for each: for whoever has to grade a class."""

from collections.abc import Iterator, Sequence

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.entry_places import slug_of
from bench.leaderboard.ranking import Rank
from bench.leaderboard.standing import Standing
from bench.tables.table import Cell, Column, Table, aligned

Named = tuple[str, str, str]  # slug, name and authors of a student
NO_ENTRY = "no entry"


def grades_of(board: Board, students: Sequence[Named] | None = None) -> Table:
    """A row for each entry in the order of the board, those without a rank last; of students in their own order, also
    of those who have no entry."""
    standings = {one.entry.slug: (one, rank) for one, rank in _with_ranks(board)}
    if students is None:
        rows = [_row(board, slug, one, rank) for slug, (one, rank) in standings.items()]
    else:
        rows = [_student_row(board, student, standings) for student in students]
    columns = (
        Column("slug", "Folder" if students else "File"),
        Column("name", "Entry"),
        Column("authors", "Authors", shown="fills"),
        Column("submitted_utc", "Submitted (UTC)"),
        Column("attempts", "Submissions", decimals=0),
        Column("status", "Status"),
        Column("rank", "Rank [95 %]", decimals=0, interval=True),
        board.sorted_by.column,
        Column("flags", "Why it is flagged", shown="never"),
        Column("shared", "What it shares", shown="never"),
    )
    track, protocol = board.record.track, board.record.rules.protocol
    notes = (
        *_said(columns, rows),
        f"{len(board.ranked):,} entries are ranked, by {sorted_by(board)}. Two whose rank intervals overlap may be "
        "equally good",
        "submissions: how often an entry of this name was accepted. A submission that was refused is not counted",
    )
    return aligned(
        Table(f"{track}-grades", f"{track}: grades", columns, tuple(rows), notes, protocol.id, protocol.extractor)
    )


def _said(columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]) -> Iterator[str]:
    """For people: why an entry is flagged and what it shares, a line each; files have columns of them."""
    keys = [column.key for column in columns]
    for row in rows:
        cells = dict(zip(keys, row, strict=True))
        for key in ("flags", "shared"):
            if cells[key].value is not None:
                yield f"{cells['name'].value}: {cells[key].value}"


def _with_ranks(board: Board) -> Iterator[tuple[Standing, Rank | None]]:
    """Every entry once; each seed of a model has the rank of their mean."""
    for one in board.ranked:
        yield from ((seed, one.rank) for seed in one.seeds or (one,))
    yield from ((one, None) for one in (*board.flagged, *board.controls))


def _student_row(board: Board, student: Named, standings: dict[str, tuple[Standing, Rank | None]]) -> tuple[Cell, ...]:
    slug, name, authors = student
    found = standings.get(slug_of(name))
    if found:
        return _row(board, slug, *found)
    said = (Cell(slug), Cell(name), Cell(authors or None), Cell(), Cell(), Cell(NO_ENTRY))
    return (*said, Cell(), Cell(), Cell(), Cell())


def _row(board: Board, slug: str, one: Standing, rank: Rank | None) -> tuple[Cell, ...]:
    entry = one.entry
    status = "control" if entry.origin.control else "flagged" if one.flags else "ranked"
    return (
        *(Cell(slug), Cell(entry.about.name), Cell(entry.about.authors or None), Cell(entry.created_utc)),
        *(Cell(len(entry.earlier) + 1), Cell(status)),
        Cell(rank.number, rank.first, rank.last) if rank else Cell(),
        board.sorted_by.cell(one.scores),
        *(Cell("; ".join(lines) or None) for lines in (one.flags, one.twins)),
    )
