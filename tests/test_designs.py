"""Estimates of sets that are no independent draws: pairs, and classes of fixed numbers."""

import numpy as np
import pytest

import bench
from bench.measuring.dependence import Member
from bench.measuring.designs import pairs_of
from metrics import cmmd, fid, kid, sfid
from metrics.arithmetic import designs
from metrics.arithmetic.designed_sets import of_pairs, of_strata
from metrics.arithmetic.designs import Design, is_even
from metrics.arithmetic.fid_interval import split_half

PAIRS = Design(pairs=True)
POINTS = np.random.default_rng(9).normal(size=(5, 6))
FIXED = np.repeat(np.arange(5), 8)


def drawn(seed, count=40, dims=6):
    return np.random.default_rng(seed).normal(size=(count, dims))


def correlated(seed, rho, count=60, dims=8):
    first = drawn(seed, count, dims)
    return first, rho * first + np.sqrt(1 - rho**2) * drawn(1000 + seed, count, dims)


# ----- pairs


@pytest.mark.parametrize("count", [40, 7])  # more images than features in a half, and fewer
def test_pairs_that_differ_by_a_constant_are_its_square_apart(count):
    first, step = drawn(0, count), np.arange(6.0)
    found = of_pairs(first, first + step, seed=0)
    assert found.value == pytest.approx(step @ step)
    assert found.sd == pytest.approx(0, abs=1e-6)
    assert found.low == pytest.approx(found.high)


def test_pairs_that_differ_by_a_factor_have_the_distance_of_their_spreads():
    first = drawn(0, 2_000)
    first -= first.mean(axis=0)
    found = of_pairs(first, 3 * first, seed=0)
    spread = first.var(axis=0, ddof=1).sum()
    assert found.value == pytest.approx((1 - 3) ** 2 * spread * (1 - 1 / 2_000), rel=0.01)


@pytest.mark.usefixtures("without_checks_of_shapes")
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.95])
def test_pairs_of_one_distribution_have_no_bias_however_close_they_are(rho):
    values = np.array([of_pairs(*correlated(seed, rho), seed=seed).value for seed in range(24)])
    assert abs(values.mean()) < 3 * values.std(ddof=1) / np.sqrt(24)


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_the_estimate_for_independent_sets_is_far_too_low_of_such_pairs():
    values = np.array([split_half(*correlated(seed, 0.6), seed=seed).value for seed in range(8)])
    assert values.max() < 0


def test_the_order_of_the_pairs_does_not_matter():
    first, second = correlated(0, 0.5)
    order = np.random.default_rng(1).permutation(60)
    assert of_pairs(first[order], second[order], seed=3).value == pytest.approx(of_pairs(first, second, seed=3).value)


def test_the_kid_of_pairs_is_the_mean_over_different_pairs():
    x, y = correlated(0, 0.5, count=9, dims=4)

    def k(a, b):
        return (a @ b / 4 + 1) ** 3

    terms = [
        k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(x[j], y[i]) for i in range(9) for j in range(9) if i != j
    ]
    assert kid.of_design(x, y, PAIRS)["kid"] == pytest.approx(np.mean(terms))


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_the_standard_error_of_the_kid_of_pairs_is_its_spread():
    found = [kid.of_design(*correlated(seed, 0.5), PAIRS) for seed in range(60)]
    spread = np.std([one["kid"] for one in found], ddof=1)
    assert np.sqrt(np.mean([one["kid_sd"] ** 2 for one in found])) == pytest.approx(spread, rel=0.25)


@pytest.mark.parametrize("metric", [kid, cmmd])
def test_a_kernel_distance_of_pairs_that_are_equal_is_zero(metric):
    found = metric.of_design(drawn(0), drawn(0), PAIRS)
    assert all(value == pytest.approx(0, abs=1e-9) for value in found.values())


# ----- classes of fixed numbers


