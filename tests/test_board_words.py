"""What stands on boards to the letter: rows, notes and ranks, each with its opposite."""

from dataclasses import replace

import pytest
from leaderboard_entries import entry, place, scores, track_record, write_results
from numbers_named import NUMBERS

from bench.leaderboard import board_tables
from bench.leaderboard.board import (
    Board,
    Damaged,
    _ranks,
    _verdicts,
    kept_for,
    read_board,
    read_boards,
)
from bench.leaderboard.board_tables import everything, not_ranked, out_of_date, overview, ranking, write_boards
from bench.leaderboard.entries import level_words, write_track
from bench.leaderboard.entry_places import INFLUENCE, beside, entry_path, track_path
from bench.leaderboard.ranking import Rank
from bench.leaderboard.standing import Standing
from bench.tables.table import Cell
from metrics.errors import InputError


def standing(number, name="", rank=None, flags=(), twins=(), **changes):
    made = entry(number, about={"name": name} if name else {}, **changes)
    return Standing(made, made.scores, 1, "consistent", tuple(flags), tuple(twins), rank)


def board(*ranked, sort="fid_corrected", flagged=(), controls=(), damaged=(), record=None):
    return Board(record or track_record(), NUMBERS[sort], ranked, tuple(flagged), tuple(controls), tuple(damaged))


FIRST, SECOND = Rank(1, 1, 1, 1), Rank(2, 2, 2, 2)


# ----- rows


def test_a_row_begins_with_its_place_and_ends_with_what_is_known_of_it():
    table = ranking(board(standing(3, "One", Rank(1, 1, 2, 1)), standing(4, "Other", Rank(2, 1, 2, 1))))
    row = table.rows[1]
    assert (row[0].value, row[0].low, row[0].high, row[1].value, row[2].value) == (1, 1, 2, 1, "One")
    assert [cell.value for cell in row[-3:]] == [1, "consistent", "2026-01-04"]
    assert table.title == "digits: 2 entries, by corrected FID"


def test_landmarks_stand_around_the_entries_in_the_order_of_their_names():
    record = track_record()
    record = replace(record, landmarks={**record.landmarks, "a floor": record.landmarks["noise"]})
    table = ranking(board(standing(3, "One", FIRST), record=record))
    assert [row[2].value for row in table.rows] == ["real 2", "One", "a floor", "noise"]
    assert [cell.value for cell in table.rows[0][:2] + table.rows[0][-3:]] == [None] * 5
    fid = [column.key for column in table.columns].index("fid")
    assert table.rows[0][fid].value == record.landmarks["real 2"]["fid"]["fid"]
    assert table.title == "digits: 1 entry, by corrected FID"


@pytest.mark.parametrize(
    ("ranks", "marked"),
    [((FIRST, SECOND), [0]), ((Rank(1, 1, 2, 1), Rank(2, 1, 2, 1)), []), ((FIRST,), []), ((None, None), [])],
)
def test_the_score_of_a_sure_first_among_others_is_marked(ranks, marked):
    table = ranking(board(*(standing(3 + row, rank=rank) for row, rank in enumerate(ranks))))
    best = [[column.key for cell, column in zip(row, table.columns, strict=True) if cell.best] for row in table.rows]
    assert [row for row, keys in enumerate(best[1:-1]) if keys] == marked
    assert all(keys == ["fid_corrected"] for keys in best if keys)


@pytest.mark.parametrize(
    ("sort", "title", "about"),
    [
        (
            "fid_corrected",
            "corrected FID",
            "from paired differences on the same real images between the entry and all others",
        ),
        ("inception_score_corrected", "corrected IS", "from differences between the entry and all others"),
        ("kid", "KID", "from paired differences on the same real images between the entry and all others"),
    ],
)
def test_a_board_says_by_which_differences_its_ranks_are_known(sort, title, about):
    table = ranking(board(standing(3, rank=FIRST), sort=sort))
    assert table.title.endswith(f"by {title}")
    (note,) = [note for note in table.notes if note.startswith("each rank has a 95 % interval")]
    assert about in note
    assert not any("which has no known interval" in note for note in table.notes)


