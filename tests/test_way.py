"""The usual order of a board: the way from real images to noise, its interval, and damage that it sees."""

import math
from dataclasses import replace

import numpy as np
import pytest
from leaderboard_entries import entry, place, rules, scores, track_record, write_results

import bench
from bench.leaderboard.balance import in_words
from bench.leaderboard.board import read_board
from bench.leaderboard.differences import estimate
from bench.leaderboard.disputes import disputes
from bench.leaderboard.entries import write_track
from bench.leaderboard.entry_places import track_path
from bench.leaderboard.orders import ORDERS
from bench.leaderboard.way import HIGH, KEY, LOW, SE, scales, way, way_row
from metrics.arithmetic.quantiles import Z95

REAL, NOISE = scores(0.999), scores(0.01)
MARKS = {"real 2": REAL, "noise": NOISE}
NUMBER = ORDERS[0].number


def with_numbers(kid=0.0, inception=7.0, kid_half=0.008, inception_half=0.2):
    """Scores of which only these two matter."""
    key = "inception_score"
    return {
        "kid": {"kid": kid, "kid_sd": kid_half / Z95, "kid_low": kid - kid_half, "kid_high": kid + kid_half},
        "inception-score": {
            f"{key}_corrected": inception,
            f"{key}_se": inception_half / Z95,
            f"{key}_low": inception - inception_half,
            f"{key}_high": inception + inception_half,
        },
    }


def test_real_images_are_at_0_and_noise_is_at_1():
    real = with_numbers(0.0, REAL["inception-score"]["inception_score_corrected"])
    assert way(real, MARKS)[KEY] == pytest.approx(0)
    assert way(NOISE, MARKS)[KEY] == pytest.approx(1)


def test_a_share_of_noise_is_as_far_on_the_way_by_the_kid():
    kid, _ = scales(MARKS)
    whole = NOISE["kid"]["kid"]
    # even where the distance is large against its noise: 0.008 of 0.51
    assert [kid.place(share**2 * whole) for share in (0.5, 0.8)] == pytest.approx([0.5, 0.8], abs=0.02)


def test_the_kid_is_placed_the_same_way_below_0():
    kid, _ = scales(MARKS)
    assert kid.place(-0.003) == -kid.place(0.003)


@pytest.mark.parametrize("value", [-0.01, 0.0, 1e-4, 0.02, 0.4])
def test_slopes_are_those_of_the_places(value):
    kid, inception = scales(MARKS)
    step = 1e-6
    for scale, at in ((kid, value), (inception, 4.0 + value)):
        slope = (scale.place(at + step) - scale.place(at - step)) / (2 * step)
        assert scale.slope(at) == pytest.approx(slope, rel=1e-4)


def test_the_interval_adds_both_standard_errors():
    found = way(with_numbers(0.1, 3.0), MARKS)
    apart = [
        abs(one.slope(at)) * half / Z95 for one, at, half in zip(scales(MARKS), (0.1, 3.0), (0.008, 0.2), strict=True)
    ]
    assert found[SE] == pytest.approx(sum(apart) / 2)
    assert (found[LOW], found[HIGH]) == pytest.approx((found[KEY] - Z95 * found[SE], found[KEY] + Z95 * found[SE]))


def test_room_above_a_score_is_room_below_on_the_way():
    measured = with_numbers(0.1, 3.0)
    measured["inception-score"]["inception_score_high"] += 0.5
    found = way(measured, MARKS)
    assert found[HIGH] - found[KEY] == pytest.approx(Z95 * found[SE])
    assert found[KEY] - found[LOW] > Z95 * found[SE] + 0.01


def test_without_one_of_its_numbers_there_is_no_way():
    only_kid = {"kid": with_numbers()["kid"]}
    assert way(only_kid, MARKS) == dict.fromkeys((KEY, LOW, HIGH, SE))
    assert way(REAL, {"real 2": REAL}) == dict.fromkeys((KEY, LOW, HIGH, SE))
    assert way(REAL, {"real 2": NOISE, "noise": REAL})[KEY] is None  # noise that is better than real images


def test_a_score_that_no_images_have_is_no_traceback():
    assert math.isfinite(way(with_numbers(0.0, 0.0), MARKS)[KEY])


# ----- paired


