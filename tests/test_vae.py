"""The VAE against Tables 1 and 2 and the losses of section 2.2.3 of the assignment."""

import math

import numpy as np
import pytest
import torch

from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.types import Batch, ImageShape
from reference_models.vae import MODEL, VaeConfig, kl_loss, reconstruction_loss

FASHION = ImageShape(1, 28, 28)


def _model(**settings):
    torch.manual_seed(0)
    return MODEL.build(VaeConfig(**settings), FASHION, 0)


def test_the_encoder_is_table_1():
    encoder = _model().encoder
    hidden = encoder.body(torch.zeros(2, *FASHION))
    mean, log_variance = encoder(torch.zeros(2, *FASHION))
    assert (hidden.shape, mean.shape, log_variance.shape) == ((2, 400), (2, 5), (2, 5))
    assert sum(weight.numel() for weight in encoder.parameters()) == (784 * 400 + 400) + 2 * (400 * 5 + 5)


def test_the_decoder_is_table_2():
    decoder = _model().decoder
    assert decoder.body[0](torch.zeros(2, 5)).shape == (2, 400)
    assert decoder(torch.zeros(2, 5)).shape == (2, 1, 28, 28)
    assert sum(weight.numel() for weight in decoder.parameters()) == (5 * 400 + 400) + (400 * 784 + 784)


def test_the_recipe_for_fashion_mnist_is_the_one_of_the_assignment():
    recipe = MODEL.recipe("fashion-mnist")
    assert (recipe.zdim, recipe.hidden, recipe.lr, recipe.kl_weight, recipe.epochs) == (5, 400, 1e-3, 1.0, 10)


def test_the_relu_of_table_1_is_a_choice():
    images = torch.rand(50, *FASHION)
    plain, clipped = _model().encoder(images), _model(relu_on_code=True).encoder(images)
    assert min(code.min() for code in plain) < 0
    assert min(code.min() for code in clipped) == 0


def test_the_reconstruction_loss_is_summed_over_pixels_and_averaged_over_images():
    logits, x = torch.zeros(2, 1, 2, 2), torch.rand(2, 1, 2, 2)
    assert reconstruction_loss(logits, x).item() == pytest.approx(4 * math.log(2), rel=1e-6)  # p = 1/2 at 4 pixels


def test_the_reconstruction_loss_is_the_cross_entropy():
    p, x = 0.8, 0.25
    logits = torch.full((1, 1, 1, 1), math.log(p / (1 - p)))
    expected = -(x * math.log(p) + (1 - x) * math.log(1 - p))
    assert reconstruction_loss(logits, torch.full((1, 1, 1, 1), x)).item() == pytest.approx(expected, rel=1e-6)


def test_the_divergence_of_the_prior_from_itself_is_zero():
    assert kl_loss(torch.zeros(3, 5), torch.zeros(3, 5)).item() == 0


def test_the_divergence_is_the_formula_of_section_2_2_4():
    mean, log_variance = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, math.log(4)], [0.0, 0.0]])
    expected = ((1 + 1 - 1 - 0) / 2 + (4 + 0 - 1 - math.log(4)) / 2) / 2  # over codes summed, over two images averaged
    assert kl_loss(mean, log_variance).item() == pytest.approx(expected, rel=1e-6)


def test_the_optimiser_is_adam_with_1e_3():
    adam = _model().optimisers["adam"]
    assert isinstance(adam, torch.optim.Adam)
    assert adam.param_groups[0]["lr"] == 1e-3
    assert sum(weight.numel() for weight in adam.param_groups[0]["params"]) == 314_000 + 4_010 + 2_400 + 314_384


def test_reconstructions_are_those_of_the_mean_and_not_random():
    model = _model()
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 1, 28, 28), np.uint8))
    with torch.no_grad():
        assert torch.equal(model.reconstruct(images), model.reconstruct(images))


def test_a_vae_learns_to_reconstruct_two_images():
    torch.manual_seed(0)
    model = MODEL.build(VaeConfig(zdim=2, hidden=32, lr=1e-2), ImageShape(1, 4, 4), 0)
    images = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    images[0, :, :2], images[1, :, 2:] = 255, 255
    for _ in range(200):
        losses = model.train_step(Batch(images))
    assert losses["reconstruction"] < 2  # 16 ln 2 = 11.1 at first
    with torch.no_grad():
        assert (model.reconstruct(images).int() - images.int()).abs().max() < 64


def test_samples_have_the_shape_of_the_data():
    with torch.no_grad():
        assert _model().sample(Noise(0, 0, 3).normal(5)).shape == (3, 1, 28, 28)


def test_a_code_without_dimensions_is_refused():
    with pytest.raises(ModelError, match="zdim"):
        VaeConfig(zdim=0)
