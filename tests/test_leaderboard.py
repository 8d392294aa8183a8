"""Boards: who is ranked, in what order, with which intervals; tables and files that are the same everywhere."""

import csv
import io
import json
import random
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from leaderboard_entries import COUNT, entry, place, rules, scores, track_record, write_results

from bench.cli import main
from bench.leaderboard.board import read_board, tracks_with_entries
from bench.leaderboard.board_tables import (
    board_files,
    everything,
    not_ranked,
    out_of_date,
    overview,
    ranking,
    write_boards,
)
from bench.leaderboard.entries import Earlier, write_track
from bench.leaderboard.entry_places import INFLUENCE, beside, entry_path, track_path
from bench.tables.csv_text import csv_text
from bench.tables.markdown import markdown
from bench.tables.renderers import RENDERERS
from bench.tables.table import Cell, Column, Table, json_values
from bench.tables.terminal import terminal
from metrics.errors import InputError


@pytest.fixture
def results(tmp_path):
    write_results(tmp_path, 12, pictures=False)
    return tmp_path


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def names(standings):
    return [one.entry.about.name for one in standings]


def with_influences(results, number, moves, **changes):
    """An entry whose generated images bring nothing, and its real ones these moves."""
    made = entry(number, **changes)
    array = np.zeros((2, 1 + COUNT), np.float32)
    array[:, 1:] = moves
    path = beside(entry_path(results, made.track, made.slug)) / INFLUENCE
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return place(results, replace(made, files={INFLUENCE: "0" * 64}), picture=False)


# ----- order


def test_entries_stand_by_their_corrected_fid_and_controls_apart(results):
    board = read_board(results, "digits")
    values = [one.entry.number("fid", "fid_corrected") for one in board.ranked]
    assert values == sorted(values)
    assert [one.rank.number for one in board.ranked] == list(range(1, 11))
    assert names(board.controls) == ["train-copies", "pixel-gaussian"]
    assert board.controls[0].flags
    assert board.controls[0].rank is None
    assert board.flagged == ()


def test_a_flagged_entry_is_listed_apart_and_moves_nobody(results):
    before = names(read_board(results, "digits").ranked)
    copied = entry(13, scores=scores(0.99, copied=0.3), about={"name": "Borrowed"})
    place(results, copied, picture=False)
    board = read_board(results, "digits")
    assert names(board.ranked) == before
    assert names(board.flagged) == ["Borrowed"]
    table = not_ranked(board)
    assert [row[1].value for row in table.rows] == ["flagged", "control", "control"]
    assert table.notes[0].startswith("Borrowed: 30 % of the images are training images, to the pixel")


@pytest.mark.parametrize(
    ("sort", "metric", "key", "higher"),
    [
        ("kid", "kid", "kid", False),
        ("fid", "fid", "fid", False),
        ("coverage", "prdc", "coverage", True),
        ("is", "inception-score", "inception_score_corrected", True),
        ("fid-corrected", "fid", "fid_corrected", False),
    ],
)
def test_another_score_gives_another_order(results, sort, metric, key, higher):
    board = read_board(results, "digits", sort)
    values = [one.entry.number(metric, key) for one in board.ranked]
    assert values == sorted(values, reverse=higher)


