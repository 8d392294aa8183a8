"""What is no features, no statistics or no option: every public function of the metrics says so in one line."""

import inspect
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench import registry
from metrics import cmmd, fid, fld, inception_score, kid, memorisation, mind, mse, prdc, sfid, splits, vendi
from metrics.errors import InputError
from metrics.fid import GaussianStats

ROWS = np.random.default_rng(0).normal(size=(12, 3))
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 12, 12), dtype=np.uint8)
HASHES = [f"{i:064x}" for i in range(9)]


def sparse(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own announcement of a beta state
        return torch.from_numpy(np.asarray(values, np.float32)).to_sparse()


KINDS = {  # name: what becomes of a good array
    "None": lambda good: None,
    "a number": lambda good: 1.5,
    "a text": lambda good: "features.npy",
    "a list": lambda good: good.tolist(),
    "a ragged list": lambda good: [[1.0], [1.0, 2.0]],
    "a mapping": lambda good: {"features": good},
    "a generator": lambda good: (row for row in good),
    "0 axes": lambda good: np.array(1.0),
    "1 axis": lambda good: good.reshape(-1),
    "5 axes": lambda good: good.reshape(*good.shape, *[1] * (5 - good.ndim)),
    "no width": lambda good: good[:, :0],
    "one row": lambda good: good[:1],
    "no row": lambda good: good[:0],
    "a masked value": lambda good: np.ma.masked_array(good, mask=good == good.reshape(-1)[0]),
    "complex": lambda good: good.astype(complex),
    "objects": lambda good: good.astype(object),
    "bool": lambda good: good > 0,
    "texts": lambda good: good.astype("U8"),
    "bytes": lambda good: good.astype("S8"),
    "dates": lambda good: good.astype(np.int64).astype("M8[s]"),
    "a structure": lambda good: np.zeros(good.shape, [("x", "f4"), ("y", "f4")]),
    "NaN": lambda good: np.full(good.shape, np.nan),
    "infinity": lambda good: np.full(good.shape, -np.inf),
    "1e200": lambda good: good * 1e200 + 1e200,
    "1e300": lambda good: good * 1e300 + 1e300,
    "longdoubles beyond float64": lambda good: (good + 1e9).astype(np.longdouble) ** 99,
    "a sparse tensor": sparse,
    "a tensor without values": lambda good: torch.zeros(good.shape, device="meta"),
    "a complex tensor": lambda good: torch.zeros(good.shape, dtype=torch.complex64),
}
ARRAYS = {  # name: a function of one bad array, and a good one
    "fid.compute, real": (lambda bad: fid.compute(bad, ROWS), ROWS),
    "fid.compute, generated": (lambda bad: fid.compute(ROWS, bad), ROWS),
    "fid.fid_of": (lambda bad: fid.fid_of(bad, ROWS), ROWS),
    "fid.influence": (lambda bad: fid.influence(ROWS, bad), ROWS),
    "fid.GaussianStats.of": (GaussianStats.of, ROWS),
    "kid.compute": (lambda bad: kid.compute(bad, ROWS), ROWS),
    "kid.influence": (lambda bad: kid.influence(ROWS, bad), ROWS),
    "prdc.compute": (lambda bad: prdc.compute(ROWS, bad), ROWS),
    "memorisation.compute, train": (lambda bad: memorisation.compute(bad, ROWS, ROWS), ROWS),
    "memorisation.compute, held out": (lambda bad: memorisation.compute(ROWS, ROWS, bad), ROWS),
    "inception_score.compute": (lambda bad: inception_score.compute(bad, splits=1), ROWS),
    "cmmd.compute": (lambda bad: cmmd.compute(bad, ROWS), ROWS),
    "cmmd.influence": (lambda bad: cmmd.influence(ROWS, bad), ROWS),
    "fld.compute, generated": (lambda bad: fld.compute(ROWS, bad, ROWS), ROWS),
    "fld.compute, held out": (lambda bad: fld.compute(ROWS, ROWS, bad), ROWS),
    "mind.compute": (lambda bad: mind.compute(ROWS, bad, directions=3), ROWS),
    "sfid.compute": (lambda bad: sfid.compute(bad, ROWS), ROWS),
    "vendi.compute": (vendi.compute, ROWS),
    "mse.compute": (lambda bad: mse.compute(bad, PIXELS), PIXELS),
    "mse.per_image": (lambda bad: mse.per_image(PIXELS, bad), PIXELS),
    "mse.absolute_per_image": (lambda bad: mse.absolute_per_image(bad, PIXELS), PIXELS),
    "mse.ssim_per_image": (lambda bad: mse.ssim_per_image(PIXELS, bad), PIXELS),
}
FEATURES = [name for name, (_, good) in ARRAYS.items() if good is ROWS and "real" not in name and "train" not in name]


def refused(function, *given, **options):
    with pytest.raises(InputError) as caught:
        function(*given, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ARRAYS)
def test_what_is_no_array_of_numbers_is_refused_in_one_line(name, kind):
    function, good = ARRAYS[name]
    refused(function, KINDS[kind](good))


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, np.longdouble, ">f8", "<f4", ">i2", np.int8, np.uint16, np.int64, np.uint64]
)
@pytest.mark.parametrize("name", FEATURES)
def test_every_real_type_is_taken_and_means_its_values(name, kind):
    function, _ = ARRAYS[name]
    values = np.abs(np.round(ROWS * 8)).astype(kind)
    assert_same(function(values), function(values.astype(np.float64)))


