"""The gallery: of each model one picture for each data set, and never the best one of several.

A model that was trained with several seeds shows the first of them. Whatever is shown is the preview of an entry: its
first images, which the noise of the protocol makes, or the order in which they were handed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.leaderboard.board import Board
from bench.leaderboard.entries import Entry
from bench.leaderboard.seeds import family_of
from bench.site.comparing import Preview
from bench.site.places import address, entry_href, track_href
from bench.site.words import dataset_of, title_of


@dataclass(frozen=True)
class Shown:
    """A picture with the entry that it is of; `steps` of its training, None where that is not known."""

    name: str
    href: str
    picture: str
    width: int
    height: int
    control: bool
    steps: int | None


@dataclass(frozen=True)
class Room:
    """What a track shows; `forbidden` is the licence where that forbids to show anything, else ""."""

    title: str
    track: str
    href: str
    extractor: str
    forbidden: str
    shown: tuple[Shown, ...]
    count: int


def room_of(board: Board, previews: Mapping[str, Preview]) -> Room:
    """The pictures of a track in the order of its ranking, controls last."""
    dataset = dataset_of(board.record.rules)
    firsts: dict[object, Entry] = {}
    for one in board.entries:
        key = family_of(one.entry) or one.entry.slug
        firsts[key] = min(firsts.get(key, one.entry), one.entry, key=_seed)
    shown = [_shown(entry, *previews[entry.slug]) for entry in firsts.values() if entry.slug in previews]
    return Room(
        title=title_of(board.record.rules),
        track=board.record.track,
        href=track_href(board.record.track),
        extractor=board.record.rules.protocol.extractor,
        forbidden="" if dataset.publishable else dataset.licence,
        shown=tuple(sorted(shown, key=lambda one: one.control)),
        count=len(firsts),
    )


def _seed(entry: Entry) -> tuple[int, str]:
    return entry.origin.training_seed or 0, entry.slug


def _shown(entry: Entry, file: str, width: int, height: int) -> Shown:
    origin = entry.origin
    steps = None if origin.control else origin.training_steps
    return Shown(entry.about.name, entry_href(entry), address(file), width, height, origin.control, steps)
