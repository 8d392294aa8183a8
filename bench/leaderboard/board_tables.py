"""The tables of a board, and as files: results/leaderboards/<track>.md and <track>.csv.

The markdown has two tables, the ranking with its landmarks (real 2, noise) and what is not ranked; the CSV has one,
with a column that says which is which. Both depend on the files below `results` only: no clock, no locale, no machine.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bench.leaderboard.balance import in_words
from bench.leaderboard.board import Board, Damaged, cells, read_board, tracks_with_entries
from bench.leaderboard.board_notes import notes_of, shared, sorted_by
from bench.leaderboard.orders import ORDERS
from bench.leaderboard.standing import Standing
from bench.measuring.declared import every_metric
from bench.measuring.evaluation import REAL_2
from bench.measuring.flags import VERSION as FLAGS_VERSION
from bench.names import counted
from bench.storage.files import write_text
from bench.storage.line_ends import keep_line_ends, unix
from bench.storage.reading import MOST_TEXT_BYTES, read_bytes
from bench.tables.columns import ORDER, RANKED_BY, of_any_board
from bench.tables.csv_text import csv_text
from bench.tables.markdown import markdown
from bench.tables.table import Cell, Column, Table, aligned, under

FOLDER = "leaderboards"
PLACE = (
    Column("rank", "Rank [95 %]", decimals=0, interval=True),
    Column("group", "Group", decimals=0),
    Column("name", "Name"),
    Column("balance", "Fidelity, variety", shown="fills"),
)
ABOUT = (
    Column("submissions", "Submissions", decimals=0),
    Column("verified", "Verified"),
    Column("date", "Date"),
)

# In a terminal that is too narrow columns are left out in this order, after those that have no place in it.
DISPENSABLE = (
    *("c_t", "duplicates", "near_copies", "date", "submissions", "train_share_z", "exact_copies", "density", "fid"),
    *(
        "authpct",
        "kid",
        "recall",
        "near_duplicates",
        "inception_score_corrected",
        "precision",
        "verified",
        "balance",
        "group",
    ),
)


def dispensable(table: Table) -> tuple[str, ...]:
    """The keys of columns that may be left out, the first one first."""
    numbers = {one.name for metric in every_metric() for one in metric.outputs}
    keys = [column.key for column in table.columns]
    others = [key for key in keys if key in numbers and key not in ORDER]
    rules = {one.number.key for one in ORDERS}
    unsorted = (RANKED_BY,) if rules.intersection(keys) else ()  # what is sorted by stays
    return (*others, *DISPENSABLE[:-1], *unsorted, DISPENSABLE[-1])


def ranking(board: Board) -> Table:
    """Real 2, the ranked entries in order, noise."""
    rows = [
        *_landmarks(board, (REAL_2,)),
        *(_row(board, one) for one in board.listed),
        *_landmarks(board, set(board.record.landmarks) - {REAL_2}),
    ]
    columns = (*PLACE, *board.columns, *ABOUT)
    title = f"{board.record.track}: {counted(len(board.ranked), 'entry', 'entries')}, by {sorted_by(board)}"
    notes = (*shared(board.listed), *notes_of(board))
    return aligned(Table(board.record.track, title, columns, tuple(rows), notes))


def not_ranked(board: Board) -> Table | None:
    """Flagged entries and controls, with the reasons below; None where there are none."""
    apart = [*board.flagged, *board.controls]
    if not apart:
        return None
    named, balance = PLACE[-2:]
    columns = (named, Column("status", "Not ranked"), balance, *board.columns, *ABOUT)
    rows = tuple(
        (Cell(one.entry.about.name), Cell(_status(one)), _balance(board, one), *_numbers(board, one), *_about(one))
        for one in apart
    )
    reasons = [f"{one.entry.about.name}: {'; '.join(one.flags)}" for one in apart if one.flags]
    notes = (
        *reasons,
        *shared(apart),
        "controls are not generators: train-copies returns training images and has the best possible distances; "
        "pixel-gaussian draws from a Gaussian over pixels, and a trained model should be better",
        f"flagged by rule {FLAGS_VERSION}: near duplicates are much nearer to one training image than to any other. z "
        "train says how much more often than expected the nearest real image is a training image, in standard "
        "deviations",
    )
    name = f"{board.record.track}-not-ranked"
    return aligned(Table(name, f"{board.record.track}: not ranked", columns, rows, notes))


def everything(board: Board) -> Table:
    """All rows of both tables in one, for a file; its columns are those of the file of any track."""
    said = (Column("flags", "Why it is flagged"), Column("shared", "What it shares"))
    columns = (Column("status", "Status"), *PLACE, *board.columns, *ABOUT, *said)
    rows = [
        *((Cell("landmark"), *row, Cell(), Cell()) for row in _landmarks(board, board.record.landmarks)),
        *((Cell(_place(one)), *_row(board, one), Cell(), _joined(one.twins)) for one in board.listed),
        *(
            (Cell(_status(one)), *_row(board, one), _joined(one.flags), _joined(one.twins))
            for one in (*board.flagged, *board.controls)
        ),
        *(_damaged_row(len(columns), one) for one in board.damaged),
    ]
    track, protocol = board.record.track, board.record.rules.protocol
    found = Table(track, track, columns, tuple(rows), (), protocol.id, protocol.extractor)
    numbers = (ORDERS[0].number, *of_any_board(protocol))
    numbers = numbers if board.sorted_by in numbers else (board.sorted_by, *numbers)
    return under(found, (columns[0], *PLACE, *(one.column for one in numbers), *ABOUT, *said))


def overview(boards: list[Board]) -> Table:
    """One row per track: how many entries, and the first one with what it cannot be told apart from."""
    columns = (
        Column("track", "Track"),
        Column("extractor", "Features"),
        Column("images", "Images", decimals=0),
        Column("ranked", "Ranked", decimals=0),
        Column("not_ranked", "Not ranked", decimals=0),
        Column("first", "First"),
        Column("by", "By"),
        Column("score", "Score [95 %]", interval=True),
        Column("together", "Not told apart from it", decimals=0),
        Column("id", "Id"),
        Column("protocol", "Protocol", shown="never"),
    )
    rows = []
    for board in boards:
        protocol = board.record.rules.protocol
        first = board.ranked[0] if board.ranked else None
        score = board.sorted_by.cell(first.scores) if first else Cell()
        together = sum(one.rank is not None and one.rank.group == 1 for one in board.ranked[1:])
        apart = len(board.flagged) + len(board.controls)
        rows.append(
            (
                *(Cell(board.record.track), Cell(protocol.extractor), Cell(protocol.generated[0])),
                *(Cell(len(board.ranked)), Cell(apart), Cell(first.name if first else None)),
                *(Cell(sorted_by(board)), score, Cell(together if first else None)),
                *(Cell(board.record.track_id), Cell(protocol.id)),
            )
        )
    notes = ("numbers of two tracks cannot be compared; `bench leaderboard TRACK` shows one",)
    return aligned(Table("overview", "Tracks with entries", columns, tuple(rows), notes))


# ----- rows


def _row(board: Board, one: Standing) -> tuple[Cell, ...]:
    rank = one.rank
    place = Cell(rank.number, rank.first, rank.last) if rank else Cell()
    name, group = Cell(one.name), Cell(rank.group if rank else None)
    return (place, group, name, _balance(board, one), *_numbers(board, one), *_about(one))


def _balance(board: Board, one: Standing) -> Cell:
    return Cell(in_words(one.scores, board.record.landmarks.get(REAL_2, {})))


def _numbers(board: Board, one: Standing) -> tuple[Cell, ...]:
    """The score that the board is sorted by is marked where nobody else can have the first rank."""
    found = cells(one.scores, board.numbers)
    if one.rank is None or one.rank.last != 1 or len(board.ranked) == 1:
        return found
    return tuple(
        replace(cell, best=column.key == board.sort) for cell, column in zip(found, board.columns, strict=True)
    )


def _about(one: Standing) -> tuple[Cell, ...]:
    entries = [seed.entry for seed in one.seeds or (one,)]
    submitted, date = sum(len(entry.earlier) + 1 for entry in entries), max(entry.created_utc for entry in entries)
    return Cell(submitted), Cell(one.level_word), Cell(date[:10])


def _landmarks(board: Board, names: Iterable[str]) -> Iterator[tuple[Cell, ...]]:
    for name in sorted(set(names) & set(board.record.landmarks)):
        numbers = cells(board.record.landmarks[name], board.numbers)
        yield (Cell(), Cell(), Cell(name), Cell(), *numbers, Cell(), Cell(), Cell())


def _damaged_row(width: int, one: Damaged) -> tuple[Cell, ...]:
    name, empty = Cell(PurePosixPath(one.place).stem), [Cell()] * (width - 5)
    status = "other rules" if one.differs else "damaged"
    return (Cell(status), Cell(), Cell(), name, *empty, Cell(one.problem))


def _joined(lines: Iterable[str]) -> Cell:
    return Cell("; ".join(lines) or None)


def _place(one: Standing) -> str:
    """The mean of several seeds is ranked, and so is an entry by itself."""
    return "ranked" if one.rank else "seed"


def _status(one: Standing) -> str:
    return "control" if one.entry.origin.control else "flagged"


# ----- files


def board_files(board: Board) -> dict[str, str]:
    """The files of a board by name, with their text."""
    apart = not_ranked(board)
    tables = [ranking(board), *([apart] if apart else [])]
    return {
        f"{board.record.track}.md": "\n".join(map(markdown, tables)),
        f"{board.record.track}.csv": csv_text(everything(board)),
    }


def out_of_date(results: Path, tracks: list[str] | None = None) -> list[str]:
    """What is not as it would be written among the files of all tracks, or of some, one line each.

    Files of tracks that have no entries any more are found where all tracks are asked for.
    """
    wanted = _wanted(results, tracks)
    folder = results / FOLDER
    found = []
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path} is missing")
        elif unix(read_bytes(path, most=MOST_TEXT_BYTES)) != text.encode():
            found.append(f"{path} is out of date")
    return found + [f"{path} is of no track with entries" for path in _strangers(folder, wanted, tracks)]


def write_boards(
    results: Path, tracks: list[str] | None = None, report: Callable[[str], None] | None = None
) -> list[Path]:
    """Write the files of all tracks, or of some; those of tracks that have no entries any more are removed where all
    are written. Returns what was written, and tells `report` of each entry that is damaged. InputError where a place
    cannot be written or a track is damaged."""
    wanted = _wanted(results, tracks, report)
    folder = results / FOLDER
    keep_line_ends(results)
    for name, text in wanted.items():
        write_text(folder / name, text)
    for path in _strangers(folder, wanted, tracks):
        path.unlink()
    return [folder / name for name in wanted]


def _wanted(results: Path, tracks: list[str] | None, report: Callable[[str], None] | None = None) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for track in tracks_with_entries(results) if tracks is None else tracks:
        board = read_board(results, track)
        wanted |= board_files(board)
        if report:
            for line in board.damaged_lines:
                report(line)
    return wanted


def _strangers(folder: Path, wanted: dict[str, str], tracks: list[str] | None) -> list[Path]:
    if tracks is not None:
        return []
    return [path for path in sorted(folder.glob("*")) if path.suffix in (".md", ".csv") and path.name not in wanted]
