"""What the page of an entry shows, as values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bench.leaderboard.board import Board
from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import NEIGHBOURS, PREVIEW
from bench.leaderboard.standing import Standing
from bench.measuring.evaluation import NOISE, REAL_2
from bench.second_opinions.stored import stored_opinions, stored_words
from bench.site.data_files import entry_links
from bench.site.earlier import Submissions, submissions
from bench.site.links import safe_link
from bench.site.numbers import ABSENT, Shown, explained_at, in_order, measured, unit_of
from bench.site.pictures import Picture
from bench.site.places import address, entry_file, picture_file, track_href, up_from
from bench.site.steps import Step, steps
from bench.site.where import Where, where
from bench.site.words import dataset_of, kind_of, ranks_in_words, seconds_in_words
from bench.tables.columns import Number
from bench.tables.table import ARROWS, Cell, text

CAPTIONS = {
    PREVIEW: (
        "Preview: some of the submitted images of {name}",
        "The first of the submitted images; nobody selected them.",
    ),
    NEIGHBOURS: (
        "Images of {name} that are nearest to a training image, each with that training image below",
        "Above: the submitted images that are nearest to a training image, by features. Below: that image.",
    ),
}


@dataclass(frozen=True)
class Title:
    """What the pages of all entries say of a number: its title, where it is explained, what real 2 and noise score;
    `top` where it is one of those at the top."""

    number: Number
    title: str
    href: str
    real: str
    noise: str
    top: bool


@dataclass(frozen=True)
class NumberRow:
    """A number with its interval, or what it is by chance, and what it is of real 2's; `first` where it is the first of
    its metric."""

    of: Title
    first: bool
    shown: str
    beside: str
    ratio: str


@dataclass(frozen=True)
class Tile:
    """One of the numbers at the top."""

    what: str
    shown: str
    beside: str


@dataclass(frozen=True)
class Figure:
    """A picture on the page."""

    href: str
    width: int
    height: int
    alt: str
    words: str


@dataclass(frozen=True)
class EntryView:
    """Everything on the page of an entry."""

    name: str
    track: str
    track_href: str
    kind: str
    level: int
    level_word: str
    authors: str
    flags: tuple[str, ...]
    twins: tuple[str, ...]
    summary: tuple[Tile, ...]
    pictures: tuple[Figure, ...]
    withheld: tuple[str, ...]
    numbers: tuple[NumberRow, ...]
    opinion: str
    stored: str
    remarks: tuple[Any, ...]
    about: tuple[tuple[str, str, str], ...]
    provenance: tuple[tuple[str, str, bool], ...]
    steps: tuple[Step, ...]
    files: tuple[tuple[str, str, str], ...]
    where: Where | None
    submissions: Submissions | None


def entry_view(board: Board, one: Standing, pictures: Mapping[str, Picture], options: str) -> EntryView:
    """The page of an entry; `pictures` are those that may be shown, `options` what commands need to use its results
    folder."""
    entry = one.entry
    protocol, real_2 = board.record.rules.protocol, board.record.landmarks.get(REAL_2, {})
    opinions = stored_opinions(protocol.extractor, entry.scores, real_2)
    numbers = tuple(_numbers(board, one, {opinion.key: opinion.ratio for opinion in opinions}))
    return EntryView(
        name=entry.about.name,
        track=entry.track,
        track_href=track_href(entry.track),
        kind=kind_of(entry),
        level=one.level,
        level_word=one.level_word,
        authors=entry.about.authors,
        flags=one.flags,
        twins=one.twins,
        summary=(_rank(board, one), *_tiles(numbers)),
        pictures=tuple(_figure(entry, name, picture) for name, picture in pictures.items()),
        withheld=_withheld(entry, pictures),
        numbers=numbers,
        opinion=stored_words(opinions, entry.scores) if opinions else "",
        stored=_stored(entry),
        remarks=entry.remarks,
        about=tuple(_about(entry)),
        provenance=tuple(_provenance(entry)),
        steps=steps(entry, options),
        files=entry_links(entry),
        where=where(board, one),
        submissions=submissions(board, one),
    )


# ----- numbers


@lru_cache(maxsize=1)  # of the board whose entries are being written
def _titles(board: Board) -> tuple[Title, ...]:
    found = measured(board)
    real, noise = (found.of.get(name, {}) for name in (REAL_2, NOISE))
    return tuple(
        Title(
            number=number,
            title=found.titles[number.key] + ARROWS[number.output.better],
            href=explained_at(number),
            real=real.get(number.key, ABSENT).shown,
            noise=noise.get(number.key, ABSENT).shown,
            top=number.output.shown == "top" or number == board.sorted_by,
        )
        for number in found.numbers
    )


def _numbers(board: Board, one: Standing, ratios: Mapping[str, float | None]) -> Iterator[NumberRow]:
    mine, before = measured(board).of[one], None
    for title in _titles(board):
        number, key = title.number, title.number.key
        if key in one.scores.get(number.metric.name, {}):
            beside = mine[key].interval or _by_chance(number, one, mine[key])
            ratio = text(Cell(ratios[key])) if key in ratios else ""
            yield NumberRow(title, number.metric is not before, mine[key].shown, beside, ratio)
            before = number.metric


def _by_chance(number: Number, one: Standing, like: Shown) -> str:
    """`1.0 by chance`, in the unit and the decimals of the number beside it."""
    expected = one.scores[number.metric.name].get(number.output.expected)
    if expected is None:
        return ""
    cell = Cell(expected * unit_of(number.output).times, decimals=like.cell.decimals)
    return f"{text(cell)} by chance"


def _tiles(numbers: Iterable[NumberRow]) -> list[Tile]:
    return [Tile(one.of.title, one.shown, one.beside) for one in numbers if one.of.top]


def _rank(board: Board, one: Standing) -> Tile:
    if one.rank is None:
        mean = next((model for model in board.ranked if one in model.seeds), None)
        if mean and mean.rank:
            return Tile(
                "Rank", str(mean.rank.number), f"of {len(board.ranked)}; by the mean of its {len(mean.seeds)} seeds"
            )
        return Tile("Rank", "–", "not ranked")
    return Tile("Rank", str(one.rank.number), f"of {len(board.ranked)}; {ranks_in_words(one)} fit the data")


def _stored(entry: Entry) -> str:
    """Every number of its file, a line each."""
    return "\n".join(
        f"{metric} {key} {'null' if value is None else repr(value)}"
        for metric in in_order(entry.rules, entry.scores)
        for key, value in sorted(entry.scores[metric].items())
    )


# ----- pictures


def _figure(entry: Entry, name: str, picture: Picture) -> Figure:
    alt, words = CAPTIONS[name]
    href = address(up_from(entry_file(entry)) + picture_file(entry, name))
    return Figure(href, picture.width, picture.height, alt.format(name=entry.about.name), words)


def _withheld(entry: Entry, pictures: Mapping[str, Picture]) -> tuple[str, ...]:
    """Why pictures are not there: one with images of the data set only where its licence allows them, and of a model
    that has copied, also a preview is."""
    dataset = dataset_of(entry.rules)
    if not dataset.publishable:
        return (
            f"No picture is shown: the licence of {dataset.name} ({dataset.licence}) does not allow its images to be "
            "published. The nearest training images belong to it, and so does the preview of a model that copied them.",
        )
    missing = {PREVIEW: "No preview", NEIGHBOURS: "No picture of the nearest training images"}
    return tuple(f"{what} was stored with this entry." for name, what in missing.items() if name not in pictures)


# ----- words


def _about(entry: Entry) -> Iterable[tuple[str, str, str]]:
    about = entry.about
    said = {
        "Authors": about.authors,
        "Link": about.link,
        "Paper": about.paper,
        "Code": about.code,
        "Licence": about.licence,
        "Data beyond the track's training images": about.extra_data,
        "Choice of the seed": about.seed_policy,
        "Note": about.note,
    }
    for what, words in said.items():
        if words:
            yield what, words, safe_link(words) if what in ("Link", "Paper", "Code") else ""
    times = len(entry.earlier) + 1
    earlier = f"submission {times} of this name" if times > 1 else "the first of this name"
    yield "Submitted", f"{entry.created_utc}, {earlier}", ""


def _provenance(entry: Entry) -> Iterable[tuple[str, str, bool]]:
    origin, manifest, machine = entry.origin, entry.manifest, entry.environment
    facts: list[tuple[str, Any, bool]] = [
        ("Made from", origin.kind, False),
        ("Schema", entry.schema, False),
        ("Model", origin.model, False),
        ("Settings", _settings(origin.settings), False),
        ("Trained on", origin.train_split, False),
        ("Seed of the training", origin.training_seed, False),
        ("Steps of the training", f"{origin.training_steps:,}" if origin.training_steps is not None else None, False),
        ("Parameters", f"{origin.parameters:,}" if origin.parameters is not None else None, False),
        ("Time of the training", seconds_in_words(origin.training_seconds), False),
        ("Time for one image", seconds_in_words(origin.seconds_per_image), False),
        ("Seed of the samples", origin.sampling_seed, False),
        ("Fetched from", origin.source, True),
        ("sha256 of the source", origin.sha256, True),
        ("Images", f"{manifest.count:,} of {manifest.width}x{manifest.height}, {manifest.mode}", False),
        ("Merkle root of the images", manifest.merkle_root, True),
        ("Digest of the images", manifest.digest, True),
        *((f"sha256 of {name}", sha256, True) for name, sha256 in sorted(entry.files.items())),
        ("Id of the track", entry.track_id, True),
        ("bench", f"{machine.bench}" + (f", commit {machine.commit}" if machine.commit else ""), False),
        ("Python", machine.python, False),
        ("Packages", ", ".join(f"{name} {version}" for name, version in sorted(machine.packages.items())), False),
        ("Machine", f"{machine.system}, {machine.machine}, {machine.cores} cores of {machine.cpu}", False),
        ("GPU", machine.gpu, False),
        *((f"Replaced, of {one.created_utc}", one.sha256, True) for one in entry.earlier),
    ]
    return [(what, str(value), code) for what, value, code in facts if value not in (None, "")]


def _settings(settings: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{name} = {value}" for name, value in sorted((settings or {}).items()))
