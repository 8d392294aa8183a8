"""What influences and moments beside an entry do not allow its scores to be, at each limit and beyond it."""

import math

import numpy as np
import pytest

from bench.leaderboard.moments import moments_of
from bench.submissions._bounds import expected_scale, within_bounds
from metrics.fid import METRIC as FID
from metrics.kid import METRIC as KID

NOTHING: tuple[str, ...] = ()

FEW = moments_of(np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]], np.float32))  # features: two rows of trace 2
MANY = moments_of(np.array([[1.0], [-1.0], [1.0], [-1.0]], np.float32))  # a covariance of 4 / 3
BALANCED = np.array([[0.3, 0.4, -0.4], [0.0, 0.3, -0.3]], np.float32)  # of lengths 0.640312 and 0.424264
FID_LENGTH, KID_LENGTH = math.sqrt(0.41), math.sqrt(0.18)


def bounds(scores, influence=BALANCED, scale=None, real=MANY, made=MANY):
    rows = dict(zip((FID, KID), influence, strict=True))
    return tuple(one.what for one in within_bounds(scores, scale, real, made, rows))


@pytest.mark.parametrize(
    ("metric", "numbers", "expected"),
    [
        ("fid", {"fid_sd": FID_LENGTH * 0.701}, NOTHING),
        ("fid", {"fid_sd": FID_LENGTH * 1.999}, NOTHING),
        ("fid", {"fid_sd": 0.44}, ("fid: fid_sd is 0.44; the influences give 0.448219 to 1.28062",)),
        ("fid", {"fid_sd": 1.29}, ("fid: fid_sd is 1.29; the influences give 0.448219 to 1.28062",)),
        ("kid", {"kid_sd": KID_LENGTH / 2.99}, NOTHING),
        ("kid", {"kid_sd": KID_LENGTH * 2.99}, NOTHING),
        ("kid", {"kid_sd": 0.14}, ("kid: kid_sd is 0.14; the influences give 0.141 to 1.27",)),
        ("kid", {"kid_sd": 1.28}, ("kid: kid_sd is 1.28; the influences give 0.141 to 1.27",)),
        ("fid", {"fid_sd": None}, NOTHING),
        ("kid", {"kid_sd": None}, NOTHING),
    ],
)
def test_a_standard_deviation_is_about_as_long_as_the_influences(metric, numbers, expected):
    assert bounds({metric: numbers}) == expected


@pytest.mark.parametrize(("row", "name"), [(0, "FID"), (1, "KID")])
def test_influences_add_up_to_0_beside_the_part_of_the_generated_images(row, name):
    said = (f"influence: those of the {name} do not add up to 0",)
    for place, value, expected in ((0, 0.0, NOTHING), (0, -0.1, said), (2, 0.5, said), (1, 0.5, said)):
        changed = BALANCED.copy()
        changed[row, place] = value
        assert bounds({}, changed) == expected


def test_a_correction_is_about_that_of_gaussian_features_times_what_real_2_has_of_it():
    bias = 4 / 3 / 4 + 4 / 3 / 4 + (1 / 4 + 1 / 4) / 4 * (4 / 3) ** 2 / (8 / 3)  # 0.75
    null = {"fid": {"fid": 2.0, "fid_corrected": 0.5}}
    assert expected_scale(null, MANY) == pytest.approx(1.5 / bias)
    assert expected_scale(null, FEW) == 1.5
    assert expected_scale({"fid": {"fid": 2.0, "fid_corrected": None}}, MANY) is None
    assert expected_scale({"fid": {"fid_corrected": 2.0}}, MANY) is None


@pytest.mark.parametrize(
    ("sets", "correction", "sd", "scale", "expected"),
    [
        ((MANY, MANY), 0.76, 0.0, 2.0, None),  # 0.5 to 1.75 times 2 times 0.75
        ((MANY, MANY), 2.62, 0.0, 2.0, None),
        ((MANY, MANY), 0.74, 0.0, 2.0, "0.75 to 2.62"),
        ((MANY, MANY), 2.63, 0.0, 2.0, "0.75 to 2.62"),
        ((MANY, MANY), 0.74, 0.1, 2.0, None),  # a quarter of a standard deviation is allowed
        ((MANY, MANY), 2.64, 0.1, 2.0, None),
        ((MANY, MANY), 0.72, 0.1, 2.0, "0.75 to 2.62"),
        ((MANY, MANY), 2.66, 0.1, 2.0, "0.75 to 2.62"),
        ((MANY, MANY), 9.0, 0.1, None, None),
        ((FEW, FEW), 0.0, 0.0, 2.0, None),  # 0 to 3 times that of real 2
        ((FEW, FEW), 6.0, 0.0, 2.0, None),
        ((FEW, FEW), -0.1, 0.0, 2.0, "0 to 6"),
        ((FEW, FEW), 6.1, 0.0, 2.0, "0 to 6"),
    ],
)
def test_a_corrected_fid_is_as_far_below_the_plain_one_as_the_moments_allow(sets, correction, sd, scale, expected):
    scores = {"fid": {"fid": 9.0, "fid_corrected": 9 - correction, "fid_sd": sd}}
    found = bounds(scores, np.zeros((2, 3), np.float32), scale, *sets)
    words = tuple(one for one in found if "corrected value" in one)
    said = f"fid: the corrected value is {correction:.6g} below the plain one; the moments and the landmarks allow"
    assert words == (() if expected is None else (f"{said} {expected}",))


