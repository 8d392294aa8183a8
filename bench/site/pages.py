"""Every file of a site: values into templates, which escape whatever they are given."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bench import __version__
from bench.leaderboard.board import Board
from bench.leaderboard.disputes import disputes_of, verdicts_by_number
from bench.leaderboard.entries import LEVELS, Entry
from bench.leaderboard.entry_places import NEIGHBOURS, PREVIEW, entry_path
from bench.leaderboard.standing import Standing
from bench.measuring.declared import declared
from bench.site.comparing import Preview, compare_script
from bench.site.data_files import entry_data, news_of, track_data
from bench.site.entry_views import entry_view
from bench.site.feed import feed, newest
from bench.site.numbers import in_order, outputs_of
from bench.site.pictures import Picture, read_picture
from bench.site.places import (
    FEED,
    INDEX,
    METRICS,
    READING,
    data_file,
    entry_file,
    picture_file,
    track_file,
    track_href,
    up_from,
)
from bench.site.published import Published
from bench.site.views import Row, TrackView, track_view
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
    verdicts = [verdicts_by_number(results, board) for board in boards]
    views = [
        track_view(board, disputes_of(board, won), results_words(results))
        for board, won in zip(boards, verdicts, strict=True)
    ]
    yield page(INDEX, "index.html", about.title, **head, **_index(boards, views, results))
    yield page(METRICS, "metrics.html", "What each number means", **head, metrics=_metrics(boards))
    yield page(READING, "reading.html", "How to read it", **head, flags=FLAGS, levels=_levels())
    yield FEED, feed(FEED, about.title, about, [one for board in boards for one in news_of(board)])
    for board, view, won in zip(boards, views, verdicts, strict=True):
        yield page(track_file(view.name), "track.html", f"{view.name} · {about.title}", **head, view=view)
        yield from track_data(board, about)
        previews: dict[str, Preview] = {}
        for one in board.entries:
            shown = _pictures(one.entry, results, lost)
            yield from _entry(board, view, one, results, head, shown)
            yield from entry_data(one.entry, results, about)
            if PREVIEW in shown:
                place = picture_file(one.entry, PREVIEW)
                previews[one.entry.slug] = place, shown[PREVIEW].width, shown[PREVIEW].height
        yield data_file(view.name, "js"), compare_script(board, won, previews, results_words(results))


def page(file: str, template: str, title: str, **values: Any) -> tuple[str, bytes]:
    """The page that will lie at `file`, a place from the top of the site."""
    made = _environment().get_template(template)
    return file, made.render(title=title, root=up_from(file), here=file, version=__version__, **values).encode()


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(HERE / "templates")
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


# ----- what each page is given


def _index(boards: Sequence[Board], views: Sequence[TrackView], results: Path) -> dict[str, Any]:
    rows = []
    for board, view in zip(boards, views, strict=True):
        protocol = board.record.rules.protocol
        rows.append(
            {
                "name": view.name,
                "href": track_href(view.name),
                "title": dataset_of(board.record.rules).title,
                "domain": next((one.domain for one in protocol.real if one.domain), ""),
                "extractor": protocol.extractor,
                "images": f"{sum(protocol.generated):,}",
                "ranked": len(board.ranked),
                "apart": len(board.flagged) + len(board.controls),
                "best": [_best(view, row) for row in [row for row in view.ranked if row.rank][:BEST]],
            }
        )
    example, folder = views[0].name if views else EXAMPLE, results.resolve().name
    return {"tracks": rows, "example": example, "folder": folder, "options": results_words(results)}


def _best(view: TrackView, row: Row) -> dict[str, str]:
    """One of the first in a ranking, in a line."""
    number = next(one for one in row.line.numbers if one.key == view.bar_key)
    return {"name": row.name, "href": row.href, "ranks": row.range, "words": f"{number.shown} {number.interval}"}


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
            {"title": one.title, "direction": DIRECTIONS[one.better], "says": one.says}
            for one in outputs_of(name, keys[name])
        ]
        found.append({"metric": declared(name), "numbers": numbers, "text": text if text in known else ""})
    return found


def _levels() -> list[tuple[int, str, str]]:
    return [(number, word, says) for number, (word, says) in enumerate(zip(LEVELS, LEVEL_SAYS, strict=True))]


def _entry(
    board: Board, view: TrackView, one: Standing, results: Path, head: dict[str, Any], pictures: dict[str, Picture]
) -> Iterator[tuple[str, bytes]]:
    """The page of an entry, and its pictures."""
    entry = one.entry
    for name, picture in pictures.items():
        yield picture_file(entry, name), picture.content
    title = f"{entry.about.name} · {view.name}"
    yield page(
        entry_file(entry),
        "entry.html",
        title,
        **head,
        view=entry_view(board, one, pictures, view.rules, results_words(results)),
    )


def _pictures(entry: Entry, results: Path, lost: list[str]) -> dict[str, Picture]:
    """The pictures of an entry that may be shown; one that cannot be is named in `lost`."""
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
