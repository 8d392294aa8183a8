"""Arrays and splits of data sets as image sources: layouts, ranges, and everything that is refused."""

from pathlib import Path

import numpy as np
import pytest

from bench import registry
from bench.datasets import data_root, eval_set
from bench.sources import iterate, open_source
from metrics.errors import InputError

IMAGES = np.random.RandomState(0).randint(0, 256, (11, 6, 5, 3), np.uint8)  # [n, h, w, c]
FIRST = IMAGES.transpose(0, 3, 1, 2)  # [n, c, h, w]


def all_of(source, workers: int = 0) -> np.ndarray:
    return np.stack([image for batch in iterate(source, workers=workers, batch_size=4) for image in batch])


def saved(folder: Path, kind: str, array: np.ndarray) -> Path:
    path = folder / f"set.{'npy' if kind == 'npy' else 'npz'}"
    {"npy": np.save, "npz": np.savez, "compressed": np.savez_compressed}[kind](path, array)
    return path


@pytest.mark.parametrize("kind", ["npy", "npz", "compressed"])
@pytest.mark.parametrize("array", [IMAGES, FIRST, np.asfortranarray(IMAGES)], ids=["last", "first", "fortran"])
def test_an_array_file_is_read_in_either_layout(tmp_path, kind, array):
    source = open_source(saved(tmp_path, kind, array))
    assert (source.name, source.kind, source.count) == ("set", "npy" if kind == "npy" else "npz", 11)
    assert np.array_equal(all_of(source), FIRST)
    assert np.array_equal(source.read(7), FIRST[7])


def test_an_array_from_python_has_the_digest_of_its_file(tmp_path):
    digest = open_source(IMAGES).digest
    assert digest == open_source(FIRST).digest == open_source(saved(tmp_path, "npz", IMAGES)).digest


def test_one_changed_pixel_gives_another_digest():
    other = IMAGES.copy()
    other[3, 0, 0, 0] ^= 1
    assert open_source(other).digest != open_source(IMAGES).digest


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_rows_do_not_depend_on_the_workers(workers):
    assert np.array_equal(all_of(open_source(IMAGES), workers), FIRST)


def test_a_limit_draws_rows_and_reads_them_by_range():
    source = open_source(IMAGES, limit=6, seed=2)
    chosen = np.sort(np.random.RandomState(2).choice(11, 6, replace=False))
    assert source.keys == tuple(map(str, chosen))
    assert np.array_equal(source.read_range(0, 6), FIRST[chosen])
    assert np.array_equal(source.read_range(2, 5), FIRST[chosen[2:5]])
    assert source.read_range(3, 3).shape == (0, 3, 6, 5)


@pytest.mark.parametrize("axis", [1, 3])
def test_grey_arrays_are_repeated(axis):
    grey = np.expand_dims(IMAGES[:, :, :, 0], axis)
    assert np.array_equal(all_of(open_source(grey)), np.repeat(FIRST[:, :1], 3, axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4"])
def test_floats_in_zero_to_one_give_back_the_bytes_that_they_came_from(dtype):
    steps = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    assert np.array_equal(all_of(open_source((steps / 255).astype(dtype)))[0, 0], steps[0, :, :, 0])


def test_floats_in_zero_to_one_are_rounded():
    values = np.array([0, 0.49, 0.51, 1.49, 254.51, 255]).reshape(1, 2, 3, 1) / 255
    assert all_of(open_source(values))[0, 0].ravel().tolist() == [0, 0, 1, 1, 255, 255]


def test_floats_below_zero_follow_the_rule_of_stylegan_and_edm():
    values = np.array([-1, -0.5, 0, 0.5, 0.999, 1], np.float32).reshape(1, 2, 3, 1)
    # 127.5 x + 128: 0.5, 64.25, 128, 191.75, 255.37, 255.5; clipped at 255, then cut off
    assert all_of(open_source(values))[0, 0].ravel().tolist() == [0, 64, 128, 191, 255, 255]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 255, r"floats from 0 to 255; expected \[0, 1\] or \[-1, 1\]: convert with \.round"),
        (-1, 1.5, "floats from -1 to 1.5"),
        (-1.01, 1, "floats from -1.01 to 1"),
        (0, 1.001, "floats from 0 to 1.001"),
        (0, 1 / 255, "so the range can be"),
        (0, 0, "so the range can be"),
        (0, np.nan, "holds NaN"),
        (0, np.inf, "floats from 0 to inf"),
    ],
)
def test_floats_outside_a_stated_range_are_refused(low, high, words):
    values = np.full((4, 2, 2, 3), low, np.float32)
    values[-1, -1, -1, -1] = high
    with pytest.raises(InputError, match=words) as error:
        open_source(values)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint16, np.bool_, np.complex64, "U3"])
