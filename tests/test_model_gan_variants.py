"""The DCGAN with upsampling and its switches, and the conditional GAN."""

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import cgan, dcgan_upconv
from reference_models.blocks.gradient_penalty import squared_slopes
from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.loop.sampling import sample
from reference_models.types import Batch, ImageShape

EMOJI = ImageShape(3, 32, 32)
MNIST = ImageShape(1, 28, 28)
SMALL = ImageShape(1, 24, 24)


# ---- dcgan-upconv


def test_the_layers_are_those_of_the_notebook():
    model = dcgan_upconv.MODEL.build(dcgan_upconv.MODEL.recipe("emoji"), EMOJI, 0)
    found = shapes(model.generator.layers, torch.zeros(2, 100, 1, 1), (nn.Conv2d, nn.Unflatten))
    assert found == [(2048, 1, 1), (128, 4, 4), (64, 8, 8), (32, 16, 16), (3, 32, 32)]
    found = shapes(model.discriminator.layers, torch.zeros(2, *EMOJI), nn.Conv2d)
    assert found == [(32, 16, 16), (64, 8, 8), (128, 4, 4), (1, 1, 1)]
    assert not any(isinstance(layer, nn.ConvTranspose2d) for layer in model.modules())


def test_the_parameters_are_those_worked_out_by_hand():
    model = dcgan_upconv.MODEL.build(dcgan_upconv.DcganUpconvConfig(), EMOJI, 0)
    generator = 100 * 2048 + 25 * (128 * 64 + 64 * 32 + 32 * 3) + 2 * (2048 + 64 + 32)
    discriminator = 25 * (3 * 32 + 32 * 64 + 64 * 128 + 128) + 2 * (32 + 64 + 128)
    assert (generator, discriminator) == (467_488, 262_048)
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


def test_the_penalty_of_a_linear_function_is_its_squared_slope():
    slope = torch.tensor([[[[1.0, 2.0], [0.0, -3.0]]]])
    linear = nn.Sequential(nn.Conv2d(1, 1, 2, bias=False), nn.Flatten(0))
    linear[0].weight.data = slope
    penalty = squared_slopes(linear, torch.rand(5, 1, 2, 2)).mean()
    assert penalty.item() == pytest.approx(1 + 4 + 9)


def test_the_penalty_is_centred_at_zero():
    constant = nn.Sequential(nn.Conv2d(1, 1, 2), nn.Flatten(0))
    nn.init.zeros_(constant[0].weight)
    assert squared_slopes(constant, torch.rand(5, 1, 2, 2)).mean().item() == 0


def test_the_penalty_is_added_with_its_weight():
    losses = []
    real, fake = torch.rand(4, *SMALL), torch.rand(4, *SMALL)
    for settings in ({}, {"gradient_penalty": True}, {"gradient_penalty": True, "penalty_weight": 3.0}):
        torch.manual_seed(0)
        model = dcgan_upconv.MODEL.build(dcgan_upconv.DcganUpconvConfig(width=2, **settings), SMALL, 0)
        losses.append(model.discriminator_loss(real, fake).item())
    assert losses[1] > losses[0]
    assert losses[2] - losses[0] == pytest.approx(3 * (losses[1] - losses[0]), rel=1e-4)  # float32 differences


def test_spectral_norm_makes_the_largest_singular_value_one():
    torch.manual_seed(0)
    model = dcgan_upconv.MODEL.build(dcgan_upconv.DcganUpconvConfig(width=2, spectral_norm=True), SMALL, 0)
    for _ in range(30):
        model.discriminator(torch.rand(4, *SMALL))  # each call is one power iteration
    layers = [layer for layer in model.discriminator.layers if isinstance(layer, nn.Conv2d)]
    model.eval()
    largest = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in layers]
    assert largest == pytest.approx([1.0] * 4, rel=0.02)  # what the power iterations have left


def test_the_discriminator_is_updated_d_train_iters_times():
    model = dcgan_upconv.MODEL.build(dcgan_upconv.DcganUpconvConfig(width=2, d_train_iters=3), SMALL, 0)
    model.train_step(Batch(torch.zeros(4, *SMALL, dtype=torch.uint8)))
    steps = {name: int(next(iter(adam.state.values()))["step"]) for name, adam in model.optimisers.items()}
    assert steps == {"generator": 1, "discriminator": 3}


def test_the_discriminator_learns_at_twice_the_rate():
    model = dcgan_upconv.MODEL.build(dcgan_upconv.DcganUpconvConfig(width=2), SMALL, 0)
    rates = {name: adam.param_groups[0]["lr"] for name, adam in model.optimisers.items()}
    assert rates == pytest.approx({"generator": 3e-4, "discriminator": 6e-4})


# ---- cgan


def test_the_label_enters_both_networks():
    model = cgan.MODEL.build(cgan.MODEL.recipe("mnist"), MNIST, 10)
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    found = shapes(model.generator.layers, torch.zeros(2, 110, 1, 1), kinds)
    assert found == [(1024, 4, 4), (512, 7, 7), (256, 14, 14), (128, 28, 28), (1, 28, 28)]
    found = shapes(model.discriminator.layers, torch.zeros(2, 11, 28, 28), kinds)
    assert found == [(128, 14, 14), (256, 7, 7), (512, 3, 3), (1, 1, 1)]


def test_the_conditional_networks_have_the_parameters_worked_out_by_hand():
    model = cgan.MODEL.build(cgan.CganConfig(), MNIST, 10)
    generator = 8_983_425 + 10 * 1024 * 16  # dcgan-deep and ten more inputs of the first layer
    discriminator = 2_628_993 + 10 * 128 * 16
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


def test_the_label_is_a_plane_of_ones():
    model = cgan.MODEL.build(cgan.CganConfig(width=2), SMALL, 3)
    seen = []
    model.discriminator.layers.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    images = torch.rand(2, *SMALL)
    model.discriminator(images, torch.tensor([2, 0]))
    assert torch.equal(seen[0][:, :1], images)
    assert seen[0][:, 1:].mean((2, 3)).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_another_label_gives_another_image():
    torch.manual_seed(0)
    model = cgan.MODEL.build(cgan.CganConfig(width=4), SMALL, 3).eval()
    noise = torch.randn(1, 100).expand(3, -1)
    with torch.no_grad():
        images = model.generator(noise, torch.arange(3))
    assert (images[0] - images[1]).abs().max() > 1e-3
    assert (images[1] - images[2]).abs().max() > 1e-3


def test_labels_without_words_are_drawn_with_the_noise():
    torch.manual_seed(0)
    model = cgan.MODEL.build(cgan.MODEL.recipes["tiny"], SMALL, 3)
    given = sample(model, 0, 0, 6, labels=Noise(0, 0, 6).labels(3))
    assert (sample(model, 0, 0, 6) == given).all()


def test_data_without_classes_are_refused():
    with pytest.raises(ModelError, match="two classes"):
        cgan.MODEL.build(cgan.CganConfig(), SMALL, 0)
