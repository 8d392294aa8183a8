"""Copies in pixels, and the rule by which an entry is flagged."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from bench.measuring.copies import copies
from bench.measuring.evaluation import array_source
from bench.measuring.flags import flags
from bench.sources import open_source
from metrics.arithmetic import nearest as _nearest
from metrics.arithmetic.thumbnails import levelled, shifted, thumbnails, two_nearest
from metrics.errors import InputError


def _pictures(seed, count, size=16, channels=3):
    """Smooth pictures: coarse noise, interpolated."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        coarse = Image.fromarray(draw.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        made.append(np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC)).transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(made)[:, :channels])


def _source(images):
    return array_source(images, "images")


def _found(train, generated, held_out):
    return copies(_source(train), _source(generated), _source(held_out), workers=0)


def _as_jpeg(images, quality=90):
    made = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image.transpose(1, 2, 0)).save(file, "JPEG", quality=quality, subsampling=0)
        made.append(np.asarray(Image.open(file)).transpose(2, 0, 1))
    return np.stack(made)


def _with_noise(images):
    step = np.random.default_rng(9).normal(0, 3, images.shape)
    return np.clip(images + step, 0, 255).round().astype(np.uint8)


TRAIN, HELD_OUT, OTHERS = _pictures(0, 80), _pictures(1, 60), _pictures(2, 50)


# ----- thumbnails


def test_a_thumbnail_is_the_mean_over_equal_parts():
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 16, 24), dtype=np.uint8)
    expected = image.reshape(1, 3, 8, 2, 8, 3).mean(axis=(3, 5)).reshape(1, -1) / 255
    assert thumbnails(image) == pytest.approx(expected, rel=1e-6)  # float32


