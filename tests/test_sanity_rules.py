"""What counts as seen, which images stand on which side, and when a check on synthetic data passes."""

import numpy as np
import pytest

from bench.sanity_checks.checks import CHECKS, CLEAN, OTHER, Halves
from bench.sanity_checks.criteria import (
    bell,
    best_where_equal,
    close_to,
    falling,
    falling_by,
    level,
    near_1_or_0,
    rising,
    settled,
)
from bench.sanity_checks.judging import Curve, moved
from bench.sanity_checks.subject import clusters
from bench.sanity_checks.synthetic import SYNTHETIC

REAL = (1.0, 1.2, 1.1)


def curve(*values, better="lower", expected="worse"):
    return Curve(better, expected, (1, 2, 3)[: len(values)], REAL, values)


@pytest.mark.parametrize(
    ("values", "better", "how"),
    [
        ((1.3, 1.4), "lower", "worse"),
        ((1.2, 1.4), "lower", ""),
        ((0.9, 0.5), "lower", "better"),
        ((1.3, 1.4), "higher", "better"),
        ((0.9, 0.5), "higher", "worse"),
    ],
)
def test_values_are_told_where_all_of_them_are_beyond_all_others(values, better, how):
    assert moved(values, REAL, better) == how


@pytest.mark.parametrize(
    ("found", "word", "passed"),
    [
        (curve((1.1, 1.3), (1.5, 1.6), (2.0, 2.1)), "2", True),
        (curve((1.3, 1.4), (1.5, 1.6), (2.0, 2.1)), "1", True),
        (curve((1.3, 1.4), (1.1, 1.6), (2.0, 2.1)), "3", True),  # once told, then not: the first from which on
        (curve((3.0, 3.1), (1.5, 1.6), (2.0, 2.1)), "back", False),
        (curve((1.1, 1.2), (1.0, 1.2), (1.1, 1.3)), "no", False),
        (curve((1.1, 1.2), (0.5, 0.6), (0.1, 0.2)), "better", False),
        (curve((1.3, 1.4), (1.5, 1.6), ()), "1", True),  # too few images for the last
        (curve((), (), ()), "", None),
        (curve((1.1, 1.2), (1.0, 1.3), expected="unmoved"), "same", True),
        (curve((1.1, 1.2), (1.3, 1.4), expected="unmoved"), "worse", False),
        (curve((0.1, 0.2), (1.1, 1.4), expected="unmoved"), "better", False),
        (curve((0.9, 0.8), (0.7, 0.6), better="higher"), "1", True),
    ],
)
def test_a_check_passes_by_one_rule(found, word, passed):
    assert (found.word, found.passed) == (word, passed)


# ----- which images stand where


def halves(n=10, modes=10, others=100):
    rows = np.arange(80)
    return Halves(rows[:40], rows[40:], n, rows % modes, others)


def rows_of(side, table=CLEAN):
    return np.concatenate([rows for name, rows in side if name == table] or [np.array([], int)])


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_no_image_stands_on_both_sides_but_copies(check):
    for strength in (0, *check.strengths):
        trial = check.pick(halves(), strength)
        shared = set(rows_of(trial.real)) & set(rows_of(trial.generated))
        assert len(shared) == (round(strength * 10) if check.name == "copies" else 0)
        assert not set(rows_of(trial.held_out)) & {*rows_of(trial.real), *rows_of(trial.generated)}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_strength_0_is_real_against_real_of_n_images(check):
    trial = check.pick(halves(), 0)
    for side in (trial.real, trial.generated, trial.held_out):
        assert {name for name, _ in side} == {CLEAN}
        assert sum(len(rows) for _, rows in side) == 10


def test_dropped_modes_are_the_last_ones():
    made = halves()
    trial = CHECKS["dropped"].pick(made, 0.3)
    assert set(made.modes[rows_of(trial.generated)]) == set(range(7))
    assert set(made.modes[rows_of(trial.real)]) == set(range(10))


def test_invented_modes_are_missing_among_the_real_images():
    made = halves()
    trial = CHECKS["invented"].pick(made, 0.3)
    assert set(made.modes[rows_of(trial.real)]) == set(range(5))
    assert (made.modes[rows_of(trial.generated)] >= 5).sum() == 3


def test_mixed_in_images_are_another_set_s():
    trial = CHECKS["mixed"].pick(halves(), 0.5)
    assert (len(rows_of(trial.generated)), len(rows_of(trial.generated, OTHER))) == (5, 5)
    assert CHECKS["mixed"].pick(halves(others=3), 0.5) is None


