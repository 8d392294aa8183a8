"""The two controls: copies of training images, and a Gaussian over pixels, against closed forms."""

import numpy as np
import pytest
import torch

from reference_models.errors import ModelError
from reference_models.loop import sample
from reference_models.pixel_gaussian import MODEL as GAUSSIAN
from reference_models.pixel_gaussian import PixelGaussianConfig
from reference_models.train_copies import MODEL as COPIES
from reference_models.train_copies import TrainCopiesConfig
from reference_models.types import Batch, ImageShape

SHAPE = ImageShape(1, 3, 3)


def _images(count, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (count, *SHAPE), np.uint8))


def _fed(model, images, batch_size):
    for step, batch in enumerate(images.split(batch_size)):
        losses = model.train_step(Batch(batch, step=step))
    return losses


def test_every_sample_is_a_training_image_and_none_is_left_out():
    model, images = COPIES.build(TrainCopiesConfig(images=10), SHAPE, 0), _images(10)
    assert _fed(model, images, 4)["stored images"] == 10
    drawn = {image.tobytes() for image in sample(model, 0, 0, 200)}
    assert drawn == {image.numpy().tobytes() for image in images}  # (9/10)^200 = 7e-10 to miss one of them


def test_the_place_of_a_copy_is_the_quantile_of_its_noise():
    model, images = COPIES.build(TrainCopiesConfig(images=4), SHAPE, 0), _images(4)
    _fed(model, images, 4)
    noise = torch.tensor([[-3.0], [-0.5], [0.5], [3.0]])  # Phi: 0.001, 0.31, 0.69, 0.999
    assert torch.equal(model.sample(noise), images)


def test_a_full_store_keeps_what_it_has():
    model, images = COPIES.build(TrainCopiesConfig(images=5), SHAPE, 0), _images(12)
    assert _fed(model, images, 4)["stored images"] == 5
    assert torch.equal(model.store, images[:5])


def test_the_store_stays_within_its_megabytes():
    model = COPIES.build(TrainCopiesConfig(images=10_000, megabytes=0.5), ImageShape(3, 64, 64), 0)
    assert len(model.store) == 2**19 // (3 * 64 * 64) == 42


@pytest.mark.parametrize(
    ("images", "megabytes", "room"), [(1, 100.0, 1), (5, 100.0, 5), (5, 1e-9, 1), (5, 18 / 2**20, 2)]
)
def test_the_store_has_room_for_one_image_at_least_and_no_more_than_asked_for(images, megabytes, room):
    assert len(COPIES.build(TrainCopiesConfig(images=images, megabytes=megabytes), SHAPE, 0).store) == room


def test_a_store_and_a_gaussian_of_nothing_make_a_black_and_a_grey_image():
    assert not COPIES.build(TrainCopiesConfig(images=3), SHAPE, 0).sample(torch.ones(2, 1)).any()
    assert (GAUSSIAN.build(PixelGaussianConfig(rank=3), SHAPE, 0).sample(torch.ones(2, 3)) == 128).all()


@pytest.mark.parametrize(("rank", "kept"), [(1, 1), (9, 9), (10, 9)])
def test_a_gaussian_keeps_no_more_directions_than_there_are_pixels(rank, kept):
    assert GAUSSIAN.build(PixelGaussianConfig(rank=rank), SHAPE, 0).noise_dim == kept


@pytest.mark.parametrize("batch_size", [50, 7])
def test_the_gaussian_has_the_mean_and_covariance_of_the_images(batch_size):
    model, images = GAUSSIAN.build(PixelGaussianConfig(rank=9), SHAPE, 0), _images(50)
    kept = _fed(model, images, batch_size)["variance kept"]
    x = images.flatten(1).double().numpy() / 127.5 - 1
    covariance = (model.factor.T @ model.factor / 49).numpy()
    assert np.abs(model.mean.numpy() - x.mean(0)).max() < 1e-6  # float32
    assert np.abs(covariance - np.cov(x.T)).max() < 1e-6
    assert kept == pytest.approx(1, abs=1e-6)


def test_a_low_rank_keeps_the_largest_directions():
    model, images = GAUSSIAN.build(PixelGaussianConfig(rank=4), SHAPE, 0), _images(50)
    kept = _fed(model, images, 50)["variance kept"]
    values = np.linalg.eigvalsh(np.cov(images.flatten(1).double().numpy().T))
    assert kept == pytest.approx(values[-4:].sum() / values.sum(), rel=1e-5)
    assert model.noise_dim == 4


def test_samples_of_the_gaussian_have_its_mean_and_spread():
    model = GAUSSIAN.build(PixelGaussianConfig(rank=9), SHAPE, 0)
    images = (128 + 20 * torch.randn(400, *SHAPE, generator=torch.Generator().manual_seed(0))).to(torch.uint8)
    _fed(model, images, 100)
    made = sample(model, 0, 0, 4_000).reshape(4_000, -1).astype(float)
    real = images.flatten(1).double().numpy()
    assert np.abs(made.mean(0) - real.mean(0)).max() < 1.5  # standard error 20 / sqrt(4000) = 0.3
    assert np.abs(made.std(0) / real.std(0) - 1).max() < 0.06  # standard error 1.1 %; nothing is clipped at 6 sigma


def test_noise_of_zero_is_the_mean_image():
    model, images = GAUSSIAN.build(PixelGaussianConfig(rank=9), SHAPE, 0), _images(50)
    _fed(model, images, 10)
    mean = images.double().mean(0)
    assert (model.sample(torch.zeros(1, 9))[0].double() - mean).abs().max() <= 0.51  # rounding to whole values


@pytest.mark.parametrize(
    ("config", "settings"), [(TrainCopiesConfig, {"images": 0}), (PixelGaussianConfig, {"rank": 0})]
)
def test_controls_of_nothing_are_refused(config, settings):
    with pytest.raises(ModelError, match="positive"):
        config(**settings)
