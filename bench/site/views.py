"""What a track's page shows, as values: tables, drawings, words. The template only lays them out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.leaderboard.balance import Scores, in_words
from bench.leaderboard.board import Board, cells
from bench.leaderboard.board_notes import notes_of, shared, sorted_by
from bench.leaderboard.disputes import Disputes
from bench.leaderboard.standing import Standing
from bench.leaderboard.track_words import rules_in_words
from bench.leaderboard.tracks import find_track
from bench.measuring.evaluation import NOISE, REAL_1, REAL_2
from bench.site import svg
from bench.site.data_files import track_links
from bench.site.feed import newest
from bench.site.history import History, history
from bench.site.numbers import Shown, shown
from bench.site.places import entry_href
from bench.site.plots import SHAPES, Plot, plots
from bench.site.words import about_track, dataset_of, kind_of, ranks_in_words, submit_command
from bench.tables.columns import INTERVAL, Number, by_itself
from bench.tables.table import ARROWS, Cell, Column, Table, aligned

LANDMARKS = ((REAL_2, "real", "real-2"), (NOISE, "noise", "noise-set"))  # set, class of its line and of its point


@dataclass(frozen=True)
class Head:
    """The head of a column; `style` is the class that its cells have too."""

    key: str
    title: str
    arrow: str
    better: str
    style: str


@dataclass(frozen=True)
class Line:
    """The numbers of one row, with the drawing of its interval."""

    numbers: tuple[Shown, ...]
    bar: svg.Bar | None


@dataclass(frozen=True)
class Row:
    """One entry in a table; `words` is what is searched, in lower case."""

    slug: str
    kind: str
    level: int
    level_word: str
    rank: int | None
    group: int | None
    range: str
    name: str
    href: str
    authors: str
    flags: tuple[str, ...]
    twins: tuple[str, ...]
    balance: str
    words: str
    line: Line
    date: str


@dataclass(frozen=True)
class TrackView:
    """Everything on the page of a track."""

    name: str
    lead: str
    heads: tuple[Head, ...]
    ranked: tuple[Row, ...]
    flagged: tuple[Row, ...]
    controls: tuple[Row, ...]
    landmark_lines: tuple[tuple[str, Line], ...]
    bar_key: str
    sorted_by: str
    ticks: tuple[svg.Tick, ...]
    landmarks: tuple[tuple[str, float], ...]
    landmark_words: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]
    shapes: tuple[tuple[str, str], ...]
    disputes: Disputes
    notes: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    submit: str
    files: tuple[tuple[str, str, str], ...]
    date: str
    licence: str
    history: History | None


def track_view(board: Board, disputed: Disputes, options: str = "") -> TrackView:
    """The page of a track; `disputed` are its disputed pairs, `options` what commands need to use its results."""
    landmarks = [one for one in LANDMARKS if one[0] in board.record.landmarks]
    standings = (*board.listed, *board.flagged, *board.controls)
    table = _table(board, [name for name, *_ in landmarks], standings)
    scale, lines = _lines(table, board.sort, len(landmarks))
    real_2 = board.record.landmarks.get(REAL_2, {})
    rows = [_row(one, line, real_2) for one, line in zip(standings, lines[len(landmarks) :], strict=True)]
    ranked, flagged = len(board.listed), len(board.listed) + len(board.flagged)
    places = [(style, line.bar.x) for (_, style, _), line in zip(landmarks, lines, strict=False) if line.bar]
    return TrackView(
        name=board.record.track,
        lead=about_track(board.record),
        heads=tuple(_head(column, board.sort) for column in table.columns),
        ranked=tuple(rows[:ranked]),
        flagged=tuple(rows[ranked:flagged]),
        controls=tuple(rows[flagged:]),
        landmark_lines=tuple((name, line) for (name, *_), line in zip(landmarks, lines, strict=False)),
        bar_key=board.sort,
        sorted_by=sorted_by(board),
        ticks=svg.interval_ticks(scale),
        landmarks=tuple(places),
        landmark_words=tuple((style, f"{name}, against {REAL_1} as every entry") for name, style, _ in landmarks),
        plots=plots(board, table, [(name, kind) for name, _, kind in landmarks], standings),
        shapes=SHAPES,
        disputes=disputed,
        notes=(*shared(board.listed), *notes_of(board)),
        rules=tuple(rules_in_words(find_track(board.record.track), board.record.rules)),
        submit=submit_command(board.record.track, options),
        files=track_links(board),
        date=newest([one.entry for one in board.entries])[:10],
        licence=dataset_of(board.record.rules).licence,
        history=history(board),
    )


# ----- tables


def _table(board: Board, landmarks: Sequence[str], standings: Sequence[Standing]) -> Table:
    """The landmarks, then the entries; the drawn column first, and none that holds nothing."""
    scored = [*(board.record.landmarks[name] for name in landmarks), *(one.scores for one in standings)]
    numbers = [one for one in board.numbers if one.output.shown != "table" or one == board.sorted_by]
    numbers.sort(key=lambda one: one != board.sorted_by)
    rows = [cells(scores, numbers) for scores in scored]
    first = board.ranked[0].rank if len(board.ranked) > 1 else None
    if first and first.last == 1:  # nobody else can be the first
        score, *others = rows[len(landmarks)]
        rows[len(landmarks)] = (replace(score, best=True), *others)
    kept = [
        place
        for place, number in enumerate(numbers)
        if number == board.sorted_by or any(row[place].value is not None for row in rows)
    ]
    shown_rows = tuple(tuple(row[place] for place in kept) for row in rows)
    return aligned(Table("ranking", "", tuple(_titled(numbers[place], board.sort) for place in kept), shown_rows))


def _titled(number: Number, drawn: str) -> Column:
    """A column without a word of the interval, which stands under the number anyway."""
    column = number.column if number.key != drawn else by_itself(number)
    return replace(column, title=column.title.removesuffix(INTERVAL))


def _lines(table: Table, key: str, landmarks: int) -> tuple[svg.Scale, list[Line]]:
    """The scale of the drawn column, and every row with its drawing."""
    place = [column.key for column in table.columns].index(key)
    drawn = [row[place] for row in table.rows]
    inner = [(cell.low, cell.high) for cell in drawn[landmarks:] if cell.low is not None and cell.high is not None]
    scale = svg.interval_scale(inner, [cell.value for cell in drawn if isinstance(cell.value, float)])
    return scale, [Line(_numbers(table, row), _bar(scale, row[place])) for row in table.rows]


def _numbers(table: Table, row: Sequence[Cell]) -> tuple[Shown, ...]:
    return tuple(shown(column.key, column.title, cell) for column, cell in zip(table.columns, row, strict=True))


def _bar(scale: svg.Scale, cell: Cell) -> svg.Bar | None:
    return svg.bar(scale, cell.value, cell.low, cell.high) if isinstance(cell.value, float) else None


def _head(column: Column, drawn: str) -> Head:
    arrow, style = ARROWS[column.better].strip(), "drawn" if column.key == drawn else "number"
    return Head(column.key, column.title, arrow, column.better, style)


def _row(one: Standing, line: Line, real_2: Scores) -> Row:
    entry = one.entry
    return Row(
        slug=entry.slug,
        kind=kind_of(entry),
        level=one.level,
        level_word=one.level_word,
        rank=one.rank.number if one.rank else None,
        group=one.rank.group if one.rank else None,
        range=ranks_in_words(one),
        name=one.name,
        href=entry_href(entry),
        authors=entry.about.authors,
        flags=one.flags,
        twins=one.twins,
        balance=in_words(one.scores, real_2) or "",
        words=f"{one.name} {entry.about.authors} {entry.slug}".lower(),
        line=line,
        date=entry.created_utc[:10],
    )
