"""Every file of a site: values into templates, which escape whatever they are given."""

from collections.abc import Generator, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bench import __version__
from bench.leaderboard.balance import WORDS
from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.disputes import disputes_of, verdicts_by_number
from bench.leaderboard.entries import LEVELS, Entry
from bench.leaderboard.entry_places import NEIGHBOURS, PREVIEW, entry_path
from bench.measuring.declared import declared
from bench.site.comparing import Preview, compare_script
from bench.site.data_files import entry_data, news_of, track_data
from bench.site.entry_views import entry_view
from bench.site.feed import feed, newest
from bench.site.gallery import room_of
from bench.site.numbers import in_order, outputs_of, unit_of
from bench.site.pictures import Picture, read_picture
from bench.site.places import (
    FEED,
    GALLERY,
    INDEX,
    METRICS,
    READING,
    address,
    data_file,
    entry_file,
    picture_file,
    real_file,
    sheet_file,
    strip_file,
    track_file,
    track_href,
    up_from,
)
from bench.site.published import Published
from bench.site.rows import Row
from bench.site.strips import real_strip, strip_of
from bench.site.svg import BAR_WIDTH
from bench.site.views import Pictures, TrackView, track_view
from bench.site.widths import widths
from bench.site.words import DIRECTIONS, FLAGS, LEVEL_SAYS, dataset_of, results_words
from bench.storage.result_places import first_of
from metrics.errors import InputError

HERE = Path(__file__).parent
STATIC = ("address.js", "compare.js", "icon.svg", "site.css", "site.js")
BEST = 3  # entries of each track on the front page
EXAMPLE = "digits"  # the track of the commands on a front page without tracks


def site_files(
    boards: Sequence[Board], results: Path, about: Published, lost: list[str]
) -> Iterator[tuple[str, bytes]]:
    """All files of a site with their places; pictures that cannot be shown are left out and named in `lost`."""
    head = {"about": about, "date": newest([one.entry for board in boards for one in board.entries])[:10]}
    for name in STATIC:
        yield name, (HERE / "static" / name).read_bytes()
    yield page(METRICS, "metrics.html", "What each number means", **head, metrics=_metrics(boards))
    yield page(READING, "reading.html", "How to read it", **head, flags=FLAGS, levels=_levels(), words=WORDS)
    views, news, rooms = [], [], []
    for board in boards:
        pictures, previews = yield from _entries(board, results, head, lost)
        won = verdicts_by_number(results, board)
        news += news_of(board)
        rooms.append(room_of(board, previews))
        views.append(track_view(board, disputes_of(board, won), results_words(results), pictures))
        yield from _track(views[-1], head)
        yield from track_data(board, about)
        yield data_file(views[-1].name, "js"), compare_script(board, won, previews, results_words(results))
    yield page(GALLERY, "gallery.html", f"Gallery · {about.title}", **head, rooms=rooms)
    yield page(INDEX, "index.html", about.title, **head, **_index(boards, views, results))
    yield FEED, feed(FEED, about.title, about, news)


