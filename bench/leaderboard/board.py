"""The ranking of a track: entries in order, with ranks and intervals; flagged ones and controls apart.

Everything comes from the files below `results`, none of it from images; the same files give the same order everywhere.
Entries are sorted by one score, then by the time of their submission. An entry that `bench.measuring.flags` flags, and
a control (`train-copies`, `pixel-gaussian`), has no rank and moves nobody else's.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np

from bench import registry
from bench.leaderboard.differences import differences
from bench.leaderboard.doubts import doubts
from bench.leaderboard.entries import Entry, TrackRecord, level_words, read_entry, read_track, read_verified
from bench.leaderboard.entry_places import (
    INFLUENCE,
    beside,
    entry_path,
    entry_paths,
    hidden_entries,
    slug_of,
    track_path,
)
from bench.leaderboard.evidence import Shapes, entry_shapes, exact
from bench.leaderboard.influence import read_influences, rows_of
from bench.leaderboard.orders import ORDERS, Order, order_of, usual
from bench.leaderboard.ranking import Rank, by_value, ranks, verdicts
from bench.leaderboard.standing import Standing, by_model, estimate_of
from bench.leaderboard.tracks import OtherRules, check_rules
from bench.leaderboard.twins import Look, look_at, twins
from bench.measuring.evaluation import REAL_2
from bench.measuring.flags import flags_of
from bench.storage.records import Numbers
from bench.storage.result_places import first_of, folder_of, in_words
from bench.tables.columns import Number, of_board
from bench.tables.table import Cell, Column
from genbench.names import did_you_mean
from metrics.errors import InputError

FEW = 3  # entries of other rules that are named


@dataclass(frozen=True)
class Damaged:
    """An entry that cannot be shown: its place below the results, and what is wrong with it. An entry of other rules is
    whole: `differs` says in what they differ, and `folder` is where a board of its own rules is."""

    place: str
    problem: str
    differs: str = ""
    folder: str = ""


@dataclass(frozen=True, eq=False)
class Board:
    """A track with its entries: `ranked` in order, `flagged` and `controls` sorted likewise; `sorted_by` is the number
    that they are sorted by. What is wrong with one entry ends up in `damaged` and is nobody else's."""

    record: TrackRecord
    sorted_by: Number
    ranked: tuple[Standing, ...]
    flagged: tuple[Standing, ...]
    controls: tuple[Standing, ...]
    damaged: tuple[Damaged, ...] = ()
    verdicts: np.ndarray | None = None

    @property
    def listed(self) -> tuple[Standing, ...]:
        """What is ranked, in order; after the mean of a model each of its seeds, which has no rank of its own."""
        return tuple(row for one in self.ranked for row in (one, *one.seeds))

    @property
    def entries(self) -> tuple[Standing, ...]:
        """Every entry that can be shown, once."""
        return tuple(one for one in (*self.listed, *self.flagged, *self.controls) if not one.seeds)

    @property
    def damaged_lines(self) -> tuple[str, ...]:
        """A line for each entry that is damaged, and one for all that were measured by the same other rules."""
        other: dict[tuple[str, str], list[str]] = {}
        for one in self.damaged:
            if one.differs:
                other.setdefault((one.differs, one.folder), []).append(Path(one.place).stem)
        return (
            *(f"damaged and not shown: {one.problem}" for one in self.damaged if not one.differs),
            *(self._of_other_rules(names, *key) for key, names in other.items()),
        )

    def _of_other_rules(self, names: Sequence[str], differs: str, folder: str) -> str:
        few = ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")
        return (
            f"measured by other rules and not shown: {few}. Numbers of both are never in one ranking. `bench "
            f"leaderboard {self.record.track} --results {folder}` may show them. The rules differ in: {differs}"
        )

    @property
    def sort(self) -> str:
        """The key of the number that entries are sorted by."""
        return self.sorted_by.key

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The one of the usual order, the one that it is sorted by, and those that the track measures."""
        protocol = self.record.rules.protocol
        rules = [one.number for one in ORDERS if one.number.key == usual(protocol, self.record.landmarks)]
        rules += [self.sorted_by] if order_of(self.sorted_by) and self.sorted_by not in rules else []
        return (*rules, *of_board(protocol))

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of its numbers."""
        return tuple(one.column for one in self.numbers)


