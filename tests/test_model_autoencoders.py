"""The autoencoders and the convolutional VAE against their assignments: layers, parameters, losses."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import autoencoder, conv_autoencoder, conv_vae
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

FASHION = ImageShape(1, 24, 24)
SKETCH = ImageShape(1, 64, 64)


# ---- fully connected


def test_the_autoencoder_is_figure_3():
    model = autoencoder.MODEL.build(autoencoder.MODEL.recipe("fashion-mnist-24"), FASHION, 0)
    assert shapes(model.encoder, torch.zeros(2, *FASHION), nn.Linear) == [(256,), (100,)]
    assert shapes(model.decoder, torch.zeros(2, 100), nn.Linear) == [(256,), (576,)]
    assert model.decoder(torch.zeros(2, 100)).shape == (2, *FASHION)


def test_the_autoencoder_has_the_parameters_of_figure_3():
    model = autoencoder.MODEL.build(autoencoder.AutoencoderConfig(), FASHION, 0)
    encoder, decoder = (576 * 256 + 256) + (256 * 100 + 100), (100 * 256 + 256) + (256 * 576 + 576)
    assert (encoder, decoder) == (173_412, 173_888)
    assert (count(model.encoder), count(model.decoder)) == (encoder, decoder)


def test_the_l2_loss_is_summed_over_pixels_and_averaged_over_images():
    x, y = torch.tensor([[1.0, 0.0], [0.5, 0.5]]), torch.tensor([[0.0, 0.5], [0.5, 0.5]])
    assert autoencoder.reconstruction_loss(y, x).item() == pytest.approx((1 + 0.25 + 0 + 0) / 2)


def test_the_gaussian_of_the_codes_is_that_of_all_codes_at_first():
    codes = torch.randn(60, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 2.0, 0.1]) + 5
    gaussian = autoencoder.CodeGaussian(3)
    for step, batch in enumerate(codes.split(20)):
        gaussian.follow(batch, step)
    x = codes.double().numpy()
    assert np.abs(gaussian.mean.numpy() - x.mean(0)).max() < 1e-5  # float32
    assert np.abs(gaussian.covariance.numpy() - np.cov(x.T, ddof=0)).max() < 1e-5


def test_drawn_codes_have_the_covariance():
    gaussian = autoencoder.CodeGaussian(2)
    gaussian.covariance.copy_(torch.tensor([[4.0, 1.0], [1.0, 1.0]]))
    root = gaussian.draw(torch.eye(2))  # the rows of the symmetric root
    assert torch.allclose(root @ root.T, gaussian.covariance, atol=1e-5)


# ---- convolutional


def test_the_convolutional_autoencoder_follows_the_guidelines():
    model = conv_autoencoder.MODEL.build(conv_autoencoder.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    found = shapes(model.encoder, torch.zeros(2, *SKETCH), (nn.Conv2d, nn.Linear))
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (64,)]
    found = shapes(model.decoder, torch.zeros(2, 64), (nn.Unflatten, nn.ConvTranspose2d))
    assert found == [(128, 4, 4), (64, 8, 8), (32, 16, 16), (16, 32, 32), (1, 64, 64)]
    down = [layer for layer in model.encoder if isinstance(layer, nn.Conv2d)]
    assert {(layer.kernel_size, layer.stride) for layer in down} == {((3, 3), (2, 2))}
    assert isinstance(model.decoder[-1], nn.Tanh)


def test_the_convolutional_autoencoder_has_the_parameters_worked_out_by_hand():
    model = conv_autoencoder.MODEL.build(conv_autoencoder.ConvAutoencoderConfig(), SKETCH, 0)
    channels = 1 * 16 + 16 * 32 + 32 * 64 + 64 * 128  # 10,768
    encoder = 9 * channels + 2 * (16 + 32 + 64 + 128) + (128 * 16 * 64 + 64)
    decoder = 64 * 128 * 16 + 16 * channels + 2 * (128 + 64 + 32 + 16)
    assert (encoder, decoder) == (228_528, 303_840)
    assert (count(model.encoder), count(model.decoder)) == (encoder, decoder)


@pytest.mark.parametrize(("side", "sides"), [(24, [12, 6]), (28, [14, 7, 4]), (32, [16, 8, 4])])
def test_other_sides_are_halved_to_four_to_six(side, sides):
    shape = ImageShape(3, side, side)
    model = conv_autoencoder.MODEL.build(conv_autoencoder.ConvAutoencoderConfig(width=2), shape, 0)
    found = shapes(model.encoder, torch.zeros(2, *shape), nn.Conv2d)
    assert [one[1] for one in found] == sides
    assert model.decoder(torch.zeros(2, 64)).shape == (2, *shape)


@pytest.mark.parametrize("module", [conv_autoencoder, conv_vae])
def test_images_that_cannot_be_halved_are_refused(module):
    with pytest.raises(ModelError, match="squares with a side of 7 or more"):
        module.MODEL.build(module.MODEL.recipes["tiny"], ImageShape(1, 6, 6), 0)


def test_the_vae_gives_64_means_and_64_log_sigma():
    model = conv_vae.MODEL.build(conv_vae.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    found = shapes(model.encoder.layers, torch.zeros(2, *SKETCH), (nn.Conv2d, nn.Linear))
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (128,)]
    mean, log_sigma = model.encoder(torch.zeros(2, *SKETCH))
    assert (mean.shape, log_sigma.shape) == ((2, 64), (2, 64))
    assert model.decoder(mean).shape == (2, *SKETCH)


def test_the_vae_has_the_parameters_worked_out_by_hand():
    model = conv_vae.MODEL.build(conv_vae.ConvVaeConfig(), SKETCH, 0)
    channels = 1 * 16 + 16 * 32 + 32 * 64 + 64 * 128
    encoder = 9 * channels + 2 * (16 + 32 + 64 + 128) + (128 * 16 * 128 + 128)
    assert encoder == 359_664
    assert (count(model.encoder), count(model.decoder)) == (encoder, 303_840)  # the decoder of conv-autoencoder


def test_the_likelihood_loss_is_the_cross_entropy_over_n():
    f, x = torch.tensor([[0.9, 0.2], [0.5, 0.6]]), torch.tensor([[1.0, 0.0], [0.25, 1.0]])
    sums = math.log(0.9) + math.log(0.8) + (0.25 * math.log(0.5) + 0.75 * math.log(0.5)) + math.log(0.6)
    assert conv_vae.likelihood_loss(torch.logit(f), x).item() == pytest.approx(-sums / 2, rel=1e-6)


def test_the_divergence_has_the_factor_one_over_2n():
    mean, log_sigma = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])
    sums = (1 + 1 - 0 - 1) + (0 + 9 - math.log(9) - 1) + 0 + (4 + 1 - 0 - 1)
    assert conv_vae.kl_loss(mean, log_sigma).item() == pytest.approx(sums / (2 * 2), rel=1e-6)


def test_noise_on_the_input_is_a_flag():
    images = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    found = []
    for noise in (0.0, 0.5):
        torch.manual_seed(0)
        model = conv_vae.MODEL.build(conv_vae.ConvVaeConfig(width=2, code=3, input_noise=noise), ImageShape(1, 8, 8), 0)
        seen = []
        model.encoder.register_forward_pre_hook(lambda module, given, seen=seen: seen.append(given[0]))
        model.train_step(Batch(images))
        found.append(seen[0].std().item())
    assert found[0] == 0
    assert found[1] == pytest.approx(0.5, rel=0.2)  # 256 draws: standard error 4 %


@pytest.mark.parametrize("module", [autoencoder, conv_autoencoder])
def test_two_images_are_learned(module):
    torch.manual_seed(0)
    config = replace(module.MODEL.recipes["tiny"], lr=2e-2)
    model = module.MODEL.build(config, ImageShape(1, 8, 8), 0)
    images = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    images[::2, :, :4], images[1::2, :, 4:] = 255, 255
    first, *_, last = (model.train_step(Batch(images, step=step))["reconstruction"].item() for step in range(60))
    assert last < 0.2 * first
