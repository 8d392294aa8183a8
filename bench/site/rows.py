"""The tables of a track's page as values: which columns they have, what stands in each row, what is the same in all.

A column that says the same of every ranked entry is left out of the ranking, and said once below it. A badge marks what
is true of at most half of the rows of a table.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.leaderboard.balance import Scores, in_words
from bench.leaderboard.board import Board, cells
from bench.leaderboard.orders import order_of
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import REAL_2
from bench.site import svg
from bench.site.numbers import Shown, cell_in, column_in, numbers_shown, shown, unit_of
from bench.site.places import METRICS, READING, entry_href
from bench.site.words import kind_of, ranks_in_words
from bench.tables.columns import INTERVAL, Number, by_itself
from bench.tables.table import ARROWS, Cell, Column, Table, aligned

Badge = tuple[str, str]
SHARED = ("twin", "shared")
ON_CARDS = 3  # numbers of an entry on a narrow screen, beside the one that is drawn; the others unfold


@dataclass(frozen=True)
class Head:
    """The head of a column: its short title, its whole one, the direction, what it says and where more of that is.

    `style` is the set of columns that it belongs to: "drawn" in all, "number" of quality, "copies" a sign of copying,
    "rest" where another column corrects it; `card` where it stands on a card."""

    key: str
    title: str
    whole: str
    unit: str
    arrow: str
    better: str
    says: str
    real: str
    href: str
    style: str
    card: bool

    @property
    def drawn(self) -> bool:
        return self.style == "drawn"


@dataclass(frozen=True)
class Line:
    """The numbers of one row, with the drawing of its interval."""

    numbers: tuple[Shown, ...]
    bar: svg.Bar | None


@dataclass(frozen=True)
class Row:
    """One entry in a table; `leads` where it is the first of a group, `badges` are (style, word)."""

    slug: str
    kind: str
    level: int
    level_word: str
    rank: int | None
    group: int | None
    leads: bool
    range: str
    ranks: svg.Bar | None
    name: str
    href: str
    authors: str
    flags: tuple[str, ...]
    badges: tuple[Badge, ...]
    balance: str
    strip: str
    line: Line
    date: str


@dataclass(frozen=True)
class Landmark:
    """Real 2 or noise: its name, the class of its drawing, its numbers."""

    name: str
    style: str
    line: Line


@dataclass(frozen=True)
class Part:
    """A table of the page; `same` are the columns that it leaves out, with what each says of every row."""

    rows: tuple[Row, ...]
    heads: tuple[Head, ...]
    landmarks: tuple[Landmark, ...] = ()
    levels: bool = True
    dates: bool = True
    same: tuple[tuple[str, str], ...] = ()


# ----- numbers


def number_table(board: Board, landmarks: Sequence[str], standings: Sequence[Standing]) -> tuple[Table, list[Number]]:
    """The landmarks, then the entries, in the units of pages, and the numbers of its columns: the drawn one first, and
    none that holds nothing."""
    scored = [*(board.record.landmarks[name] for name in landmarks), *(one.scores for one in standings)]
    numbers = numbers_shown(board)
    units = [unit_of(one.output) for one in numbers]
    rows = [[cell_in(*both) for both in zip(units, cells(scores, numbers), strict=True)] for scores in scored]
    first = board.ranked[0].rank if len(board.ranked) > 1 else None
    if first and first.last == 1:  # nobody else can be the first
        place = len(landmarks)
        rows[place][0] = replace(rows[place][0], best=True)
    kept = [
        place
        for place, number in enumerate(numbers)
        if number == board.sorted_by or any(row[place].value is not None for row in rows)
    ]
    columns = [column_in(units[place], _titled(numbers[place], board.sort)) for place in kept]
    shown_rows = tuple(tuple(row[place] for place in kept) for row in rows)
    table = aligned(Table("ranking", "", tuple(columns), shown_rows))
    return table, [numbers[place] for place in kept]


def _titled(number: Number, drawn: str) -> Column:
    """A column without a word of the interval, which stands under the number anyway; with its whole name where what it
    corrects stands in another set of columns."""
    column = by_itself(number) if number.key == drawn or number.output.corrects else number.column
    return replace(column, title=column.title.removesuffix(INTERVAL))


def heads_of(table: Table, numbers: Sequence[Number], drawn: str, real: Line | None) -> tuple[Head, ...]:
    """The heads of its columns; `real` are the numbers of real 2."""
    top = [one.key for one in numbers if one.output.shown == "top" and one.ranked and one.key != drawn]
    others = [one.key for one in numbers if one.key != drawn and one.key not in top]
    on_cards = [*top, *others][:ON_CARDS]
    return tuple(
        Head(
            key=column.key,
            title=column.title,
            whole=number.output.title + unit_of(number.output).words,
            unit=unit_of(number.output).words,
            arrow=ARROWS[column.better].strip(),
            better=column.better,
            says=number.output.says,
            real=real.numbers[place].shown if real else "",
            href=f"{READING}#ranks" if order_of(number) else f"{METRICS}#{number.metric.name}",
            style=_style(number, drawn, {one.output.corrects for one in numbers}),
            card=column.key in on_cards,
        )
        for place, (column, number) in enumerate(zip(table.columns, numbers, strict=True))
    )


def _style(number: Number, drawn: str, corrected: Container[str]) -> str:
    if number.key == drawn:
        return "drawn"
    if number.metric.arity == "triplet":
        return "copies"
    return "rest" if number.key in corrected else "number"


def lines_of(table: Table, key: str, inside: slice) -> tuple[svg.Scale, list[Line]]:
    """The scale of the drawn column, on which the rows `inside` lie, and every row with its drawing."""
    place = [column.key for column in table.columns].index(key)
    cells = [row[place] for row in table.rows]
    inner = [(cell.low, cell.high) for cell in cells[inside] if cell.low is not None and cell.high is not None]
    scale = svg.interval_scale(inner, [cell.value for cell in cells[inside] if isinstance(cell.value, float)])
    return scale, [Line(_numbers(table, row), _bar(scale, row[place])) for row in table.rows]


def _numbers(table: Table, row: Sequence[Cell]) -> tuple[Shown, ...]:
    return tuple(shown(column.key, column.title, cell) for column, cell in zip(table.columns, row, strict=True))


def _bar(scale: svg.Scale, cell: Cell) -> svg.Bar | None:
    return svg.bar(scale, cell.value, cell.low, cell.high) if isinstance(cell.value, float) else None


# ----- rows


def rows_of(
    board: Board, standings: Sequence[Standing], lines: Sequence[Line], strips: Mapping[str, str]
) -> tuple[Row, ...]:
    """The rows of one table; `strips` are the pictures of entries by their slugs."""
    real_2 = board.record.landmarks.get(REAL_2, {})
    badges = _badges(standings)
    rows, group = [], None
    for one, line, marked in zip(standings, lines, badges, strict=True):
        own = one.rank.group if one.rank else None
        rows.append(_row(one, line, marked, real_2, strips, len(board.ranked), own not in (None, group)))
        group = own or group
    return tuple(rows)


def _row(
    one: Standing,
    line: Line,
    badges: tuple[Badge, ...],
    real_2: Scores,
    strips: Mapping[str, str],
    count: int,
    leads: bool,
) -> Row:
    entry, rank = one.entry, one.rank
    return Row(
        slug=entry.slug,
        kind=kind_of(entry),
        level=one.level,
        level_word=one.level_word,
        rank=rank.number if rank else None,
        group=rank.group if rank else None,
        leads=leads,
        range=ranks_in_words(one),
        ranks=svg.ranks_bar(rank.first, rank.last, count) if rank and rank.first and rank.last else None,
        name=one.name,
        href=entry_href(entry),
        authors=entry.about.authors,
        flags=one.flags,
        badges=badges,
        balance=in_words(one.scores, real_2) or "",
        strip=strips.get(entry.slug, ""),
        line=line,
        date=entry.created_utc[:10],
    )


def _badges(standings: Sequence[Standing]) -> list[tuple[Badge, ...]]:
    """What is special of each row, as (style, word): what at most half of them are, and what it shares with others."""
    found = [
        [
            (kind_of(one.entry), kind_of(one.entry)),
            *([("remark", "not verified")] if one.level == 0 else []),
            *([("flag", "flagged")] if one.flags else []),
            *([SHARED] if one.twins else []),
        ]
        for one in standings
    ]
    counts = Counter(mark for marks in found for mark in marks)
    return [tuple(mark for mark in marks if mark == SHARED or 2 * counts[mark] <= len(standings)) for marks in found]


def without_same(part: Part) -> Part:
    """A table without the columns that say the same of each of several rows; the drawn one stays."""
    rows, heads = part.rows, part.heads
    if len(rows) < 2:
        return part
    first = rows[0].line.numbers
    equal = [
        not head.drawn and all(row.line.numbers[place].shown == first[place].shown for row in rows)
        for place, head in enumerate(heads)
    ]
    kept = [place for place, same in enumerate(equal) if not same]
    levels, dates = ({getattr(row, name) for row in rows} for name in ("level_word", "date"))
    told = [
        (head.whole.removesuffix(head.unit), first[place].shown + head.unit)
        for place, head in enumerate(heads)
        if equal[place]
    ]
    told += [("Verified", *levels)] if len(levels) == 1 else []
    told += [("Date", *dates)] if len(dates) == 1 else []
    return Part(
        rows=tuple(replace(row, line=_only(row.line, kept)) for row in rows),
        heads=tuple(heads[place] for place in kept),
        landmarks=tuple(replace(one, line=_only(one.line, kept)) for one in part.landmarks),
        levels=len(levels) > 1,
        dates=len(dates) > 1,
        same=tuple(told),
    )


def _only(line: Line, kept: Sequence[int]) -> Line:
    return replace(line, numbers=tuple(line.numbers[place] for place in kept))
