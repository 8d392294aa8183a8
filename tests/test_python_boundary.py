"""What a caller in Python may hand over by mistake: every function of `bench` says it in one line."""

import copy
import inspect
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import bench
from bench.options import known
from bench.settings.sets import Settings
from metrics.errors import InputError

SETTINGS = {"extractor": "pixels", "cache": False}


def images(count=6, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (count, 3, 8, 8)).astype(np.uint8)


def refused(function, *given, **options):
    with pytest.raises(InputError) as caught:
        function(*given, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


# ----- sets of images

NO_SETS = {
    "None": None,
    "a number": 3,
    "bytes": b"digits:test",
    "an empty list": [],
    "a list of numbers": [3, 4],
    "a list of a path and an array": ["x.png", images(1)[0]],
    "a list of batches of other types": [images(), images().astype(np.float32)],
    "a list of a missing file": ["nowhere.png"],
    "a ragged list": [[1, 2], [3]],
    "a mapping": {"images": images()},
    "a set": {"digits:test"},
    "a function": images,
    "an empty text": "",
    "a text with NUL": "dig\0its",
    "a text of 5,000 letters": "x" * 5000,
    "a missing folder": Path("nowhere"),
    "0 axes": np.uint8(3),
    "2 axes": images()[0, 0],
    "no images": images(0),
    "bool": images() > 9,
    "objects": images().astype(object),
    "complex": images().astype(complex),
    "texts": images().astype("U4"),
    "int64": images().astype(np.int64),
    "NaN": np.full((4, 3, 8, 8), np.nan),
    "masked": np.ma.masked_less(images(), 9),
    "a sparse tensor": torch.zeros(4, 3, 8, 8).to_sparse(),
    "a tensor without values": torch.zeros(4, 3, 8, 8, device="meta"),
    "a tensor of int64": torch.zeros(4, 3, 8, 8, dtype=torch.int64),
}
TAKE_SETS = {
    "fid, a": lambda bad, path: bench.fid(bad, images(), **SETTINGS),
    "fid, b": lambda bad, path: bench.fid(images(), bad, **SETTINGS),
    "score, a": lambda bad, path: bench.score(bad, images(), metrics=["fid"], **SETTINGS),
    "score, train": lambda bad, path: bench.score(
        images(), images(), train=[] if bad is None else bad, metrics=["memorisation"], **SETTINGS
    ),
    "save_statistics": lambda bad, path: bench.save_statistics(bad, path / "out.npz", **SETTINGS),
    "open_source": lambda bad, path: bench.open_source(bad),
    "Accumulator.compute": lambda bad, path: filled(images()).compute(bad),
}


def filled(*batches, **options):
    accumulator = bench.Accumulator(extractor="digits-cnn", **options)  # of few dimensions
    for batch in batches:
        accumulator.update(batch)
    return accumulator


@pytest.mark.parametrize("kind", NO_SETS)
@pytest.mark.parametrize("name", TAKE_SETS)
def test_what_is_no_set_of_images_is_refused_in_one_line(name, kind, tmp_path):
    refused(TAKE_SETS[name], NO_SETS[kind], tmp_path)


@pytest.mark.parametrize("kind", [name for name in NO_SETS if name != "no images"])
def test_what_is_no_batch_is_refused_and_adds_nothing(kind):
    accumulator = filled(images())
    refused(accumulator.update, NO_SETS[kind])
    assert accumulator.count == 6


@pytest.mark.parametrize(
    "made",
    [
        torch.from_numpy,
        lambda x: torch.from_numpy(x).float() / 255,
        lambda x: (torch.from_numpy(x).float() / 255).requires_grad_(),
        np.ma.masked_array,
        lambda x: x.astype(">f8") / 255,
    ],
    ids=["a tensor", "a tensor of floats", "with gradients", "masked without a masked value", "another byte order"],
)
def test_other_forms_of_images_are_the_same_images(made):
    assert bench.fid(made(images()), images(seed=1), **SETTINGS).fid == pytest.approx(
        bench.fid(images(), images(seed=1), **SETTINGS).fid, rel=1e-9
    )


def test_an_array_that_is_changed_while_its_set_is_in_use_is_noticed():
    array = images()
    source = bench.open_source(array)
    array[2] = 0
    assert "image 2 of the array was changed" in refused(bench.fid, source, images(seed=1), **SETTINGS)


def test_a_batch_may_be_overwritten_after_it_was_added():
    batch, accumulator = images(), filled(keep_features=True)
    accumulator.update(batch)
    batch[:] = 0
    assert accumulator.compute(images()).fid == pytest.approx(0, abs=1e-12)


# ----- options

NO_NUMBERS = [None, 2.5, "3", True, np.nan, [3], -1, 10**30]
NO_TEXTS = [None, 3, "", ["pixels"], b"pixels"]
NO_SWITCHES = [None, 1, "no"]
NO_PATHS = [3, "", b"x", ["x"]]
BAD = {
    **dict.fromkeys(("seed", "workers", "batch_size"), NO_NUMBERS[:-1]),
    "limit": [2.5, "3", True, 0, -1, [3], 10**30],
    **{name: [*NO_TEXTS, "nothing"] for name in ("extractor", "device")},
    **{name: [3, "", ["clean"], "nothing"] for name in ("resize", "tap")},
    **dict.fromkeys(("offline", "trust_code", "cache", "skip_corrupt"), NO_SWITCHES),
    **dict.fromkeys(("weights", "data_root"), NO_PATHS),
    "progress": [3, "bar"],
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda value: repr(value)[:20])
def test_a_setting_of_another_kind_is_refused_by_every_function(name, value, tmp_path):
    wrong = {**SETTINGS, name: value}
    refused(bench.fid, images(), images(), **wrong)
    refused(bench.score, images(), images(), metrics=["fid"], **wrong)
    refused(bench.save_statistics, images(), tmp_path / "out.npz", **wrong)
    if name not in ("limit", "data_root") or not isinstance(value, int | str) or value in ("3", "", True, 3):
        refused(bench.Accumulator, **wrong)


def test_every_setting_is_in_the_table():
    assert set(BAD) == set(known(Settings))


@pytest.mark.parametrize("value", [value for value in NO_NUMBERS if value != 10**30], ids=repr)
@pytest.mark.parametrize(
    ("metric", "name"), [("is", "splits"), ("prdc", "k"), ("kid", "subsets"), ("kid", "subset_size")]
)
def test_an_option_of_a_metric_is_refused_before_an_image_is_read(metric, name, value):
    said = refused(bench.score, images(), images(), metrics=[metric], **{name: value}, **SETTINGS)
    assert said.startswith(f"{name} is ")
    assert "expected" in said


@pytest.mark.parametrize("bad", [None, 3, [None], [["fid"]], "", [""], "fud", ["fid", "fud"], {"fid": 1}.get])
def test_what_is_no_metric_is_refused(bad):
    refused(bench.score, images(), images(), metrics=bad, **SETTINGS)


def test_the_name_of_one_metric_is_that_metric():
    one = bench.score(images(), images(seed=1), metrics="fid", **SETTINGS)
    assert one == bench.score(images(), images(seed=1), metrics=["fid"], **SETTINGS)
    assert one == bench.score(images(), images(seed=1), metrics=np.array(["fid"]), **SETTINGS)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (bench.fid, {"influence": 2.5}),
        (bench.fid, {"influence": -1}),
        (bench.fid, {"all_estimates": "no"}),
        (bench.fid, {"crosscheck": None}),
        (bench.score, {"logits": 3}),
        (bench.score, {"metric": "fid"}),
        (bench.open_source, {}),
    ],
)
def test_the_other_options_have_their_kinds_too(function, options):
    if function is bench.open_source:
        for name, value in (("seed", -1), ("limit", 2.5), ("skip_corrupt", "no"), ("data_root", 3)):
            refused(function, images(), **{name: value})
    else:
        refused(function, images(), images(), **options, **SETTINGS)