@pytest.mark.parametrize("ranked", [(), (standing(3, rank=Rank(1, None, None, None)),)])
def test_a_board_without_intervals_says_that_neighbours_may_not_differ(ranked):
    table = ranking(board(*ranked, sort="precision"))
    assert "by precision, which has no known interval: neighbours may be equally good" in table.notes
    assert not any(note.startswith("each rank has a 95 % interval") for note in table.notes)


def test_what_is_not_ranked_is_told_with_its_reasons():
    flagged = standing(4, "Copied", flags=("one reason", "another"), twins=("a twin",))
    control = standing(0)
    table = not_ranked(board(flagged=[flagged], controls=[control]))
    assert [[cell.value for cell in row[:2]] for row in table.rows] == [
        ["Copied", "flagged"],
        ["train-copies", "control"],
    ]
    assert table.notes[:2] == ("Copied: one reason; another", "Copied: a twin")
    assert not any(note.startswith("train-copies:") for note in table.notes)
    assert not_ranked(board(controls=[control])).rows[0][1].value == "control"
    assert not_ranked(board(flagged=[flagged])).rows[0][1].value == "flagged"
    assert not_ranked(board(standing(3, rank=FIRST))) is None


def test_everything_has_a_row_of_one_width_for_each_and_says_what_is_wrong():
    table = everything(
        board(
            standing(3, "One", FIRST, twins=("a twin",)),
            flagged=[standing(4, "Copied", flags=("one", "two"))],
            controls=[standing(0)],
            damaged=[Damaged("submissions/digits/broken.json", "is cut")],
        )
    )
    assert {len(row) for row in table.rows} == {len(table.columns)}
    shown = [(row[0].value, row[3].value, row[-2].value, row[-1].value) for row in table.rows]
    assert shown == [
        ("landmark", "noise", None, None),
        ("landmark", "real 2", None, None),
        ("ranked", "One", None, "a twin"),
        ("flagged", "Copied", "one; two", None),
        ("control", "train-copies", None, None),
        ("damaged", "broken", None, "is cut"),
    ]
    assert [cell.value for cell in table.rows[3][1:3]] == [None, None]


def test_the_overview_counts_who_is_not_told_apart_from_the_first():
    together = [standing(3 + row, name, Rank(row + 1, 1, 3, group)) for row, (name, group) in enumerate(
        (("One", 1), ("Two", 1), ("Three", 2))
    )]  # fmt: skip
    full = board(*together, flagged=[standing(8)], controls=[standing(0), standing(1)])
    unsure = board(standing(3, "One", None), standing(4, "Two", None))
    rows = overview([full, unsure, board()]).rows
    assert [[row[place].value for place in (0, 2, 3, 4, 5, 8)] for row in rows] == [
        ["digits", 250, 3, 3, "One", 1],
        ["digits", 250, 2, 0, "One", 0],
        ["digits", 250, 0, 0, None, None],
    ]
    fid = together[0].entry.scores["fid"]
    assert [(row[7].value, row[7].low) for row in rows[::2]] == [(fid["fid_corrected"], fid["fid_low"]), (None, None)]


@pytest.mark.parametrize(
    ("key", "metric", "low", "high"),
    [
        ("fid", "fid", None, None),
        ("fid_corrected", "fid", "fid_low", "fid_high"),
        ("kid", "kid", "kid_low", "kid_high"),
        ("inception_score_corrected", "inception-score", "inception_score_low", "inception_score_high"),
        ("density", "prdc", None, None),
        ("authpct", "memorisation", None, None),
        ("duplicates", "copies", None, None),
    ],
)
def test_a_cell_holds_a_score_and_its_own_interval(key, metric, low, high):
    found = scores(0.5, copied=0.2)
    assert NUMBERS[key].cell(found) == Cell(found[metric][key], found[metric].get(low), found[metric].get(high))
    assert NUMBERS[key].cell({}) == Cell(None)