FORMS = {
    "a tensor": torch.from_numpy,
    "a tensor with gradients": lambda values: torch.from_numpy(values).requires_grad_(),
    "a bfloat16 tensor": lambda values: torch.from_numpy(values).bfloat16(),
    "a parameter": lambda values: torch.nn.Parameter(torch.from_numpy(values)),
    "np.matrix": np.matrix,
    "a masked array without a masked value": np.ma.masked_array,
    "a subclass": lambda values: values.view(type("Own", (np.ndarray,), {})),
    "Fortran order": np.asfortranarray,
    "a view": lambda values: np.repeat(values, 2, axis=0)[::2],
    "read-only": lambda values: np.broadcast_to(values, values.shape),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FEATURES)
def test_other_forms_of_an_array_mean_its_values(name, form):
    function, _ = ARRAYS[name]
    values = np.round(ROWS * 8)  # what bfloat16 holds exactly
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # numpy's own of np.matrix
        made = FORMS[form](values)
    assert_same(function(made), function(values))


def test_a_memory_mapped_file_means_its_values(tmp_path):
    np.save(tmp_path / "rows.npy", ROWS)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert fid.compute(mapped, ROWS) == fid.compute(ROWS, ROWS)


def assert_same(found, expected):
    match found:
        case dict():
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
        case GaussianStats():
            assert_same((found.mean, found.cov), (expected.mean, expected.cov))
        case tuple():
            for one, other in zip(found, expected, strict=True):
                assert one == pytest.approx(other, rel=1e-9, abs=1e-9)
        case _:
            assert vars(found) == pytest.approx(vars(expected), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", FEATURES)
def test_features_whose_fourth_powers_vanish_are_refused(name):
    assert "fourth powers vanish" in refused(ARRAYS[name][0], ROWS * 1e-200)


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_numbers_at_the_edge_of_what_is_taken_give_finite_scores_under_any_error_state(name):
    metric = registry.load("metrics", name)
    if metric.feature == "images":
        return
    count = {"set": 1, "pair": 2, "triplet": 3}[metric.arity]
    sets = [np.random.default_rng(i).uniform(-1e20, 1e20, (12, 3)) for i in range(count)]
    options = {one.name: 2 for one in metric.options if one.name == "splits"}
    options |= {"labels": np.zeros(12, np.int64)} if metric.labels else {}
    with np.errstate(all="raise"):
        assert all(np.isfinite(value) for value in metric.compute(*sets, **options).values())


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@example(np.array([[135.0], [8.79e-153], [0.0], [0.0]]))  # halves that share rounding only: the ratio overflowed
@given(arrays(np.float64, st.tuples(st.integers(4, 8), st.integers(1, 3)), elements=st.floats(width=64)))
def test_any_floats_give_a_finite_distance_or_one_line(values):
    try:
        found = fid.compute(values, values[::-1] / 2)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert all(np.isfinite(value) for value in found.values())


# ----- options


NO_NUMBERS = [None, 2.5, 3.0, "3", True, np.bool_(True), np.nan, [3], np.array([3, 4]), 10**30, -1]
OPTIONS = {
    "fid.compute seed": lambda bad: raw(fid.compute)(ROWS, ROWS, seed=bad),
    "kid.compute seed": lambda bad: raw(kid.compute)(ROWS, ROWS, seed=bad),
    "kid.compute subsets": lambda bad: raw(kid.compute)(ROWS, ROWS, subsets=bad),
    "inception_score.compute seed": lambda bad: raw(inception_score.compute)(ROWS, splits=2, seed=bad),
    "inception_score.compute splits": lambda bad: raw(inception_score.compute)(ROWS, splits=bad),
    "memorisation.compute seed": lambda bad: raw(memorisation.compute)(ROWS, ROWS, ROWS, seed=bad),
    "prdc.compute k": lambda bad: raw(prdc.compute)(ROWS, ROWS, k=bad),
    "splits.disjoint seed": lambda bad: raw(splits.disjoint)(HASHES, [2, 2], bad),
    "splits.disjoint count": lambda bad: raw(splits.disjoint)(HASHES, [2, bad], 0),
}


def raw(function):
    """Without the checker of annotations that only tests have: it would refuse first."""
    return inspect.unwrap(function)


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_another_kind_is_refused_in_one_line(name, bad):
    refused(OPTIONS[name], bad)


@pytest.mark.parametrize("bad", [None, 2.5, "1000", 1, -5], ids=repr)
def test_a_size_of_subsets_that_is_none_is_refused(bad):
    assert "size of the KID subsets" in refused(raw(kid.compute), ROWS, ROWS, subset_size=bad)


@pytest.mark.parametrize("bad", [None, 1, "no"], ids=repr)
def test_a_switch_takes_true_and_false_only(bad):
    assert "expected True or False" in refused(raw(fid.compute), ROWS, ROWS, all_estimates=bad)
    assert "expected True or False" in refused(raw(inception_score.compute), ROWS, splits=1, shuffle=bad)


def test_the_largest_seed_is_said():
    assert str(2**32 - 1) in refused(fid.compute, ROWS, ROWS, seed=2**32)
    fid.compute(ROWS, ROWS[::-1], seed=2**32 - 1)


def test_whole_numbers_of_numpy_are_whole_numbers():
    found = [raw(prdc.compute)(ROWS, ROWS + 1, k=k) for k in (3, np.int64(3), np.uint8(3))]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("bad", [None, 3, "abc", [1, 2], [None]], ids=repr)
def test_hashes_are_a_list_of_texts(bad):
    assert "expected" in refused(raw(splits.disjoint), bad, [1], 0)
    assert "expected" in refused(raw(splits.overlap), HASHES, bad)


@pytest.mark.parametrize("bad", [None, 3, "12"], ids=repr)
def test_counts_are_a_list_of_whole_numbers(bad):
    assert "expected" in refused(raw(splits.disjoint), HASHES, bad, 0)


@pytest.mark.parametrize("bad", [None, [0.1], np.array([[0.1]]), np.array([2.0]), np.array([-0.1]), np.array([np.nan])])
def test_a_psnr_is_of_errors_in_their_range(bad):
    refused(raw(mse.psnr_per_image), bad)