def page(file: str, template: str, title: str, **values: Any) -> tuple[str, bytes]:
    """The page that will lie at `file`, a place from the top of the site."""
    made = _environment().get_template(template)
    return file, made.render(title=title, root=up_from(file), here=file, version=__version__, **values).encode()


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(HERE / "templates")
    made = Environment(
        loader=folder,
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["short"] = lambda number: f"{number:g}"
    made.filters["share"] = lambda x: f"{100 * x / BAR_WIDTH:.4g}"
    return made


# ----- what each page is given


def _track(view: TrackView, head: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    noise = view.noise if view.noise and not view.noise.beyond else None
    columns = {
        name: widths(part, name == "ranked", view.pictures.width) for name, part in view.parts.items() if part.rows
    }
    sheet = _environment().get_template("track.css")
    text = sheet.render(band=view.band, noise=noise, pictures=view.pictures, columns=columns)
    yield sheet_file(view.name), text.encode()
    yield page(track_file(view.name), "track.html", f"{view.title} · {head['about'].title}", **head, view=view)


def _index(boards: Sequence[Board], views: Sequence[TrackView], results: Path) -> dict[str, Any]:
    rows = []
    for board, view in zip(boards, views, strict=True):
        protocol = board.record.rules.protocol
        first = [row for row in view.ranked.rows if row.rank]
        rows.append(
            {
                "name": view.name,
                "href": track_href(view.name),
                "title": view.title,
                "verdict": view.verdict,
                "extractor": protocol.extractor,
                "images": f"{sum(protocol.generated):,}",
                "ranked": len(board.ranked),
                "apart": len(board.flagged) + len(board.controls),
                "pictures": view.pictures,
                "strip": next((row for row in first if row.strip), None),
                "by": sorted_by(board),
                "best": [_best(row) for row in first[:BEST]],
            }
        )
    example, folder = views[0].name if views else EXAMPLE, results.resolve().name
    return {"tracks": rows, "example": example, "folder": folder, "options": results_words(results)}


def _best(row: Row) -> dict[str, str]:
    """One of the first in a ranking, in a line."""
    return {"name": row.name, "href": row.href, "ranks": row.range, "words": row.line.numbers[0].words}


def _metrics(boards: Sequence[Board]) -> list[dict[str, Any]]:
    """The metrics that anything here was measured by, in the order of the protocols."""
    keys: dict[str, dict[str, Any]] = {}
    for board in boards:
        measured = [one.entry.scores for one in board.entries]
        for scores in (*board.record.landmarks.values(), *measured):
            for metric, values in scores.items():
                keys.setdefault(metric, {}).update(values)
    known = set(_environment().list_templates())
    found = []
    for name in filter(declared, in_order(boards[0].record.rules, keys) if boards else ()):
        text = f"metrics/{name}.html"
        numbers = [
            {"title": one.title + unit_of(one).words, "direction": DIRECTIONS[one.better], "says": one.says}
            for one in outputs_of(name, keys[name])
        ]
        found.append({"metric": declared(name), "numbers": numbers, "text": text if text in known else ""})
    return found


def _levels() -> list[tuple[int, str, str]]:
    return [(number, word, says) for number, (word, says) in enumerate(zip(LEVELS, LEVEL_SAYS, strict=True))]


def _entries(
    board: Board, results: Path, head: dict[str, Any], lost: list[str]
) -> Generator[tuple[str, bytes], None, tuple[Pictures, dict[str, Preview]]]:
    """The pages of the entries of a track, their pictures, and strips of these. Returns the strips as the track's page
    shows them, and the previews; a picture that cannot be shown is left out and named in `lost`."""
    track = board.record.track
    places: dict[str, str] = {}
    previews: dict[str, Preview] = {}
    shown = real = None
    for one in board.entries:
        pictures = _pictures(one.entry, results, lost)
        for name, picture in pictures.items():
            yield picture_file(one.entry, name), picture.content
            if real is None or name == PREVIEW:
                real = real_strip(one.entry, name, picture) or real
        preview = pictures.get(PREVIEW)
        if preview:
            previews[one.entry.slug] = picture_file(one.entry, PREVIEW), preview.width, preview.height
        strip = strip_of(one.entry, preview) if preview else None
        if strip:
            file = strip_file(track, one.entry.slug)
            places[one.entry.slug], shown = address(file), strip
            yield file, strip.content
        view = entry_view(board, one, pictures, results_words(results))
        yield page(entry_file(one.entry), "entry.html", f"{one.entry.about.name} · {track}", **head, view=view)
        yield from entry_data(one.entry, results, head["about"])
    if real:
        yield real_file(track), real.content
    return Pictures(places, address(real_file(track)) if real else "", shown.width if shown else 0), previews


def _pictures(entry: Entry, results: Path, lost: list[str]) -> dict[str, Picture]:
    """The pictures of an entry that may be shown."""
    path = first_of(results, entry_path(results, entry.track, entry.slug))
    public = dataset_of(entry.rules).publishable
    pictures = {}
    for name in (PREVIEW, NEIGHBOURS):
        if name in entry.files and public:
            try:
                pictures[name] = read_picture(entry, path, name)
            except InputError as error:
                lost.append(str(error))
    return pictures