def test_equal_scores_stand_by_their_time_and_share_a_rank_where_no_interval_is_known(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    for number, name in enumerate(("Zebra", "apple", "Mango")):
        made = entry(3 + number, scores=scores(0.5), about={"name": name})
        place(tmp_path, replace(made, created_utc=f"2026-01-0{(5, 9, 7)[number]}T12:00:00Z"), picture=False)
    board = read_board(tmp_path, "digits", "coverage")
    assert names(board.ranked) == ["Zebra", "Mango", "apple"]
    assert [one.rank.number for one in board.ranked] == [1, 1, 1]
    assert [one.rank.first for one in board.ranked] == [None] * 3


def test_equal_scores_of_one_moment_stand_by_their_file(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    for name in ("Zebra", "apple", "Mango"):
        made = entry(3, scores=scores(0.5), about={"name": name})
        place(tmp_path, made, picture=False)
    assert names(read_board(tmp_path, "digits", "coverage").ranked) == ["apple", "Mango", "Zebra"]


def test_an_entry_without_the_score_comes_last(results):
    made = entry(13, about={"name": "AAA"})
    place(results, replace(made, scores={**made.scores, "prdc": {}}), picture=False)
    board = read_board(results, "digits", "precision")
    assert names(board.ranked)[-1] == "AAA"
    assert ranking(board).rows[-2][columns_of_table(board).index("precision")].value is None


def columns_of_table(board):
    return [column.key for column in ranking(board).columns]


def test_the_order_does_not_depend_on_the_order_of_the_files(tmp_path):
    made = [entry(number) for number in range(12)]
    texts = []
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        write_track(track_path(folder, "digits"), track_record())
        random.Random(seed).shuffle(made)
        for one in made:
            place(folder, one, picture=False)
        texts.append(board_files(read_board(folder, "digits")))
    assert texts[0] == texts[1]


# ----- ranks


def test_paired_influences_tell_apart_what_their_own_intervals_do_not(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    common = 0.3 * np.random.default_rng(0).normal(size=COUNT) / np.sqrt(COUNT)
    for number, value in ((3, 5.0), (4, 5.3)):
        made = scores(0.5)
        sd = float(np.linalg.norm(common.astype(np.float32).astype(float))) + 1e-3
        fid = {"fid_corrected": value, "fid_sd": sd, "fid_low": value - 1.96 * sd, "fid_high": value + 1.96 * sd}
        with_influences(tmp_path, number, common, scores={**made, "fid": {**made["fid"], **fid}})
    board = read_board(tmp_path, "digits", "fid_corrected")
    assert [(one.rank.first, one.rank.last) for one in board.ranked] == [(1, 1), (2, 2)]
    for one in board.ranked:
        place(tmp_path, replace(one.entry, files={}), picture=False)
    board = read_board(tmp_path, "digits", "fid_corrected")
    assert [(one.rank.first, one.rank.last) for one in board.ranked] == [(1, 2), (1, 2)]


def test_influences_that_are_missing_or_damaged_are_named(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    path = with_influences(tmp_path, 3, 0.0)
    (beside(path) / INFLUENCE).write_bytes(b"cut")
    with_influences(tmp_path, 4, 0.0)
    for said in ("influence.npy is not a readable array file", "influence.npy does not exist"):
        board = read_board(tmp_path, "digits")
        assert len(board.ranked) == 1 and said in board.damaged[0].problem
        (beside(path) / INFLUENCE).unlink(missing_ok=True)


# ----- tables


def test_the_ranking_begins_with_real_2_and_ends_with_noise(results):
    table = ranking(read_board(results, "digits"))
    shown = [row[2].value for row in table.rows]
    assert (shown[0], shown[-1]) == ("real 2", "noise")
    assert len(shown) == 12
    assert table.rows[0][0].value is None
    assert terminal(table).count("\n") > 12


def test_rank_level_submissions_and_date_stand_in_the_row(results):
    path = entry_path(results, "digits", "dcgan")
    made = read_board(results, "digits").ranked[0].entry
    place(results, replace(made, earlier=(Earlier("0" * 64, "2025-12-01T00:00:00Z"),)), number=3, picture=False)
    table = ranking(read_board(results, "digits", "fid_corrected"))
    row = dict(zip((column.key for column in table.columns), table.rows[1], strict=True))
    assert path.is_file()
    assert (row["rank"].value, row["rank"].low, row["name"].value) == (1, 1, "dcgan")
    found = (row["submissions"].value, row["verified"].value, row["date"].value)
    assert found == (2, "consistent; claimed: recomputed", "2026-01-03")
    assert "1 [1, 1]" in markdown(table)


def test_the_first_is_marked_only_where_nobody_else_can_be(results):
    marked = [
        row for row in ranking(read_board(results, "digits", "fid_corrected")).rows if any(cell.best for cell in row)
    ]
    assert [row[2].value for row in marked] == ["dcgan"]
    close = entry(13, scores=scores(0.97 * 0.93**2), about={"name": "As good"})
    place(results, close, picture=False)
    assert not any(cell.best for row in ranking(read_board(results, "digits", "fid_corrected")).rows for cell in row)


def test_a_track_without_classes_has_no_inception_score(tmp_path):
    chosen = rules(extractor="pixels", logits="")
    write_results(tmp_path, 4, chosen=chosen, pictures=False)
    board = read_board(tmp_path, "digits")
    assert "inception_score_corrected" not in [column.key for column in ranking(board).columns]
    with pytest.raises(InputError, match="digits is not ranked by 'is'"):
        read_board(tmp_path, "digits", "is")


def test_what_a_submitter_writes_is_only_text(results):
    name = "=HYPERLINK(1) | <script>alert(1)</script> [a](b) `x` *y*"
    place(results, entry(13, scores=scores(0.1), about={"name": name}), picture=False)
    board = read_board(results, "digits")
    shown = {kind: render(ranking(board)) for kind, render in RENDERERS.items()}
    assert "<script>" not in shown["md"].replace("\\<script\\>", "")
    assert "\\[a\\](b) \\`x\\` \\*y\\*" in shown["md"]
    assert "<script>" not in shown["html"]
    assert "'=HYPERLINK(1)" in shown["csv"]
    assert name in shown["terminal"]


def test_what_moves_a_cursor_does_not_reach_the_terminal():
    shown = terminal(Table("names", "Names", (Column("name", "Name"),), ((Cell("a\x1b[31mb\u202ec"),),)))
    assert "\x1b" not in shown
    assert r"a\x1b[31mb\u202ec" in shown


def test_one_csv_says_which_rows_are_ranked(results):
    table = everything(read_board(results, "digits", "fid_corrected"))
    rows = list(csv.DictReader(io.StringIO(RENDERERS["csv"](table))))
    assert [row["status"] for row in rows] == ["landmark"] * 2 + ["ranked"] * 10 + ["control"] * 2
    assert rows[2]["rank"] == rows[2]["rank_low"] == rows[2]["rank_high"] == "1"
    assert "training images, to the pixel" in rows[-2]["flags"]
    made_with = read_board(results, "digits").record.rules.protocol
    assert {(row["protocol"], row["extractor"]) for row in rows} == {(made_with.id, made_with.extractor)}
    json.dumps(json_values(table), allow_nan=False)


def test_the_files_of_all_tracks_have_the_same_columns(results):
    write_results(results, 3, track="digits-pixels", chosen=rules(extractor="pixels", logits=""), pictures=False)
    heads = {csv_text(everything(read_board(results, name))).splitlines()[0] for name in tracks_with_entries(results)}
    assert len(heads) == 1
    assert "inception_score_corrected_low" in heads.pop()


def test_the_overview_has_a_row_per_track_with_its_first_entry(results):
    write_results(results, 3, track="digits-pixels", chosen=rules(extractor="pixels", logits=""), pictures=False)
    assert tracks_with_entries(results) == ["digits", "digits-pixels"]
    table = overview([read_board(results, name) for name in tracks_with_entries(results)])
    assert [(row[0].value, row[3].value, row[4].value, row[5].value) for row in table.rows] == [
        ("digits", 10, 2, "dcgan"),
        ("digits-pixels", 1, 2, "dcgan"),
    ]


# ----- what is refused


def test_entries_of_other_rules_are_left_out_with_the_fields_that_differ(results):
    other = rules()
    other = replace(other, protocol=replace(other.protocol, resize="tf1"), train=replace(other.train, count=1000))
    place(results, entry(13, chosen=other), picture=False)
    (damaged,) = read_board(results, "digits").damaged
    assert "resize: 'clean' there, 'tf1' here" in damaged.problem
    assert "train: 1297 images" in damaged.problem


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "is not a readable JSON"), ('{"schema": 9}', "has schema 9"), ('{"schema": 1, "schema": 1}', "twice")],
)
def test_a_damaged_entry_is_named_everywhere_and_the_others_are_ranked(results, text, said):
    before = names(read_board(results, "digits").ranked)
    (results / "submissions" / "digits" / "broken.json").write_text(text)
    board = read_board(results, "digits")
    assert names(board.ranked) == before
    assert [one.place for one in board.damaged] == ["submissions/digits/broken.json"]
    assert any("submissions/digits/broken.json" in note and said in note for note in ranking(board).notes)
    row = everything(board).rows[-1]
    assert (row[0].value, row[3].value, said in row[-1].value) == ("damaged", "broken", True)
    for words in (("digits",), (), ("--write",), ("--check",)):
        result = run("leaderboard", *words, "--results", results)
        assert (result.exit_code, "--check" in words or "broken.json" in result.output) == (0, True)


def test_a_damaged_level_leaves_out_its_entry_only(results):
    slug = read_board(results, "digits").ranked[0].entry.slug
    (beside(entry_path(results, "digits", slug)) / "verified.json").write_text("{")
    board = read_board(results, "digits")
    assert slug not in [one.entry.slug for one in board.ranked]
    assert "verified.json" in board.damaged[0].problem and len(board.damaged) == 1


def test_a_damaged_track_leaves_out_that_track_only(results):
    write_results(results, 3, track="digits-pixels", chosen=rules(extractor="pixels", logits=""), pictures=False)
    track_path(results, "digits-pixels").write_text("{")
    result = run("leaderboard", "--results", results)
    assert result.exit_code == 0
    assert "digits-pixels.json is not a readable JSON" in result.stderr and "digits " in result.stdout
    track_path(results, "digits").write_text("{")
    assert run("leaderboard", "--results", results).exit_code == 2


@pytest.mark.parametrize("number", ["1e999", "1e200", "-1e200", "1" + "0" * 400, "true"])
def test_a_number_that_is_none_is_refused_with_its_place(results, number):
    path = entry_path(results, "digits", "dcgan")
    values = json.loads(path.read_text())
    values["scores"]["fid"]["fid"] = "HERE"
    path.write_text(json.dumps(values).replace('"HERE"', number))
    (damaged,) = read_board(results, "digits").damaged
    assert "dcgan.json" in damaged.problem


def test_entries_without_the_record_of_their_track_are_an_error(results):
    track_path(results, "digits").unlink()
    with pytest.raises(InputError, match=r"digits\.json is missing, but digits has entries"):
        read_board(results, "digits")


def test_a_track_that_is_not_there_is_answered_with_the_close_ones(results):
    result = run("leaderboard", "digit", "--results", results)
    assert result.exit_code == 2
    assert "Did you mean 'digits'?" in result.output
    assert run("leaderboard", "--results", results / "nothing").exit_code == 2


def test_a_score_that_does_not_rank_is_answered_with_those_that_do(results):
    result = run("leaderboard", "digits", "--sort", "recal", "--results", results)
    assert (result.exit_code, "Did you mean 'recall'" in result.output) == (2, True)
    for words in (("--sort", "kid"), ("digits", "--sort", "kid", "--write"), ("--check", "--write")):
        assert run("leaderboard", *words, "--results", results).exit_code == 2


# ----- files


def test_written_tables_are_up_to_date_until_something_changes(results):
    assert [line.rpartition(" is ")[2] for line in out_of_date(results)] == ["missing", "missing"]
    written = write_boards(results)
    assert [path.name for path in written] == ["digits.md", "digits.csv"]
    assert out_of_date(results) == []
    place(results, entry(13), picture=False)
    assert [line.rpartition("/")[2] for line in out_of_date(results)] == [
        "digits.md is out of date",
        "digits.csv is out of date",
    ]


def test_files_of_a_track_that_is_gone_are_found_and_removed(results):
    write_boards(results)
    stale = results / "leaderboards" / "gone.md"
    stale.write_text("old")
    assert out_of_date(results) == [f"{stale} is of no track with entries"]
    assert out_of_date(results, ["digits"]) == []
    write_boards(results)
    assert not stale.exists()


def test_check_and_write_have_exit_codes_for_ci(results):
    assert run("leaderboard", "--check", "--results", results).exit_code == 1
    assert run("leaderboard", "--write", "--results", results).exit_code == 0
    done = run("leaderboard", "--check", "--json", "--results", results)
    assert (done.exit_code, json.loads(done.output)) == (0, {"out_of_date": []})


@pytest.mark.parametrize("kind", ["terminal", "md", "csv", "json", "html"])
def test_every_format_is_printed(results, kind):
    result = run("leaderboard", "digits", "--format", kind, "--results", results)
    assert result.exit_code == 0, result.output
    assert "Glyphnet (β = 4)" in result.output
    assert run("leaderboard", "--format", kind, "--results", results).exit_code == 0


def test_a_narrow_terminal_leaves_columns_out_and_says_so(results):
    from bench.leaderboard.board_tables import DISPENSABLE
    from bench.tables.terminal import narrowed

    table = ranking(read_board(results, "digits"))
    narrow = narrowed(table, 120, DISPENSABLE)
    assert max(map(len, terminal(replace(narrow, notes=())).splitlines())) <= 120
    assert narrow.columns[0].key == "rank"
    assert "left out, for the width of this terminal: Fidelity, variety, FID" in narrow.notes[-1]
    assert narrowed(table, 1000, DISPENSABLE) == table
