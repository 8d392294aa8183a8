"""Where an entry stands among those of its track: a strip, its neighbours, and what it can be told apart from."""

from dataclasses import dataclass, replace
from functools import lru_cache

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.relations import Relations, place_of, relations
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import NOISE, REAL_2
from bench.site import svg
from bench.site.comparing import compare_href
from bench.site.places import address, entry_file, up_from
from bench.tables.table import Cell, text

WIDTH, MARGIN = 400.0, 16.0  # of the strip
NAMED = 20  # entries of each verdict that are named, the nearest first
SPOTS = 12  # of these have a name on the strip too
LANDMARKS = ((REAL_2, "real"), (NOISE, "noise"))


@dataclass(frozen=True)
class Link:
    """Another entry: its name, its page, its rank."""

    name: str
    href: str
    rank: int


@dataclass(frozen=True)
class Spot:
    """An entry on the strip: `kind` is mine, seed, alike or apart; what is said when it is pointed at."""

    x: float
    kind: str
    title: str
    href: str


@dataclass(frozen=True)
class Side:
    """A landmark on the strip; `beyond` is -1 or 1 where it lies below or above what is drawn."""

    name: str
    style: str
    x: float
    beyond: int


@dataclass(frozen=True)
class Strip:
    """All ranked entries on one scale, with the interval of one of them; `axis` is the number that it shows, `spots`
    are those that have a name here, `lines` is a path of all of them."""

    title: str
    axis: str
    spots: tuple[Spot, ...]
    lines: str
    bar: svg.Bar
    landmarks: tuple[Side, ...]
    ticks: tuple[svg.Tick, ...]


@dataclass(frozen=True)
class Where:
    """`who` the words are about where that is not the entry itself, the mean of its seeds; `verdicts` are a word, the
    first entries that it is true of, and how many more there are; `beside` are comparisons with the neighbours."""

    who: str
    words: str
    verdicts: tuple[tuple[str, tuple[Link, ...], int], ...]
    before: Link | None
    after: Link | None
    strip: Strip | None
    beside: tuple[Link, ...]


def where(board: Board, one: Standing) -> Where | None:
    """Where an entry stands; None of what is not ranked."""
    place = place_of(board, one)
    if place is None:
        return None
    mine, up = board.ranked[place], up_from(entry_file(one.entry))
    found = relations(board, place)
    return Where(
        who=mine.name if mine.seeds else "",
        words=found.words if found else "",
        verdicts=_verdicts(found, up) if found else (),
        before=_link(board.ranked[place - 1], up) if place else None,
        after=_link(board.ranked[place + 1], up) if place + 1 < len(board.ranked) else None,
        strip=_strip(board, mine, found),
        beside=tuple(
            Link(other.name, up + compare_href(one.entry.track, (mine, other)), other.rank.number if other.rank else 0)
            for other in board.ranked[max(place - 1, 0) : place + 2]
            if other is not mine
        ),
    )


def _verdicts(found: Relations, up: str) -> tuple[tuple[str, tuple[Link, ...], int], ...]:
    said = (("Better than", found.better), ("Not told apart from", found.alike), ("Worse than", found.worse))
    return tuple(
        (f"{word} {len(others):,}", tuple(_link(other, up) for other in others[:NAMED]), max(0, len(others) - NAMED))
        for word, others in said
        if others
    )


def _link(one: Standing, up: str) -> Link:
    return Link(one.name, up + address(entry_file(one.entry)), one.rank.number if one.rank else 0)


# ----- the strip


@dataclass(frozen=True)
class Scale:
    """What the strips of all entries of a board have in common: the scale, its ticks and landmarks, the spot of each
    ranked entry and seed, and the short lines of all ranked entries as one path."""

    scale: svg.Scale
    spots: dict[Standing, Spot]
    lines: str
    landmarks: tuple[Side, ...]
    ticks: tuple[svg.Tick, ...]


@lru_cache(maxsize=1)  # of the board whose entries are being written
def _scale(board: Board) -> Scale | None:
    """The scale of the ranked entries with real 2; None where there is nothing to compare with."""
    cells = [board.sorted_by.cell(one.scores) for one in board.ranked]
    values = [cell.value for cell in cells if isinstance(cell.value, float)]
    if not 2 <= len(cells) == len(values):
        return None
    real = board.sorted_by.cell(board.record.landmarks.get(REAL_2, {})).value
    others = [*values, real] if isinstance(real, float) else values
    intervals = [(cell.low, cell.high) for cell in cells if cell.low is not None and cell.high is not None]
    scale = replace(svg.interval_scale(intervals, others), start=MARGIN, stop=WIDTH - MARGIN)
    places = sorted({round(scale.place(value)) for value in values})
    lines = "".join(f"M{place} 32V42" for place in places)
    every = (spot for one in board.ranked for spot in (one, *one.seeds))
    spots = {one: _spot(board, scale, one) for one in every}
    return Scale(scale, spots, lines, tuple(_landmarks(board, scale)), svg.interval_ticks(scale))


def _strip(board: Board, mine: Standing, found: Relations | None) -> Strip | None:
    """None where there is nothing to compare with."""
    shared = _scale(board)
    if shared is None:
        return None
    near = ((found.better, "apart"), (found.alike, "alike"), (found.worse, "apart")) if found else ()
    named = [(one, kind) for others, kind in near for one in others[:SPOTS]]
    named += [*((seed, "seed") for seed in mine.seeds), (mine, "mine")]
    spots = (replace(shared.spots[one], kind=kind) for one, kind in named)
    cell = board.sorted_by.cell(mine.scores)
    bar = svg.bar(shared.scale, _value(cell), cell.low, cell.high)
    title = f"{sorted_by(board)} of all ranked entries, and of {mine.name} with its 95 % interval"
    axis = board.sorted_by.output.title
    return Strip(title, axis, tuple(spots), shared.lines, bar, shared.landmarks, shared.ticks)


def _spot(board: Board, scale: svg.Scale, one: Standing) -> Spot:
    cell, file = board.sorted_by.cell(one.scores), entry_file(one.entry)
    rank = f"{one.rank.number}: " if one.rank else ""
    title = f"{rank}{one.name}, {text(cell)}"
    return Spot(scale.place(_value(cell)), "apart", title, up_from(file) + address(file))


def _landmarks(board: Board, scale: svg.Scale) -> list[Side]:
    found = []
    for name, style in LANDMARKS:
        cell = board.sorted_by.cell(board.record.landmarks.get(name, {}))
        if isinstance(cell.value, float):
            beyond = (cell.value > scale.high) - (cell.value < scale.low)
            found.append(Side(name, style, scale.place(cell.value), beyond))
    return found


def _value(cell: Cell) -> float:
    assert isinstance(cell.value, float)
    return cell.value