def test_classes_without_spread_and_of_fixed_numbers_leave_nothing_to_chance():
    rows = POINTS[FIXED]
    found = of_strata(rows, rows, FIXED, FIXED, seed=0)
    assert (found.value, found.sd) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-6))
    assert split_half(rows, rows, seed=0).value < -0.1


def test_the_kid_of_classes_without_spread_is_zero():
    rows = POINTS[FIXED]
    found = kid.of_design(rows, rows, Design(classes=(FIXED, FIXED)))
    assert found["kid"] == pytest.approx(0)
    assert kid.compute(rows, rows)["kid"] < -0.01


@pytest.mark.usefixtures("without_checks_of_shapes")
@pytest.mark.parametrize(
    ("known", "fixed"), [((True, True), (True, True)), ((False, True), (False, True)), ((False, False), (False, False))]
)
def test_what_is_known_of_the_classes_leaves_no_bias(known, fixed):
    def one(seed, made):
        draw = np.random.default_rng(seed)
        classes = FIXED if made else draw.integers(0, 5, 40)
        return 2 * POINTS[classes] + 0.5 * draw.normal(size=(40, 6)), classes

    values = []
    for seed in range(24):
        (a, of_a), (b, of_b) = one(seed, fixed[0]), one(1000 + seed, fixed[1])
        given = (of_a if known[0] else None, of_b if known[1] else None)
        values.append((of_strata(a, b, *given, seed=seed).value, kid.of_design(a, b, Design(classes=given))["kid"]))
    mean, spread = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    assert (np.abs(mean) < 3 * spread / np.sqrt(24)).all()


def test_keys_of_the_estimates_are_keys_of_the_metric():
    design = Design(classes=(FIXED, None))
    for metric in (fid, kid, cmmd, sfid):
        found = metric.of_design(drawn(0), drawn(1), design)
        assert set(found) <= set(metric.compute(drawn(0), drawn(1)))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([25] * 10, True),
        ([25] * 9 + [24], True),
        ([31, 22, 27, 20, 26, 25, 29, 19, 24, 27], False),  # as a draw leaves them
        ([4] * 10, False),  # too few of each to say
        ([50], False),
    ],
)
def test_numbers_of_classes_that_are_more_even_than_chance_are_seen(counts, expected):
    assert is_even(np.array(counts)) == expected


def test_the_lower_tail_of_chi_squared_is_scipys():
    from scipy.special import gammainc

    for a, share in [(0.5, 0.3), (4.5, 0.1), (4.5, 0.99), (500.0, 0.9), (5e4, 0.998)]:
        assert designs.lower_tail(a, a * share) == pytest.approx(gammainc(a, a * share), rel=1e-9)
    assert designs.lower_tail(4.5, 0.0) == 0


# ----- what is known of sets


def test_pairs_have_partners_for_each_image_and_no_image_in_common():
    first, second = correlated(0, 0.9, count=100, dims=64)

    def member(features, keys=(), hashes=()):
        return Member("a", keys, hashes, features)

    assert pairs_of(member(first), member(second)).tolist() == list(range(100))
    assert pairs_of(member(first), member(second[::-1])) is None
    assert pairs_of(member(first), member(second[:90])) is None
    hashes = tuple(map(str, range(100)))
    assert pairs_of(member(first, hashes=hashes), member(second, hashes=hashes)) is None


def test_sets_with_as_many_images_of_each_class_are_measured_as_such(tmp_path):
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (2, 40, 8, 8, 3), np.uint8)
    as_chance_has_it = np.repeat(np.arange(5), [13, 6, 5, 9, 7])
    for name, one, classes in zip("ab", images, (as_chance_has_it, FIXED), strict=True):
        np.savez(tmp_path / f"{name}.npz", arr_0=one, labels=classes)
    found = bench.score(tmp_path / "a.npz", tmp_path / "b.npz", metrics=("fid", "kid"), extractor="pixels", cache=False)
    assert (found.fid_even_sets, found.kid_even_sets) == (1, 1)
    assert any("as many images of each class, more evenly than independent draws: b (5)" in w for w in found.warnings)
