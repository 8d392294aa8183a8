"""The Fréchet distance: closed forms, properties, and torch-fidelity's value on the same features."""

import numpy as np
import pytest

from metrics.arithmetic.gaussian import GaussianStats
from metrics.errors import InputError
from metrics.fid import compute, fid_between, fid_of, influence


def _normal(seed: int, n: int, d: int, scale=1.0, shift=0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)) * scale + shift


def _stats(mean, variances, count=1000) -> GaussianStats:
    return GaussianStats(np.asarray(mean, float), np.diag(np.asarray(variances, float)), count)


def test_commuting_gaussians_have_the_closed_form():
    a, b = _stats([0, 1, 2], [1, 4, 9]), _stats([1, 1, 0], [4, 1, 9])
    distance = fid_between(a, b)
    assert distance.mean_term == pytest.approx(1 + 4)
    assert distance.covariance_term == pytest.approx((1 - 2) ** 2 + (2 - 1) ** 2)
    assert distance.fid == pytest.approx(5 + 2)


def test_equal_covariances_leave_the_mean_term():
    cov = np.cov(_normal(0, 50, 6), rowvar=False)
    a, b = GaussianStats(np.zeros(6), cov, 50), GaussianStats(np.full(6, 0.5), cov, 50)
    assert fid_between(a, b).fid == pytest.approx(6 * 0.25, rel=1e-12)


@pytest.mark.parametrize(("n", "d"), [(8, 20), (20, 20), (21, 20), (200, 20)])
def test_fid_of_a_set_with_itself_is_zero(n, d):
    x = _normal(1, n, d)
    # The trace is d; the roots of eigenvalues that are 0 but for rounding leave sqrt(eps) each.
    assert 0 <= fid_of(x, x).fid < 1e-6


@pytest.mark.parametrize(("n", "m", "d"), [(7, 9, 30), (7, 90, 30), (90, 80, 30), (31, 30, 30)])
def test_fid_is_symmetric(n, m, d):
    x, y = _normal(2, n, d), _normal(3, m, d, 1.3, 0.2)
    assert fid_of(x, y).fid == pytest.approx(fid_of(y, x).fid, rel=1e-9)


def test_features_and_their_statistics_give_the_same_distance():
    for n in (12, 200):  # fewer and more images than features
        x, y = _normal(4, n, 20), _normal(5, n + 3, 20, 1.2)
        # With n <= d the statistics' eigenvalues carry rounding that the features' singular values do not.
        between = fid_between(GaussianStats.of(x), GaussianStats.of(y)).fid
        assert between == pytest.approx(fid_of(x, y).fid, rel=1e-6)


def test_fid_does_not_change_when_the_features_are_rotated_or_shifted():
    x, y = _normal(6, 15, 12), _normal(7, 40, 12, 1.5)
    turn = np.linalg.qr(_normal(8, 12, 12))[0]
    assert fid_of(x @ turn + 3, y @ turn + 3).fid == pytest.approx(fid_of(x, y).fid, rel=1e-9)


def test_fid_scales_with_the_square_of_the_features():
    x, y = _normal(9, 30, 10), _normal(10, 30, 10, 1.5, 0.3)
    assert fid_of(3 * x, 3 * y).fid == pytest.approx(9 * fid_of(x, y).fid, rel=1e-10)


def test_features_that_are_always_zero_do_not_matter():
    x, y = _normal(11, 60, 10), _normal(12, 60, 10, 1.4)
    dead = np.zeros((60, 7))
    assert fid_of(np.hstack([x, dead]), np.hstack([y, dead])).fid == pytest.approx(fid_of(x, y).fid, rel=1e-7)


def test_merged_statistics_are_those_of_the_whole():
    x = _normal(13, 101, 5, shift=100)
    parts = [GaussianStats.of(x[:3]), GaussianStats.of(x[3:50]), GaussianStats.of(x[50:])]
    whole = GaussianStats.of(x)
    for merged in (parts[0].merge(parts[1]).merge(parts[2]), parts[2].merge(parts[0]).merge(parts[1])):
        assert merged.count == 101
        np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-13)
        np.testing.assert_allclose(merged.cov, whole.cov, rtol=1e-11, atol=1e-12)


