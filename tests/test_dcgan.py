"""The DCGAN against Tables 3 and 4 and the losses of section 3.2 of the assignment."""

import math

import pytest
import torch
from torch import nn

from reference_models.blocks.gan_losses import cross_entropy_discriminator, cross_entropy_generator
from reference_models.dcgan import MODEL, DcganConfig, Discriminator, Generator
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

STL = ImageShape(3, 64, 64)


def _shapes(network, start, kinds):
    """Output shapes of the layers of these kinds, batch left out."""
    found = []
    with torch.no_grad():
        for layer in network.layers:
            start = layer(start)
            if isinstance(layer, kinds):
                found.append(tuple(start.shape[1:]))
    return found


def test_the_generator_is_table_3():
    generator = Generator(DcganConfig(), STL)
    assert _shapes(generator, torch.zeros(2, 100, 1, 1), nn.ConvTranspose2d) == [
        (1024, 4, 4),
        (512, 8, 8),
        (256, 16, 16),
        (128, 32, 32),
        (3, 64, 64),
    ]
    kinds = [type(layer).__name__ for layer in generator.layers]
    assert kinds == ["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 4 + ["ConvTranspose2d", "Tanh"]
    strides = [(layer.stride, layer.padding) for layer in generator.layers if isinstance(layer, nn.ConvTranspose2d)]
    assert strides == [((1, 1), (0, 0))] + [((2, 2), (1, 1))] * 4


def test_the_generator_has_the_parameters_of_table_3():
    convolutions = 16 * (100 * 1024 + 1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
    norms = 2 * (1024 + 512 + 256 + 128)
    assert convolutions + norms == 12_658_432
    assert sum(weight.numel() for weight in Generator(DcganConfig(), STL).parameters()) == 12_658_432


def test_the_discriminator_is_table_4():
    discriminator = Discriminator(DcganConfig(), STL)
    assert _shapes(discriminator, torch.zeros(2, 3, 64, 64), nn.Conv2d) == [
        (128, 32, 32),
        (256, 16, 16),
        (512, 8, 8),
        (1024, 4, 4),
        (1, 1, 1),
    ]
    kinds = [type(layer).__name__ for layer in discriminator.layers]
    assert kinds == ["Conv2d", "LeakyReLU", *["Conv2d", "BatchNorm2d", "LeakyReLU"] * 3, "Conv2d", "Flatten"]
    assert {layer.negative_slope for layer in discriminator.layers if isinstance(layer, nn.LeakyReLU)} == {0.2}


def test_the_discriminator_has_the_parameters_of_table_4():
    convolutions = 16 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 1024 + 1024 * 1)
    norms = 2 * (256 + 512 + 1024)
    assert convolutions + norms == 11_036_160
    assert sum(weight.numel() for weight in Discriminator(DcganConfig(), STL).parameters()) == 11_036_160


def test_no_convolution_has_a_bias():
    model = MODEL.build(DcganConfig(width=4), STL, 0)
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert all(layer.bias is None for layer in convolutions)
    assert len(convolutions) == 10


def test_the_recipe_for_stl10_is_the_one_of_the_assignment():
    recipe = MODEL.recipe("stl10")
    assert (recipe.width, recipe.latent, recipe.lr, recipe.batch_size, recipe.epochs) == (128, 100, 2e-4, 128, 100)


def test_weights_start_from_normal_distributions():
    torch.manual_seed(0)
    model = MODEL.build(DcganConfig(width=32), STL, 0)
    weight = model.generator.layers[3].weight  # 256 x 128 x 4 x 4
    gains = torch.cat([layer.weight for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)])
    assert weight.std().item() == pytest.approx(0.02, rel=0.01)  # 524,288 draws: standard error 0.1 %
    assert gains.mean().item() == pytest.approx(1, abs=0.005)  # 928 draws: standard error 0.0007
    assert gains.std().item() == pytest.approx(0.02, rel=0.15)
    assert all((layer.bias == 0).all() for layer in model.modules() if isinstance(layer, nn.BatchNorm2d))


