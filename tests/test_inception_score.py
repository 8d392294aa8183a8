"""Inception Score: closed forms, torch-fidelity, and an interval that covers."""

import numpy as np
import pytest
from scipy.special import xlogy

from metrics import inception_score
from metrics.errors import InputError


def _logits(seed: int, n: int, classes: int, scale: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=scale, size=(n, classes)).astype(np.float32)


def test_constant_predictions_score_one():
    result = inception_score.compute(np.tile(_logits(0, 1, 7), (40, 1)))
    assert result["inception_score"] == pytest.approx(1, rel=1e-14)
    assert result["inception_score_corrected"] == pytest.approx(
        1, rel=1e-12
    )  # n T - (n - 1) mean T_-i loses two digits
    assert result["inception_score_sd"] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("classes", [2, 10, 1008])
def test_balanced_certain_predictions_score_the_number_of_classes(classes):
    result = inception_score.compute(np.tile(1e4 * np.eye(classes), (2, 1)), splits=1)
    assert result["inception_score"] == pytest.approx(classes, rel=1e-12)
    assert result["inception_score_high"] <= classes


def test_two_kinds_of_images_score_the_exponential_of_their_mean_divergence():
    p = np.array([[0.9, 0.1], [0.3, 0.7]])
    q = p.mean(axis=0)
    expected = np.exp((p * np.log(p / q)).sum(axis=1).mean())
    result = inception_score.compute(np.tile(np.log(p), (50, 1)), splits=1)
    assert result["inception_score"] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("classes", [3, 1000, 1008])
@pytest.mark.parametrize("splits", [1, 7, 10])
@pytest.mark.parametrize("shuffle", [True, False])
def test_score_and_spread_are_torch_fidelitys(classes, splits, shuffle):
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_isc import isc_features_to_metric

    logits = _logits(1, 103, classes)
    theirs = isc_features_to_metric(torch.from_numpy(logits), splits=splits, shuffle=shuffle, rng_seed=2020)
    ours = inception_score.compute(logits, splits=splits, shuffle=shuffle)
    assert ours["inception_score"] == pytest.approx(theirs["inception_score_mean"], rel=1e-12)
    assert ours["inception_score_sd"] == pytest.approx(theirs["inception_score_std"], rel=1e-9, abs=1e-14)


def test_adding_a_number_to_all_logits_of_an_image_changes_nothing():
    logits = _logits(2, 60, 10).astype(np.float64)
    moved = logits + np.linspace(-1e3, 1e3, 60)[:, None]
    assert inception_score.compute(moved) == pytest.approx(inception_score.compute(logits), rel=1e-9)  # 1e3 eps in p


def test_probabilities_that_underflow_to_zero_are_no_nan():
    result = inception_score.compute(np.tile([[2e4, 0, -2e4], [0, 2e4, -2e4]], (10, 1)), splits=1)
    assert result["inception_score"] == pytest.approx(2, rel=1e-12)
    assert all(np.isfinite(list(result.values())))


def test_the_score_does_not_depend_on_the_block_size(monkeypatch):
    logits = _logits(3, 90, 11)
    whole = inception_score.compute(logits)
    monkeypatch.setattr(inception_score, "BLOCK_VALUES", 50)
    assert inception_score.compute(logits) == pytest.approx(whole, rel=1e-11)  # order of sums


@pytest.mark.parametrize("splits", [1, 3])
def test_probabilities_that_are_not_kept_are_made_again_to_the_bit(monkeypatch, splits):
    logits = _logits(3, 90, 11)
    kept = inception_score.compute(logits, splits=splits)
    monkeypatch.setattr(inception_score, "KEPT_VALUES", 0)
    assert inception_score.compute(logits, splits=splits) == kept


def _left_out(p: np.ndarray) -> np.ndarray:
    """log IS without each of these rows of probabilities, term by term."""
    n, negentropies = len(p), xlogy(p, p).sum(axis=1)
    rest = (p.sum(axis=0) - p) / (n - 1)
    return (negentropies.sum() - negentropies) / (n - 1) - xlogy(rest, rest).sum(axis=1)


@pytest.mark.parametrize(("n", "classes", "scale"), [(15, 5, 2.0), (600, 3, 1.0), (700, 40, 6.0)])
def test_the_jackknife_is_the_one_with_images_really_left_out(n, classes, scale):
    logits = _logits(4, n, classes, scale).astype(np.float64)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    left_out = _left_out(p / p.sum(axis=1, keepdims=True))
    found = inception_score.compute(logits, shuffle=False)
    corrected = n * np.log(found["inception_score"]) - (n - 1) * left_out.mean()
    assert np.log(found["inception_score_corrected"]) == pytest.approx(corrected, rel=1e-10)  # n values of log IS
    se = (1 + found["inception_score"] / n) * np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    assert found["inception_score_se"] == pytest.approx(found["inception_score_corrected"] * se, rel=1e-9)


def test_the_series_for_one_image_less_is_its_logarithm_wherever_it_is_used():
    p = np.array([[inception_score.SMALL, 1e-3, 1e-9, 0.0, 0.5]])
    whole = np.array([1.0, 40.0, 1.0, 0.0, 0.5])
    marginal = inception_score.Marginal.of(inception_score.Sums(whole, np.zeros(1)))
    expected = (xlogy(whole, whole) - xlogy(whole - p, whole - p)).sum()
    assert inception_score._losses(p, marginal, marginal)[1, 0] == pytest.approx(expected, abs=1e-13)


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_the_correction_removes_most_of_the_bias_and_the_interval_covers():
    classes, n, repeats = 20, 60, 300
    draw = np.random.default_rng(5)

    def sample(count):
        logits = draw.normal(size=(count, classes))
        logits[np.arange(count), draw.integers(classes, size=count)] += 6
        return logits

    truth = inception_score.compute(sample(100_000), splits=1)["inception_score"]
    results = [inception_score.compute(sample(n), splits=1) for _ in range(repeats)]
    plain, corrected = (np.mean([r[f"inception_score{end}"] for r in results]) for end in ("", "_corrected"))
    assert abs(corrected - truth) < 0.2 * abs(plain - truth)
    covered = np.mean([r["inception_score_low"] <= truth <= r["inception_score_high"] for r in results])
    assert 0.91 < covered <= 0.99  # 95 % +- 3 standard errors of 300 repeats, and the allowance for remaining bias


@pytest.mark.parametrize("splits", [0, 21])
def test_more_splits_than_images_or_none_are_an_input_error(splits):
    with pytest.raises(InputError, match="splits"):
        inception_score.compute(_logits(0, 20, 5), splits=splits)