def test_two_entries_that_real_images_move_alike_are_compared_without_these():
    moves = np.array([0.0, 3e-3, -3e-3, 1e-3, -1e-3])
    measured = with_numbers(0.1, 3.0)
    row = way_row(measured, MARKS, {"kid": moves})
    found = estimate(NUMBER, {NUMBER.metric.name: way(measured, MARKS)}, row)
    kid, inception = scales(MARKS)
    assert found.influence == pytest.approx(kid.slope(0.1) * moves[1:] / 2)
    assert math.sqrt(found.rest) == pytest.approx(abs(inception.slope(3.0)) * 0.2 / Z95 / 2)


def test_an_entry_that_keeps_no_influences_has_no_row():
    assert way_row(REAL, MARKS, {}) is None


# ----- fidelity and variety


@pytest.mark.parametrize(
    ("precision", "recall", "said"),
    [
        (0.97, 0.97, "both good"),
        (0.97, 0.3, "fidelity good, variety poor"),
        (0.7, 0.7, "both fair"),
        (0.1, 0.1, "both poor"),
    ],
)
def test_fidelity_and_variety_are_told_in_two_words(precision, recall, said):
    real = {"prdc": {"precision": 1.0, "recall": 1.0, "coverage": 1.0}}
    assert in_words({"prdc": {"precision": precision, "recall": recall, "coverage": recall}}, real) == said


def test_images_are_not_better_for_being_surer_than_real_ones():
    real = {"prdc": {"precision": 1.0, "recall": 1.0}, "inception-score": {"inception_score": 5.0}}
    surer = {"prdc": {"precision": 0.5, "recall": 1.0}, "inception-score": {"inception_score": 9.0}}
    assert in_words(surer, real) == "fidelity fair, variety good"


def test_a_side_without_numbers_is_not_told():
    assert in_words({"prdc": {"precision": 1.0}}, {"prdc": {"precision": 1.0}}) is None


# ----- on a board


def test_it_is_the_order_of_a_board_that_nobody_asks_for(tmp_path):
    write_results(tmp_path, 4, pictures=False)
    found = read_board(tmp_path, "digits")
    assert found.sort == KEY
    assert [one.scores[NUMBER.metric.name][KEY] for one in found.ranked] == sorted(
        one.scores[NUMBER.metric.name][KEY] for one in found.ranked
    )
    assert all(one.rank.first for one in found.ranked)
    assert "by way to noise" in bench.leaderboard("digits", results=tmp_path)[0].title


def test_what_is_stored_of_an_entry_stays_what_it_was(tmp_path):
    write_results(tmp_path, 4, pictures=False)
    (one, *_) = read_board(tmp_path, "digits").ranked
    assert NUMBER.metric.name not in one.entry.scores


def test_a_track_without_class_predictions_is_ordered_by_the_corrected_fid(tmp_path):
    chosen = rules(logits="")
    write_results(tmp_path, 4, chosen=chosen, pictures=False)
    assert read_board(tmp_path, "digits").sort == "fid_corrected"
    (overview,) = bench.leaderboard(results=tmp_path)
    assert overview.to_frame()["by"].tolist() == ["corrected FID"]


def test_the_rule_is_no_witness_in_a_dispute(tmp_path):
    """Its parts are asked, and each of them once."""
    write_track(track_path(tmp_path, "digits"), track_record())
    one, other = entry(3, quality=0.9), entry(4, quality=0.6)
    one = replace(one, scores={**one.scores, "fid": other.scores["fid"]})
    other = replace(other, scores={**other.scores, "fid": entry(3, quality=0.9).scores["fid"]})
    for each in (one, other):
        place(tmp_path, each, picture=False)
    (pair,) = disputes(tmp_path, read_board(tmp_path, "digits")).pairs
    assert {*pair.for_a, *pair.for_b} == {"FID, corrected", "KID", "IS, corrected"}


def test_a_page_draws_it_and_says_so(tmp_path):
    write_results(tmp_path, 4, pictures=False)
    bench.site(tmp_path / "site", results=tmp_path)
    page = (tmp_path / "site" / "tracks" / "digits.html").read_text()
    assert 'class="drawn" data-title="Way to noise"' in page
    assert "sorted by the way to noise" in page