def test_images_that_are_all_alike_have_no_overlap_with_the_real_ones_that_could_come_out_too_small():
    axes = np.eye(6, dtype=np.float32)
    real, alike = moments_of(np.vstack([axes, -axes])), moments_of(np.zeros((12, 6), np.float32))
    least = 0.5 * 2 * real.trace / 12  # of the mean term alone
    for correction, words in ((least + 0.01, NOTHING), (least - 0.01, ("allow 0.0909 to 0.557",))):
        scores = {"fid": {"fid": 9.0, "fid_corrected": 9 - correction, "fid_sd": 0.0}}
        found = bounds(scores, np.zeros((2, 13), np.float32), 2.0, real, alike)
        assert tuple(one.partition("landmarks ")[2] for one in found if "corrected value" in one) == words


def test_more_spread_than_real_1_allows_more_of_a_correction_and_less_no_less():
    wide = moments_of(np.array([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0]], np.float32))  # 9 times the trace: 3 times as much
    silent = np.zeros((2, 3), np.float32)
    for correction, more in ((17.9, NOTHING), (18.1, ("allow 0 to 18",))):
        scores = {"fid": {"fid": 20.0, "fid_corrected": 20 - correction, "fid_sd": 0.0}}
        assert tuple(one[-13:] for one in bounds(scores, silent, 2.0, FEW, wide)) == more
        assert bounds(scores, silent, 2.0, wide, FEW)[0].endswith("landmarks allow 0 to 6")


def test_features_that_never_change_have_no_bias_and_divide_by_nothing():
    still = moments_of(np.zeros((4, 2), np.float32))
    assert expected_scale({"fid": {"fid": 2.0, "fid_corrected": 0.5}}, still) == 1.5
    scores = {"fid": {"fid": 1.0, "fid_corrected": 1.0, "fid_sd": 0.0}}
    assert bounds(scores, np.zeros((2, 3), np.float32), 1.0, still, still) == NOTHING


@pytest.mark.parametrize("key", ["fid", "fid_corrected", "fid_sd"])
def test_without_one_of_its_numbers_no_correction_is_judged(key):
    scores = {"fid": {"fid": 9.0, "fid_corrected": 0.0, "fid_sd": 0.0} | {key: None}}
    assert bounds(scores, np.zeros((2, 3), np.float32), 0.1) == NOTHING


def test_a_kid_is_at_least_what_the_first_and_second_moments_give():
    real, made = (np.array(rows, np.float32) for rows in ([[1, 0], [-1, 1], [1, 2]], [[30, 1], [10, 1], [33, 2]]))
    silent, sets = np.zeros((2, 3), np.float32), (moments_of(real), moments_of(made))
    traces = [rows.var(axis=0, ddof=1).sum() for rows in (real, made)]
    own = 0.0
    for rows, trace in zip((real, made), traces, strict=True):
        cov, mean = np.cov(rows.T), rows.mean(axis=0, dtype=np.float64)
        own += trace**2 + (cov**2).sum() + 2 * mean @ cov @ mean + 2 * mean @ mean * trace
    step, second = real.mean(axis=0) - made.mean(axis=0), (real.T @ real - made.T @ made) / 3
    least = 3 / 2 * (step @ step - sum(traces) / 3) + 3 / 4 * ((second**2).sum() - 3 * own / 3)
    exact = 1e-5 * abs(least)
    assert bounds({"kid": {"kid": least + exact, "kid_sd": 0.0}}, silent, None, *sets) == NOTHING
    (said,) = bounds({"kid": {"kid": least - exact, "kid_sd": 0.0}}, silent, None, *sets)
    assert said.endswith(f"the moments give at least {least:.6g}, or 4 of its sd less by chance")
    for kid, number in ((least - 3.9 * KID_LENGTH, 0), (least - 4.1 * KID_LENGTH, 1)):
        assert len(bounds({"kid": {"kid": kid, "kid_sd": KID_LENGTH}}, BALANCED, None, *sets)) == number
    for key in ("kid", "kid_sd"):
        assert bounds({"kid": {"kid": least - 99.0, "kid_sd": 0.0} | {key: None}}, silent, None, *sets) == NOTHING


def test_where_few_features_are_stored_the_first_moments_alone_say_what_a_kid_is_at_least():
    far = moments_of(np.array([[3.0, 0.0, 0.0], [5.0, 0.0, 0.0]], np.float32))
    silent = np.zeros((2, 3), np.float32)
    least = 3 / 3 * (9 - 2 / 2 - 2 / 2)
    assert bounds({"kid": {"kid": least, "kid_sd": 0.0}}, silent, None, FEW, far) == NOTHING
    (said,) = bounds({"kid": {"kid": least - 1e-3, "kid_sd": 0.0}}, silent, None, FEW, far)
    assert "the moments give at least 7" in said
