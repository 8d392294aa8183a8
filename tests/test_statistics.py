"""Statistics files: what other tools write is read, what is written here they read, nothing broken gets through."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import ClassVar, NamedTuple

import numpy as np
import pytest

from bench.measuring.feature_table import FeatureTable
from bench.measuring.statistics import (
    check_compatible,
    is_statistics,
    provenance_of,
    read_statistics,
    statistics_of,
    write_statistics,
)
from bench.storage.cache import Cache
from metrics.errors import InputError
from metrics.extractors.types import Extractor

ROWS = np.random.RandomState(0).randn(10, 3)
MEAN, COV = ROWS.mean(axis=0), np.cov(ROWS, rowvar=False)
TABLE = FeatureTable({"pool": ROWS}, "d" * 64, "cats", 10, "stub", 1, "e" * 64, "tf1", ())
STUB = Extractor("stub", "", "", "", {"pool": 3}, "pool", ("tf1", "clean"), build=lambda *_: dict)


class Stats(NamedTuple):
    mean: np.ndarray = MEAN
    cov: np.ndarray = COV
    count: int = 10


class NoNetwork:
    """Stands where pytorch-fid builds its network."""

    BLOCK_INDEX_BY_DIM: ClassVar = {3: 0}

    def __init__(self, blocks):
        pass

    def to(self, device):
        return self


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cats.npz"


def refuse(path, *words):
    with pytest.raises(InputError) as error:
        read_statistics(path)
    message = str(error.value)
    assert str(path) in message and "\n" not in message
    for word in words:
        assert word in message


def test_what_was_written_is_read_back_exactly(path):
    write_statistics(path, Stats(), provenance_of(TABLE, "pool"))
    stats = read_statistics(path)
    np.testing.assert_array_equal(stats.mean, MEAN)
    np.testing.assert_array_equal(stats.cov, COV)
    assert stats.count == 10 and stats.notes == ()
    assert stats.provenance == provenance_of(TABLE, "pool")


def test_the_file_says_what_it_is(path):
    write_statistics(path, Stats(), provenance_of(TABLE, "pool"))
    provenance = read_statistics(path).provenance
    assert provenance["extractor"] == "stub" and provenance["extractor_version"] == 1
    assert (provenance["weights_sha256"], provenance["source_digest"]) == ("e" * 64, "d" * 64)
    assert (provenance["resize"], provenance["tap"], provenance["count"]) == ("tf1", "pool", 10)
    assert provenance["source"] == "cats" and provenance["versions"]["numpy"] == np.__version__


def test_the_file_needs_no_pickle_and_holds_float64(path):
    write_statistics(path, Stats(MEAN.astype(np.float32), COV.astype(np.float32)), {})
    with np.load(path, allow_pickle=False) as file:
        assert {name: file[name].dtype.kind for name in file.files} == {
            "mu": "f",
            "sigma": "f",
            "count": "i",
            "provenance": "U",
        }
        assert file["mu"].dtype == file["sigma"].dtype == np.float64


def test_pytorch_fid_reads_what_is_written_here(path):
    fid_score = pytest.importorskip("pytorch_fid.fid_score")
    write_statistics(path, Stats(), provenance_of(TABLE, "pool"))
    mean, cov = fid_score.compute_statistics_of_path(str(path), None, 1, 3, "cpu")
    np.testing.assert_array_equal(mean, MEAN)
    np.testing.assert_array_equal(cov, COV)


def test_what_pytorch_fid_writes_is_read_here(path, monkeypatch):
    fid_score = pytest.importorskip("pytorch_fid.fid_score")
    monkeypatch.setattr(fid_score, "get_activations", lambda *_: ROWS)
    monkeypatch.setattr(fid_score, "InceptionV3", NoNetwork)
    images = path.parent / "images"
    images.mkdir()
    fid_score.save_fid_stats([str(images), str(path)], 1, "cpu", 3)
    stats = read_statistics(path)
    np.testing.assert_array_equal(stats.mean, MEAN)
    np.testing.assert_allclose(stats.cov, COV, rtol=1e-15)  # made symmetric, which may move the last bit
    assert stats.count is None and stats.provenance is None
    assert "does not say how many images" in stats.notes[0]


def test_the_spatial_pair_of_adm_is_read_and_said_so(path):
    np.savez(path, arr_0=np.zeros((2, 4, 4, 3), np.uint8), mu=MEAN, sigma=COV, mu_s=MEAN[:2], sigma_s=COV[:2, :2])
    stats = read_statistics(path)
    np.testing.assert_array_equal(stats.mean, MEAN)
    np.testing.assert_array_equal(stats.spatial[0], MEAN[:2])
    np.testing.assert_array_equal(stats.spatial[1], COV[:2, :2])
    assert any("the sFID its mu_s and sigma_s" in note for note in stats.notes)


def test_half_a_spatial_pair_is_refused(path):
    np.savez(path, mu=MEAN, sigma=COV, mu_s=MEAN[:2])
    with pytest.raises(InputError, match=r"holds no sigma_s; expected mu_s and sigma_s, or neither of them"):
        read_statistics(path)


def test_single_precision_is_read_and_made_symmetric(path):
    cov = COV.astype(np.float32)
    cov[0, 1] = np.nextafter(cov[0, 1], np.float32(9))
    np.savez(path, mu=MEAN.astype(np.float32), sigma=cov)
    stats = read_statistics(path)
    assert stats.mean.dtype == stats.cov.dtype == np.float64
    np.testing.assert_array_equal(stats.cov, stats.cov.T)


def test_column_order_and_compression_are_read(path):
    np.savez_compressed(path, mu=MEAN, sigma=np.asfortranarray(COV))
    np.testing.assert_array_equal(read_statistics(path).cov, COV)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"mu": np.zeros(4), "sigma": COV}, ["(4,)", "(3, 3)"]),
        ({"mu": MEAN, "sigma": COV[:2]}, ["(2, 3)"]),
        ({"mu": np.zeros((1, 3)), "sigma": COV}, ["(1, 3)"]),
        ({"mu": np.zeros(0), "sigma": np.zeros((0, 0))}, ["(0,)"]),
        ({"mu": np.float64(1), "sigma": np.float64(1)}, ["()"]),
        ({"mu": MEAN, "sigma": COV + np.triu(np.ones((3, 3)), 1) * 1e-3}, ["transpose", "0.001"]),
        ({"mu": MEAN, "sigma": -COV}, ["negative variance"]),
        ({"mu": np.array([0, np.nan, 0]), "sigma": COV}, ["mu holds 1 values that are not finite"]),
        ({"mu": MEAN, "sigma": COV * np.inf}, ["sigma holds 9 values that are not finite"]),
        ({"mu": np.array([1, 2, 3], object), "sigma": COV}, ["Python objects", "never loaded"]),
        ({"mu": np.array(["a", "b", "c"]), "sigma": COV}, ["<U1"]),
        ({"mu": np.zeros(3, complex), "sigma": COV}, ["complex128"]),
        ({"mu": MEAN}, ["found mu"]),
        ({"arr_0": MEAN}, ["expected mu and sigma, found arr_0"]),
        ({f"x{i}": MEAN for i in range(9)}, ["x4 and 4 more"]),
        ({"mu": MEAN, "sigma": COV, "count": np.array([1, 2])}, ["count is not a whole number"]),
        ({"mu": MEAN, "sigma": COV, "count": np.array(1)}, ["count is not a whole number"]),
        ({"mu": MEAN, "sigma": COV, "provenance": np.array("[]")}, ["provenance is not a JSON object"]),
        ({"mu": MEAN, "sigma": COV, "provenance": np.array("{")}, ["is not a readable JSON"]),
    ],
)
def test_arrays_that_are_no_statistics_are_refused_in_one_line(path, arrays, words):
    np.savez(path, **arrays)
    refuse(path, *words)


def test_a_file_that_is_no_archive_is_refused(path):
    path.write_bytes(b"not a zip")
    refuse(path, "not a readable .npz file", "bench stats")
    assert not is_statistics(path)


def test_a_missing_file_and_a_folder_are_refused(path):
    refuse(path, "does not exist", "bench stats")
    assert not is_statistics(path)
    path.mkdir()
    refuse(path, "is a folder, expected a file")
    assert not is_statistics(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_truncated_or_changed_anywhere_is_refused(path, compressed):
    (np.savez_compressed if compressed else np.savez)(path, mu=MEAN, sigma=COV)
    whole = path.read_bytes()
    for kept in range(0, len(whole), 41):
        path.write_bytes(whole[:kept])
        refuse(path)
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        sigma = archive.getinfo("sigma.npy")
    first = whole.index(b"sigma.npy") + len("sigma.npy") + 20  # behind the local header and its extra field
    for position in range(first + 1, first + sigma.compress_size - 1):  # the outermost bits of a stream may be padding
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        refuse(path)


def test_a_header_that_claims_more_than_any_extractor_has_is_refused_before_reading(path):
    header = np.lib.format.magic(1, 0)
    with zipfile.ZipFile(path, "w") as archive:
        for name, shape in (("mu", (10**6,)), ("sigma", (10**6, 10**6))):
            text = repr({"descr": "<f8", "fortran_order": False, "shape": shape}).ljust(117) + "\n"
            archive.writestr(f"{name}.npy", header + len(text).to_bytes(2, "little") + text.encode())
    refuse(path, "claims 1000000 dimensions")


def test_the_cheap_check_knows_statistics_by_their_names(path):
    np.savez(path, arr_0=MEAN)
    assert not is_statistics(path)
    np.savez(path, mu=MEAN, sigma=COV)
    assert is_statistics(path)


def test_an_existing_file_is_replaced_only_by_force(path):
    write_statistics(path, Stats(), {})
    with pytest.raises(InputError, match="--force"):
        write_statistics(path, Stats(MEAN + 1), {})
    write_statistics(path, Stats(MEAN + 1), {}, force=True)
    np.testing.assert_array_equal(read_statistics(path).mean, MEAN + 1)


def test_a_missing_folder_and_another_suffix_are_refused(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        write_statistics(tmp_path / "none" / "a.npz", Stats(), {})
    with pytest.raises(InputError, match=r"\.npz"):
        write_statistics(tmp_path / "a.pkl", Stats(), {})
    assert list(tmp_path.iterdir()) == []


def test_statistics_that_are_not_finite_are_not_written(path):
    with pytest.raises(InputError, match="at least two"):
        write_statistics(path, Stats(cov=COV * np.nan, count=1), {})


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(path, monkeypatch):
    write_statistics(path, Stats(), {})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match="No space left"):
        write_statistics(path, Stats(MEAN + 1), {}, force=True)
    np.testing.assert_array_equal(read_statistics(path).mean, MEAN)
    assert list(path.parent.iterdir()) == [path]


def count_and_compute(calls):
    def compute(parts):
        rows = np.concatenate(list(parts))
        calls.append(len(rows))
        return Stats(rows.mean(axis=0), np.cov(rows, rowvar=False), len(rows))

    return compute


def test_statistics_are_computed_once_for_the_same_features(tmp_path):
    calls, cache = [], Cache(tmp_path)
    for _ in range(2):
        stats = statistics_of(TABLE, "pool", count_and_compute(calls), cache)
        np.testing.assert_array_equal(stats.mean, MEAN)
        np.testing.assert_array_equal(stats.cov, COV)
        assert stats.count == 10 and stats.provenance["tap"] == "pool" and stats.notes == ()
    assert calls == [10]
    assert cache.entries()[0].what == "statistics stub pool tf1, 10 images"


def test_statistics_of_other_features_are_computed_anew(tmp_path):
    calls, cache = [], Cache(tmp_path)
    for table in (TABLE, replace(TABLE, resize="clean"), replace(TABLE, source_digest="f" * 64)):
        statistics_of(table, "pool", count_and_compute(calls), cache)
    assert calls == [10, 10, 10]


def test_statistics_of_no_more_images_than_dimensions_are_not_kept(tmp_path):
    cache = Cache(tmp_path)
    few = replace(TABLE, arrays={"pool": ROWS[:3]}, count=3)
    assert statistics_of(few, "pool", count_and_compute([]), cache).count == 3
    assert cache.entries() == []


def test_statistics_that_cannot_be_kept_come_with_a_note(tmp_path):
    (tmp_path / "file").write_text("")
    stats = statistics_of(TABLE, "pool", count_and_compute([]), Cache(tmp_path / "file" / "features"))
    assert "not kept" in stats.notes[0]
    np.testing.assert_array_equal(stats.mean, MEAN)


def test_the_same_question_is_compatible_without_a_word():
    provenance = json.loads(json.dumps(provenance_of(TABLE, "pool")))
    assert check_compatible(provenance, STUB, "e" * 64, "tf1", "pool") == ()


def test_other_settings_are_named_field_by_field():
    with pytest.raises(InputError) as error:
        check_compatible(provenance_of(TABLE, "pool"), STUB, "f" * 64, "clean", "pool")
    message = str(error.value)
    assert "weights_sha256 is eeeeeeeeeeee..., asked for ffffffffffff..." in message
    assert "resize is 'tf1', asked for 'clean'" in message
    assert "tap" not in message and "extractor" not in message


def test_statistics_without_provenance_are_taken_with_a_warning():
    (warning,) = check_compatible(None, STUB, "e" * 64, "tf1", "pool")
    assert "stub pool with resize tf1" in warning and "assumed" in warning


def test_provenance_that_leaves_fields_open_is_taken_with_a_warning():
    (warning,) = check_compatible({"extractor": "stub"}, STUB, "e" * 64, "tf1", "pool")
    assert "weights_sha256, resize, tap" in warning
