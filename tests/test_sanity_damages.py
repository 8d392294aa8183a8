"""Damage of known strength to one image, and to a set."""

import numpy as np
import pytest

import bench
from bench.sanity_checks.damages import DAMAGES, damaged

EVERY = [(damage, strength) for damage in DAMAGES.values() for strength in damage.strengths]


def picture(channels=3, high=24, wide=20):
    down, right = np.mgrid[:high, :wide]
    planes = [(down * 7 + right * 5 * number) % 200 + 20 for number in range(1, channels + 1)]
    return np.stack(planes).astype(np.uint8)


def applied(damage, strength, image, seed=0):
    return damage.apply(image, strength, np.random.RandomState(seed))


@pytest.mark.parametrize(("damage", "strength"), EVERY, ids=lambda one: getattr(one, "name", one))
def test_a_damaged_image_is_uint8_of_the_same_shape_and_another_one(damage, strength):
    image = picture()
    before = image.copy()
    made = applied(damage, strength, image)
    assert (made.dtype, made.shape) == (np.uint8, image.shape)
    assert (made != image).any()
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(made, applied(damage, strength, image))


@pytest.mark.parametrize(("damage", "strength"), EVERY, ids=lambda one: getattr(one, "name", one))
def test_a_grey_image_stays_grey(damage, strength):
    made = applied(damage, strength, np.repeat(picture(1), 3, axis=0))
    assert (made == made[:1]).all()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_stronger_damage_moves_the_pixels_further(damage):
    images = [np.random.RandomState(seed).randint(0, 256, (3, 6, 5)).repeat(4, 1).repeat(4, 2) for seed in range(8)]
    moves = [
        np.mean([np.abs(applied(damage, strength, one.astype(np.uint8), 1) - one.astype(float)) for one in images])
        for strength in damage.strengths
    ]
    assert moves == sorted(moves)


def test_noise_mixes_the_image_with_values_from_0_to_255():
    made = applied(DAMAGES["noise"], 0.25, np.full((3, 16, 16), 100, np.uint8))
    assert (made.min(), made.max()) == (75, 139)  # 0.75 x 100 + 0.25 x 0 or 255, rounded


def test_a_blur_keeps_a_flat_image():
    flat = np.full((3, 9, 9), 77, np.uint8)
    np.testing.assert_array_equal(applied(DAMAGES["blur"], 4, flat), flat)


def test_one_rectangle_covers_its_share_of_both_sides(monkeypatch):
    monkeypatch.setattr("bench.sanity_checks.damages.RECTANGLES", 1)
    assert (applied(DAMAGES["rectangles"], 0.25, np.full((3, 16, 32), 9, np.uint8)) == 0).sum() == 3 * 4 * 8


def test_a_swirl_leaves_the_centre_where_it_is():
    image = picture(high=21, wide=21)
    np.testing.assert_array_equal(applied(DAMAGES["swirl"], 2, image)[:, 10, 10], image[:, 10, 10])


def test_salt_and_pepper_hits_its_share_of_the_pixels_half_of_them_black():
    made = applied(DAMAGES["salt-and-pepper"], 0.3, np.full((3, 100, 100), 9, np.uint8))
    assert (made != 9).mean() == pytest.approx(0.3, abs=0.02)
    assert (made == 0).sum() / (made != 9).sum() == pytest.approx(0.5, abs=0.05)


def test_jpeg_is_what_pillow_writes():
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.fromarray(picture().transpose(1, 2, 0)).save(file, "JPEG", quality=20)
    np.testing.assert_array_equal(
        applied(DAMAGES["jpeg"], 20, picture()), np.asarray(Image.open(file)).transpose(2, 0, 1)
    )


def test_an_image_is_damaged_by_its_content_and_the_seed_wherever_it_stands():
    source = bench.open_source(np.stack([picture(), picture()[:, ::-1], picture()]))
    one, again, other = (damaged(source, DAMAGES["noise"], 0.5, seed) for seed in (0, 0, 1))
    assert one.digest == again.digest != other.digest
    assert one.hashes[0] == one.hashes[2] != one.hashes[1]
    np.testing.assert_array_equal(one.read(0), one.read(2))
    np.testing.assert_array_equal(one.read(1), again.read(1))
    assert (one.read(0) != other.read(0)).any()


def test_every_strength_has_a_hash_of_its_own():
    source = bench.open_source(picture()[None])
    assert len({damaged(source, damage, strength, 0).digest for damage, strength in EVERY}) == len(EVERY)
