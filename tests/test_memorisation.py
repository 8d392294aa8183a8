"""Memorisation: the definitions written out, an exact permutation test, and honest generators that look suspicious."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import hypergeom, mannwhitneyu

from metrics import memorisation
from metrics.arithmetic import products
from metrics.arithmetic.chance import effective_number, hypergeometric_tail, more_often
from metrics.arithmetic.near_duplicates import near_duplicates
from metrics.arithmetic.nearest import nearest_counts
from metrics.errors import InputError


def _normal(seed, n, d=6, scale=1.0):
    return (scale * np.random.default_rng(seed).normal(size=(n, d))).astype(np.float32)


def _whole(seed, n, d=3):
    """Whole numbers in a small range: every distance has many ties, and all arithmetic on them is exact."""
    return np.random.default_rng(seed).integers(0, 4, size=(n, d)).astype(np.float32)


def _distances(a, b):
    return np.sqrt(((a[:, None].astype(np.float64) - b[None].astype(np.float64)) ** 2).sum(axis=2))


def _sets(train=80, generated=50, held_out=60, make=_normal):
    return make(0, train), make(1, generated), make(2, held_out)


# ----- counting


@pytest.mark.parametrize(("k", "drawn", "marked", "population"), [(3, 10, 20, 50), (0, 5, 5, 9), (9, 9, 9, 12)])
def test_the_tail_is_that_of_the_hypergeometric_distribution(k, drawn, marked, population):
    expected = hypergeom.sf(k - 1, population, marked, drawn)
    assert hypergeometric_tail(k, drawn, marked, population) == pytest.approx(expected, rel=1e-9)  # sums of logarithms


def test_the_tail_is_one_and_zero_where_nothing_else_is_possible():
    assert hypergeometric_tail(4, 8, 6, 10) == 1.0  # at least 4 of the 6 marked are among 8 of 10
    assert hypergeometric_tail(7, 8, 6, 10) == 0.0


def test_more_often_is_fishers_exact_test():
    # all three hits on one side of four and four: 1 of the C(8, 3) ways, times the C(4, 3) that are there
    assert more_often(3, 4, 0, 4) == pytest.approx(comb(4, 3) / comb(8, 3), rel=1e-12)


def test_bunches_of_one_size_are_worth_their_number():
    assert effective_number(np.array([100, 100, 0, 100])) == 3
    assert effective_number(np.ones(49)) == 49
    assert effective_number(np.array([96, 1, 1, 1, 1])) == 1


@pytest.mark.parametrize("make", [_normal, _whole])
def test_nearest_counts_share_one_among_the_equally_near(make, monkeypatch):
    x, y = make(3, 40), make(4, 30)
    squared = _distances(x, y) ** 2
    tied = squared == squared.min(axis=1, keepdims=True)
    expected = (tied / tied.sum(axis=1, keepdims=True)).sum(axis=0)
    assert nearest_counts(x, y) == pytest.approx(expected, rel=1e-12)
    monkeypatch.setattr(products, "BLOCK", 9)
    assert nearest_counts(x, y) == pytest.approx(expected, rel=1e-12)


# ----- the definitions


@pytest.mark.parametrize("make", [_normal, _whole])
def test_authpct_is_its_definition(make):
    train, generated, held_out = _sets(make=make)
    own = _distances(train, train)
    np.fill_diagonal(own, np.inf)
    away = _distances(generated, train)
    authentic = own.min(axis=1)[away.argmin(axis=1)] < away.min(axis=1)
    assert memorisation.compute(train, generated, held_out)["authpct"] == pytest.approx(100 * authentic.mean())


@pytest.mark.parametrize("make", [_normal, _whole])
def test_c_t_in_one_cell_is_the_z_value_of_mann_whitney(make):
    train, generated, held_out = _sets(generated=18, make=make)  # too few for any cell, so all are one
    made, real = (_distances(one, train).min(axis=1) for one in (generated, held_out))
    u = mannwhitneyu(made, real).statistic
    n, m = len(made), len(real)
    expected = (u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)
    assert memorisation.compute(train, generated, held_out)["c_t"] == pytest.approx(expected, rel=1e-12)


def test_c_t_is_the_mean_over_cells_weighted_by_held_out_images():
    centres = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    cells = [
        [(c + _normal(10 * i + j, n, 2)).astype(np.float32) for j, n in enumerate((40, 30, 10 * (i + 1)))]
        for i, c in enumerate(centres)
    ]
    train, generated, held_out = (np.concatenate([cell[j] for cell in cells]) for j in range(3))
    each = []
    for part, made, real in cells:
        u = mannwhitneyu(*(_distances(one, part).min(axis=1) for one in (made, real))).statistic
        n, m = len(made), len(real)
        each.append((u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12))
    expected = np.average(each, weights=[10, 20, 30])
    assert memorisation.compute(train, generated, held_out)["c_t"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_over_all_permutations_of_the_labels_z_has_mean_0_and_variance_1():
    pooled, generated = _normal(0, 9, 2), _normal(1, 30, 2)
    values = []
    for rows in combinations(range(9), 5):
        chosen = np.isin(np.arange(9), rows)
        values.append(memorisation.compute(pooled[chosen], generated, pooled[~chosen])["train_share_z"])
    assert np.mean(values) == pytest.approx(0, abs=1e-12)
    assert np.mean(np.square(values)) == pytest.approx(1, rel=1e-12)


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_the_probability_of_a_train_share_is_exact_where_each_real_image_is_met_once():
    pooled = 10 * _normal(0, 10, 4)
    generated = pooled[:4] + 0.01
    found = []
    for rows in combinations(range(10), 5):
        chosen = np.isin(np.arange(10), rows)
        result = memorisation.compute(pooled[chosen], generated, pooled[~chosen])
        found.append((round(4 * result["train_share"]), result["train_share_p"], result["held_out_p"]))
    for trained, p, held_out_p in found:
        assert p == pytest.approx(np.mean([other >= trained for other, *_ in found]), rel=1e-9)
        assert held_out_p == pytest.approx(np.mean([other <= trained for other, *_ in found]), rel=1e-9)


def test_near_duplicates_are_those_below_the_quantile_of_the_held_out_images():
    held_out = np.stack([np.arange(1, 200.0), np.full(199, 400.0)], axis=1)  # 199: the second smallest is the bound
    generated = np.array([[1.5, 400.0], [0.0, 0.0], [3.0, 400.0], [100.0, 400.0]])
    found = near_duplicates(generated, np.arange(4), held_out)
    assert found.share == 2 / 4
    assert found.expected == 2 / 200  # one of 199 is below the bound
    assert found.p == pytest.approx(hypergeom.sf(1, 204, 4, 4), rel=1e-9)


def test_what_data_sets_repeat_is_expected_of_generated_images_too():
    held_out = np.concatenate([np.zeros((50, 2)), np.stack([np.arange(1, 151.0), np.full(150, 400.0)], axis=1)])
    generated = np.concatenate([np.zeros((25, 2)), np.full((75, 2), 400.0)])
    found = near_duplicates(generated, np.arange(100), held_out)
    assert found.share == 0.25
    assert found.expected == 51 / 201
    assert found.p > 0.3


def test_many_images_near_to_one_training_image_are_one():
    held_out = np.stack([np.arange(1, 200.0), np.full(199, 400.0)], axis=1)
    generated = np.tile([[0.5, 400.0]], (100, 1))
    assert near_duplicates(generated, np.zeros(100, int), held_out).p > 0.01
    assert near_duplicates(generated, np.arange(100), held_out).p < 1e-50


# ----- what they say of generators


def test_copies_show_in_every_measure():
    train, _, held_out = _sets(200, 60, 100)
    for copied in (train[:60], train[:60] + _normal(5, 60, scale=0.01)):
        result = memorisation.compute(train, copied, held_out)
        assert result["near_duplicates"] > 0.95
        assert result["near_duplicates_p"] < 1e-20
        assert result["authpct"] < 5
        assert result["c_t"] < -5
        assert result["train_share"] == 1
        assert result["train_share_p"] < 1e-9


def test_copies_of_held_out_images_show_as_such():
    train, _, held_out = _sets(200, 60, 100)
    result = memorisation.compute(train, held_out[:60], held_out)
    assert result["held_out_p"] < 1e-9
    assert result["train_share_z"] < -5
    assert result["near_duplicates_p"] > 0.05


def _blurred(seed):
    """Nearer to the middle than any real image."""
    return _normal(seed, 60, 4, scale=0.3)


def _collapsed(seed):
    """Six images, ten times each, all but equal."""
    return np.repeat(_normal(seed, 6, 4), 10, axis=0) + _normal(seed + 1, 60, 4, scale=1e-3)


@pytest.mark.usefixtures("without_checks_of_shapes")
@pytest.mark.parametrize("generate", [_blurred, _collapsed])
def test_the_train_share_holds_its_level_for_honest_generators_where_c_t_does_not(generate):
    repeats, level = 100, 0.05
    shares, c_t = [], []
    for seed in range(repeats):
        train, held_out = _normal(10 * seed, 60, 4), _normal(10 * seed + 1, 50, 4)
        result = memorisation.compute(train, generate(10 * seed + 2), held_out)
        shares.append(result["train_share_p"] < level)
        c_t.append(result["c_t"] < -1.645)
    # seeded: 3.5 standard errors of a share of 5 %
    assert np.mean(shares) < level + 3.5 * np.sqrt(level * (1 - level) / repeats)
    assert np.mean(c_t) > 4 * level


@pytest.mark.usefixtures("without_checks_of_shapes")
def test_a_blurred_generator_has_no_near_duplicates():
    results = [
        memorisation.compute(_normal(10 * seed, 60, 4), _blurred(10 * seed + 2), _normal(10 * seed + 1, 50, 4))
        for seed in range(20)
    ]
    assert min(result["near_duplicates_p"] for result in results) > 1e-3
    assert np.mean([result["authpct"] for result in results]) < 60  # AuthPct takes it for a copier


# ----- bad input


def test_sets_of_different_width_are_named():
    train, generated, held_out = _sets()
    with pytest.raises(InputError, match="the training ones 6, the generated ones 6, the held-out ones 5"):
        memorisation.compute(train, generated, held_out[:, :5])


@pytest.mark.parametrize(("place", "word"), [(0, "training"), (1, "generated"), (2, "held-out")])
def test_a_set_with_too_few_images_is_named(place, word):
    sets = list(_sets())
    sets[place] = sets[place][:3]
    with pytest.raises(InputError, match=f"the {word} features have 3"):
        memorisation.compute(*sets)


def test_equal_images_only_are_no_division_by_zero():
    same = np.ones((30, 4))
    result = memorisation.compute(same, same, same)
    assert (result["near_duplicates"], result["authpct"], result["c_t"], result["train_share_z"]) == (0, 0, 0, 0)