@pytest.mark.parametrize(
    ("side", "start", "channels"),
    [(16, 4, [8, 4]), (24, 6, [8, 4]), (28, 7, [8, 4]), (32, 4, [16, 8, 4]), (128, 4, [32, 32, 16, 8, 4])],
)
def test_other_sides_have_other_numbers_of_blocks(side, start, channels):
    shape, config = ImageShape(1, side, side), DcganConfig(width=4)
    maps = _shapes(Generator(config, shape), torch.zeros(2, 100, 1, 1), nn.ConvTranspose2d)
    assert maps == [(c, start * 2**k, start * 2**k) for k, c in enumerate(channels)] + [(1, side, side)]
    assert Discriminator(config, shape)(torch.zeros(2, *shape)).shape == (2,)


@pytest.mark.parametrize("shape", [(3, 64, 32), (3, 100, 100), (1, 7, 7), (1, 29, 29)])
def test_a_shape_that_does_not_halve_is_refused(shape):
    with pytest.raises(ModelError, match="square side"):
        MODEL.build(DcganConfig(width=4), ImageShape(*shape), 0)


def test_the_discriminator_loss_is_minus_the_logarithms_of_equation_3():
    real, fake = torch.tensor([0.9, 0.6]), torch.tensor([0.2, 0.5])
    expected = -(math.log(0.9) + math.log(0.6)) / 2 - (math.log(0.8) + math.log(0.5)) / 2
    assert cross_entropy_discriminator(torch.logit(real), torch.logit(fake)).item() == pytest.approx(expected, rel=1e-6)


def test_the_generator_loss_is_the_non_saturating_one():
    fake = torch.tensor([0.2, 0.5])
    expected = -(math.log(0.2) + math.log(0.5)) / 2
    assert cross_entropy_generator(torch.logit(fake)).item() == pytest.approx(expected, rel=1e-6)


def test_the_generator_step_leaves_the_discriminator_alone():
    torch.manual_seed(0)
    model = MODEL.build(DcganConfig(width=4), ImageShape(1, 16, 16), 0)
    model.optimisers["discriminator"].param_groups[0]["lr"] = 0.0
    before = [weight.clone() for weight in model.discriminator.parameters()]
    model.train_step(Batch(torch.zeros(4, 1, 16, 16, dtype=torch.uint8)))
    after = list(model.discriminator.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(weight.requires_grad for weight in after)


def test_a_step_is_the_straightforward_one():
    """Against the update written out with plain BCE, unfused Adam and gradients for everything."""
    torch.manual_seed(0)
    config, shape = DcganConfig(width=4, latent=8), ImageShape(1, 16, 16)
    model = MODEL.build(config, shape, 0)
    g, d = Generator(config, shape), Discriminator(config, shape)
    g.load_state_dict(model.generator.state_dict())
    d.load_state_dict(model.discriminator.state_dict())
    adam_g, adam_d = (torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in (g, d))
    images = torch.randint(0, 256, (4, *shape), dtype=torch.uint8)

    torch.manual_seed(1)
    losses = model.train_step(Batch(images))
    torch.manual_seed(1)
    bce, ones, zeros = nn.functional.binary_cross_entropy, torch.ones(4), torch.zeros(4)
    fake = g(torch.randn(4, 8))
    loss_d = bce(d(images / 127.5 - 1).sigmoid(), ones) + bce(d(fake.detach()).sigmoid(), zeros)
    adam_d.zero_grad()
    loss_d.backward()
    adam_d.step()
    loss_g = bce(d(fake).sigmoid(), ones)
    adam_g.zero_grad()
    loss_g.backward()
    adam_g.step()

    assert losses["discriminator"].item() == pytest.approx(loss_d.item(), rel=1e-5)  # float32, other order of sums
    assert losses["generator"].item() == pytest.approx(loss_g.item(), rel=1e-5)
    for ours, theirs in ((model.generator, g), (model.discriminator, d)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            # Adam's first step is lr * sign(gradient): where a gradient is rounding noise the sign is free
            assert ((a - b).abs() > 1e-6).float().mean() < 0.01