@pytest.mark.parametrize(
    ("level", "exact", "unlikely", "said"),
    [
        (0, True, True, "not verified"),
        (1, True, False, "consistent"),
        (1, False, False, "in bounds"),
        (1, True, True, "unlikely"),
        (1, False, True, "unlikely"),
        (2, True, False, "consistent; claimed: recomputed"),
        (3, False, False, "in bounds; claimed: regenerated"),
        (3, True, True, "unlikely; claimed: regenerated"),
    ],
)
def test_what_is_said_of_a_level(level, exact, unlikely, said):
    assert level_words(level, exact=exact, unlikely=unlikely) == said
    if exact and not unlikely:
        assert level_words(level) == said


def test_places_counts_and_dates_are_shown_whole():
    """The decimals of each column: ranks and counts have none, a corrected FID as many as its interval asks for."""
    shown = board(standing(3, "One", FIRST), standing(4, "Other", SECOND), flagged=[standing(8)])
    tables = {one.name: {column.key: column.decimals for column in one.columns} for one in (
        ranking(shown), not_ranked(shown), overview([shown])
    )}  # fmt: skip
    assert [tables["digits"][key] for key in ("rank", "group", "submissions")] == [0, 0, 0]
    assert tables["digits-not-ranked"]["submissions"] == 0
    counts = ("images", "ranked", "not_ranked", "together")
    assert [tables["overview"][key] for key in counts] == [0] * 4
    assert list(board_tables.board_files(shown)) == ["digits.md", "digits.csv"]
    assert "digits: not ranked" in board_tables.board_files(shown)["digits.md"]


# ----- ranks


def numbered(*values, sort="coverage", without=()):
    made = []
    for row, value in enumerate(values):
        metric = "prdc" if sort == "coverage" else "fid"
        found = {sort: value, "fid_sd": 0.1, "fid_low": value - 0.2, "fid_high": value + 0.2}
        found = {key: one for key, one in found.items() if not (row in without and key == "fid_sd")}
        made.append(standing(3 + row, scores={metric: found}))
    return made


def ranked(standings, sort):
    return _ranks(standings, NUMBERS[sort], _verdicts(standings, NUMBERS[sort]))


def test_equal_scores_share_a_rank_and_the_next_one_counts_them_all():
    found = ranked(numbered(0.9, 0.9, 0.8, 0.8, 0.7), "coverage")
    assert [one.number for one in found] == [1, 1, 3, 3, 5]
    assert {(one.first, one.last, one.group) for one in found} == {(None, None, None)}


def test_ranks_have_intervals_where_every_score_has_one():
    known = ranked(numbered(1.0, 9.0, sort="fid_corrected"), "fid_corrected")
    assert known == [FIRST, SECOND]
    one_without = numbered(1.0, 9.0, sort="fid_corrected", without=(1,))
    assert [one.first for one in ranked(one_without, "fid_corrected")] == [None, None]
    assert ranked([], "fid_corrected") == []


def test_influences_are_read_where_an_entry_lists_them_and_the_score_needs_them(tmp_path):
    made = entry(3, files={INFLUENCE: "0" * 64})
    folder = beside(entry_path(tmp_path, made.track, made.slug))
    folder.mkdir(parents=True)
    (folder / INFLUENCE).write_bytes(b"cut")
    assert kept_for(tmp_path, made, NUMBERS["inception_score_corrected"]) is None
    assert kept_for(tmp_path, replace(made, files={}), NUMBERS["fid_corrected"]) is None
    with pytest.raises(InputError, match="is not a readable array file"):
        kept_for(tmp_path, made, NUMBERS["kid"])


# ----- boards from files


@pytest.fixture
def results(tmp_path):
    write_results(tmp_path, 4, pictures=False)
    return tmp_path


@pytest.mark.parametrize(
    ("sort", "said"),
    [
        ("recal", "digits is not ranked by 'recal'. Did you mean 'recall'?"),
        (
            "authpct",
            "There are: fid, fid_corrected, kid, inception_score_corrected, precision, recall, density, coverage, "
            "way_to_noise, mean_log_ratio.",
        ),
        ("zzz", "There are: fid, fid_corrected"),
    ],
)
def test_a_score_that_does_not_rank(results, sort, said):
    with pytest.raises(InputError) as caught:
        read_board(results, "digits", sort)
    assert said in str(caught.value)


