"""KID: closed forms, torch-fidelity, and a variance that is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import kid
from metrics.arithmetic import mmd, products
from metrics.arithmetic.quantiles import Z95, growing_ends, growing_most
from metrics.errors import InputError


def _features(seed: int, n: int, shift: float = 0.0, d: int = 16) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.maximum(draw.normal(size=(n, 4)) @ np.eye(4, d) + 0.5 * draw.normal(size=(n, d)) + 0.3 + shift, 0)


def _naive(x: np.ndarray, y: np.ndarray) -> float:
    def k(a, b):
        return (a @ b.T / x.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    own = (k(x, x).sum() - np.trace(k(x, x))) / (n * (n - 1)) + (k(y, y).sum() - np.trace(k(y, y))) / (m * (m - 1))
    return own - 2 * k(x, y).mean()


def test_kid_of_constant_sets_is_the_kernel_at_three_points():
    x, y = np.full((5, 2), 1.0), np.full((7, 2), 2.0)
    result = kid.compute(x, y)
    assert result["kid"] == pytest.approx(2.0**3 + 5.0**3 - 2 * 3.0**3, rel=1e-14)  # x.y / d + 1 = 2, 5 and 3
    assert result["kid_sd"] == pytest.approx(0, abs=1e-5)  # square root of rounding: 125^2 * 2e-16


def test_kid_is_the_u_statistic_for_sets_of_different_size_and_several_blocks(monkeypatch):
    monkeypatch.setattr(products, "BLOCK", 7)
    x, y = _features(0, 30), _features(1, 19, shift=0.2)
    assert kid.compute(x, y)["kid"] == pytest.approx(_naive(x, y), rel=1e-12)


def test_kid_does_not_depend_on_the_block_size(monkeypatch):
    x, y = _features(0, 50), _features(1, 40, shift=0.2)
    whole = kid.compute(x, y, subsets=5, subset_size=20)
    monkeypatch.setattr(products, "BLOCK", 9)
    assert kid.compute(x, y, subsets=5, subset_size=20) == pytest.approx(whole, rel=1e-10)  # order of sums


@pytest.mark.parametrize("far", [0, 50])
def test_products_in_float32_move_kid_by_less_than_a_thousandth_of_its_standard_error(monkeypatch, far):
    x, y = (far + _features(seed, 300).astype(np.float32) for seed in (0, 1))
    expected = kid.compute(x, y, subsets=5, subset_size=100)
    monkeypatch.setattr(mmd, "SINGLE_FROM", 0)
    found = kid.compute(x, y, subsets=5, subset_size=100)
    assert found != expected
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-4 * expected["kid_sd"])


def test_kid_is_symmetric():
    x, y = _features(0, 40), _features(1, 25, shift=0.2)
    there, back = kid.compute(x, y), kid.compute(y, x)
    assert there["kid"] == pytest.approx(back["kid"], rel=1e-12)
    assert there["kid_sd"] == pytest.approx(back["kid_sd"], rel=1e-10)


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_kid_has_mean_zero_under_the_null():
    values = [kid.compute(_features(2 * i, 20), _features(2 * i + 1, 20))["kid"] for i in range(200)]
    assert abs(np.mean(values)) < 3.5 * np.std(values) / np.sqrt(200)  # seeded: 3.5 standard errors
    assert min(values) < 0


@pytest.mark.usefixtures("without_checks_of_shapes")
@pytest.mark.parametrize(("n", "m", "shift"), [(30, 30, 0.0), (20, 40, 0.0), (40, 20, 0.5)])
def test_the_variance_estimate_is_unbiased_under_the_null_and_away_from_it(n, m, shift):
    drawn, estimated = [], []
    for i in range(400):
        x, y = _features(2 * i, n), _features(2 * i + 1, m, shift)
        drawn.append(_naive(x, y))
        parts = mmd.parts(mmd.matrices(x, y, kid._kernel))
        estimated.append(parts.first + parts.second)
    # the sample variance of 400 draws has a relative error of about sqrt(2 / 400) = 7 %, more with heavy tails
    assert np.mean(estimated) == pytest.approx(np.var(drawn), rel=0.2)


def test_the_variance_moments_are_averages_over_distinct_images():
    x, y = _features(3, 5, d=3), _features(4, 4, d=3)
    kxx, kyy, kxy = ((a @ b.T / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    n, m = 5, 4

    def mean(values):
        return np.mean(list(values))

    def first(k, cross, n, m):
        second_moment = mean(
            (k[i, j] - cross[i, a]) * (k[i, h] - cross[i, b])
            for i in range(n) for j in range(n) for h in range(n) for a in range(m) for b in range(m)
            if len({i, j, h}) == 3 and a != b
        )  # fmt: skip
        squared_mean = mean(
            (k[i, j] - cross[i, a]) * (k[h, g] - cross[h, b])
            for i in range(n) for j in range(n) for h in range(n) for g in range(n) for a in range(m) for b in range(m)
            if len({i, j, h, g}) == 4 and a != b
        )  # fmt: skip
        return 4 * (second_moment - squared_mean) / n

    got = mmd.parts(mmd.matrices(x, y, kid._kernel)).first
    assert got == pytest.approx(first(kxx, kxy, n, m) + first(kyy, kxy.T, m, n), rel=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])  # theirs rounds in float32
def test_the_subset_protocol_is_torch_fidelitys(dtype, tolerance):
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = _features(0, 300).astype(dtype), _features(1, 250, shift=0.05).astype(dtype)
    theirs = kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=20, kid_subset_size=100, rng_seed=2020, verbose=False
    )
    ours = kid.compute(x, y, subsets=20, subset_size=100)
    assert ours["kid_subsets_mean"] == pytest.approx(theirs["kernel_inception_distance_mean"], abs=tolerance)
    assert ours["kid_subsets_sd"] == pytest.approx(theirs["kernel_inception_distance_std"], abs=tolerance)


def test_a_subset_larger_than_a_set_is_left_out_and_explained():
    result = kid.compute(_features(0, 20), _features(1, 30), subset_size=25)
    assert set(result) == {"kid", "kid_sd", "kid_low", "kid_high"}
    assert "25" in kid.subset_warning(20, 30, 25)
    assert kid.subset_warning(25, 30, 25) is None


def test_a_negative_kid_is_explained():
    assert "below 0" in kid.negative_note(-1e-5)
    assert kid.negative_note(0.0) is None


@pytest.mark.parametrize("options", [{"subsets": 0}, {"subset_size": 1}])
def test_subsets_that_cannot_be_drawn_are_an_input_error(options):
    with pytest.raises(InputError, match="KID subsets"):
        kid.compute(_features(0, 20), _features(1, 20), **options)


def test_three_images_are_an_input_error():
    with pytest.raises(InputError, match="at least 4"):
        kid.compute(_features(0, 3), _features(1, 20))


@given(value=st.floats(-3, 3), variance=st.floats(1e-3, 10), share=st.floats(0, 1))
def test_the_interval_reaches_up_at_least_as_far_as_of_one_error_and_at_most_as_far_as_of_a_growing_one(
    value, variance, share
):
    low, high = growing_ends(value, variance * (1 - share), variance * share)
    assert low <= value <= high
    assert value + Z95 * variance**0.5 <= high + 1e-9
    assert high <= growing_most(value, variance) + 1e-9


def test_the_upper_end_of_the_interval_is_as_far_as_chance_goes_were_it_the_truth():
    value, still, growing = 40.0, 0.5, 2.0
    slope = growing / (value + (still + growing) ** 0.5 / 2)
    low, high = growing_ends(value, still, growing)
    assert high - value == pytest.approx(Z95 * (still + slope * high) ** 0.5, rel=1e-12)
    assert value - low == pytest.approx(Z95 * (still + growing) ** 0.5, rel=1e-12)


def test_without_a_growing_part_the_interval_is_even():
    assert growing_ends(2.0, 4.0, 0.0) == pytest.approx((2 - 2 * Z95, 2 + 2 * Z95))
    assert growing_ends(2.0, 0.0, 0.0) == (2.0, 2.0)