@pytest.mark.parametrize("path", [None, 3, "", b"out.npz", ["out.npz"]], ids=repr)
def test_statistics_go_to_a_path(path):
    assert "expected a path" in refused(bench.save_statistics, images(), path, **SETTINGS)


def test_a_keyword_that_does_not_exist_is_answered_with_the_close_one():
    for function in (bench.fid, bench.score):
        message = refused(function, images(), images(), extracter="pixels")
        assert message == "no keyword 'extracter'. Did you mean 'extractor' or 'exact'?"
    assert "Did you mean 'tap'?" in refused(bench.Accumulator, tapp="pool")


def test_numbers_of_numpy_are_numbers_and_the_result_is_plain():
    result = bench.fid(images(), images(seed=1), limit=np.int64(5), seed=np.uint32(7), **SETTINGS)
    assert (type(result.limit), type(result.seed), result.n_a) == (int, int, 5)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.lists(st.integers())),
        *(st.dictionaries(st.text(), st.integers()), st.tuples(st.text(), st.floats())),
    )
)
def test_anything_for_a_set_is_one_line(value):
    refused(bench.open_source, value)


# ----- accumulators


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301
def test_a_copy_grows_on_its_own(again, keep):
    original = filled(images(), keep_features=keep)
    before = dict(original.compute(images(seed=1)))
    other = again(original)
    other.update(255 - images(40, seed=2) // 4)
    assert (original.count, other.count) == (6, 46)
    assert dict(original.compute(images(seed=1))) == before
    original.update(images(3, seed=3))
    assert other.count == 46
    assert other.compute(images(seed=1)).n_a == 46


@pytest.mark.parametrize("keep", [False, True])
def test_what_was_merged_grows_on_its_own(keep):
    first, second = filled(images(), keep_features=keep), filled(images(seed=1), keep_features=keep)
    first.merge(second)
    before = dict(first.compute(images(seed=2)))
    second.update(images(30, seed=3))
    assert dict(first.compute(images(seed=2))) == before
    assert (first.count, second.count) == (12, 36)


def test_an_accumulator_is_not_merged_with_itself():
    accumulator = filled(images())
    assert "count twice" in refused(accumulator.merge, accumulator)
    assert accumulator.count == 6


@pytest.mark.parametrize("bad", [None, 3, "digits:test", images()], ids=["None", "3", "a name", "an array"])
def test_only_accumulators_are_merged(bad):
    assert "expected another accumulator" in refused(filled(images()).merge, bad)


def test_a_batch_with_a_bad_part_is_not_added_in_part(monkeypatch):
    accumulator = filled(batch_size=2)
    extract = accumulator._extract
    calls = []

    def failing(batch):
        calls.append(len(batch))
        return {"pool": np.full((2, 96), np.nan)} if len(calls) == 2 else extract(batch)

    monkeypatch.setattr(accumulator, "_extract", failing)
    refused(accumulator.update, images())
    assert (accumulator.count, accumulator._rows) == (0, [])


def test_every_function_of_the_package_is_in_this_table():
    tested = {name.split(",")[0].split(".")[0] for name in TAKE_SETS}
    functions = {name for name in bench.__all__ if inspect.isfunction(inspect.unwrap(getattr(bench, name)))}
    of_sets = {name for name in functions if "bench.api.sets" in inspect.unwrap(getattr(bench, name)).__module__}
    assert of_sets - {"stats", "doctor"} <= tested  # tests/test_functions.py has the others
