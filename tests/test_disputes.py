"""Pairs that numbers order in two ways, and the ranking by the mean of all ratios."""

import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner
from leaderboard_entries import entry, place, rules, track_record

import bench
from bench.cli import main
from bench.leaderboard.board import read_board
from bench.leaderboard.compare import compare
from bench.leaderboard.contestants import side_of
from bench.leaderboard.disputes import MOST, disputes
from bench.leaderboard.entries import write_track
from bench.leaderboard.entry_places import track_path
from bench.second_opinions.mean_ratio import log_ratios, mean_log_ratio

OTHER = rules(extractor="shapes-cnn")


def made(number, quality, track="digits", chosen=None, **changed):
    """An entry of this quality, some of whose metrics are those of another quality."""
    one = entry(number, track, chosen, quality=quality)
    scores = dict(one.scores)
    for metric, other in changed.items():
        name = metric.replace("_", "-")
        scores[name] = entry(number, quality=other).scores[name]
    return replace(one, scores=scores)


def write(results, *entries, track="digits", chosen=None):
    write_track(track_path(results, track), track_record(track, chosen))
    for one in entries:
        place(results, one, picture=False)
    return results


@pytest.fixture
def results(tmp_path):
    """Copse has the better distances, Tidewater the better Inception Score; Glyphnet is worse than both."""
    one, other = made(3, 0.9, inception_score=0.5), made(4, 0.6, inception_score=0.95)
    return write(tmp_path, one, other, made(5, 0.2))


# ----- disputed pairs


def test_a_pair_is_disputed_where_each_is_better_by_some_number(results):
    found = disputes(results, read_board(results, "digits"))
    (pair,) = found.pairs
    assert found.count == 1
    assert pair.for_a == ("FID, corrected", "KID")
    assert pair.for_b == ("IS, corrected",)


def test_agreement_is_no_dispute(tmp_path):
    write(tmp_path, made(3, 0.9), made(4, 0.6))
    assert disputes(tmp_path, read_board(tmp_path, "digits")).count == 0


def test_what_cannot_be_told_apart_disputes_nothing(tmp_path):
    write(tmp_path, made(3, 0.9), made(4, 0.6, inception_score=0.9))  # alike by the Inception Score
    assert disputes(tmp_path, read_board(tmp_path, "digits")).count == 0


def test_another_extractor_on_the_same_images_disputes(tmp_path):
    write(tmp_path, made(3, 0.9), made(4, 0.6))
    other = write(tmp_path, made(3, 0.6, "other", OTHER), made(4, 0.9, "other", OTHER), track="other", chosen=OTHER)
    (pair,) = disputes(other, read_board(other, "digits")).pairs
    assert pair.for_b == ("FID, corrected by shapes-cnn", "KID by shapes-cnn", "IS, corrected by shapes-cnn")


def test_other_images_on_the_other_track_dispute_nothing(tmp_path):
    write(tmp_path, made(3, 0.9), made(4, 0.6))
    write(tmp_path, made(6, 0.6, "other", OTHER), made(7, 0.9, "other", OTHER), track="other", chosen=OTHER)
    assert disputes(tmp_path, read_board(tmp_path, "digits")).count == 0


def test_flagged_entries_and_controls_are_in_no_pair(tmp_path):
    write(tmp_path, made(0, 0.9, inception_score=0.1), made(4, 0.6))  # train-copies
    assert disputes(tmp_path, read_board(tmp_path, "digits")).count == 0


def test_of_many_pairs_the_first_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.leaderboard.disputes.MOST", 2)
    assert MOST > 2
    write(tmp_path, *(made(number, 0.95 - number / 20, inception_score=number / 10) for number in range(3, 9)))
    found = disputes(tmp_path, read_board(tmp_path, "digits"))
    assert len(found.pairs) == 2 < found.count


def test_the_leaderboard_names_them_in_text_and_json(results):
    command = ["leaderboard", "digits", "--results", str(results)]
    shown, as_json = (CliRunner().invoke(main, [*command, *more]) for more in ([], ["--json"]))
    assert "digits: 1 disputed pair" in shown.stdout
    names = [table["name"] for table in json.loads(as_json.stdout)]
    assert names == ["digits", "digits-disputed"]


def test_a_comparison_names_it(results):
    a, b = (side_of(f"digits/{entry(number).slug}", results, str) for number in (3, 4))
    found = compare(a, b)
    assert found.disputed == ("disputed: a is better by FID, corrected and KID; b is better by IS, corrected",)
    assert found.disputed[0] in found.tables[0].notes
    assert compare(a, a).disputed == ()


def test_the_site_names_it(results, tmp_path):
    bench.site(tmp_path / "site", results=results)
    page = (tmp_path / "site" / "tracks" / "digits.html").read_text()
    assert 'id="disputed"' in page
    assert "by FID, corrected and KID;" in page


# ----- the mean of the ratios

REAL = {"fid": {"fid": 1.0}, "prdc": {"precision": 0.8, "recall": 0.8}}


def test_every_plain_number_counts_once_in_the_direction_of_worse():
    logs = log_ratios({"fid": {"fid": 2.0, "mean_term": 5.0}, "prdc": {"precision": 0.4, "recall": 0.8}}, REAL)
    assert logs == pytest.approx({"fid": math.log(2), "precision": math.log(2), "recall": 0})
    assert mean_log_ratio(REAL, REAL) == {"mean_log_ratio": 0}


def test_a_number_of_0_has_no_mean_and_one_that_is_missing_is_left_out():
    assert mean_log_ratio({"prdc": {"precision": 0.0}}, REAL) == {"mean_log_ratio": None}
    assert mean_log_ratio({}, REAL) == {"mean_log_ratio": None}
    assert mean_log_ratio({"fid": {"fid": math.e}, "kid": {"kid": -1.0}}, REAL)["mean_log_ratio"] == pytest.approx(1)


def test_signs_of_copying_are_no_ratio():
    assert log_ratios({"memorisation": {"authpct": 1.0}}, {"memorisation": {"authpct": 2.0}}) == {}


def test_the_board_can_be_sorted_by_it(results):
    tables = bench.leaderboard("digits", sort="mean-log-ratio", results=results)
    assert "by mean log ratio" in tables[0].title
    names, means = (tables[0].to_frame()[key].tolist() for key in ("name", "mean_log_ratio"))
    assert names[0] == "real 2"
    assert means[0] == 0
    assert means[1:-1] == sorted(means[1:-1])
    assert "mean_log_ratio" in tables[-1].to_frame()


def test_the_usual_order_has_no_such_column(results):
    assert "mean_log_ratio" not in bench.leaderboard("digits", results=results)[-1].to_frame()
