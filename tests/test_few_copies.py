"""A few copies among many honest images: the strict rule beside the usual one, its level, and its versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaderboard_entries import rules

from bench.measuring.copies import CALIBRATION, FIRST_CALIBRATION
from bench.measuring.copies import METRIC as COPIES
from bench.measuring.flags import CHANCE, STRICT_CHANCE, TIMES, flags
from bench.submissions._book import counts_of
from metrics.arithmetic.near_duplicates import QUANTILES, level, near_numbers
from metrics.arithmetic.thumbnails import levelled, shifted, thumbnails, two_nearest
from metrics.memorisation import METRIC as MEMORISATION

TESTS = 2  # by features and by pixels
COUNTS = (100, 250, 1_000, 2_500, 10_000)


def _ratios(draw, count):
    """Squared distances [n, 2] of honest images: any distribution of ratios without ties."""
    return np.stack([draw.random(count) ** 2, np.ones(count)], axis=1)


def _numbers(count, copied, seed=0, real=5_000):
    draw = np.random.default_rng(seed)
    made = _ratios(draw, count)
    made[:copied, 0] *= 1e-9
    return near_numbers("near_copies", made, np.arange(count), _ratios(draw, real))


@pytest.mark.parametrize(("count", "share"), [(250, 0.05), (1_000, 0.02)])
def test_few_copies_are_flagged_by_the_strict_rule_alone(count, share):
    found = _numbers(count, round(share * count))
    usual = {key: value for key, value in found.items() if "strict" not in key}
    assert flags({}, usual) == ()
    (reason,) = flags({}, found)
    assert "near duplicates of training images by their pixels" in reason


def test_many_copies_have_one_reason_by_both_rules():
    assert len(flags({}, _numbers(250, 200))) == 1


@pytest.mark.parametrize("real", [20, 100, 500, 1_000, 5_000])
@pytest.mark.parametrize("count", COUNTS)
def test_the_level_of_all_rules_together_is_below_one_percent(count, real):
    of_each = [
        level(count, real, quantile, STRICT_CHANCE if end else CHANCE, TIMES) for end, quantile in QUANTILES.items()
    ]
    assert max(of_each) <= STRICT_CHANCE
    assert TESTS * sum(of_each) < 1e-3


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_the_level_is_that_of_simulated_honest_sets():
    count, real, chance, repeats = 60, 200, 0.05, 4_000
    draw = np.random.default_rng(0)
    found = []
    for _ in range(repeats):
        values = near_numbers("near", _ratios(draw, count), np.arange(count), _ratios(draw, real))
        found.append([values[f"near{end}_p"] < chance and values[f"near{end}"] > 0 for end in QUANTILES])
    for share, quantile in zip(np.mean(found, axis=0), QUANTILES.values(), strict=True):
        expected = level(count, real, quantile, chance, 0)
        assert share == pytest.approx(expected, abs=4 * np.sqrt(chance / repeats))


@given(seed=st.integers(0, 2**32 - 1), count=st.sampled_from([100, 250, 1_000]))
@settings(max_examples=40, deadline=None)
def test_honest_sets_are_not_flagged(seed, count):
    assert flags({}, _numbers(count, 0, seed)) == ()


@given(seed=st.integers(0, 2**32 - 1), gain=st.floats(0.5, 1), lift=st.integers(0, 25), mirror=st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_copy_of_another_brightness_and_contrast_mirrored_or_not_is_nearest_to_its_original(seed, gain, lift, mirror):
    train = np.random.default_rng(seed).integers(0, 230, (20, 3, 8, 8), dtype=np.uint8)
    made = (gain * train[:5] + lift).round().astype(np.uint8)[..., :: -1 if mirror else 1]
    rows, squared = two_nearest(shifted(made, 0, 0), levelled(thumbnails(train)))
    assert np.array_equal(rows, np.arange(5))
    assert (squared[:, 0] < 0.01 * squared[:, 1]).all()


# ----- versions


@pytest.mark.parametrize("metric", [MEMORISATION, COPIES], ids=["memorisation", "copies"])
def test_results_of_the_first_version_have_no_strict_numbers(metric):
    assert metric.version == 2
    new = metric.known(2) - metric.known(1)
    assert len(new) == 3
    assert all("_strict" in key for key in new)


def test_the_first_version_was_calibrated_with_fewer_images():
    assert (counts_of(rules("digits"), "").calibration, FIRST_CALIBRATION, CALIBRATION) == (1_000, 1_000, 5_000)
