"""The doctor reports every finding about one or more sets, never stops at the first, and never raises for bad sets."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.measuring.doctor import Diagnosis, examine
from bench.measuring.findings import Finding
from bench.sources.survey import survey


def picture(seed: int, size: int = 8) -> Image.Image:
    return Image.fromarray(np.random.RandomState(seed).randint(0, 256, (size, size, 3), np.uint8))


def fill(folder: Path, count: int = 8, *, first: int = 0, size: int = 8, kind: str = "png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        picture(seed, size).save(folder / f"{seed:03d}.{kind}")
    return folder


def found(diagnosis: Diagnosis, code: str) -> Finding:
    (finding,) = [finding for finding in diagnosis.findings if finding.code == code]
    return finding


def codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.code for finding in diagnosis.findings}


def test_a_sound_set_has_no_findings(tmp_path):
    assert examine([fill(tmp_path / "a")], dims=7).findings == ()


def test_the_summary_counts_sizes_modes_and_formats(tmp_path):
    fill(tmp_path / "a", 5)
    picture(9, 16).convert("L").save(tmp_path / "a" / "x.jpg")
    (summary,) = examine([tmp_path / "a"]).sets
    assert (summary.name, summary.kind, summary.count, summary.corrupt) == ("a", "folder", 6, 0)
    assert summary.sizes == {"8x8": 5, "16x16": 1}
    assert summary.modes == {"RGB": 5, "L": 1}
    assert summary.formats == {"PNG": 5, "JPEG": 1}


def test_every_corrupt_file_is_found_and_the_others_still_looked_at(tmp_path):
    fill(tmp_path / "a")
    for number in range(6):
        (tmp_path / "a" / f"bad{number}.png").write_bytes(b"" if number else b"text")
    diagnosis = examine([tmp_path / "a"])
    findings = [finding for finding in diagnosis.findings if finding.code == "corrupt"]
    assert sum(finding.count for finding in findings) == 6 and {finding.level for finding in findings} == {"error"}
    assert findings[0].what == "bad0.png is not a readable PNG, JPEG, WEBP, BMP, TIFF, PPM, GIF image"
    assert (diagnosis.sets[0].count, diagnosis.sets[0].corrupt) == (8, 6)


def test_errors_come_before_warnings_before_infos(tmp_path):
    fill(tmp_path / "a")
    (tmp_path / "a" / "bad.png").write_bytes(b"")
    (tmp_path / "a" / "readme.txt").write_text("x")
    assert [finding.level for finding in examine([tmp_path / "a"]).findings] == ["error", "warning", "info"]


def test_lossy_files_are_found(tmp_path):
    finding = found(examine([fill(tmp_path / "a", kind="jpg")]), "lossy")
    assert (finding.level, finding.count, finding.files[0]) == ("warning", 8, "000.jpg")


def test_lossy_among_lossless_files_are_found(tmp_path):
    fill(tmp_path / "a", 6, kind="jpg")
    assert found(examine([fill(tmp_path / "a", 2, first=50)]), "mixed-formats").files == ("050.png", "051.png")


def test_mixed_sizes_are_found_and_the_odd_ones_named(tmp_path):
    fill(tmp_path / "a")
    finding = found(examine([fill(tmp_path / "a", 2, first=50, size=12)]), "mixed-sizes")
    assert (finding.files, finding.count) == (("050.png", "051.png"), 2)


def test_grey_images_among_colour_images_are_found_by_their_pixels(tmp_path):
    fill(tmp_path / "a")
    picture(99).convert("L").convert("RGB").save(tmp_path / "a" / "grey.png")
    assert found(examine([tmp_path / "a"]), "mixed-colours").files == ("grey.png",)


def test_a_grey_set_is_an_information(tmp_path):
    fill(tmp_path / "a", 0)
    for seed in range(3):
        picture(seed).convert("L").save(tmp_path / "a" / f"{seed}.png")
    assert found(examine([tmp_path / "a"]), "grey").level == "info"


def test_transparency_rotation_and_frames_are_found(tmp_path):
    folder = fill(tmp_path / "a")
    Image.new("RGBA", (8, 8), (9, 99, 200, 100)).save(folder / "clear.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(60).save(folder / "lying.jpg", exif=exif)
    picture(61).save(folder / "moving.png", save_all=True, append_images=[picture(62)])
    diagnosis = examine([folder])
    assert found(diagnosis, "transparent").files == ("clear.png",)
    assert found(diagnosis, "rotated").files == ("lying.jpg",)
    assert found(diagnosis, "frames").files == ("moving.png",)


def test_copies_inside_a_set_are_found_by_their_bytes(tmp_path):
    folder = fill(tmp_path / "a")
    shutil.copy(folder / "000.png", folder / "copy.png")
    shutil.copy(folder / "000.png", folder / "copy2.png")
    finding = found(examine([folder]), "byte-duplicates")
    assert finding.count == 2
    assert finding.files == ("000.png", "copy.png", "copy2.png")


def test_equal_pictures_in_different_formats_are_found_by_their_pixels(tmp_path):
    folder = fill(tmp_path / "a")
    picture(0).save(folder / "copy.bmp")
    diagnosis = examine([folder])
    assert found(diagnosis, "pixel-duplicates").files == ("000.png", "copy.bmp")
    assert "byte-duplicates" not in codes(diagnosis)


def test_images_in_both_sets_are_found(tmp_path):
    one, other = fill(tmp_path / "train"), fill(tmp_path / "test", first=6)  # 6 and 7 are in both
    picture(0).save(other / "again.bmp")
    diagnosis = examine([one, other])
    across = found(diagnosis, "byte-duplicates-across")
    assert (across.sets, across.files, across.count) == (("train", "test"), ("006.png", "007.png"), 2)
    assert found(diagnosis, "pixel-duplicates-across").files == ("again.bmp",)


def test_images_shared_by_a_folder_and_an_array_are_found(tmp_path):
    folder = fill(tmp_path / "a")
    array = np.stack([np.asarray(picture(seed)) for seed in (3, 50, 51)])
    assert found(examine([folder, array]), "pixel-duplicates-across").files == ("0",)


def test_rows_of_an_array_that_are_equal_are_found():
    array = np.stack([np.asarray(picture(seed)) for seed in (0, 1, 2, 1)])
    assert found(examine([array]), "byte-duplicates").files == ("1", "3")


def test_nearly_constant_images_are_found(tmp_path):
    folder = fill(tmp_path / "a")
    Image.new("RGB", (8, 8), (128, 128, 128)).save(folder / "blank.png")
    assert found(examine([folder]), "flat").files == ("blank.png",)


def test_the_order_of_folders_is_found(tmp_path):
    fill(tmp_path / "a" / "cats", 5)
    fill(tmp_path / "a" / "dogs", 5, first=10)
    finding = found(examine([tmp_path / "a"]), "class-ordered")
    assert "2 folders (cats, dogs)" in finding.what


def test_names_that_begin_with_a_class_are_found(tmp_path):
    fill(tmp_path / "a", 0)
    for seed in range(12):
        picture(seed).save(tmp_path / "a" / f"{'cat' if seed % 2 else 'dog'}_{seed:04d}.png")
    assert "names that begin alike (cat, dog)" in found(examine([tmp_path / "a"]), "class-ordered").what


@pytest.mark.parametrize(
    "names",
    [
        [f"{seed:05d}" for seed in range(12)],
        [f"img_{seed}" for seed in range(12)],
        [f"{seed * 7919 % 65536:04x}" for seed in range(100, 112)],
    ],
)
def test_numbered_names_are_no_classes(tmp_path, names):
    fill(tmp_path / "a", 0)
    for seed, name in enumerate(names):
        picture(seed).save(tmp_path / "a" / f"{name}.png")
    assert "class-ordered" not in codes(examine([tmp_path / "a"]))


@pytest.mark.parametrize(("dims", "singular"), [(7, False), (8, True), (2048, True)])
def test_no_more_images_than_features_is_found(tmp_path, dims, singular):
    assert ("n-le-d" in codes(examine([fill(tmp_path / "a")], dims=dims))) is singular


def test_one_image_is_too_few(tmp_path):
    finding = found(examine([fill(tmp_path / "a", 1)]), "too-few")
    assert (finding.level, finding.what) == ("error", "1 readable image: no covariance, no distance")


def test_different_counts_and_sizes_are_found(tmp_path):
    diagnosis = examine([fill(tmp_path / "a", 8, size=64), fill(tmp_path / "b", 6, first=20, size=256)])
    assert "8 and 6 images" in found(diagnosis, "different-counts").what
    assert "64x64 in one set and 256x256" in found(diagnosis, "different-sizes").what


def test_different_formats_and_colours_are_found(tmp_path):
    one, other = fill(tmp_path / "a"), fill(tmp_path / "b", 0)
    for seed in range(20, 28):
        picture(seed).convert("L").save(other / f"{seed}.jpg")
    diagnosis = examine([one, other])
    assert "0% of one set and 100% of the other" in found(diagnosis, "different-formats").what
    assert "different-colours" in codes(diagnosis)


def test_equal_kinds_of_sets_have_no_findings_across(tmp_path):
    diagnosis = examine([fill(tmp_path / "a"), fill(tmp_path / "b", first=20)], dims=4)
    assert diagnosis.findings == ()


def test_sets_that_cannot_be_opened_are_findings_and_the_rest_is_still_examined(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    diagnosis = examine(
        [tmp_path / "empty", tmp_path / "bad.zip", tmp_path / "nowhere", fill(tmp_path / "a", kind="jpg")]
    )
    unusable = [finding for finding in diagnosis.findings if finding.code == "unusable"]
    assert len(unusable) == 3 and {finding.level for finding in unusable} == {"error"}
    assert [summary.count for summary in diagnosis.sets] == [0, 0, 0, 8]
    assert "lossy" in codes(diagnosis)


def test_a_zip_is_examined_like_its_folder(tmp_path):
    folder = fill(tmp_path / "set", kind="jpg")
    (folder / "bad.jpg").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    assert examine([tmp_path / "set.zip"]).findings == examine([folder]).findings


def test_the_result_does_not_depend_on_the_workers(tmp_path):
    folder = fill(tmp_path / "a", 20, kind="jpg")
    (folder / "bad.jpg").write_bytes(b"")
    assert examine([folder], workers=0) == examine([folder], workers=3)


def test_two_sets_of_one_name_can_be_told_apart(tmp_path):
    one, other = fill(tmp_path / "a" / "test"), fill(tmp_path / "b" / "test", first=20)
    assert [summary.name for summary in examine([one, other]).sets] == ["test (1)", "test (2)"]


@pytest.mark.parametrize("other", [0, 1, 2])
def test_an_image_is_grey_where_all_three_channels_are_equal_and_not_two(tmp_path, other):
    image = np.full((8, 8, 3), 7, np.uint8)
    image[0, 0, other] = 8
    for name, pixels in (("colour", image), ("grey", np.full((8, 8, 3), 7, np.uint8))):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "0.png")
        (look,) = survey(tmp_path / name, 0, None, None).images
        assert look.grey == (name == "grey")


def test_progress_reaches_the_end(tmp_path):
    calls = []
    examine([fill(tmp_path / "a", 5)], progress=lambda *call: calls.append(call))
    assert calls[-1] == ("a", 5, 5)


def test_the_diagnosis_is_plain_json(tmp_path):
    fill(tmp_path / "a", kind="jpg")
    plain = examine([tmp_path / "a"]).as_dict()
    assert set(plain) == {"sets", "findings"}
    assert json.loads(json.dumps(plain, allow_nan=False))["findings"][0]["code"] == "lossy"
