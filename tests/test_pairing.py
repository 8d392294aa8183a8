"""What compares image by image pairs by the names of files and the positions of arrays, says so, or refuses."""

import zipfile

import numpy as np
import pytest
from PIL import Image

import bench
from bench.measuring.pairing import pair
from metrics.errors import InputError


def images(count=12, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (count, 8, 8, 3), np.uint8)


def folder(place, names, pixels=None):
    for name, image in zip(names, images(len(names)) if pixels is None else pixels, strict=True):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return place


def scored(a, b, **settings):
    return bench.score(a, b, metrics=["mse"], **settings)


PADDED = [f"{n:03}.png" for n in range(1, 13)]


@pytest.mark.parametrize(
    ("theirs", "by"),
    [
        (PADDED, "name"),
        ([f"out/{name}" for name in PADDED], "name without suffix"),
        ([name.replace(".png", ".bmp") for name in PADDED], "name without suffix"),
        ([f"{n}.png" for n in range(1, 13)], "number"),
        ([f"{n}_fake_B.png" for n in range(1, 13)], "number"),
        ([f"IMG-{n:02}.PNG" for n in range(1, 13)], "number"),
    ],
)
def test_the_same_images_under_corresponding_names_have_no_error(tmp_path, theirs, by):
    result = scored(folder(tmp_path / "gt", PADDED), folder(tmp_path / "made", theirs))
    assert (result["mse"], result["paired_by"]) == (0, by)


def test_words_that_all_names_of_a_set_share_are_no_part_of_a_name(tmp_path):
    real = folder(tmp_path / "gt", ["ulm_1_photo.png", "ulm_10_photo.png", "bonn_2_photo.png"])
    made = folder(tmp_path / "made", ["ulm_01.png", "ulm_10.png", "bonn_02.png"])
    result = scored(real, made)
    assert (result["mse"], result["paired_by"]) == (0, "part of the name")
    assert result["first_pairs"].startswith("bonn_2_photo.png with bonn_02.png")


def test_names_of_which_some_are_numbers_are_parts_of_names(tmp_path):
    real = folder(tmp_path / "gt", ["1_photo.png", "cat_photo.png"])
    assert scored(real, folder(tmp_path / "made", ["01.png", "cat.png"]))["paired_by"] == "part of the name"


def test_a_zip_pairs_with_a_folder_by_name(tmp_path):
    real = folder(tmp_path / "gt", PADDED)
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        for name in reversed(PADDED):
            archive.write(real / name, f"deep/er/{name}")
    assert scored(real, tmp_path / "made.zip")["mse"] == 0


@pytest.mark.parametrize(
    ("mine", "theirs", "shown"),
    [
        (["a.png", "b.png", "c.png"], ["a.png", "b.png", "d.png"], "c.png of gt and d.png of made"),
        (["0.png", "1.png", "2.png"], ["1.png", "2.png", "3.png"], "0.png of gt and 3.png of made"),
        (["cat_1.png", "dog_2.png"], ["cat_2.png", "dog_1.png"], "cat_1.png, dog_2.png of gt"),
        (["1.png", "01.png"], ["1_b.png", "2_b.png"], "1_b.png, 2_b.png of made"),
        (["x.png", "y.png"], ["p.png", "q.png"], "x.png, y.png of gt and p.png, q.png of made"),
    ],
)
def test_names_that_do_not_come_out_even_are_refused_and_shown(tmp_path, mine, theirs, shown):
    with pytest.raises(InputError, match="compared image by image") as error:
        scored(folder(tmp_path / "gt", mine), folder(tmp_path / "made", theirs))
    assert shown in str(error.value)


def test_arrays_are_paired_by_position(tmp_path):
    pixels = images()
    result = scored(pixels, pixels)
    assert (result["mse"], result["paired_by"]) == (0, "position")
    assert not [warning for warning in result["warnings"] if "order" in warning]


def test_an_array_beside_files_whose_numbers_say_another_order_is_warned_of(tmp_path):
    made = folder(tmp_path / "made", [f"{n}.png" for n in range(12)])
    result = scored(images(), made)
    assert result["paired_by"] == "position"
    assert [warning for warning in result["warnings"] if "not of its numbers" in warning]
    assert not [w for w in scored(images(), folder(tmp_path / "gt", PADDED))["warnings"] if "numbers" in w]


def test_rows_of_a_data_set_are_the_numbers_of_files(tmp_path):
    rows = np.stack([bench.open_source("digits:real-1").read(row) for row in range(250)])
    made = folder(tmp_path / "made", [f"{n}.png" for n in range(250)], rows.transpose(0, 2, 3, 1))
    source = bench.open_source("digits:real-1")
    paired = pair(source, bench.open_source(made))
    assert (paired.by, paired.generated.keys[2]) == ("row", "2.png")
    assert (paired.generated.read(2) == source.read(2)).all()


def test_a_limit_keeps_pairs_together_or_is_refused(tmp_path):
    real, same = folder(tmp_path / "gt", PADDED), folder(tmp_path / "same", PADDED)
    assert scored(real, same, limit=5)["mse"] == 0
    other = folder(tmp_path / "other", [f"{n}.png" for n in range(1, 13)])
    with pytest.raises(InputError, match="do not show which"):
        scored(real, other, limit=5)
    with pytest.raises(InputError, match="leave --limit"):
        scored(images(12), images(20), limit=5)


def test_other_metrics_of_the_same_call_keep_the_order_of_the_set(tmp_path):
    real = folder(tmp_path / "gt", PADDED)
    made = folder(tmp_path / "made", [f"{n}.png" for n in range(1, 13)], images(12, seed=1))
    alone = bench.score(real, made, metrics=["fid"], extractor="pixels")
    both = bench.score(real, made, metrics=["fid", "mse"], extractor="pixels")
    assert (both["fid"], both["digest_b"]) == (alone["fid"], alone["digest_b"])


def test_a_set_taken_in_another_order_reads_and_hashes_in_that_order(tmp_path):
    source = bench.open_source(folder(tmp_path / "gt", PADDED))
    turned = source.taken(range(11, -1, -1))
    assert turned.keys == source.keys[::-1]
    assert turned.hashes == source.hashes[::-1]
    assert (turned.read(0) == source.read(11)).all()
    assert turned.encoded(1) == source.encoded(10)
    assert pair(source, turned).generated.digest == source.digest
