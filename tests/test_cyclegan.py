"""CycleGAN against section 4 of the assignment: generator, PatchGAN, losses with their factors."""

import pytest
import torch
from torch import nn

from reference_models.blocks.cycles import CycleFactors, discriminator_loss
from reference_models.blocks.gan_losses import least_squares_generator
from reference_models.cyclegan import (
    MODEL,
    CycleganConfig,
    Residual,
    discriminator,
    generator,
    receptive_field,
)
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

SHOES = ImageShape(3, 128, 128)


def _shapes(network, x, kinds):
    found = []
    with torch.no_grad():
        for layer in network:
            x = layer(x)
            if isinstance(layer, kinds):
                found.append(tuple(x.shape[1:]))
    return found


def test_the_generator_has_the_feature_maps_of_section_4_2_2():
    network = generator(3, 64, 5)
    maps = _shapes(network, torch.zeros(1, *SHOES), (nn.Conv2d, Residual))
    assert maps == [
        (64, 128, 128),
        (128, 64, 64),
        (256, 32, 32),
        *[(256, 32, 32)] * 5,
        (128, 64, 64),
        (64, 128, 128),
        (3, 128, 128),
    ]


def test_the_generator_has_the_parameters_worked_out_by_hand():
    ends = 49 * 3 * 64 + (49 * 64 * 3 + 3)  # the last convolution alone has no norm after it, and a bias
    down = 9 * (64 * 128 + 128 * 256)
    residual = 5 * 2 * 9 * 256 * 256
    up = 9 * (256 * 128 + 128 * 64)
    assert ends + down + residual + up == 6_654_339
    assert sum(weight.numel() for weight in generator(3, 64, 5).parameters()) == 6_654_339


def test_reflection_padding_stands_at_both_ends_and_in_the_residual_blocks():
    network = generator(3, 4, 5)
    pads = [module.padding[0] for module in network.modules() if isinstance(module, nn.ReflectionPad2d)]
    assert pads == [3] + [1] * 10 + [3]


def test_the_generator_upsamples_and_then_convolves():
    network = generator(3, 4, 2)
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in network.modules())
    assert [module.scale_factor for module in network.modules() if isinstance(module, nn.Upsample)] == [2, 2]


def test_a_residual_block_adds_its_input():
    block = Residual(4)
    for module in block.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
    x = torch.rand(1, 4, 8, 8)
    assert torch.equal(block(x), x)


def test_the_discriminator_gives_one_number_per_sixteenth():
    network = discriminator(3, 64, last_stride=2, normalise_first=False)
    maps = _shapes(network, torch.zeros(1, *SHOES), nn.Conv2d)
    assert maps == [(64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (1, 8, 8)]


def test_the_discriminator_has_the_parameters_worked_out_by_hand():
    blocks = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64  # the first block has a bias instead of a norm
    last = 16 * 512 + 1
    assert blocks + last == 2_763_841
    network = discriminator(3, 64, last_stride=2, normalise_first=False)
    assert sum(weight.numel() for weight in network.parameters()) == 2_763_841


@pytest.mark.parametrize(("last_stride", "field"), [(2, 94), (1, 70)])
def test_the_receptive_field_is_94_with_four_strides_and_70_with_three(last_stride, field):
    network = discriminator(1, 2, last_stride, normalise_first=False)
    assert receptive_field(network) == field


@pytest.mark.parametrize("last_stride", [1, 2])
def test_the_receptive_field_is_what_the_gradient_sees(last_stride):
    network = nn.Sequential(
        *(layer for layer in discriminator(1, 2, last_stride, False) if not isinstance(layer, nn.InstanceNorm2d))
    )
    image = torch.rand(1, 1, 256, 256, requires_grad=True)
    out = network(image)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == receptive_field(network)


def test_the_first_norm_is_a_choice():
    counts = [
        sum(isinstance(layer, nn.InstanceNorm2d) for layer in discriminator(3, 2, 2, normalise_first=first))
        for first in (False, True)
    ]
    assert counts == [3, 4]


def test_the_recipe_for_edges2shoes_is_the_one_of_the_assignment():
    recipe = MODEL.recipe("edges2shoes")
    assert (recipe.width, recipe.blocks, recipe.cycle_weight, recipe.batch_size, recipe.epochs) == (64, 5, 10, 1, 2)
    assert recipe.last_stride == 2


def test_the_discriminator_loss_is_the_sum_of_two_means():
    real, fake = torch.tensor([1.0, 0.5]), torch.tensor([0.0, 2.0])
    assert discriminator_loss(real, fake).item() == (0 + 0.25) / 2 + (0 + 4) / 2


def test_the_generator_loss_aims_at_one():
    assert least_squares_generator(torch.tensor([1.0, -1.0])).item() == (0 + 4) / 2


def test_the_factors_are_those_of_section_4_2_4():
    factors = MODEL.build(CycleganConfig(width=2, blocks=1), ImageShape(3, 32, 32), 0).factors
    assert factors == CycleFactors(discriminator=1, generator=1, directions=1, cycle=10)
    a, b = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), -0.25)
    assert factors.distance(a, b).item() == 0.25


def test_the_cycle_weight_multiplies_the_gradient_of_the_cycle_alone():
    """With lambda 0 nothing pulls F(G(x)) to x: the two settings differ, and the discriminators' step does not."""
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    weights = []
    for cycle_weight in (0.0, 10.0):
        torch.manual_seed(0)
        model = MODEL.build(CycleganConfig(width=2, blocks=1, cycle_weight=cycle_weight), ImageShape(3, 32, 32), 0)
        model.train_step(Batch(images, images.flip(3)))
        weights.append(model.state_dict())
    assert not torch.equal(weights[0]["G.1.weight"], weights[1]["G.1.weight"])
    assert torch.equal(weights[0]["D_X.0.weight"], weights[1]["D_X.0.weight"])


def test_each_direction_uses_its_own_generator():
    torch.manual_seed(0)
    model = MODEL.build(CycleganConfig(width=2, blocks=1), ImageShape(3, 32, 32), 0)
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        there, back = model.translate(images, "x-to-y"), model.translate(images, "y-to-x")
        assert there.shape == back.shape == images.shape
        assert not torch.equal(there, back)
        model.F.load_state_dict(model.G.state_dict())
        assert torch.equal(model.translate(images, "y-to-x"), there)


@pytest.mark.parametrize("side", [16, 40])
def test_a_side_that_is_no_multiple_of_16_from_32_on_is_refused(side):
    with pytest.raises(ModelError, match="multiples of 16"):
        MODEL.build(CycleganConfig(width=2), ImageShape(3, side, side), 0)