def test_scores_may_be_named_in_short_and_with_blanks_of_either_kind(results):
    for sort in ("is", "inception_score", "inception-score-corrected"):
        assert read_board(results, "digits", sort).sort == "inception_score_corrected"


@pytest.mark.parametrize(
    ("track", "said"),
    [("digit", "Did you mean 'digits'?"), ("zzz", "There are: digits. `bench submit` makes one")],
)
def test_a_track_that_has_no_entries(results, track, said):
    with pytest.raises(InputError) as caught:
        read_board(results, track)
    assert said in str(caught.value)
    with pytest.raises(InputError, match="There are: none"):
        read_board(results / "nothing", track)


@pytest.mark.parametrize(("field", "value"), [("slug", "Copied"), ("name", "\u202e")])
def test_an_entry_of_a_name_that_no_submission_has_is_not_shown(results, field, value):
    made = entry(3)
    made = replace(made, slug=value) if field == "slug" else replace(made, about=replace(made.about, name=value))
    place(results, made, picture=False)
    (damaged,) = read_board(results, "digits").damaged
    said = "its file name has a capital letter" if field == "slug" else "invisible character U+202E"
    assert said in damaged.problem and damaged.problem.startswith(damaged.place)


def test_a_flagged_control_is_a_control_and_a_flagged_entry_is_not_ranked(results):
    place(results, entry(9, scores=scores(0.9, copied=0.5), about={"name": "Copied"}), picture=False)
    found = read_board(results, "digits")
    shown = [[one.entry.about.name for one in part] for part in (found.ranked, found.flagged, found.controls)]
    assert shown == [["dcgan", "Glyphnet (β = 4)"], ["Copied"], ["train-copies", "pixel-gaussian"]]


def test_all_boards_that_can_be_read_are_and_the_rest_are_lines(results):
    write_results(results, 3, track="digits-2", pictures=False)
    (results / "submissions" / "digits" / "broken.json").write_text("{")
    track_path(results, "digits-2").write_text("{")
    boards, lines = read_boards(results, ["digits-2", "digits"])
    assert [one.record.track for one in boards] == ["digits"]
    assert [("broken.json" in line, "digits-2.json" in line) for line in lines] == [(True, False), (False, True)]
    with pytest.raises(InputError, match=r"digits-2\.json"):
        read_boards(results, ["digits-2"])
    assert read_boards(results, []) == ([], [])


def test_written_tables_of_some_tracks_leave_those_of_others_alone(results):
    write_results(results, 3, track="digits-2", pictures=False)
    (results / "submissions" / "digits" / "broken.json").write_text("{")
    folder = results / board_tables.FOLDER
    assert out_of_date(results, ["digits"]) == [f"{folder / name} is missing" for name in ("digits.md", "digits.csv")]
    write_boards(results)
    assert out_of_date(results) == []
    for name in ("gone.md", "gone.csv", "kept.txt"):
        (folder / name).write_text("x")
    (folder / "digits-2.md").write_bytes((folder / "digits-2.md").read_bytes().replace(b"\n", b"\r\n"))
    lines = []
    assert [path.name for path in write_boards(results, ["digits"], lines.append)] == ["digits.md", "digits.csv"]
    assert len(lines) == 1 and "broken.json" in lines[0]
    assert out_of_date(results) == [f"{folder / name} is of no track with entries" for name in ("gone.csv", "gone.md")]
    write_boards(results)
    assert sorted(path.name for path in folder.iterdir()) == [
        "digits-2.csv", "digits-2.md", "digits.csv", "digits.md", "kept.txt"
    ]  # fmt: skip


def test_a_track_without_entries_has_nobody_ranked(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    found = read_board(tmp_path, "digits")
    assert (found.ranked, found.flagged, found.controls, found.damaged) == ((), (), (), ())
