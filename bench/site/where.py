"""Where an entry stands among those of its track: a strip, its neighbours, and what it can be told apart from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.relations import Relations, place_of, relations
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import NOISE, REAL_2
from bench.site import svg
from bench.site.comparing import compare_href
from bench.site.numbers import measured, of_order
from bench.site.places import address, entry_file, up_from
from bench.site.rows import scale_of

WIDTH, MARGIN = 400.0, 16.0  # of the strip
NAMED = 12  # entries of each verdict that are named, the nearest first
LANDMARKS = ((REAL_2, "real"), (NOISE, "noise"))


@dataclass(frozen=True)
class Link:
    """Another entry: its name, its page, its rank."""

    name: str
    href: str
    rank: int


@dataclass(frozen=True)
class Spot:
    """An entry on the strip, and what is said when it is pointed at."""

    x: float
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
    are those that have a name here, each with its kind: mine, seed or alike; `lines` is a path of all of them."""

    title: str
    axis: str
    spots: tuple[tuple[str, Spot], ...]
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
    mine, found, links = board.ranked[place], relations(board, place), _links(board)
    up = up_from(entry_file(one.entry))
    return Where(
        who=mine.name if mine.seeds else "",
        words=found.words if found else "",
        verdicts=_verdicts(found, links) if found else (),
        before=links[board.ranked[place - 1]] if place else None,
        after=links[board.ranked[place + 1]] if place + 1 < len(board.ranked) else None,
        strip=_strip(board, mine, found),
        beside=tuple(
            Link(other.name, up + compare_href(one.entry.track, (mine, other)), other.rank.number if other.rank else 0)
            for other in board.ranked[max(place - 1, 0) : place + 2]
            if other is not mine
        ),
    )


def _verdicts(found: Relations, links: Mapping[Standing, Link]) -> tuple[tuple[str, tuple[Link, ...], int], ...]:
    said = (("Better than", found.better), ("Not told apart from", found.alike), ("Worse than", found.worse))
    return tuple(
        (f"{word} {len(others):,}", tuple(links[other] for other in others[:NAMED]), max(0, len(others) - NAMED))
        for word, others in said
        if others
    )


@lru_cache(maxsize=1)  # of the board whose entries are being written
def _links(board: Board) -> dict[Standing, Link]:
    """A link to each ranked entry from the page of another one."""
    return {one: Link(one.name, _beside(one), one.rank.number if one.rank else 0) for one in board.ranked}


def _beside(one: Standing) -> str:
    """The page of an entry from that of another one, which lies beside it."""
    return address(PurePosixPath(entry_file(one.entry)).name)


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
    values = [of_order(board, one).value for one in board.ranked]
    known = [value for value in values if value is not None]
    if not 2 <= len(values) == len(known):
        return None
    scale = replace(scale_of(board), start=MARGIN, stop=WIDTH - MARGIN)
    lines = "".join(f"M{place} 32V42" for place in sorted({round(scale.place(value)) for value in known}))
    spots = {one: _spot(board, scale, one) for one in board.listed}
    return Scale(scale, spots, lines, tuple(_landmarks(board, scale)), svg.interval_ticks(scale))


def _strip(board: Board, mine: Standing, found: Relations | None) -> Strip | None:
    """None where there is nothing to compare with."""
    shared = _scale(board)
    if shared is None:
        return None
    named = [("alike", one) for one in found.alike[:NAMED]] if found else []
    named += [*(("seed", seed) for seed in mine.seeds), ("mine", mine)]
    spots = tuple((kind, shared.spots[one]) for kind, one in named)
    cell = of_order(board, mine).cell
    bar = svg.bar(shared.scale, _value(board, mine), cell.low, cell.high)
    title = f"{sorted_by(board)} of all ranked entries, and of {mine.name} with its 95 % interval"
    axis = measured(board).titles[board.sort]
    return Strip(title, axis, spots, shared.lines, bar, shared.landmarks, shared.ticks)


def _spot(board: Board, scale: svg.Scale, one: Standing) -> Spot:
    rank = f"{one.rank.number}: " if one.rank else ""
    title = f"{rank}{one.name}, {of_order(board, one).words}"
    return Spot(scale.place(_value(board, one)), title, _beside(one))


def _landmarks(board: Board, scale: svg.Scale) -> list[Side]:
    found = []
    for name, style in LANDMARKS:
        value = of_order(board, name).value
        if value is not None:
            found.append(Side(name, style, scale.place(value), (value > scale.high) - (value < scale.low)))
    return found


def _value(board: Board, one: Standing) -> float:
    value = of_order(board, one).value
    assert value is not None
    return value
