"""Nearest neighbours: against every distance written out, ties, copies, and blocks."""

import numpy as np
import pytest

from metrics.arithmetic import products
from metrics.arithmetic.nearest import nearest


def _written_out(x, y, k, of_itself=False):
    squared = ((x[:, None].astype(np.float64) - y[None].astype(np.float64)) ** 2).sum(axis=2)
    if of_itself:
        np.fill_diagonal(squared, np.inf)
    rows = np.argsort(squared, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(squared, rows, axis=1)


def _normal(seed, n, d=6):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def _whole(seed, n, d=3):
    """Whole numbers in a small range: every distance has many ties, and all arithmetic on them is exact."""
    return np.random.default_rng(seed).integers(0, 4, size=(n, d)).astype(np.float32)


def _crowded(seed, n, d=40):
    """Differences so small beside the values that products in float32 cannot tell one distance from another."""
    return (1 + 1e-5 * np.random.default_rng(seed).normal(size=(n, d))).astype(np.float32) * _normal(99, 1, d)


def _with_an_outlier(seed, n, d=6):
    found = _normal(seed, n, d)
    found[0] *= 1e6
    return found


def _tiny(seed, n, d=6):
    return _normal(seed, n, d) * np.float32(1e-22)


def _huge(seed, n, d=6):
    return _normal(seed, n, d) * np.float32(1e18)


@pytest.mark.parametrize("make", [_normal, _whole, _crowded, _with_an_outlier, _tiny, _huge])
@pytest.mark.parametrize("of_itself", [False, True])
def test_the_neighbours_are_those_of_all_distances_the_first_of_equals(make, of_itself):
    x = make(0, 30)
    y = x if of_itself else make(1, 40)
    rows, squared = nearest(x, y, 4, of_itself=of_itself)
    expected_rows, expected = _written_out(x, y, 4, of_itself)
    assert np.array_equal(rows, expected_rows)
    assert squared == pytest.approx(expected, rel=1e-12)  # numpy sums the same differences in another order


def test_a_copy_is_at_distance_zero_also_far_from_the_origin():
    y = 1e6 + _normal(0, 50)  # a matrix product alone is off by about 1e-3 here
    rows, squared = nearest(y[[7, 3]], y, 2)
    assert rows[:, 0].tolist() == [7, 3]
    assert squared[:, 0].tolist() == [0, 0]
    assert (squared[:, 1] > 0).all()


@pytest.mark.parametrize("values", [1, 3, 8, 21])
def test_the_size_of_the_blocks_changes_nothing(monkeypatch, values):
    x, y = _whole(2, 20), _normal(3, 33, 3)
    whole, itself = nearest(x, y, 5), nearest(x, x, 5, of_itself=True)
    monkeypatch.setattr(products, "BLOCK", values)
    found = (*nearest(x, y, 5), *nearest(x, x, 5, of_itself=True))
    for part, expected in zip(found, (*whole, *itself), strict=True):
        assert np.array_equal(part, expected)


def test_no_row_is_its_own_neighbour_but_its_copy_is():
    x = np.concatenate([_normal(0, 5), _normal(0, 1)])
    rows, squared = nearest(x, x, 1, of_itself=True)
    assert (rows[0, 0], rows[5, 0]) == (5, 0)
    assert (squared[0, 0], squared[5, 0]) == (0, 0)