def test_outliers_stand_among_the_real_images():
    trial = CHECKS["outliers"].pick(halves(n=40), 0.05)
    assert len(rows_of(trial.real, "noise 1")) == 2
    assert len(rows_of(trial.real)) == 38


def test_counts_shrink_on_one_side_or_on_both():
    fewer, smaller = (CHECKS[name].pick(halves(), 0.5) for name in ("fewer", "smaller"))
    assert [len(rows_of(side)) for side in (fewer.real, fewer.generated)] == [10, 5]
    assert [len(rows_of(side)) for side in (smaller.real, smaller.generated)] == [5, 5]


@pytest.mark.parametrize("name", ["dropped", "invented"])
def test_too_few_images_of_the_modes_that_are_left_are_no_trial(name):
    assert CHECKS[name].pick(halves(n=38), 0.5) is None


def test_clusters_are_numbered_from_the_largest():
    points = np.repeat([[0.0], [10.0], [20.0]], [3, 9, 5], axis=0)
    assert np.bincount(clusters(points, 3, 0)).tolist() == [9, 5, 3]


# ----- synthetic data

X = np.linspace(-1, 1, 5)


def values(*means):
    return np.array(means, float)[:, None] + np.array([-0.001, 0.001])


@pytest.mark.parametrize(
    ("passes", "good", "bad"),
    [
        (close_to(1, "min"), (0.96, 0, 0, 0, 0), (0.94, 0, 0, 0, 0)),
        (close_to(0.2, "max"), (0, 0, 0, 0, 0.24), (0, 0, 0, 0, 0.26)),
        (close_to(1, 0), (0, 0, 1.04, 0, 0), (1, 1, 0.5, 1, 1)),
        (near_1_or_0("max"), (0, 0, 0, 0, 0.04), (0, 0, 0, 0, 0.5)),
        (bell(0), (0, 0.5, 1, 0.5, 0), (0, 0.5, 1, 0.5, 0.85)),
        (bell(0), (0.1, 0.05, 0.4, 0.45, 0.1), (0.1, 0.4, 0.4, 0.6, 0.1)),
        (rising, (0.1, 0.3, 0.5, 0.7, 0.65), (0.1, 0.3, 0.5, 0.9, 0.7)),
        (falling, (1, 0.9, 0.6, 0.3, 0.2), (0.2, 0.3, 0.4, 0.5, 0.1)),
        (falling_by(0.5), (1, 0.9, 0.8, 0.3, 0.2), (1, 1, 0.95, 0.3, 0.2)),
        (level, (0.5, 0.52, 0.54, 0.5, 0.5), (0.5, 0.52, 0.56, 0.5, 0.5)),
        (settled, (0.1, 0.3, 0.5, 0.52, 0.54), (0.5, 0.5, 0.5, 0.5, 0.6)),
        (best_where_equal(0), (3, 2, 1, 2, 3), (3, 2, 1, 2, 1)),
        (best_where_equal(0), (3, 2, 1, 2, 3), (3, 0.9, 1, 2, 3)),
        (best_where_equal(-1), (1, 2, 3, 4, 5), (1, 2, 3, 4, 0.5)),
    ],
)
def test_a_criterion_passes_and_fails_as_it_says(passes, good, bad):
    assert passes(X, values(*good))
    assert not passes(X, values(*bad))


def test_there_are_fifteen_checks_on_synthetic_data():
    assert len({one.name for one in SYNTHETIC}) == 15


@pytest.mark.parametrize("check", SYNTHETIC, ids=lambda one: one.name)
def test_both_sides_are_drawn_as_the_scenario_says(check):
    for scenario, places in check.places.items():
        for place in (places[0], places[-1]):
            real, generated = (
                side(scenario, place, 12, np.random.RandomState(seed))
                for seed, side in enumerate((check.real, check.generated))
            )
            assert real.ndim == 2
            assert real.shape[1] == generated.shape[1]
            assert np.isfinite(real).all()
            assert np.isfinite(generated).all()
        assert check.criteria[scenario.word]


@pytest.mark.parametrize("check", [one for one in SYNTHETIC if one.equal is not None], ids=lambda one: one.name)
def test_where_a_check_says_so_both_sides_have_one_distribution(check):
    for scenario, places in check.places.items():
        place = places[int(np.argmin(np.abs(np.array(places) - check.equal)))]
        assert place == pytest.approx(check.equal)
        if "outlier" not in scenario.word:
            one, other = (side(scenario, place, 30, np.random.RandomState(0)) for side in (check.real, check.generated))
            if check.name not in ("one-or-two-modes", "dropping-invention"):  # drawn in another order
                np.testing.assert_allclose(one, other)
