"""MSE, PSNR and SSIM of paired images: closed forms, scikit-image, refusals."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from metrics import mse
from metrics.errors import InputError


def _images(seed: int, n: int = 6, shape: tuple[int, int, int] = (3, 16, 16)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(n, *shape), dtype=np.uint8)


def test_identical_images_have_no_error_and_the_highest_psnr():
    result = mse.compute(_images(0), _images(0))
    assert (result["mse"], result["mse_se"], result["mse_low"], result["mse_high"]) == (0, 0, 0, 0)
    assert result["psnr"] == mse.PSNR_CAP
    assert result["ssim"] == pytest.approx(1, rel=1e-15)


def test_black_against_white_is_one_and_zero_decibels():
    result = mse.compute(np.zeros((3, 1, 8, 8), np.uint8), np.full((3, 1, 8, 8), 255, np.uint8))
    assert (result["mse"], result["mae"], result["psnr"]) == (1, 1, 0)


def test_a_constant_difference_is_its_square_whatever_the_image_size():
    for side in (4, 9):
        grey = np.full((2, 3, side, side), 100, np.uint8)
        assert mse.compute(grey, grey + np.uint8(51))["mse"] == pytest.approx(0.2**2, rel=1e-14)  # 51 / 255


def test_the_absolute_error_is_the_mean_over_values_and_images():
    real = np.zeros((2, 1, 1, 2))
    generated = np.array([[[[0.1, 0.3]]], [[[0.6, 0.0]]]])
    assert mse.absolute_per_image(real, generated) == pytest.approx([0.2, 0.3], rel=1e-14)
    assert mse.compute(real.repeat(8, 2), generated.repeat(8, 2))["mae"] == pytest.approx(0.25, rel=1e-14)


def test_mean_standard_error_and_interval_are_those_of_the_per_image_errors():
    real = np.zeros((3, 1, 12, 12))
    generated = real + np.sqrt([0.1, 0.2, 0.6])[:, None, None, None]
    assert mse.per_image(real, generated) == pytest.approx([0.1, 0.2, 0.6], rel=1e-14)
    result = mse.compute(real, generated)
    se = np.std([0.1, 0.2, 0.6], ddof=1) / np.sqrt(3)
    assert (result["mse"], result["mse_se"]) == pytest.approx((0.3, se), rel=1e-14)
    assert result["mse_high"] == pytest.approx(0.3 + 4.302652729911275 * se, rel=1e-9)  # t, 2 degrees of freedom
    assert result["mse_low"] == 0  # 0.3 - 4.3 * 0.153 is no squared error
    assert result["psnr"] == pytest.approx(np.mean(-10 * np.log10([0.1, 0.2, 0.6])), rel=1e-13)


def test_floats_and_uint8_of_the_same_image_are_equal():
    real, generated = _images(0), _images(1)
    as_floats = mse.compute(real / 255.0, generated / 255.0)
    assert as_floats == pytest.approx(mse.compute(real, generated), rel=1e-14)


def test_the_result_does_not_depend_on_the_block_size(monkeypatch):
    whole = mse.compute(_images(0), _images(1))
    monkeypatch.setattr(mse, "BLOCK_VALUES", 1000)
    assert mse.compute(_images(0), _images(1)) == whole


@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 16, 21), (2, 7, 12), (1, 6, 6), (1, 1, 4)])
def test_ssim_is_scikit_images_with_the_published_settings(shape, monkeypatch):
    monkeypatch.setattr(mse, "BLOCK_VALUES", 2 * np.prod(shape))  # two images at once, then one
    real, generated = _images(0, 5, shape), _images(1, 5, shape)
    side = min(shape[1:])
    settings = {"win_size": min(11, side - 1 + side % 2), "gaussian_weights": True, "sigma": 1.5, "data_range": 1.0}
    expected = [
        structural_similarity(a / 255, b / 255, use_sample_covariance=False, channel_axis=0, **settings)
        for a, b in zip(real, generated, strict=True)
    ]
    np.testing.assert_allclose(mse.ssim_per_image(real, generated), expected, rtol=1e-11, atol=1e-13)


def test_ssim_of_two_constants_is_the_luminance_term():
    a, b, c1 = 0.2, 0.6, 0.01**2
    real = np.full((2, 1, 16, 16), a)
    expected = (2 * a * b + c1) / (a**2 + b**2 + c1)
    assert mse.compute(real, np.full_like(real, b))["ssim"] == pytest.approx(expected, rel=1e-9)


def test_ssim_falls_with_noise_and_is_symmetric():
    smooth = np.tile(np.linspace(0.2, 0.8, 24), (2, 3, 24, 1))
    noise = np.random.default_rng(0).uniform(-1, 1, size=smooth.shape)
    values = [mse.compute(smooth, smooth + size * noise)["ssim"] for size in (0.01, 0.05, 0.2)]
    assert values == sorted(values, reverse=True)
    assert mse.compute(smooth + 0.05 * noise, smooth)["ssim"] == pytest.approx(values[1], rel=1e-12)


@pytest.mark.parametrize("side", [1, 2, 5, 8, 11])
def test_images_smaller_than_the_ssim_window_work(side):
    assert -1 <= mse.compute(_images(0, shape=(1, side, side)), _images(1, shape=(1, side, side)))["ssim"] <= 1


def test_different_counts_are_an_input_error():
    with pytest.raises(InputError, match="row i is compared with row i"):
        mse.compute(_images(0, n=5), _images(1, n=6))


def test_different_sizes_are_an_input_error():
    with pytest.raises(InputError, match="equal counts and sizes"):
        mse.per_image(_images(0), _images(1, shape=(3, 16, 17)))


@pytest.mark.parametrize("values", [-0.1, 1.5, 255.0, np.nan, np.inf])
def test_floats_outside_the_unit_interval_are_an_input_error(values):
    with pytest.raises(InputError, match=r"expected \[0, 1\]"):
        mse.compute(np.full((2, 1, 4, 4), 0.5), np.full((2, 1, 4, 4), values))


def test_other_integer_types_are_an_input_error():
    with pytest.raises(InputError, match="int64"):
        mse.compute(_images(0).astype(np.int64), _images(1).astype(np.int64))