def test_other_types_are_refused(dtype):
    with pytest.raises(InputError, match=r"has dtype .*; expected uint8"):
        open_source(IMAGES.astype(dtype))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((6, 5), "expected"),
        ((11, 28, 28), r"grey images \[n, h, w\]: array\[\.\.\., None\]"),
        ((2, 2, 2, 2, 3), "expected"),
        ((11, 6, 5, 4), "Composite alpha first"),
        ((11, 6, 5, 2), "1 or 3 channels"),
        ((11, 3, 5, 3), "which can mean"),
        ((0, 6, 5, 3), "holds no images"),
        ((11, 0, 5, 3), "holds no images"),
    ],
)
@pytest.mark.parametrize("kind", ["array", "npy", "npz"])
def test_other_shapes_are_refused(tmp_path, shape, words, kind):
    array = np.zeros(shape, np.uint8)
    with pytest.raises(InputError, match=words):
        open_source(array if kind == "array" else saved(tmp_path, kind, array))


@pytest.mark.parametrize("kind", ["npy", "npz", "compressed"])
def test_object_arrays_are_never_loaded(tmp_path, kind):
    array = np.empty(2, object)
    with pytest.raises(InputError, match=r"set\.np[yz] holds Python objects, which are never loaded"):
        open_source(saved(tmp_path, kind, array))
    with pytest.raises(InputError, match="array holds Python objects"):
        open_source(array)


def test_the_only_array_is_taken_whatever_its_name(tmp_path):
    np.savez(tmp_path / "set.npz", samples=IMAGES)
    assert np.array_equal(all_of(open_source(tmp_path / "set.npz")), FIRST)


def test_arr_0_is_taken_among_several(tmp_path):
    np.savez(tmp_path / "set.npz", IMAGES, np.zeros(11))
    assert np.array_equal(all_of(open_source(tmp_path / "set.npz")), FIRST)


def test_several_arrays_without_arr_0_are_an_error_that_names_them(tmp_path):
    np.savez(tmp_path / "set.npz", images=IMAGES, masks=np.zeros(11))
    with pytest.raises(InputError, match=r"holds images, masks; expected images as arr_0 or as its only array"):
        open_source(tmp_path / "set.npz")


def test_saved_statistics_are_not_a_set_of_images(tmp_path):
    np.savez(tmp_path / "ref.npz", mu=np.zeros(4), sigma=np.eye(4))
    with pytest.raises(InputError, match=r"saved statistics \(mu, sigma\).*bench fid"):
        open_source(tmp_path / "ref.npz")


def test_images_beside_statistics_are_read_and_noted(tmp_path):
    np.savez(tmp_path / "ref.npz", arr_0=IMAGES, mu=np.zeros(4), sigma=np.eye(4))
    source = open_source(tmp_path / "ref.npz")
    assert source.count == 11
    assert source.notes == ("statistics: the file also holds mu and sigma, which only the FID of inception uses",)


@pytest.mark.parametrize("name", ["set.npy", "set.npz"])
@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00", b"PK\x03\x04" + bytes(30)])
def test_what_is_no_array_file_is_an_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is not a readable (array|.npz) file"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("kind", ["npy", "npz", "compressed"])
def test_a_truncated_array_file_is_an_error(tmp_path, kind):
    path = saved(tmp_path, kind, IMAGES)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"is not a readable|is cut"):
        open_source(path)


# ---- splits of data sets


def test_a_split_of_a_data_set_is_read_by_name():
    dataset = registry.load("datasets", "digits")
    split = dataset.load("test", data_root(), "")
    source = open_source("digits:test")
    assert (source.name, source.kind, source.count) == ("digits:test", "dataset", split.count)
    assert source.keys == split.names
    assert np.array_equal(source.read_range(3, 9), np.repeat(split.read(3, 9), 3, axis=1))
    assert np.array_equal(source.read(4), np.repeat(split.read(4, 5)[0], 3, axis=0))
    assert source.notes == ("grey: the images are grey and repeated to three channels",)


def test_an_evaluation_set_is_read_by_name():
    expected = eval_set(registry.load("datasets", "digits"), "real 1", data_root())
    for spec in ("digits:real-1", "digits:real 1"):
        assert open_source(spec).count == expected.count
    assert open_source("digits:real-1").keys == expected.names


def test_a_limit_draws_from_a_split():
    whole, part = open_source("digits:test"), open_source("digits:test", limit=20, seed=5)
    chosen = np.sort(np.random.RandomState(5).choice(whole.count, 20, replace=False))
    assert part.hashes == tuple(whole.hashes[i] for i in chosen)


def test_what_exists_on_the_disk_comes_before_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("digits:test.npy", IMAGES)
    assert open_source("digits:test.npy").kind == "npy"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("digit:test", "no data set 'digit'. Did you mean 'digits'"),
        ("digits:tset", "no split 'tset'. Did you mean 'test'"),
        ("digits:zzz", "There are: train, test"),
        ("digits:test/photo", "has no domains, but 'photo' was given"),
        ("digits", "does not exist. For the data set 'digits' write digits:SPLIT"),
    ],
)
def test_a_mistyped_split_is_answered_with_what_there_is(spec, words):
    with pytest.raises(InputError, match=words):
        open_source(spec)
