"""Moments in small files: the distance again, or bounds that hold."""

import zipfile

import numpy as np
import pytest

from bench.leaderboard.moments import FULL_BYTES, Moments, distance, moments_of, read_moments
from bench.storage.files import npz_bytes, write_bytes
from metrics.errors import InputError
from metrics.fid import fid_of


def features(count, dims, seed, scale=1.0):
    draw = np.random.RandomState(seed)
    return (draw.randn(count, dims) * np.linspace(scale, 2, dims) + 0.1 * seed).astype(np.float32)


def spectrum_only(moments, values):
    """The same moments as they would be kept of a set whose covariance is too large."""
    rows = values - values.mean(axis=0)
    found = np.linalg.eigvalsh(rows.T.astype(np.float64) @ rows)[::-1][: min(len(values) - 1, values.shape[1])]
    return Moments(moments.count, moments.mean, "spectrum", np.maximum(found, 0) / (len(values) - 1))


@pytest.mark.parametrize(("count", "kind"), [(40, "features"), (90, "covariance")])
def test_the_distance_of_stored_moments_is_the_fid_of_the_features(tmp_path, count, kind):
    one, other = features(count, 60, 1), features(count, 60, 2, scale=0.5)
    stored = []
    for name, values in (("a", one), ("b", other)):
        write_bytes(tmp_path / f"{name}.npz", npz_bytes(moments_of(values).arrays()))
        stored.append(read_moments(tmp_path / f"{name}.npz"))
    assert {moments.kind for moments in stored} == {kind}
    found, expected = distance(*stored), fid_of(one, other)
    assert found.mean_term == pytest.approx(expected.mean_term, rel=1e-12)
    assert found.low == found.high == pytest.approx(expected.covariance_term, rel=1e-9)  # float32 rows are exact


@pytest.mark.parametrize("count", [40, 90])
def test_the_spectra_alone_bound_the_distance_from_both_sides(count):
    one, other = features(count, 60, 1), features(count, 60, 2, scale=0.5)
    bounded = distance(spectrum_only(moments_of(one), one), spectrum_only(moments_of(other), other))
    expected = fid_of(one, other)
    assert bounded.mean_term == pytest.approx(expected.mean_term, rel=1e-12)
    assert 0 < bounded.low < expected.covariance_term < bounded.high


def test_the_lower_bound_is_reached_where_covariances_share_their_axes():
    """Two diagonal covariances: sum (sqrt a - sqrt b)^2."""
    a, b = np.array([9.0, 4.0, 1.0]), np.array([4.0, 4.0, 0.25])
    mean = np.zeros(3)
    found = distance(Moments(9, mean, "spectrum", a), Moments(9, mean, "spectrum", b))
    assert found.low == pytest.approx(1 + 0 + 0.25)
    assert found.high == pytest.approx(a.sum() + b.sum() - 2 * (3 * 0.5 + 2 * 2 + 1 * 2))


def test_a_set_and_itself_have_a_lower_bound_of_nothing():
    values = features(50, 60, 1)
    moments = spectrum_only(moments_of(values), values)
    assert distance(moments, moments).low == pytest.approx(0, abs=1e-9)


def test_what_is_stored_in_full_is_small():
    assert moments_of(features(1100, 64, 0)).kind == "covariance"
    for count, dims in ((100, 2048), (128, 2048), (600, 512), (130, 2048)):
        stored = moments_of(features(count, dims, 0))
        assert stored.values.nbytes <= FULL_BYTES
        assert (stored.kind == "spectrum") == (count == 130)


def test_the_spectrum_is_that_of_the_covariance():
    values = features(130, 2048, 3)
    stored = moments_of(values)
    rows = (values - values.mean(axis=0)).astype(np.float64)
    expected = np.linalg.svd(rows, compute_uv=False)[:129] ** 2 / 129
    assert stored.values == pytest.approx(expected, rel=1e-5)  # these rows were centred in float32
    assert stored.trace == pytest.approx(rows.var(axis=0, ddof=1).sum(), rel=1e-6)


def test_moments_of_different_widths_have_no_distance():
    with pytest.raises(InputError, match="of 60 and of 61 features"):
        distance(moments_of(features(90, 60, 0)), moments_of(features(90, 61, 0)))


GOOD = moments_of(features(90, 6, 0)).arrays()
FEW, WIDE = moments_of(features(5, 6, 0)).arrays(), moments_of(features(130, 2048, 0)).arrays()
INDEFINITE = (np.eye(6) + 3 * np.eye(6)[[1, 0, 2, 3, 4, 5]] * (np.arange(6) < 2))[np.triu_indices(6)]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"mean": GOOD["mean"]}, "holds mean; expected count, mean and one of"),
        ({**GOOD, "more": GOOD["mean"]}, "holds count, covariance, mean, more"),
        ({"count": GOOD["count"], "mean": GOOD["mean"]}, "holds count, mean; expected count, mean and one of"),
        ({"mean": GOOD["mean"], "covariance": GOOD["covariance"]}, "holds covariance, mean; expected count, mean and"),
        ({**GOOD, "spectrum": WIDE["spectrum"]}, "holds count, covariance, mean, spectrum; expected count, mean and"),
        ({}, "holds nothing"),
        ({**GOOD, "mean": GOOD["mean"] * np.nan}, "not finite"),
        ({**GOOD, "covariance": GOOD["covariance"][:-1]}, r"covariance is \(20,\), expected \(21,\)"),
        ({**GOOD, "mean": GOOD["mean"].astype(np.float32)}, "other types"),
        ({**GOOD, "count": np.array(1)}, "other types"),
        ({**GOOD, "covariance": np.zeros(2**20)}, "claims an array of 8,388,608 bytes"),
        ({**GOOD, "covariance": -GOOD["covariance"]}, "a negative variance in some direction"),
        ({**GOOD, "covariance": INDEFINITE}, "a negative variance in some direction, -2"),
        ({**GOOD, "covariance": GOOD["covariance"] * 1e150}, r"no features have more than 1e\+40"),
        ({**FEW, "features": FEW["features"] * np.float32(1e30)}, r"beyond 1e\+20"),
        ({**WIDE, "spectrum": WIDE["spectrum"][::-1]}, "the largest first"),
        ({**WIDE, "spectrum": WIDE["spectrum"] - 1000}, "not a list of variances"),
        ({**GOOD, "mean": np.array([None])}, "holds Python objects, which are never loaded"),
    ],
)
def test_a_file_that_is_no_moments_is_refused_by_name(tmp_path, arrays, said):
    path = tmp_path / "moments.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=said) as refused:
        read_moments(path)
    assert str(path) in str(refused.value)


def test_a_missing_and_a_cut_file_are_told_apart(tmp_path):
    path = tmp_path / "moments.npz"
    with pytest.raises(InputError, match="does not exist"):
        read_moments(path)
    path.write_bytes(npz_bytes(GOOD)[:-40])
    with pytest.raises(InputError, match=r"is not a readable \.npz file"):
        read_moments(path)


def test_an_array_that_only_claims_to_be_large_takes_no_memory(tmp_path):
    shape = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "moments.npz", "w") as archive:
        for name in ("count", "mean", "covariance"):
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00v\x00" + shape)
    with pytest.raises(InputError, match="claims an array of 80,000,000,000,000 bytes"):
        read_moments(tmp_path / "moments.npz")
