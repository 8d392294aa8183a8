"""Boards of a class, part by part: whose rows and ranks, what Gradescope is told, rosters, means over seeds."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from leaderboard_entries import entry, track_record
from numbers_named import NUMBERS
from run_records import TRAINING, record

from bench.leaderboard.board import Board
from bench.leaderboard.entries import Origin
from bench.leaderboard.grades import grades_of
from bench.leaderboard.gradescope import results_of, write_gradescope
from bench.leaderboard.near_images import Rows, near_pairs
from bench.leaderboard.ranking import Rank
from bench.leaderboard.seeds import apart_of, family_of, mean_estimate, mean_scores, stem_of
from bench.leaderboard.small_pictures import comparable, read_small_pictures
from bench.leaderboard.standing import Standing, by_model, estimate_of
from bench.measuring.findings import Finding
from bench.runs.seeds import seed_list
from bench.storage.families import Family, families
from bench.submissions.class_table import HandedIn, class_table, class_values
from bench.submissions.roster import Student, _listed, absent_of, label, students_of
from metrics.errors import InputError

KID, IS, FID = (NUMBERS[name] for name in ("kid", "inception_score_corrected", "fid_corrected"))


def standing(number, flags=(), twins=(), rank=None, level=0, **changes):
    made = entry(number, **changes)
    return Standing(made, made.scores, level, f"level {level}", flags, twins, rank)


def trained(name, seed, level=0, **changes):
    origin = Origin("checkpoint", model="swan", settings={}, training_seed=seed, training_steps=9, **changes)
    return standing(20, about={"name": name}, slug=f"{name}-{seed}", origin=origin, level=level)


# ----- grades


RANKED = standing(3, rank=Rank(1, 1, 2, 1), twins=("shares", "more"))
FLAGGED = standing(4, flags=("copies", "again"), earlier=({"a": 1}, {"b": 2}))
CONTROL = standing(0, flags=("copies",))
BOARD = Board(track_record(), KID, (RANKED,), (FLAGGED,), (CONTROL,))
KEYS = ("slug", "name", "authors", "submitted_utc", "attempts", "status", "rank", "kid", "flags", "shared")


def rows(students=None):
    table = grades_of(BOARD, students)
    assert tuple(column.key for column in table.columns) == KEYS
    return [dict(zip(KEYS, row, strict=True)) for row in table.rows]


def test_grades_have_a_row_for_each_entry_with_what_became_of_it():
    ranked, flagged, control = rows()
    assert [one["status"].value for one in (ranked, flagged, control)] == ["ranked", "flagged", "control"]
    assert [one["attempts"].value for one in (ranked, flagged, control)] == [1, 3, 1]
    assert [one["slug"].value for one in (ranked, flagged)] == [RANKED.entry.slug, FLAGGED.entry.slug]
    assert (ranked["rank"].value, ranked["rank"].low, ranked["rank"].high) == (1, 1, 2)
    assert flagged["rank"].value is None
    assert (ranked["flags"].value, ranked["shared"].value) == (None, "shares; more")
    assert (flagged["flags"].value, flagged["shared"].value) == ("copies; again", None)
    assert (ranked["authors"].value, flagged["authors"].value) == (None, "A. Rowan")
    assert ranked["kid"].value == RANKED.scores["kid"]["kid"]


def test_grades_of_students_are_in_their_order_with_those_who_have_no_entry():
    name = RANKED.entry.about.name
    none, one = rows([("zoe", "Nobody", ""), ("ann", name, "Ann")])
    assert [cell.value for cell in none.values()] == ["zoe", "Nobody", None, None, None, "no entry", *[None] * 4]
    assert (one["slug"].value, one["name"].value, one["status"].value) == ("ann", name, "ranked")
    titles = [grades_of(BOARD, students).columns[0].title for students in (None, [("ann", name, "")])]
    assert titles == ["File", "Folder"]
    assert rows([("a", "B", "C")])[0]["authors"].value == "C"


def test_notes_of_grades_name_what_files_have_in_columns():
    said = grades_of(BOARD).notes
    assert said[:3] == (
        f"{RANKED.name}: shares; more",
        f"{FLAGGED.name}: copies; again",
        f"{CONTROL.name}: copies",
    )
    assert said[3].startswith("1 entries are ranked, by KID. ")


def test_each_seed_of_a_model_has_the_rank_of_its_mean():
    seeds = tuple(trained("swan", seed) for seed in (0, 1))
    mean = replace(RANKED, seeds=seeds, rank=Rank(7, 6, 8, 1))
    found = grades_of(replace(BOARD, ranked=(mean,), flagged=(), controls=()))
    assert [(row[0].value, row[6].value) for row in found.rows] == [("swan-0", 7), ("swan-1", 7)]


# ----- Gradescope


def test_gradescope_is_told_of_a_ranked_entry():
    found = results_of(BOARD, rows()[0], 5.0)
    first, second = found["output"].splitlines()
    assert first.startswith("Rank 1 [1, 2] of 1. KID: ") and first.endswith(" (95 % interval in brackets).")
    assert second == f"Sorted by KID. Submitted {RANKED.entry.created_utc} (UTC), submissions: 1."
    test = {"name": "Entry on the track digits", "max_score": 5.0, "output": "", "score": 5.0}
    shared = {"name": "Shared images", "output": "shares; more", "visibility": "hidden"}
    assert (found["score"], found["tests"]) == (5.0, [test, shared])
    assert found["leaderboard"] == [
        {"name": "Rank", "value": 1, "order": "asc"},
        {"name": "KID", "value": RANKED.scores["kid"]["kid"], "order": "asc"},
    ]


@pytest.mark.parametrize(
    ("place", "start"), [(1, "Not ranked: flagged. KID"), (2, "Not ranked: a control. KID")], ids=["flagged", "control"]
)
def test_what_is_not_ranked_has_no_points_and_is_on_no_leaderboard(place, start):
    found = results_of(BOARD, rows()[place], 5.0)
    assert (found["score"], found["leaderboard"]) == (0.0, [])
    (test,) = found["tests"]
    assert (test["score"], test["max_score"]) == (0.0, 5.0)
    assert test["output"].startswith("copies")
    assert found["output"].startswith(start)


def test_whoever_has_no_entry_is_told_so():
    found = results_of(BOARD, rows([("zoe", "Nobody", "")])[0], 5.0)
    assert found["output"] == "There is no entry of this name on the track digits."
    assert (found["score"], found["leaderboard"], len(found["tests"])) == (0.0, [], 1)


@pytest.mark.parametrize(("number", "order"), [(FID, "asc"), (IS, "desc")], ids=["lower", "higher"])
def test_the_order_of_a_leaderboard_is_that_of_its_score(number, order):
    board = replace(BOARD, sorted_by=number)
    row = dict(zip([one.key for one in grades_of(board).columns], grades_of(board).rows[0], strict=True))
    assert [one["order"] for one in results_of(board, row, 1.0)["leaderboard"]] == ["asc", order]
    unmeasured = {**row, number.key: replace(row[number.key], value=None)}
    assert len(results_of(board, unmeasured, 1.0)["leaderboard"]) == 1


@pytest.mark.parametrize("points", [-0.5, float("inf"), float("nan")])
def test_points_are_a_number_from_0(tmp_path, points):
    with pytest.raises(InputError, match=r"^points is .*; expected a number from 0$"):
        write_gradescope(tmp_path / "out", BOARD, grades_of(BOARD), points)


def test_files_for_gradescope_go_to_a_folder_that_holds_nothing(tmp_path):
    def written(folder):
        write_gradescope(folder, BOARD, grades_of(BOARD), 0)
        return {path.parent.name: json.loads(path.read_text())["score"] for path in folder.glob("*/results.json")}

    (tmp_path / "empty").mkdir()
    everybody = dict.fromkeys((one.entry.slug for one in (RANKED, FLAGGED, CONTROL)), 0.0)
    assert written(tmp_path / "empty") == written(tmp_path / "new" / "one") == everybody
    (tmp_path / "file").write_text("")
    for taken in ("empty", "file"):
        with pytest.raises(InputError, match="exists; name a new folder"):
            written(tmp_path / taken)


# ----- rosters and what was handed in


def test_the_name_of_a_path_is_that_of_the_folder_or_of_the_file_without_its_ending(tmp_path):
    (tmp_path / "a.b").mkdir()
    (tmp_path / "c.d.zip").touch()
    assert [label(tmp_path / name) for name in ("a.b", "c.d.zip")] == ["a.b", "c.d"]
    found = students_of([tmp_path / "c.d.zip", tmp_path / "a.b"], None)
    assert found == [(tmp_path / "c.d.zip", Student("c.d", "c.d")), (tmp_path / "a.b", Student("a.b", "a.b"))]


def test_students_of_a_roster_are_in_the_order_of_the_paths(tmp_path):
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
    roster = tmp_path / "roster.csv"
    roster.write_text("authors,slug\nA,ann\n,bob\n", encoding="utf-8")
    found = students_of([tmp_path / "bob", tmp_path / "ann"], roster)
    assert [one for _, one in found] == [Student("bob", "bob"), Student("ann", "ann", "A")]
    assert absent_of([tmp_path / "bob", tmp_path / "ann"], roster) == ()


def test_a_student_who_has_not_handed_in_yet_stops_nobody(tmp_path):
    (tmp_path / "bob").mkdir()
    roster = tmp_path / "roster.csv"
    roster.write_text("slug\nann\nbob\ncid\n", encoding="utf-8")
    assert [one.slug for _, one in students_of([tmp_path / "bob"], roster)] == ["bob"]
    assert absent_of([tmp_path / "bob"], roster) == ("ann", "cid")


@pytest.mark.parametrize(
    ("names", "said"),
    [("a", "'a' is"), ("abc", "'a', 'b', 'c' are"), ("abcd", "'a', 'b', 'c' and 1 more are")],
)
def test_three_names_are_listed_and_the_others_counted(names, said):
    assert _listed(list(names)) == said


def test_a_table_of_a_class_has_every_reason_in_a_line_of_its_own():
    findings = tuple(Finding(level, "code", (), f"a {level}", "") for level in ("warning", "note"))
    entry_of = SimpleNamespace(earlier=(1, 2))
    found = (
        HandedIn(Student("ann", "Ann", "A"), Path("a"), "accepted", findings, entry=entry_of, flags=("f",)),
        HandedIn(Student("bob", "Bob"), Path("b"), "refused", reasons=("r", "s"), path=Path("p"), shared=("t",)),
        HandedIn(Student("cid", "Cid"), Path("c"), "unchanged"),
    )
    table = class_table("digits", found)
    assert table.title == "digits: 2 of 3 accepted"
    assert [[cell.value for cell in row] for row in table.rows] == [
        ["ann", "Ann", "A", "accepted", 3, None, "a warning", "f", None],
        ["bob", "Bob", None, "refused", None, "r; s", None, None, "t"],
        ["cid", "Cid", None, "unchanged", None, None, None, None, None],
    ]
    assert table.notes == ("ann: flagged: f", "ann: warning: a warning", "bob: refused: r", "bob: refused: s",
                           "bob: shared: t")  # fmt: skip
    assert class_table("digits", found, ("dan", "eve")).notes[-1] == (
        "in the roster, but nothing was handed in: dan, eve"
    )
    assert class_values("digits", found, ("dan",))["absent"] == ["dan"]
    values = class_values("digits", found)
    assert [(one["path"], one["attempts"], len(one["findings"])) for one in values["submissions"]] == [
        *((None, 3, 2), ("p", None, 0), (None, None, 0))
    ]
    assert [class_values("digits", some)["good"] for some in (found, found[:1], ())] == [False, True, True]


# ----- seeds


@pytest.mark.parametrize(
    ("name", "stem"),
    [("swan, seed 3", "swan"), ("swan (seed=3)", "swan"), ("swan_SEED-12 ", "swan"), ("seed 3 swan", "seed 3 swan"),
     ("swan 3", "swan 3")],
)  # fmt: skip
def test_a_model_is_named_without_the_seed_at_the_end(name, stem):
    assert stem_of(name) == stem


def test_controls_and_entries_of_unknown_seeds_have_no_family():
    one = trained("swan", 0).entry
    assert family_of(one) is not None
    assert family_of(replace(one, origin=replace(one.origin, control=True))) is None
    assert family_of(replace(one, origin=replace(one.origin, training_seed=None))) is None


def kid(value, reach=0.5, se=0.2):
    return {"kid": {"kid": value, "kid_sd": se, "kid_low": value - reach, "kid_high": value + reach}}


def test_the_mean_of_scores_has_the_interval_of_student_where_it_has_room_for_one():
    plain = NUMBERS["fid"]
    found = mean_scores((KID, plain), [kid(1.0) | {"fid": {"fid": 4.0}}, kid(2.0) | {"fid": {"fid": 6.0}}])
    assert found["fid"] == {"fid": 5.0}
    assert found["kid"]["kid"] == 1.5
    assert found["kid"]["kid_high"] - 1.5 == pytest.approx(12.706 / 2, abs=1e-3)
    assert mean_scores((KID,), [{}]) == {}


def test_a_mean_keeps_what_its_seeds_have_in_common():
    moves = [np.array([0.1, 0.5, 0.0]), np.array([0.1, 0.1, 0.2])]
    found = mean_estimate(KID, [(kid(1.0), moves[0]), (kid(2.0), moves[1])])
    assert found.influence == pytest.approx([0.3, 0.1])
    assert (found.value, found.rest, found.degrees) == (1.5, 0.25, 1)
    assert found.variance == pytest.approx(0.25 + 0.09 + 0.01)
    one_less = mean_estimate(KID, [(kid(1.0), moves[0]), (kid(2.0), None)])
    assert one_less.influence is None
    assert one_less.variance == pytest.approx(0.25 + 0.5 * 0.04)


def test_a_score_of_one_set_shares_nothing_between_seeds():
    key = "inception_score"
    each = [{"inception-score": {f"{key}_corrected": value, f"{key}_se": 0.1, f"{key}_low": value - 0.3,
                                 f"{key}_high": value + 0.7}} for value in (2.0, 4.0)]  # fmt: skip
    found = mean_estimate(IS, [(one, None) for one in each])
    assert (found.value, found.variance, found.rest) == (3.0, pytest.approx(1.0), pytest.approx(1.0))
    assert found.up > found.down


def test_the_part_of_errors_that_differs_needs_two_seeds_that_keep_theirs():
    row = np.array([0.3, 0.5, -0.5])
    assert apart_of([row]) is None
    assert apart_of([row, None, row]) is None
    assert apart_of([row, row + np.array([0, 1, 0])]) == pytest.approx(0.09 + 0.5)


def test_a_model_with_several_seeds_stands_for_them_in_the_order_of_the_seeds():
    alone, other = standing(3), trained("owl", 0)
    seeds = [trained("swan", 2, level=2), trained("swan", 0, level=3), trained("swan", 1, level=1)]
    again, flagged = trained("swan", 1, level=3), [trained("swan", 5), trained("owl", 7)]
    found = by_model([seeds[0], alone, *seeds[1:], other], flagged, (KID,))
    assert found[:2] == [alone, other]
    (mean,) = found[2:]
    assert [one.entry.origin.training_seed for one in mean.seeds] == [0, 1, 2]
    assert mean.entry is mean.seeds[0].entry
    assert (mean.level, mean.level_word, mean.tried) == (1, "level 1", 4)
    assert mean.name == "swan, mean of 3 of 4 seeds"
    assert replace(mean, tried=3).name == "swan, mean of 3 seeds"
    assert by_model([seeds[2], again], (), (KID,)) == [seeds[2], again]  # one seed, handed in twice
    assert estimate_of(KID, mean).degrees == 2
    assert estimate_of(KID, alone).value == alone.scores["kid"]["kid"]


@pytest.mark.parametrize(
    ("given", "said"),
    [("0-999", None), ("0-1000", "too many"), (tuple(range(1000)), None), (tuple(range(1001)), "too many"),
     ("4294967294-4294967295", None), ("0,4294967295", None), ([0, 4294967296], "a seed is 4294967296"),
     ("9,3,5,9,3", "names seed 3 twice"), ("0", "for 2 seeds --seeds 0-1"), ("3-3", "for 3 seeds --seeds 0-2")],
)  # fmt: skip
def test_seeds_are_up_to_a_thousand_and_each_once(given, said):
    if said is None:
        assert len(seed_list(given)) in (2, 1000)
    else:
        with pytest.raises(InputError, match=said):
            seed_list(given)


def test_a_family_is_named_by_its_model_and_what_is_not_the_recipe():
    several = Family((record(seed=1, recipe_changes={"lr": 0.1}), record(seed=2)))
    assert (several.title, several.first.seed) == ("dcgan, lr=0.1", 1)
    assert Family((record(seed=1),)).title == record(seed=1).title


def test_seeds_that_failed_are_those_of_the_same_model_that_did_not_succeed_since():
    failed = [record(seed=seed, status="failed", error=f"e{seed}", training=None) for seed in (9, 5, 0)]
    other = record(seed=7, model="vae", status="failed", error="e", training=None)
    (found,) = families([*failed, other, record(seed=0), record(seed=1)])
    assert list(found.failed.items()) == [(5, "e5"), (9, "e9")]
    assert (found.tried, found.seeds) == (4, (0, 1))
    minutes = replace(TRAINING, asked={"minutes": 5.0, "steps": 9})
    other_way = replace(TRAINING, asked={"steps": 9, "minutes": 5.0}, steps=31)
    assert len(families([record(seed=0, training=minutes), record(seed=1, training=other_way)])) == 1


# ----- nearly the same images


DRAW = np.random.default_rng(0)
NOISE = DRAW.normal(size=(40, 64)).astype(np.float32)


@pytest.mark.parametrize(("most", "places"), [(4, [0, 3, 6, 9]), (10, list(range(10))), (30, list(range(10)))])
def test_rows_to_look_at_are_evenly_spread(most, places):
    assert Rows(np.arange(10, dtype=np.float32)[:, None]).some(most).rows[:, 0].tolist() == places


def test_sets_of_fewer_than_four_images_are_not_compared_and_pairs_are_named_in_order():
    near = NOISE + np.float32(0.01)
    assert set(near_pairs({7: NOISE, 2: near})) == {(2, 7)}
    assert near_pairs({7: NOISE, 2: near[:3]}) == near_pairs({7: NOISE[:3], 2: near}) == {}
    assert near_pairs({2: NOISE[:4], 7: near[:4]}) == {}  # too few to be told


def test_small_pictures_of_another_type_are_refused(tmp_path):
    path = tmp_path / "thumbnails.npy"
    np.save(path, np.zeros((3, 64), np.uint8))
    assert read_small_pictures(path, 3).shape == (3, 64)
    np.save(path, np.zeros((3, 64), np.int8))
    with pytest.raises(InputError, match=r"holds int8 \[3, 64\]; expected uint8 \[3, 64\]; restore it"):
        read_small_pictures(path, 3)


def test_small_pictures_are_compared_at_one_brightness_and_contrast():
    dark = DRAW.integers(0, 100, (2, 64)).astype(np.uint8)
    assert comparable(dark) == pytest.approx(comparable(2 * dark + 5), abs=1e-5)
    assert comparable(dark).dtype == np.float32
