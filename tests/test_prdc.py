"""PRDC: closed forms, torch-fidelity, the definitions written out, and ties."""

import numpy as np
import pytest

from metrics import prdc
from metrics.arithmetic import products
from metrics.errors import InputError

NAMES = ("precision", "recall", "density", "coverage")


def _normal(seed: int, n: int, d: int = 8, shift: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(n, d)) + shift).astype(np.float32)


def _whole(seed: int, n: int, d: int = 3) -> np.ndarray:
    """Whole numbers in a small range: every distance has many ties, and all arithmetic on them is exact."""
    return np.random.default_rng(seed).integers(0, 4, size=(n, d)).astype(np.float32)


def _by_definition(real: np.ndarray, generated: np.ndarray, k: int) -> dict[str, float]:
    def distances(a, b):
        return ((a[:, None].astype(np.float64) - b[None].astype(np.float64)) ** 2).sum(axis=2)

    def radii(x):
        return np.sort(distances(x, x), axis=1)[:, k]  # position 0 is the image itself

    between = distances(real, generated)
    real_radii, generated_radii = radii(real)[:, None], radii(generated)[None]
    return {
        "precision": (between <= real_radii).any(axis=0).mean(),
        "recall": (between <= generated_radii).any(axis=1).mean(),
        "density": (between < real_radii).sum(axis=0).mean() / k,
        "coverage": (between.min(axis=1) < real_radii[:, 0]).mean(),
    }


def test_a_set_against_itself_is_perfect():
    x = _normal(0, 40)
    result = prdc.compute(x, x)
    assert (result["precision"], result["recall"], result["coverage"]) == (1, 1, 1)
    assert result["density"] == 1  # a ball holds its centre and k - 1 neighbours; the k-th is on its edge, outside


def test_sets_far_apart_score_zero():
    assert prdc.compute(_normal(0, 30), _normal(1, 30, shift=100)) == dict.fromkeys(NAMES, 0)


def test_four_points_on_a_line_by_hand():
    real = np.array([[0.0], [1.0], [3.0], [10.0]])  # k = 1: radii 1, 1, 2, 7
    generated = np.array([[0.5], [2.0], [20.0]])  # k = 1: radii 1.5, 1.5, 18
    result = prdc.compute(real, generated, k=1)
    assert result["precision"] == 2 / 3  # 0.5 and 2.0; 20 is 10 away from 10, whose ball ends at 17
    assert result["recall"] == 1  # all lie in the ball of 20, which starts at 2, or near the first two
    assert result["density"] == 3 / 3  # 0.5 in two balls; 2.0 in that of 3 (on the edge of that of 1)
    assert result["coverage"] == 3 / 4


def _crowded(seed, n, d=40):
    """Differences so small beside the values that products in float32 cannot tell one distance from another."""
    return (1 + 1e-5 * np.random.default_rng(seed).normal(size=(n, d))).astype(np.float32) * _normal(99, 1, d)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("draw", [_normal, _whole, _crowded])
def test_the_scores_are_the_definitions_also_at_ties(draw, k):
    real, generated = draw(0, 70), draw(1, 50)
    assert prdc.compute(real, generated, k=k) == pytest.approx(_by_definition(real, generated, k), rel=1e-15)


@pytest.mark.parametrize("k", [3, 5])
@pytest.mark.parametrize("draw", [_normal, _whole])
def test_precision_and_recall_are_torch_fidelitys(draw, k):
    torch = pytest.importorskip("torch")
    from torch_fidelity.metric_prc import prc_features_to_metric

    real, generated = draw(0, 120), draw(1, 90)
    theirs = prc_features_to_metric(
        torch.from_numpy(generated), torch.from_numpy(real), prc_neighborhood=k, prc_batch_size=64, verbose=False
    )
    ours = prdc.compute(real, generated, k=k)
    assert ours["precision"] == pytest.approx(theirs["precision"], rel=1e-7)  # theirs is a float32 mean of equal counts
    assert ours["recall"] == pytest.approx(theirs["recall"], rel=1e-7)


def test_copied_images_are_decided_exactly_in_many_dimensions():
    real = _normal(2, 60, d=300, shift=50)  # far from the origin: the matrix product alone loses five digits
    generated = np.concatenate([real[:30], _normal(3, 10, d=300, shift=50)])
    assert prdc.compute(real, generated, k=3) == pytest.approx(_by_definition(real, generated, 3), rel=1e-15)


def test_the_numbers_have_their_ruler_beside_them_as_there_is_no_interval():
    (said,) = prdc.METRIC.notes({}, [], {"k": 5})
    assert "have no interval: compare them with those of as many real images against other real ones" in said


def test_equal_images_only_are_no_division_by_zero():
    x = np.ones((10, 4))
    assert prdc.compute(x, x) == {"precision": 1, "recall": 1, "density": 0, "coverage": 0}  # balls of radius 0


@pytest.mark.parametrize("draw", [_normal, _whole])
def test_the_scores_do_not_depend_on_the_block_size(monkeypatch, draw):
    real, generated = draw(0, 70), draw(1, 50)
    whole = prdc.compute(real, generated)
    monkeypatch.setattr(products, "BLOCK", 9)
    monkeypatch.setattr(products, "COLUMNS", 16)
    assert prdc.compute(real, generated) == whole


def test_swapping_the_sets_swaps_precision_and_recall():
    there, back = prdc.compute(_normal(0, 60), _normal(1, 50)), prdc.compute(_normal(1, 50), _normal(0, 60))
    assert (there["precision"], there["recall"]) == (back["recall"], back["precision"])


def test_density_is_one_on_average_for_equal_distributions():
    densities = [prdc.compute(_normal(2 * i, 60), _normal(2 * i + 1, 60))["density"] for i in range(60)]
    assert abs(np.mean(densities) - 1) < 3.5 * np.std(densities) / np.sqrt(60)  # seeded: 3.5 standard errors


def test_expected_coverage_for_equal_distributions_is_the_papers():
    n = m = 80
    k = 5
    found = [prdc.compute(_normal(2 * i, n), _normal(2 * i + 1, m), k=k)["coverage"] for i in range(60)]
    # Naeem et al. 2020, lemma 2: a real image is missed where its k nearest of n - 1 + m are all real
    expected = 1 - np.prod([(n - 1 - i) / (n + m - 1 - i) for i in range(k)])
    assert abs(np.mean(found) - expected) < 3.5 * np.std(found) / np.sqrt(60)


@pytest.mark.parametrize("k", [0, 20])
def test_a_neighbour_that_does_not_exist_is_an_input_error(k):
    with pytest.raises(InputError, match=r"expected at least"):
        prdc.compute(_normal(0, 20), _normal(1, 30), k=k)
