"""The mean over training seeds: its interval, and how much of the spread training brings, in closed form."""

import numpy as np
import pytest
from scipy.stats import chi2, ttest_1samp

from metrics.arithmetic.training_seeds import SHARED, SeedMean, differing, over_seeds

SCORES = [4.0, 5.0, 9.0]  # mean 6, variance 7


def test_the_interval_of_the_mean_is_that_of_student():
    found = over_seeds(SCORES)
    usual = ttest_1samp(SCORES, 0).confidence_interval(0.95)
    assert (found.count, found.mean, found.spread) == (3, 6, pytest.approx(7**0.5))
    assert (found.low, found.high) == (pytest.approx(usual.low), pytest.approx(usual.high))


def test_two_seeds_have_the_long_interval_of_one_degree_of_freedom():
    found = over_seeds([1.0, 2.0])
    assert (found.low, found.high) == (
        pytest.approx(1.5 - 12.706 / 2, abs=1e-3),
        pytest.approx(1.5 + 12.706 / 2, abs=1e-3),
    )


def test_one_seed_has_a_score_and_no_spread():
    assert over_seeds([3.0], [0.5]) == SeedMean(1, 3.0, sampling=0.5)


def test_without_standard_errors_nothing_lies_between_the_seeds():
    found = over_seeds(SCORES)
    assert (found.sampling, found.between, found.between_low, found.between_high) == (None, None, None, None)


def test_the_spread_between_seeds_is_what_sampling_does_not_explain():
    found = over_seeds(SCORES, [1.0, 1.0, 2.0], apart=3.0)
    assert (found.sampling, found.between) == (pytest.approx(2**0.5), pytest.approx(2.0))


def test_scores_nearer_than_their_errors_have_no_spread_between_seeds():
    assert over_seeds(SCORES, [4.0, 4.0, 4.0], apart=16.0).between == 0


def test_the_part_that_is_not_known_is_taken_as_usual_and_its_interval_holds_either_way():
    found, variance = over_seeds(SCORES, [2.0] * 3), 4.0
    assert found.between == pytest.approx((7 - (1 - SHARED) * variance) ** 0.5)
    all_own, all_shared = (over_seeds(SCORES, [2.0] * 3, apart=apart) for apart in (variance, 0.0))
    assert all_own.between < found.between < all_shared.between
    assert (found.between_low, found.between_high) == (all_own.between_low, all_shared.between_high)


def test_the_interval_between_seeds_is_that_of_a_variance():
    found = over_seeds(SCORES, [0.0] * 3, apart=0.0)
    assert found.between_low == pytest.approx((2 * 7 / chi2.ppf(0.975, 2)) ** 0.5)
    assert found.between_high == pytest.approx((2 * 7 / chi2.ppf(0.025, 2)) ** 0.5)


@pytest.mark.parametrize(
    ("common", "own", "expected"), [(0.0, 2.0, 2.0), (5.0, 2.0, 2.0), (5.0, 0.0, 0.0)], ids=["own", "both", "common"]
)
def test_what_moves_all_seeds_alike_is_no_error_that_differs(common, own, expected):
    assert differing(np.full((4, 4), common) + own * np.eye(4)) == pytest.approx(expected)


def test_equal_scores_have_an_interval_without_width():
    found = over_seeds([2.0, 2.0, 2.0], [0.1] * 3)
    assert (found.low, found.high, found.between) == (2, 2, 0)


def test_no_seed_has_no_mean():
    with pytest.raises(ValueError, match="one for each seed"):
        over_seeds([])
