"""Tables of made-up runs and entries, letter by letter, as rendered.txt has them: what people read is read as a diff.

    python tests/test_rendered.py

renews the file.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from leaderboard_entries import write_results
from run_records import TRAINING, pair, record

from bench.leaderboard.board import read_board
from bench.leaderboard.board_tables import everything, not_ranked, overview, ranking
from bench.leaderboard.compare import compare
from bench.leaderboard.compare import comparison_tables as sides_compared
from bench.leaderboard.contestants import side_of
from bench.storage.records import PairScores, SetScores
from bench.tables.comparison import comparison_tables
from bench.tables.renderers import RENDERERS
from bench.tables.run_tables import run_tables
from bench.tables.table import json_values
from bench.tables.terminal import narrowed

FILE = Path(__file__).with_name("rendered.txt")
ERROR = {"mse": 0.02, "mse_low": 0.019, "mse_high": 0.021, "mae": 0.1, "psnr": 17.0, "ssim": 0.5}
PART = replace(TRAINING, seconds=9000.0, epochs=3.0, full_epochs=20.0)


def runs():
    """A generator, one that reconstructs, and translators with and without pairs."""
    before = SetScores("untrained", "", 250, "untrained", {}), pair("untrained", "", 70.0)
    plain = record()
    yield replace(plain, sets=(*plain.sets, before[0]), pairs=(*plain.pairs, before[1]), warnings=("weights are odd",))
    made = record(model="vae", task="reconstruct", fid=7.25, training=PART, recipe_changes={"lr": 0.1, "zdim": 20})
    errors = [PairScores("test", name, "", {"mse": ERROR}) for name in ("reconstructed", "mean image")]
    yield replace(made, pairs=(*made.pairs, *errors))
    made = record(model="pix2pix", task="paired", labels=("edges", "shoes"), training=None)
    errors = [PairScores("real 1", name, "shoes", {"mse": ERROR}) for name in ("generated", "input", "mean image")]
    yield replace(made, pairs=(*(one for one in made.pairs if (one.b, one.domain) != ("generated", "shoes")), *errors))
    yield record(model="cyclegan", task="unpaired", labels=("apple", "windows"), fid=-0.25)


def tables():
    """Each table with the formats in which it is shown; all of them take their cells from one place."""
    records = list(runs())
    for number, made in enumerate(records):
        for place, table in enumerate(run_tables(made)):
            yield table, ["terminal"] if number or place else [*RENDERERS, "json"]
    shown = comparison_tables([*records, record(model="gan", fid=5.1), record(status="failed", error="no room")])
    yield from ((table, ["terminal"]) for table in shown)
    with tempfile.TemporaryDirectory() as folder:
        write_results(Path(folder), 7, pictures=False)
        board, by_recall = (read_board(Path(folder), "digits", sort) for sort in ("fid_corrected", "recall"))
        yield ranking(board), ["md", "terminal"]
        yield narrowed(ranking(board), 100, ("density", "fid")), ["terminal"]
        yield everything(board), ["csv"]
        yield from ((table, ["terminal"]) for table in (not_ranked(board), overview([board]), ranking(by_recall)))
        sides = [side_of(name, Path(folder), lambda path: None) for name in ("digits/dcgan", "digits/copse")]
        yield from ((table, ["terminal"]) for table in sides_compared(compare(*sides)))


def written():
    found = []
    for table, kinds in tables():
        for kind in kinds:
            text = json.dumps(json_values(table), allow_nan=False) if kind == "json" else RENDERERS[kind](table)
            found.append(f"===== {table.name}, {kind}\n{text}")
    return "\n".join(line.rstrip() for line in "\n".join(found).split("\n"))


def test_tables_are_written_as_they_were_reviewed():
    found, expected = written().split("\n"), FILE.read_text(encoding="utf-8").split("\n")
    assert found == expected, "if this is meant, renew the file: python tests/test_rendered.py"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
