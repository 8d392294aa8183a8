"""The tables of a track's page as values: which columns they have, what stands in each row, what is the same in all.

A column that says the same of every ranked entry is left out of the ranking, and said once below it. A badge marks what
is true of at most half of the rows of a table.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.leaderboard.balance import Scores, in_words
from bench.leaderboard.board import Board
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import REAL_2
from bench.site import svg
from bench.site.numbers import Shown, explained_at, measured, of_order, unit_of
from bench.site.places import entry_href
from bench.site.words import kind_of, ranks_in_words
from bench.tables.columns import INTERVAL, Number, by_itself
from bench.tables.table import ARROWS

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
    """One entry in a table; `leads` where it is the first of a group, `sure` where nobody else can be the first of all,
    `badges` are (style, word)."""

    slug: str
    kind: str
    level: int
    level_word: str
    rank: int | None
    group: int | None
    leads: bool
    sure: bool
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


def heads_of(board: Board, numbers: Sequence[Number]) -> tuple[Head, ...]:
    """The heads of these columns."""
    drawn, real_2 = board.sort, measured(board).of.get(REAL_2, {})
    top = [one.key for one in numbers if one.output.shown == "top" and one.ranked and one.key != drawn]
    others = [one.key for one in numbers if one.key != drawn and one.key not in top]
    on_cards = [*top, *others][:ON_CARDS]
    corrected = {one.output.corrects for one in numbers}
    return tuple(
        Head(
            key=number.key,
            title=_short_title(number, drawn) + unit_of(number.output).words,
            whole=measured(board).titles[number.key],
            unit=unit_of(number.output).words,
            arrow=ARROWS[number.output.better].strip(),
            better=number.output.better,
            says=number.output.says,
            real=real_2[number.key].shown if real_2 else "",
            href=explained_at(number),
            style=_style(number, drawn, corrected),
            card=number.key in on_cards,
        )
        for number in numbers
    )


def _short_title(number: Number, drawn: str) -> str:
    """Without a word of the interval, which stands under the number anyway; the whole title where what the number
    corrects stands in another set of columns."""
    column = by_itself(number) if number.key == drawn or number.output.corrects else number.column
    return column.title.removesuffix(INTERVAL)


def _style(number: Number, drawn: str, corrected: Container[str]) -> str:
    if number.key == drawn:
        return "drawn"
    if number.metric.arity == "triplet":
        return "copies"
    return "rest" if number.key in corrected else "number"


def scale_of(board: Board) -> svg.Scale:
    """The scale of the drawn column: that of the ranked entries, their seeds and real 2."""
    inside = [of_order(board, REAL_2).cell, *(of_order(board, one).cell for one in board.listed)]
    intervals = [(cell.low, cell.high) for cell in inside if cell.low is not None and cell.high is not None]
    return svg.interval_scale(intervals, [cell.value for cell in inside if isinstance(cell.value, float)])


def line_of(board: Board, numbers: Sequence[Number], scale: svg.Scale, who: Standing | str) -> Line:
    """The numbers of an entry, or of a landmark by its name, with the drawing."""
    own, drawn = measured(board).of[who], of_order(board, who)
    seeds = [] if isinstance(who, str) else [of_order(board, seed).value for seed in who.seeds]
    numbers_of = tuple(own[number.key] for number in numbers)
    if drawn.value is None:
        return Line(numbers_of, None)
    dots = [value for value in seeds if value is not None]
    return Line(numbers_of, svg.bar(scale, drawn.value, drawn.cell.low, drawn.cell.high, dots))


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
        sure=bool(rank and rank.last == 1 and count > 1),
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
