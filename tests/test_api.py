"""The commands as functions, and the accumulator for training loops."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tiny_runs import undrawn

import bench
from bench.cli import main
from metrics.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
DIGITS = {"extractor": "digits-cnn"}


def images(count, seed=0, channels=3, size=32):
    return np.random.RandomState(seed).randint(0, 256, (count, channels, size, size)).astype(np.uint8)


def filled(batches, **settings):
    accumulator = bench.Accumulator(**DIGITS, **settings)
    for batch in batches:
        accumulator.update(batch)
    return accumulator


# ---- functions


def test_fid_in_python_is_the_command_s():
    result = bench.fid("digits:real-1", "digits:real-2", **DIGITS)
    command = ["fid", "digits:real-1", "digits:real-2", "--extractor", "digits-cnn", "--json"]
    assert json.loads(CliRunner().invoke(main, command).stdout) == dict(result)


def test_score_in_python_is_the_command_s():
    result = bench.score("digits:test", metrics=["is"], **DIGITS)
    command = ["score", "digits:test", "--metrics", "is", "--extractor", "digits-cnn", "--json"]
    assert json.loads(CliRunner().invoke(main, command).stdout) == dict(result)


def test_arrays_and_opened_sources_are_sets_too():
    a, b = images(10), images(12, seed=1)
    result = bench.fid(a, b, extractor="pixels")
    assert (result.n_a, result.n_b) == (10, 12)
    opened = bench.fid(bench.open_source(a), bench.open_source(b), extractor="pixels")
    assert opened == result


def test_a_limit_of_an_opened_source_is_refused():
    with pytest.raises(InputError, match="give it to open_source"):
        bench.fid(bench.open_source(images(10)), images(10), extractor="pixels", limit=5)


def test_fid_is_symmetric():
    a, b = images(10), images(12, seed=1)
    there, back = bench.fid(a, b, extractor="pixels").fid, bench.fid(b, a, extractor="pixels").fid
    assert there == pytest.approx(back, rel=1e-10)


def test_saved_statistics_come_back(tmp_path):
    path = tmp_path / "ref.npz"
    written = bench.save_statistics("digits:real-1", path, **DIGITS)
    assert written.count == 250
    saved, direct = bench.fid(path, "digits:real-2", **DIGITS), bench.fid("digits:real-1", "digits:real-2", **DIGITS)
    assert saved.fid == pytest.approx(direct.fid, rel=1e-10)


def test_progress_names_the_set_and_counts_its_images():
    seen = []
    bench.fid(images(5), images(6), extractor="pixels", progress=lambda *told: seen.append(told), batch_size=4)
    assert seen == [("array", 4, 5), ("array", 5, 5), ("array", 4, 6), ("array", 6, 6)]


def test_an_unknown_setting_is_an_error():
    with pytest.raises(InputError, match=r"no keyword 'limt'. Did you mean 'limit'\?"):
        bench.fid(images(5), images(5), limt=3)


def test_the_package_exports_what_it_says():
    for name in bench.__all__:
        assert getattr(bench, name) is not None
    with pytest.raises(AttributeError, match="it has Accumulator, "):
        bench.fud  # noqa: B018


def test_a_result_is_a_frozen_mapping():
    result = bench.fid(images(5), images(5, seed=1), extractor="pixels")
    assert result.fid == result["fid"]
    assert "fid" in result
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301 - made here
    with pytest.raises(AttributeError, match="frozen"):
        result.fid = 0
    with pytest.raises(AttributeError, match="no score 'fud'"):
        result.fud  # noqa: B018
    with pytest.raises(TypeError):
        result["fid"] = 0


# ---- the accumulator


def test_an_accumulator_gives_the_fid_of_the_whole_set():
    whole = images(40)
    direct = bench.fid(whole, "digits:real-1", **DIGITS)
    streamed = filled(np.array_split(whole, 7)).compute("digits:real-1")
    # float32 features move with the batch that they are computed in: 1e-6 relative
    assert streamed.fid == pytest.approx(direct.fid, rel=1e-5)
    assert (streamed.n_a, streamed.digest_a) == (40, None)
    assert streamed.extractor_sha256 == direct.extractor_sha256


def test_merged_parts_are_the_whole():
    whole = images(40)
    # Parts of one image and of none are parts too.
    first, second, third = filled([whole[:1]]), filled([whole[1:40]]), filled([])
    merged = first.merge(second).merge(third)
    assert merged.count == 40
    assert merged.compute("digits:real-1").fid == pytest.approx(filled([whole]).compute("digits:real-1").fid, rel=1e-5)


def test_memory_does_not_grow_with_the_number_of_images(monkeypatch):
    monkeypatch.setattr("bench.accumulator.ROWS", 10)
    whole = images(64)
    accumulator = filled([])
    for batch in np.array_split(whole, 16):
        accumulator.update(batch)
        assert sum(map(len, accumulator._rows)) < 10
    assert accumulator.compute(filled([whole])).fid == pytest.approx(0, abs=1e-6)


def test_kept_features_give_an_interval_and_others_say_why_not():
    kept = filled([images(40)], keep_features=True).compute("digits:real-1")
    assert kept.fid_low < kept.fid_corrected < kept.fid_high
    streamed = filled([images(40)]).compute("digits:real-1")
    assert streamed.fid_low is None
    assert any("statistics but no features" in line for line in streamed.warnings)
    assert streamed.fid == pytest.approx(kept.fid, rel=1e-8)


def test_computing_does_not_end_the_counting():
    accumulator = filled([images(20)])
    accumulator.compute("digits:real-1")
    accumulator.update(images(20, seed=1))
    both = filled([images(20), images(20, seed=1)])
    assert accumulator.compute("digits:real-1").fid == pytest.approx(both.compute("digits:real-1").fid, rel=1e-9)


def test_tensors_and_grey_images_are_images():
    import torch

    grey = images(10, channels=1)
    plain, tensor = filled([np.repeat(grey, 3, axis=1)]), filled([torch.from_numpy(grey)])
    assert tensor.compute(plain).fid == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        (np.zeros((4, 3, 32, 32), np.float32), r"\(x \* 127.5 \+ 128\)"),
        (np.zeros((4, 3, 32, 32), np.int64), "int64; expected uint8"),
        (np.zeros((4, 32, 32, 3), np.uint8), r"expected \[b, 3, h, w\]"),
        (np.zeros((3, 32, 32), np.uint8), r"expected \[b, 3, h, w\]"),
    ],
)
def test_other_batches_are_refused(batch, told):
    accumulator = filled([])
    with pytest.raises(InputError, match=told):
        accumulator.update(batch)
    assert accumulator.count == 0


def test_an_accumulator_of_no_image_or_one_has_no_distance():
    for batches in ([], [images(1)]):
        with pytest.raises(InputError, match="at least 2"):
            filled(batches).compute("digits:real-1")


def test_accumulators_of_different_measures_do_not_mix():
    digits, pixels = filled([images(4)]), bench.Accumulator(extractor="pixels")
    pixels.update(images(4))
    with pytest.raises(InputError, match="extractor 'digits-cnn' and 'pixels'"):
        digits.merge(pixels)
    with pytest.raises(InputError, match="cannot be compared"):
        digits.compute(pixels)
    with pytest.raises(InputError, match="keeps no features"):
        filled([images(4)], keep_features=True).merge(digits)


def test_accumulators_at_different_taps_do_not_mix():
    pool, logits = filled([images(5)]), filled([images(5)], tap="logits")
    for together in (pool.merge, pool.compute):
        with pytest.raises(InputError, match="tap"):
            together(logits)


def test_an_accumulator_can_be_pickled():
    accumulator = filled([images(20)])
    again = pickle.loads(pickle.dumps(accumulator))  # noqa: S301 - made here
    again.update(images(20, seed=1))
    assert again.count == 40
    assert accumulator.count == 20


def test_an_accumulator_compares_with_saved_statistics(tmp_path):
    bench.save_statistics("digits:real-1", tmp_path / "ref.npz", **DIGITS)
    accumulator = filled([images(20)])
    saved, direct = accumulator.compute(tmp_path / "ref.npz"), accumulator.compute("digits:real-1")
    assert saved.fid == pytest.approx(direct.fid, rel=1e-10)


def test_memorisation_takes_what_the_generator_was_trained_on(tmp_path):
    result = bench.score(
        "digits:real-1",
        "digits:real-2",
        metrics=["memorisation"],
        train="digits:train",
        extractor="digits-cnn",
        cache=False,
    )
    assert (result.n_a, result.n_b, result.n_train, result.name_train) == (250, 250, 1297, "digits:train")
    assert result.flags == []
    copied = bench.score(
        "digits:real-1",
        bench.open_source("digits:train", limit=100),
        metrics=["memorisation"],
        train="digits:train",
        extractor="digits-cnn",
        cache=False,
    )
    assert copied.exact_copies == copied.near_copies == copied.near_duplicates == copied.train_share == 1
    assert len(copied.flags) == 4


def test_memorisation_without_training_images_says_how_to_give_them():
    with pytest.raises(InputError, match="name them with --train"):
        bench.score("digits:real-1", "digits:real-2", metrics=["memorisation"], extractor="digits-cnn")
    with pytest.raises(InputError, match="--train is for memorisation"):
        bench.score("digits:real-1", "digits:real-2", train="digits:train", extractor="digits-cnn")


# ---- docs


def test_the_code_of_the_documentation_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 10
    names = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
