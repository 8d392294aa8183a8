"""What the pages need to compare entries side by side: a script beside the page of a track that holds nothing but data.

A page that is opened from a folder may not read a JSON file; a script of its own it may load. A table of verdicts is a
list of texts: row i has a sign for each column after i, `+` where the row is better, `-` where the column is, `0` where
they cannot be told apart.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.leaderboard.disputes import single
from bench.leaderboard.entries import Origin
from bench.leaderboard.standing import Standing
from bench.site.numbers import measured, numbers_shown
from bench.site.places import address, data_file, entry_file, track_href, up_from
from bench.site.words import ranks_in_words, seconds_in_words
from bench.tables.table import ARROWS

SIGNS = np.frombuffer(b"-0+", np.uint8)
COSTS = ("Steps of the training", "Parameters", "Time of the training", "Time for one image")
Preview = tuple[str, int, int]  # address from the top of the site, width, height


def compare_script(
    board: Board,
    verdicts: Sequence[tuple[str, np.ndarray]],
    pictures: Mapping[str, Preview],
    options: str,
) -> bytes:
    """The script of a track; `verdicts` are those of `bench.leaderboard.disputes`, `pictures` by the slug of an entry,
    `options` what commands need to use the results folder."""
    numbers, found = numbers_shown(board), measured(board).of
    places = {one: place for place, one in enumerate(board.ranked)}
    alone = {one: place for place, one in enumerate(single(board))}
    data = {
        "track": board.record.track,
        "by": sorted_by(board),
        "options": options,
        "numbers": [
            {"by": one.output.title, "title": measured(board).titles[one.key], "arrow": ARROWS[one.output.better]}
            for one in numbers
        ],
        "costs": COSTS,
        "ranking": None if board.verdicts is None else _signs(board.verdicts),
        "pairs": [{"title": title, "rows": _signs(won)} for title, won in verdicts],
        "entries": [
            {
                **_about(board, one, pictures),
                "ranked": places.get(one),
                "single": alone.get(one),
                "values": [(found[one][number.key].shown, found[one][number.key].interval) for number in numbers],
            }
            for one in (*board.listed, *board.flagged, *board.controls)
        ],
    }
    return b"window.benchCompare(" + json.dumps(data, separators=(",", ":"), allow_nan=False).encode() + b");\n"


def key_of(one: Standing) -> str:
    """What an entry, or the mean of several seeds, is called in the address of a comparison."""
    return f"mean:{one.entry.slug}" if one.seeds else one.entry.slug


def compare_href(track: str, several: Sequence[Standing]) -> str:
    """The address, from the top of the site, of a track with these side by side."""
    return f"{track_href(track)}?{urlencode({'compare': ','.join(map(key_of, several))})}"


def _about(board: Board, one: Standing, pictures: Mapping[str, Preview]) -> dict[str, Any]:
    up, entry = up_from(data_file(board.record.track, "js")), one.entry
    found = None if one.seeds else pictures.get(entry.slug)
    return {
        "key": key_of(one),
        "slug": None if one.seeds else entry.slug,
        "name": one.name,
        "href": up + address(entry_file(entry)),
        "rank": _rank(one),
        "picture": found and (up + address(found[0]), *found[1:]),
        "costs": _costs(entry.origin),
    }


def _rank(one: Standing) -> str:
    """`3 (2–5)`, `1` where nothing else fits the data, "" of what is not ranked."""
    number, words = (str(one.rank.number), ranks_in_words(one)) if one.rank else ("", "")
    return number if words in ("", number) else f"{number} ({words})"


def _costs(origin: Origin) -> tuple[str, ...]:
    """In the order of COSTS, "" for what was not recorded."""
    counts = (f"{count:,}" if count is not None else "" for count in (origin.training_steps, origin.parameters))
    return (*counts, *map(seconds_in_words, (origin.training_seconds, origin.seconds_per_image)))


def _signs(verdicts: np.ndarray) -> list[str]:
    """The part above the diagonal, a text for each row."""
    letters = SIGNS[verdicts.astype(np.intp) + 1].astype(np.uint8)
    return [row[place + 1 :].tobytes().decode() for place, row in enumerate(letters)]