def cells(scores: Mapping[str, Numbers], numbers: Iterable[Number]) -> tuple[Cell, ...]:
    """The numbers of an entry or a landmark, with the interval where there is one."""
    return tuple(one.cell(scores) for one in numbers)


# ----- reading


def tracks_with_entries(results: Path) -> list[str]:
    """The names of the tracks that have entries below `results`, sorted."""
    return sorted({path.parent.name for path in entry_paths(results)})


def read_board(results: Path, track: str, sort: str | None = None) -> Board:
    """The ranking of a track, sorted by the score with this key, None in the usual order.

    An entry that is damaged, or was measured by other rules than the track's, is in `damaged`, with what is wrong.
    Raises InputError for a score that the track does not rank by, and a track whose own record is missing or damaged.
    """
    record = _record(results, track)
    number = _number(record, sort or usual(record.rules.protocol, record.landmarks))
    orders = [one for one in ORDERS if one is ORDERS[0] or one.number == number]
    landmarks = {name: with_orders(one, record, orders) for name, one in record.landmarks.items()}
    record = replace(record, landmarks=landmarks)
    kept = cache(partial(entry_shapes, record.rules))  # asked for once, and by the first entry: it may be refused
    standings: list[Standing] = []
    looks: list[Look] = []
    damaged = [
        Damaged(path.as_posix(), f"{path} has the name of {first}; rename one of them")
        for path, first in hidden_entries(results, track)
    ]
    for path in entry_paths(results, track):
        try:
            found = _standing(path, record, results, number, orders, kept)
            looks.append(look_at(results, found.entry))
            standings.append(found)
        except InputError as error:
            folder = folder_of(path)
            place = path.relative_to(folder).as_posix()
            problem = str(error).replace(str(path), place).replace(f"{folder}{os.sep}", "")
            differs = error.differs if isinstance(error, OtherRules) else ""
            damaged.append(Damaged(place, problem, differs, str(folder)))
    shared = twins(looks)
    standings = [replace(one, twins=shared.get(one.entry.slug, ())) for one in standings]
    worst = float("inf")

    def key(one: Standing) -> tuple[float, str, str]:  # of equal scores the earlier one comes first
        value = _value(one, number)
        place = worst if value is None else value if number.output.better == "lower" else -value
        return place, one.entry.created_utc, one.entry.slug

    standings.sort(key=key)
    controls = tuple(one for one in standings if one.entry.origin.control)
    flagged = tuple(one for one in standings if one.flags and not one.entry.origin.control)
    honest = [one for one in standings if not one.flags and not one.entry.origin.control]
    shown = (*of_board(record.rules.protocol), *(one.number for one in orders))
    honest = sorted(by_model(honest, flagged, shown), key=key)
    said = _verdicts(honest, number)
    places = _ranks(honest, number, said)
    ranked = tuple(replace(one, rank=place) for one, place in zip(honest, places, strict=True))
    return Board(record, number, ranked, flagged, controls, tuple(damaged), said)


def read_boards(results: Path, tracks: Sequence[str]) -> tuple[list[Board], list[str]]:
    """The boards of several tracks, and a line for each entry and each track that is damaged and was left out.

    Raises InputError where every track is damaged.
    """
    boards: list[Board] = []
    lines: list[str] = []
    failed: list[InputError] = []
    for track in tracks:
        try:
            boards.append(read_board(results, track))
            lines += boards[-1].damaged_lines
        except InputError as error:
            failed.append(error)
    if failed and not boards:
        raise failed[0]
    return boards, [*lines, *map(str, failed)]


def _record(results: Path, track: str) -> TrackRecord:
    path = first_of(results, track_path(results, track))
    if path.is_file():
        return read_track(path)
    known = tracks_with_entries(results)
    if track in known:
        raise InputError(
            f"{path} is missing, but {track} has entries; restore it, because it holds the rules of the track"
        )
    meant = did_you_mean(track, known)
    raise InputError(f"no track {track!r} has entries below {in_words(results)}. {meant} `bench submit` makes one")