def test_a_part_that_ends_within_a_pixel_takes_its_share():
    image = np.zeros((1, 1, 8, 12), np.uint8)
    image[0, 0, :, 1] = 240  # 1.5 pixels per part: half of pixel 1 is in the first part, half in the second
    assert thumbnails(image).reshape(8, 8)[0] == pytest.approx([80 / 255, 80 / 255, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("size", [5, 8, 28, 45])
def test_equal_images_have_equal_thumbnails_in_any_batch(size):
    images = _pictures(3, 6, size)
    assert np.array_equal(thumbnails(images)[2:3], thumbnails(images[2:3]))


def _small(images):
    return levelled(thumbnails(images))


def test_a_levelled_thumbnail_knows_no_brightness_and_no_contrast():
    small = thumbnails(OTHERS)
    assert levelled(0.5 * small + np.float32(0.2)) == pytest.approx(levelled(small), abs=1e-5)  # float32
    assert np.square(levelled(small)).mean(axis=1) == pytest.approx(np.ones(len(OTHERS)), rel=1e-6)
    assert np.abs(levelled(np.full((1, 64), 0.3, np.float32))).max() == 0  # flat: nothing to divide by
    assert np.array_equal(levelled(small[3:4]), levelled(small)[3:4])


def test_the_two_nearest_are_those_over_all_shifts_mirrored_or_not():
    known = _small(TRAIN)
    all_distances = np.min(
        [
            ((_small(shifted(images, down, right))[:, None].astype(np.float64) - known[None]) ** 2).sum(axis=2)
            for images in (OTHERS, OTHERS[..., ::-1])
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
        ],
        axis=0,
    )
    rows, squared = two_nearest(OTHERS, known)
    assert np.array_equal(rows, all_distances.argmin(axis=1))
    assert squared == pytest.approx(np.sort(all_distances, axis=1)[:, :2], rel=1e-9)


def test_the_size_of_the_blocks_changes_nothing(monkeypatch):
    known = _small(TRAIN)
    whole = two_nearest(OTHERS, known)
    monkeypatch.setattr(_nearest, "BLOCK_VALUES", 200)
    for part, expected in zip(two_nearest(OTHERS, known), whole, strict=True):
        assert np.array_equal(part, expected)


def test_grey_images_in_three_channels_have_the_same_ratios_as_in_one():
    train, made = (np.repeat(_pictures(seed, 30, channels=1), 3, axis=1) for seed in (4, 5))
    rows, squared = two_nearest(made, _small(train))
    alone, of_one = two_nearest(made[:, :1], _small(train[:, :1]))
    assert np.array_equal(rows, alone)
    assert squared == pytest.approx(of_one, rel=1e-4)  # rounded to float32


def test_an_image_moved_by_one_pixel_is_found_at_distance_zero():
    framed = np.zeros((20, 3, 20, 20), np.uint8)  # a border that repeating does not change
    framed[:, :, 2:-2, 2:-2] = TRAIN[:20]
    rows, squared = two_nearest(np.roll(framed, (1, -1), axis=(2, 3)), _small(framed))
    assert np.array_equal(rows, np.arange(20))
    assert (squared[:, 0] == 0).all()


# ----- copies


def test_other_pictures_of_the_same_kind_are_no_copies():
    found = _found(TRAIN, OTHERS, HELD_OUT)
    assert (found["exact_copies"], found["held_out_copies"], found["duplicates"]) == (0, 0, 0)
    assert found["near_copies_p"] > 1e-3
    assert flags({}, found) == ()


def _mirrored(images):
    return np.ascontiguousarray(images[..., ::-1])


def _brighter(images):
    return np.clip(images.astype(int) + 25, 0, 255).astype(np.uint8)


def _paler(images):
    return (0.6 * images + 60).round().astype(np.uint8)


CHANGES = [_as_jpeg, lambda x: shifted(x, 0, 1), lambda x: shifted(x, -1, 0), _with_noise, _mirrored, _brighter, _paler]


@pytest.mark.parametrize("change", CHANGES)
def test_copies_saved_as_jpeg_moved_noised_mirrored_or_brighter_are_flagged(change):
    found = _found(TRAIN, change(TRAIN[:50]), HELD_OUT)
    assert found["exact_copies"] == 0
    assert found["near_copies"] > 0.8
    assert found["near_copies_strict"] > 0.8
    (reason,) = flags({}, found)
    assert "near duplicates of training images by their pixels" in reason


def test_brighter_copies_of_pale_pictures_are_flagged():
    train, held_out = ((0.2 * images + 100).astype(np.uint8) for images in (TRAIN, HELD_OUT))
    assert flags({}, _found(train, train[:50] + 25, held_out))


def test_shares_are_counted_in_images():
    generated = np.concatenate([TRAIN[:10], TRAIN[:10], HELD_OUT[:5], OTHERS[:15]])
    held_out = np.concatenate([HELD_OUT, TRAIN[:20]])
    found = _found(TRAIN, generated, held_out)
    assert found["exact_copies"] == 20 / 40
    assert found["exact_copies_expected"] == 20 / 80
    assert found["held_out_copies"] == 5 / 40  # those that are training images as well do not count here
    assert found["duplicates"] == 10 / 40


def test_pixels_are_compared_whatever_the_file(tmp_path):
    images = TRAIN[:6].transpose(0, 2, 3, 1)
    for kind in ("png", "bmp"):
        (tmp_path / kind).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / kind / f"{kind}{number}.{kind}")
    as_png, as_bmp = (open_source(tmp_path / kind) for kind in ("png", "bmp"))
    assert as_png.hashes != as_bmp.hashes
    for one, other in ((as_png, as_bmp), (as_bmp, _source(TRAIN[:6]))):
        assert copies(one, other, _source(HELD_OUT))["exact_copies"] == 1


def test_images_of_several_sizes_are_compared():
    large = np.repeat(np.repeat(TRAIN[:8], 2, axis=2), 2, axis=3)
    rows, squared = two_nearest(large, _small(TRAIN))
    assert np.array_equal(rows, np.arange(8))
    assert (squared[:, 0] < 0.05 * squared[:, 1]).all()


def test_of_many_held_out_images_an_even_part_is_compared(monkeypatch):
    monkeypatch.setattr("bench.measuring.copies.CALIBRATION", 30)
    every_other = _found(TRAIN, OTHERS, HELD_OUT[np.linspace(0, 59, 30).round().astype(int)])
    found = _found(TRAIN, OTHERS, HELD_OUT)
    assert found == every_other
    held_out = np.concatenate([HELD_OUT, TRAIN[:20]])
    assert _found(TRAIN, OTHERS, held_out)["exact_copies_expected"] == 20 / 80  # of all of them


def test_too_few_images_are_an_input_error():
    with pytest.raises(InputError, match="holds 3 images; expected at least 4"):
        _found(TRAIN, OTHERS[:3], HELD_OUT)


# ----- the rule

HONEST = {
    "near_duplicates": 0.02,
    "near_duplicates_expected": 0.01,
    "near_duplicates_p": 0.1,
    "train_share": 0.74,
    "train_share_expected": 0.72,
    "train_share_p": 0.3,
    "held_out_p": 0.7,
    "exact_copies": 0.0,
    "exact_copies_expected": 0.0,
    "near_copies": 0.0,
    "near_copies_expected": 0.01,
    "near_copies_p": 1.0,
    "held_out_copies": 0.0,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exact_copies": 0.02}, "2 % of the images are training images, to the pixel"),
        ({"near_copies": 0.2, "near_copies_p": 1e-20}, r"20 % .* by their pixels \(1 % expected\)"),
        ({"near_duplicates": 0.2, "near_duplicates_p": 1e-20}, r"20 % .* by their features \(1 % expected\)"),
        ({"train_share": 0.99, "train_share_p": 1e-9}, r"nearest to 99 % .* a training one \(72 % expected\)"),
        ({"train_share": 0.1, "held_out_p": 1e-9}, r"nearest to 90 % .* a held-out one \(28 % expected\)"),
        ({"held_out_copies": 0.5}, "50 % of the images are held-out images, to the pixel"),
    ],
)
def test_each_sign_of_copying_is_flagged_with_its_numbers(changed, said):
    (reason,) = flags({**HONEST, **changed}, {})
    assert re.search(said, reason)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"exact_copies": 0.17, "exact_copies_expected": 0.17},  # what the data set itself repeats
        {"near_duplicates": 0.019, "near_duplicates_p": 1e-9},  # beyond chance, but less than twice the usual share
        {"near_duplicates": 0.5, "near_duplicates_p": 1e-4},  # many, but so few draws that it can be chance
        {"train_share": 0.74, "train_share_p": 1e-9},
    ],
)
def test_what_chance_or_the_data_set_explains_is_not_flagged(changed):
    assert flags({**HONEST, **changed}, {}) == ()


def test_what_was_not_measured_is_not_flagged():
    assert flags({}, {}) == ()
    assert flags({"near_duplicates_p": None, "train_share_p": None}, {"near_copies_p": None}) == ()
