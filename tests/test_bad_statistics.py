"""A mean and a covariance that no features have are refused in one line; what rounding leaves of others is taken."""

from types import SimpleNamespace

import numpy as np
import pytest

import bench
from bench.measuring.statistics import read_statistics
from metrics.errors import InputError
from metrics.fid import GaussianStats, fid_between

ROWS = np.random.default_rng(0).normal(size=(50, 4))
GOOD = GaussianStats.of(ROWS)
TURNED = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]


def indefinite(least):
    """A covariance with a positive diagonal and this eigenvalue."""
    return TURNED @ np.diag([least, 1.0, 2.0, 3.0]) @ TURNED.T


BAD = {
    "an indefinite covariance": ((GOOD.mean, indefinite(-0.5), 50), "negative variance in some direction, -0.5"),
    "a slightly indefinite covariance": ((GOOD.mean, indefinite(-1e-3), 50), "negative variance in some direction"),
    "a negative variance": ((GOOD.mean, -GOOD.cov, 50), "negative variance"),
    "an asymmetric covariance": ((GOOD.mean, GOOD.cov + np.triu(np.ones((4, 4)), 1), 50), "differs from its transpose"),
    "1e154": ((GOOD.mean, GOOD.cov * 1e154, 50), "no features have more than 1e+40"),
    "1.8e308": ((GOOD.mean, np.full((4, 4), 1.79e308), 50), "no features have more than 1e+40"),
    "a mean of 1e200": ((GOOD.mean + 1e200, GOOD.cov, 50), "no features have more than 1e+20"),
    "NaN in the mean": ((GOOD.mean * np.nan, GOOD.cov, 50), "mu holds 4 values that are not finite"),
    "infinity in the covariance": ((GOOD.mean, GOOD.cov * np.inf, 50), "sigma holds 16 values that are not finite"),
    "another width": ((GOOD.mean[:3], GOOD.cov, 50), "expected (d,) and (d, d)"),
    "a mean of two axes": ((GOOD.mean[:, None], GOOD.cov, 50), "expected (d,) and (d, d)"),
    "no width": ((GOOD.mean[:0], GOOD.cov[:0, :0], 50), "expected (d,) and (d, d)"),
    "whole numbers": ((GOOD.mean, np.eye(4, dtype=int), 50), "expected float32 or float64"),
    "half precision": ((GOOD.mean, GOOD.cov.astype(np.float16), 50), "expected float32 or float64"),
    "complex numbers": ((GOOD.mean, GOOD.cov.astype(complex), 50), "expected float32 or float64"),
}


def gaussian(mean, cov, count):
    return SimpleNamespace(mean=mean, cov=cov, count=count)  # as a caller may make it, without any check


@pytest.mark.parametrize("name", BAD)
def test_a_distance_of_what_is_no_covariance_is_refused(name):
    given, said = BAD[name]
    for pair in ((gaussian(*given), GOOD), (GOOD, gaussian(*given))):
        with pytest.raises(InputError) as caught:
            fid_between(*pair)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_a_file_of_what_is_no_covariance_is_refused_by_its_name(name, tmp_path):
    (mean, cov, count), _ = BAD[name]
    np.savez(tmp_path / "bad.npz", mu=mean, sigma=cov, count=count)
    np.savez(tmp_path / "good.npz", mu=GOOD.mean, sigma=GOOD.cov, count=50)
    with pytest.raises(InputError, match=r"bad\.npz") as caught:
        bench.fid(tmp_path / "good.npz", tmp_path / "bad.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [None, 3, "ref.npz", (GOOD.mean, GOOD.cov), {"mu": GOOD.mean}], ids=repr)
def test_a_distance_of_what_is_no_statistics_is_refused(bad):
    with pytest.raises(InputError, match="expected GaussianStats"):
        fid_between(GOOD, bad)


@pytest.mark.parametrize("bad", [None, 1, 2.5, True, "50"], ids=repr)
def test_a_count_that_is_none_is_refused(bad):
    with pytest.raises(InputError, match="the count"):
        fid_between(GOOD, gaussian(GOOD.mean, GOOD.cov, bad))


def test_a_count_that_the_covariance_belies_is_refused():
    """Two images have variance in one direction; this covariance would lose all others without a word."""
    with pytest.raises(InputError, match="more directions than so many images span"):
        fid_between(GOOD, gaussian(GOOD.mean, GOOD.cov, 2))


def test_no_parts_are_no_statistics():
    with pytest.raises(InputError, match="at least 2 images, got none"):
        GaussianStats.of_blocks([])


SINGULAR = {
    "fewer images than features": ROWS[:3],
    "a constant feature": ROWS * [1, 1, 1, 0],
    "a feature twice": ROWS[:, [0, 1, 2, 2]],
    "constant features": np.ones((50, 4)),
    "a large offset": ROWS + 1e6,
    "tiny variances": ROWS * [1, 1e-6, 1e-9, 1e-12],
}


@pytest.mark.parametrize("kept", [np.float32, np.float64])
@pytest.mark.parametrize("name", SINGULAR)
def test_honest_singular_covariances_are_taken(name, kept, tmp_path):
    stats = GaussianStats.of(SINGULAR[name])
    np.savez(tmp_path / "kept.npz", mu=stats.mean.astype(kept), sigma=stats.cov.astype(kept), count=stats.count)
    read = read_statistics(tmp_path / "kept.npz")
    found = fid_between(GaussianStats(read.mean, read.cov, stats.count), GOOD).fid
    assert found == pytest.approx(fid_between(stats, GOOD).fid, rel=1e-4)


def test_a_covariance_worked_out_in_float32_is_taken(tmp_path):
    rows = np.random.default_rng(2).normal(size=(40, 64)).astype(np.float32)  # of rank 39
    centred = rows - rows.mean(axis=0)
    cov = centred.T @ centred / np.float32(39)
    assert np.linalg.eigvalsh(cov.astype(np.float64))[0] < 0
    np.savez(tmp_path / "single.npz", mu=rows.mean(axis=0), sigma=cov)
    assert read_statistics(tmp_path / "single.npz").cov.shape == (64, 64)