def _number(record: TrackRecord, sort: str) -> Number:
    """The number that was asked for by its key, or by a metric of which it is the corrected value."""
    orders = (one.number for one in ORDERS)
    found = [one for one in (*of_board(record.rules.protocol), *orders) if one.ranked]
    known = {one.key: one for one in found}
    known |= {one.output.corrects: one for one in found if one.output.corrects and one.output.corrects not in known}
    name = registry.ALIASES["metrics"].get(sort, sort).replace("-", "_")
    if name not in known:
        meant = did_you_mean(name, [one.key for one in found])
        raise InputError(f"{record.track} is not ranked by {sort!r}. {meant}")
    return known[name]


def _standing(
    path: Path,
    record: TrackRecord,
    results: Path,
    number: Number,
    orders: Sequence[Order],
    kept: Callable[[], Shapes],
) -> Standing:
    entry = read_entry(path)
    _check_names(path, entry)
    if entry.track_id != record.track_id:
        check_rules(record.rules, entry.rules, f"{path} was measured by other rules than its track {record.track}")
    order = order_of(number)
    scores = with_orders(entry.scores, record, orders)
    rows = kept_for(results, entry, number, order)
    level, unlikely = read_verified(path), bool(doubts(entry.scores, record.landmarks.get(REAL_2, {})))
    word = level_words(level, exact=exact(entry, kept()), unlikely=unlikely)
    moves = _row(rows, entry, number, order, record)
    return Standing(entry, scores, level, word, flags_of(entry.scores), influence=moves, kept=rows)


def with_orders(scores: dict[str, Numbers], record: TrackRecord, orders: Sequence[Order]) -> dict[str, Numbers]:
    """The scores with what rules make of them."""
    return {**scores, **{one.metric.name: one.numbers(scores, record.landmarks) for one in orders}}


def _check_names(path: Path, entry: Entry) -> None:
    """InputError for a name that no submission can have: file names and pages are made of it."""
    try:
        if slug_of(entry.slug) != entry.slug or slug_of(entry.track) != entry.track:
            raise InputError(
                "its file name has a capital letter, a blank or another character that entries do not have"
            )
        slug_of(entry.about.name)
    except InputError as error:
        raise InputError(f"{path} cannot be shown: {error}") from error


def _value(one: Standing, number: Number) -> float | None:
    return one.scores.get(number.metric.name, {}).get(number.key)


# ----- ranks


def _verdicts(standings: Sequence[Standing], number: Number) -> np.ndarray | None:
    """Which entries are better than which; None where the number has no interval for one of them."""
    found = [estimate_of(number, one) for one in standings]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    return verdicts(differences(known), lower_is_better=number.output.better == "lower")


def _ranks(standings: Sequence[Standing], number: Number, said: np.ndarray | None) -> list[Rank]:
    """The ranks of entries in their order; without an interval where no verdicts are known."""
    return by_value([_value(one, number) for one in standings]) if said is None else ranks(said)


def influences_of(results: Path, entry: Entry) -> np.ndarray | None:
    """What an entry keeps for paired comparisons, a row for each of `rows_of`; None where it keeps nothing."""
    if INFLUENCE not in entry.files:
        return None
    path = beside(first_of(results, entry_path(results, entry.track, entry.slug))) / INFLUENCE
    protocol = entry.rules.protocol
    return read_influences(path, protocol.real[0].count, len(rows_of(protocol)))


def kept_for(results: Path, entry: Entry, number: Number, order: Order | None = None) -> np.ndarray | None:
    """What an entry keeps, where this number, or this order of several, is compared by it; None elsewhere."""
    paired = order.row if order else number.paired and number.metric in rows_of(entry.rules.protocol)
    return influences_of(results, entry) if paired else None


def _row(
    kept: np.ndarray | None, entry: Entry, number: Number, order: Order | None, record: TrackRecord
) -> np.ndarray | None:
    """The row of a number, or what the rule of an order makes of all rows; None where it makes nothing."""
    if kept is None:
        return None
    rows = rows_of(entry.rules.protocol)
    if order is None or order.row is None:
        row: np.ndarray = kept[rows.index(number.metric)]
        return row
    return order.row(entry.scores, record.landmarks, dict(zip((one.name for one in rows), kept, strict=True)))