def test_statistics_come_from_blocks_of_any_size_also_of_one_row():
    x = _normal(14, 40, 4)
    stats = GaussianStats.of_blocks(x[i : i + 1] for i in range(40))
    np.testing.assert_allclose(stats.cov, np.cov(x, rowvar=False), rtol=1e-12)


def test_a_part_taken_out_leaves_the_statistics_of_the_rest():
    x = _normal(15, 30, 4, shift=2)
    rest = GaussianStats.of(x).without(GaussianStats.of(x[10:20]))
    np.testing.assert_allclose(rest.cov, np.cov(np.delete(x, np.s_[10:20], 0), rowvar=False), rtol=1e-10)


def test_float32_features_are_summed_in_float64():
    x = (_normal(16, 500, 3) + 1000).astype(np.float32)
    np.testing.assert_allclose(GaussianStats.of(x).cov, np.cov(x.astype(float), rowvar=False), rtol=1e-9)


@pytest.mark.parametrize(("n", "m", "d", "tolerance"), [(500, 400, 48, 1e-8), (40, 30, 64, 1e-6), (200, 30, 64, 1e-6)])
def test_fid_equals_torch_fidelity(n, m, d, tolerance):
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    x, y = _normal(17, n, d), _normal(18, m, d, 1.2, 0.1)
    theirs = fid_statistics_to_metric(*(fid_features_to_statistics(torch.from_numpy(v)) for v in (x, y)), False)
    assert fid_of(x, y).fid == pytest.approx(theirs["frechet_inception_distance"], rel=tolerance)


@pytest.mark.parametrize(("n", "d", "likeness"), [(400, 6, 0.99), (40, 60, 0.6)])
def test_leaving_an_image_out_changes_fid_by_its_influence(n, d, likeness):
    x, y = _normal(19, n, d), _normal(20, n, d, 1.3, 0.2)
    values, others = influence(x, y)
    assert values.sum() == pytest.approx(0, abs=1e-9)
    assert others.sum() == pytest.approx(0, abs=1e-9)
    whole = fid_of(x, y).fid
    changes = np.array([fid_of(np.delete(x, i, 0), y).fid - whole for i in range(20)])
    # First order: the bias grows a little with every image left out (a common shift), and with n <= d a single image
    # also carries second-order terms.
    assert np.corrcoef(changes, -values[:20])[0, 1] > likeness


def test_the_row_order_changes_nothing():
    x, y = _normal(21, 30, 8), _normal(22, 40, 8, 1.2)
    shuffled = compute(x[::-1].copy(), np.roll(y, 7, axis=0))
    for key, value in compute(x, y).items():
        assert shuffled[key] == pytest.approx(value, rel=1e-9)


def test_the_plain_bias_falls_as_one_over_n():
    def mean_fid(n):
        return np.mean([fid_of(_normal(s, n, 4), _normal(1000 + s, n, 4)).fid for s in range(60)])

    assert mean_fid(50) / mean_fid(200) == pytest.approx(4, rel=0.2)


def test_the_result_has_every_key_in_strict_floats():
    result = compute(_normal(23, 10, 6), _normal(24, 12, 6), all_estimates=True)
    assert {"fid", "fid_corrected", "fid_sd", "fid_low", "fid_high", "mean_term", "covariance_term"} <= set(result)
    assert {"fid_jackknife", "fid_jackknife_sd", "fid_infinity"} <= set(result)
    assert (result["n_a"], result["n_b"]) == (10, 12)
    assert result["fid"] == pytest.approx(result["mean_term"] + result["covariance_term"])
    assert all(type(value) in (float, int) and np.isfinite(value) for value in result.values())


def test_statistics_of_different_width_are_an_error():
    with pytest.raises(InputError, match="2 and of 3 features"):
        fid_between(_stats([0, 0], [1, 1]), _stats([0, 0, 0], [1, 1, 1]))


@pytest.mark.parametrize("n", [1, 3])
def test_too_few_images_are_an_error(n):
    with pytest.raises(InputError, match="at least 4"):
        compute(_normal(25, n, 5), _normal(26, 9, 5))
