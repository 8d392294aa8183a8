"""results.json for Gradescope, one for each student: the fields of its autograder specification.

https://gradescope-autograders.readthedocs.io/en/latest/specs/ and .../leaderboards/: `score` counts instead of those of
tests, `max_score` is that of the test; a test that is `hidden` is shown to instructors alone, which is where what two
students share stands; of a leaderboard, `order` asc has the lowest value first.
"""

import math
from pathlib import Path
from typing import Any

from bench.leaderboard.board import Board
from bench.leaderboard.board_notes import sorted_by
from bench.storage.folders import whole_folder
from bench.storage.records import write_json
from bench.tables.table import Cell, Table, text
from metrics.errors import InputError

ORDERS = {"lower": "asc", "higher": "desc"}


def write_gradescope(folder: Path, board: Board, grades: Table, points: float) -> None:
    """Write SLUG/results.json of each row; InputError for a folder that holds something, and points below 0."""
    if not 0 <= points < math.inf:
        raise InputError(f"points is {points:g}; expected a number from 0")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise InputError(f"{folder} exists; name a new folder for the files of Gradescope")
    keys = [column.key for column in grades.columns]
    with whole_folder(folder) as unfinished:
        for cells in grades.rows:
            row = dict(zip(keys, cells, strict=True))
            write_json(unfinished / str(row["slug"].value) / "results.json", results_of(board, row, points))


def results_of(board: Board, row: dict[str, Cell], points: float) -> dict[str, Any]:
    """What Gradescope is told of one row of the grades."""
    ranked = row["status"].value == "ranked"
    flags, shared = (row[key].value for key in ("flags", "shared"))
    score = row[board.sort]
    test = {"name": f"Entry on the track {board.record.track}", "max_score": points, "output": str(flags or "")}
    tests: list[dict[str, Any]] = [{**test, "score": points if ranked else 0.0}]
    if shared:
        tests.append({"name": "Shared images", "output": str(shared), "visibility": "hidden"})
    listed: list[dict[str, Any]] = []
    if row["rank"].value is not None:
        listed.append({"name": "Rank", "value": row["rank"].value, "order": "asc"})
    if ranked and score.value is not None:
        order = ORDERS.get(board.sorted_by.output.better, "desc")
        listed.append({"name": board.sorted_by.output.title, "value": score.value, "order": order})
    return {
        "score": points if ranked else 0.0,
        "output": _words(board, row),
        "tests": tests,
        "leaderboard": listed,
    }


def _words(board: Board, row: dict[str, Cell]) -> str:
    """Where an entry stands, in sentences."""
    if row["submitted_utc"].value is None:
        return f"There is no entry of this name on the track {board.record.track}."
    of = {"ranked": f"Rank {text(row['rank'])} of {len(board.ranked)}", "flagged": "Not ranked: flagged"}
    status = of.get(str(row["status"].value), "Not ranked: a control")
    lines = [
        f"{status}. {board.sorted_by.output.title}: {text(row[board.sort])} (95 % interval in brackets).",
        f"Sorted by {sorted_by(board)}. Submitted {row['submitted_utc'].value} (UTC), "
        f"submissions: {row['attempts'].value}.",
    ]
    return "\n".join(lines)
