"""Kinds of image files that people have: PPM and PGM, JFIF, colour profiles; and sets that repeat themselves."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

import bench
from bench.datasets.images import open_rgb
from bench.measuring.doctor import examine
from bench.sources.decoding import decode, read_header
from metrics import prdc
from metrics.errors import InputError

COLOUR = np.random.RandomState(0).randint(0, 256, (6, 8, 8, 3), np.uint8)


def encoded(pixels, kind, **options):
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def test_ppm_and_pgm_are_read_as_they_are_stored():
    assert (decode(encoded(COLOUR[0], "PPM"), "x").transpose(1, 2, 0) == COLOUR[0]).all()
    assert (decode(encoded(COLOUR[0, :, :, 0], "PPM"), "x")[1] == COLOUR[0, :, :, 0]).all()
    assert decode(b"P2\n2 1\n255\n0 200\n", "x")[0].tolist() == [[0, 200]]
    assert decode(b"P1\n2 1\n0 1\n", "x")[0].tolist() == [[255, 0]]


@pytest.mark.parametrize("top", [1023, 4095, 65_535])
def test_a_pgm_of_more_than_8_bits_is_scaled_by_its_own_maximum(top):
    data = f"P5\n3 1\n{top}\n".encode() + np.array([0, top // 2, top], ">u2").tobytes()
    assert decode(data, "x")[0].tolist() == [[0, 127, 255]]
    assert read_header(data, "x").grey


@pytest.mark.parametrize("data", [b"P6\n8 8\n255\nabc", b"P5\n-4 8\n255\n", b"P2\n2 2\n255\n1 2 x 4", b"P6 1"])
def test_a_damaged_ppm_is_an_error_that_names_it(data):
    with pytest.raises(InputError, match=r"set/x\.ppm"):
        read_header(data, "set/x.ppm")
        decode(data, "set/x.ppm")


def test_a_pfm_states_no_range():
    with pytest.raises(InputError, match="has no known range"):
        decode(b"Pf\n1 1\n-1.0\n\0\0\0\0", "x")


@pytest.mark.parametrize(("suffix", "kind"), [(".jfif", "JPEG"), (".JFIF", "JPEG"), (".pnm", "PPM"), (".ppm", "PPM")])
def test_a_folder_of_them_is_a_set(tmp_path, suffix, kind):
    for number, image in enumerate(COLOUR):
        (tmp_path / f"{number}{suffix}").write_bytes(encoded(image, kind))
    source = bench.open_source(tmp_path)
    assert source.count == 6
    assert any(note.startswith("lossy") for note in source.notes) == (kind == "JPEG")


def test_a_data_set_refuses_what_states_no_range(tmp_path):
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "x.tiff")
    with pytest.raises(InputError, match="has no known range"):
        open_rgb(tmp_path / "x.tiff")


def test_a_colour_profile_is_noted_unless_it_is_srgb(tmp_path):
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for number, image in enumerate(COLOUR):
        (tmp_path / f"{number}.png").write_bytes(encoded(image, "PNG", icc_profile=other if number < 2 else usual))
    (note,) = bench.open_source(tmp_path).notes
    assert note == "colour profile: 2 of 6 files have one that is not sRGB (ICC); it is not applied"
    assert [one.count for one in examine([tmp_path]).findings if one.code == "colour-profile"] == [2]


def test_a_set_that_repeats_itself_is_told_of_beside_the_number():
    twice = np.concatenate([COLOUR, COLOUR[:2]])
    said = bench.fid(twice, COLOUR[::-1], extractor="pixels", cache=False)["warnings"]
    assert [line for line in said if "repeated" in line] == [
        "array: repeated: 2 of 8 images are copies of an earlier one, and no new ones"
    ]


def test_equal_features_are_told_of_beside_density_and_coverage():
    same = np.repeat(COLOUR[:1], 8, axis=0)
    for a, b in ((COLOUR, same), (same, COLOUR)):
        result = bench.score(a, b, metrics=["prdc"], extractor="pixels", cache=False)
        assert any("8 of 8 images of array have the features of 5 others" in line for line in result["warnings"])
    honest = bench.score(COLOUR, COLOUR[::-1], metrics=["prdc"], extractor="pixels", cache=False)
    assert not any("have the features of" in line for line in honest["warnings"])


def test_only_features_with_k_equal_others_have_balls_without_radius():
    features = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [2.0]])
    assert prdc.about_equal("x", features, 2).startswith("3 of 6 images of x have the features of 2 others or more")
    assert not prdc.about_equal("x", features, 3)
