"""The resize modes against the tools that define them, and against closed forms."""

import numpy as np
import pytest
import torch
from PIL import Image

from metrics.extractors.resizing import MODES, normalise, resize, resize_matrix

# 32 -> 299 is CIFAR-10, 512 -> 299 shrinks, (37, 61) is not square, 299 is the identity.
SHAPES = [(24, 24), (32, 32), (64, 64), (299, 299), (512, 512), (37, 61), (400, 130), (1, 5)]
# Float32 sums in another order: 1e-6 of the range [0, 255].
TOLERANCE = 1e-6 * 255


def images(height, width, count=2):
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (count, 3, height, width), dtype=np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_tf1_agrees_with_torch_fidelity(shape):
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    batch = images(*shape)
    expected = interpolate_bilinear_2d_like_tensorflow1x(
        torch.from_numpy(batch).float(), size=(299, 299), align_corners=False
    ).numpy()
    assert np.abs(resize(batch, "tf1", 299) - expected).max() <= TOLERANCE


@pytest.mark.parametrize("shape", SHAPES)
def test_clean_agrees_with_pillow_on_float_channels(shape):
    batch = images(*shape)
    expected = [
        [
            np.asarray(Image.fromarray(channel.astype(np.float32)).resize((299, 299), Image.BICUBIC)).clip(0, 255)
            for channel in image
        ]
        for image in batch
    ]
    assert np.abs(resize(batch, "clean", 299) - np.array(expected)).max() <= TOLERANCE


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated:DeprecationWarning")
@pytest.mark.parametrize("shape", [(32, 32), (512, 512), (400, 130)])
def test_clean_agrees_with_clean_fid(shape):
    cleanfid = pytest.importorskip("cleanfid.resize")
    resizer = cleanfid.build_resizer("clean")
    batch = images(*shape, count=1)
    expected = resizer(batch[0].transpose(1, 2, 0)).transpose(2, 0, 1)
    assert np.abs(resize(batch, "clean", 299)[0] - expected).max() <= TOLERANCE


@pytest.mark.parametrize("shape", SHAPES)
def test_pillow_is_pillow_on_colour_pictures_bit_by_bit(shape):
    batch = images(*shape)
    expected = [
        np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((299, 299), Image.Resampling.BICUBIC))
        for image in batch
    ]
    assert np.array_equal(resize(batch, "pillow", 299), np.array(expected, np.float32).transpose(0, 3, 1, 2))


@pytest.mark.parametrize("shape", SHAPES)
def test_torch_agrees_with_interpolate(shape):
    batch = images(*shape)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(batch).float(), size=(299, 299), mode="bilinear", align_corners=False
    ).numpy()
    assert (
        np.abs(resize(batch, "torch", 299) - expected).max() <= 4 * TOLERANCE
    )  # its grid uses a fused multiply-add or not, by CPU


@pytest.mark.parametrize("shape", SHAPES)
def test_antialias_agrees_with_interpolate(shape):
    batch = images(*shape)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(batch).double(), size=(299, 299), mode="bilinear", align_corners=False, antialias=True
    ).numpy()
    # In float32, as torchmetrics calls it, its weights are 1e-5 off.
    assert np.abs(resize(batch, "antialias", 299) - expected).max() <= TOLERANCE


@pytest.mark.parametrize("mode", MODES)
def test_equal_sizes_leave_every_pixel_as_it_is(mode):
    batch = images(17, 17)
    assert np.array_equal(resize(batch, mode, 17), batch)


@pytest.mark.parametrize("mode", MODES)
def test_a_constant_image_stays_constant(mode):
    batch = np.full((1, 3, 20, 45), 77, np.uint8)
    assert resize(batch, mode, 32) == pytest.approx(77, rel=1e-6)  # float32 weights sum to 1 within rounding


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n_in", [1, 5, 64, 299, 700])
def test_the_weights_of_each_output_sample_sum_to_one(mode, n_in):
    assert resize_matrix(mode, n_in, 299).sum(axis=1, dtype=np.float64) == pytest.approx(1, abs=1e-6)  # float32


@pytest.mark.parametrize("mode", MODES)
def test_rows_do_not_depend_on_the_batch(mode):
    batch = images(40, 30, count=5)
    assert np.array_equal(resize(batch, mode, 64)[2:4], resize(batch[2:4], mode, 64))


def test_clean_never_leaves_the_range():
    step = np.repeat(np.array([0, 255], np.uint8), 8)
    batch = np.broadcast_to(step, (1, 3, 16, 16)).copy()
    pixels = resize(batch, "clean", 64)
    assert (pixels.min(), pixels.max()) == (0, 255)


def test_the_tf1_grid_has_no_half_pixel_offset():
    assert np.array_equal(resize_matrix("tf1", 2, 4), [[1, 0], [0.5, 0.5], [0, 1], [0, 1]])


def test_the_torch_grid_has_half_pixel_centres():
    assert np.array_equal(resize_matrix("torch", 2, 4), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])


@pytest.mark.parametrize(
    ("mode", "black", "white"), [("tf1", -1, 127 / 128), ("clean", -1, 127 / 128), ("torch", -1, 1)]
)
def test_each_mode_scales_as_its_tool_does(mode, black, white):
    scaled = normalise(np.array([0, 255], np.float32), mode)
    assert scaled == pytest.approx([black, white], abs=1e-6)  # one float32 rounding


@pytest.mark.parametrize("mode", MODES)
def test_the_weights_that_are_kept_cannot_be_changed(mode):
    assert resize_matrix(mode, 5, 7) is resize_matrix(mode, 5, 7)
    with pytest.raises(ValueError, match="read-only"):
        resize_matrix(mode, 5, 7)[0, 0] = 1


@pytest.mark.parametrize("mode", MODES)
def test_one_side_that_fits_already_is_left_as_it_is(mode):
    high, wide = images(17, 40), images(40, 17)
    for batch in (high, wide):
        turned = resize(np.ascontiguousarray(batch.transpose(0, 1, 3, 2)), mode, 17).transpose(0, 1, 3, 2)
        assert resize(batch, mode, 17) == pytest.approx(turned, abs=1e-3)  # sums in another order
