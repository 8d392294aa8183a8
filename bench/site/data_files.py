"""What can be taken away from a site: a track as CSV, JSON, BibTeX and Atom feed, an entry as JSON and BibTeX."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.board_tables import everything
from bench.leaderboard.entries import Entry
from bench.leaderboard.entry_places import entry_path
from bench.leaderboard.standing import Standing
from bench.reporting.citations import bibtex
from bench.site.citing import cited_by_entry, cited_by_track
from bench.site.feed import News, feed, newest
from bench.site.numbers import of_order
from bench.site.places import address, data_file, entry_data_file, entry_file, track_file, up_from
from bench.site.published import Published
from bench.site.words import dataset_of, kind_of, ranks_in_words
from bench.storage.reading import MOST_TEXT_BYTES, read_bytes
from bench.storage.result_places import first_of
from bench.storage.typed import values_of
from bench.tables.csv_text import csv_text

TRACK_FILES = (
    ("csv", "CSV", "every row with all digits"),
    ("json", "JSON", "the same with rules, origins and verdicts"),
    ("bib", "BibTeX", "the papers of its data set, metrics and features"),
    ("atom", "Atom feed", "the newest entries"),
)
ENTRY_FILES = (
    ("json", "JSON", "this entry as it is stored; its sha256 is what was verified"),
    ("bib", "BibTeX", "this entry, its model, and how it was measured"),
)


def track_data(board: Board, about: Published) -> Iterator[tuple[str, bytes]]:
    """The files of `TRACK_FILES`."""
    track = board.record.track
    made = {
        "csv": csv_text(everything(board)).encode(),
        "json": _track_json(board, about).encode(),
        "bib": bibtex(cited_by_track(board)).encode(),
        "atom": feed(data_file(track, "atom"), f"{track} · {about.title}", about, news_of(board)),
    }
    for kind, *_ in TRACK_FILES:
        yield data_file(track, kind), made[kind]


def track_links(board: Board) -> tuple[tuple[str, str, str], ...]:
    """The same as links from the page of the track, each with its kind and what it holds."""
    up = up_from(track_file(board.record.track))
    return tuple((up + address(data_file(board.record.track, kind)), name, words) for kind, name, words in TRACK_FILES)


def entry_links(entry: Entry) -> tuple[tuple[str, str, str], ...]:
    """The files of an entry as links from its page."""
    up = up_from(entry_file(entry))
    return tuple((up + address(entry_data_file(entry, kind)), name, words) for kind, name, words in ENTRY_FILES)


def entry_data(entry: Entry, results: Path, about: Published) -> Iterator[tuple[str, bytes]]:
    """The JSON of an entry, byte by byte as it is stored, and its BibTeX."""
    path = first_of(results, entry_path(results, entry.track, entry.slug))
    yield entry_data_file(entry, "json"), read_bytes(path, most=MOST_TEXT_BYTES)
    yield entry_data_file(entry, "bib"), bibtex(cited_by_entry(entry, about)).encode()


def news_of(board: Board) -> list[News]:
    """Every entry of a board with what is said of it in a feed."""
    return [News(one.entry, _news(board, one)) for one in board.entries]


def _news(board: Board, one: Standing) -> str:
    score = f"{sorted_by(board)} {of_order(board, one).words}"
    if one.entry.origin.control:
        return f"A control, not ranked. {score}"
    if one.flags:
        return f"Flagged, not ranked: {'; '.join(one.flags)}. {score}"
    if one.rank is None:
        return f"Not ranked by itself. {score}"
    words = ranks_in_words(one)
    return f"Rank {one.rank.number} of {len(board.ranked):,}{f' (95 %: {words})' if words else ''}. {score}"


# ----- a track as JSON


def _track_json(board: Board, about: Published) -> str:
    """One JSON object; each entry stands in a line of its own, so that changes are seen."""
    record = board.record
    dataset = dataset_of(record.rules)
    head = {
        "title": about.title,
        "source": about.source,
        "licence": about.licence,
        "date_utc": newest([one.entry for one in board.entries]),
        "track": record.track,
        "track_id": record.track_id,
        "data_set": {"name": dataset.name, "title": dataset.title, "licence": dataset.licence},
        "sorted_by": {
            "key": board.sort,
            "title": board.sorted_by.output.title,
            "better": board.sorted_by.output.better,
        },
        "rules": values_of(record.rules),
        "landmarks": record.landmarks,
    }
    lines = [f" {_json(name)}: {_json(value)}" for name, value in head.items()]
    entries = ",\n".join(f"  {_json(_entry(board, one))}" for one in (*board.listed, *board.flagged, *board.controls))
    return "{\n" + ",\n".join([*lines, f' "entries": [\n{entries}\n ]' if entries else ' "entries": []']) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _entry(board: Board, one: Standing) -> dict[str, Any]:
    entry, up = one.entry, up_from(data_file(board.record.track, "json"))
    about: dict[str, Any] = {
        "name": one.name,
        "status": _status(one),
        "rank": values_of(one.rank) if one.rank else None,
        "scores": one.scores,
    }
    if one.seeds:
        return {**about, **_verdicts(board, one), "seeds": [seed.entry.slug for seed in one.seeds]}
    return {
        **about,
        **_verdicts(board, one),
        "slug": entry.slug,
        "kind": kind_of(entry),
        "level": one.level,
        "level_word": one.level_word,
        "flags": one.flags,
        "shared": one.twins,
        "about": values_of(entry.about),
        "origin": values_of(entry.origin),
        "submissions": len(entry.earlier) + 1,
        "created_utc": entry.created_utc,
        "page": up + entry_file(entry),
        "json": up + entry_data_file(entry, "json"),
    }


def _status(one: Standing) -> str:
    if one.entry.origin.control:
        return "control"
    return "flagged" if one.flags else "ranked" if one.rank else "seed"


def _verdicts(board: Board, one: Standing) -> Mapping[str, int]:
    """How many entries one is better than, cannot be told apart from, and is worse than: what its ranks are made of."""
    if board.verdicts is None or not one.rank or one.rank.first is None or one.rank.last is None:
        return {}
    first, last = one.rank.first, one.rank.last
    return {"better_than": len(board.ranked) - last, "not_told_apart_from": last - first, "worse_than": first - 1}
