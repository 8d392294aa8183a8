"""The CycleGANs of the assignments on emojis and of the report: layers, parameters, losses with their factors."""

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import cyclegan_emoji, cyclegan_resnet
from reference_models.blocks.cycles import CycleFactors, discriminator_loss
from reference_models.cyclegan import receptive_field
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

EMOJI = ImageShape(3, 32, 32)
HORSES = ImageShape(3, 256, 256)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def batch(seed=0, images=4):
    draw = torch.Generator().manual_seed(seed)
    return Batch(*torch.randint(0, 256, (2, images, *EMOJI), dtype=torch.uint8, generator=draw))


def trained_once(module, config, **changes):
    torch.manual_seed(0)
    model = module.MODEL.build(config(width=2, **changes), EMOJI, 0).train()
    return model, model.train_step(batch())


# ---- cyclegan-emoji


def emoji(**changes):
    return cyclegan_emoji.CycleganEmojiConfig(**changes)


@pytest.mark.parametrize("decoder", cyclegan_emoji.KERNELS)
def test_the_emoji_networks_halve_twice_and_double_twice(decoder):
    model = cyclegan_emoji.MODEL.build(emoji(decoder=decoder), EMOJI, 0)
    found = shapes(model.G, torch.zeros(2, *EMOJI), (*CONVOLUTIONS, cyclegan_emoji.Residual))
    assert found == [(32, 16, 16), (64, 8, 8), (64, 8, 8), (32, 16, 16), (3, 32, 32)]
    found = shapes(model.D_X, torch.zeros(2, *EMOJI), CONVOLUTIONS)
    assert found == [(32, 16, 16), (64, 8, 8), (128, 4, 4), (1, 1, 1)]


@pytest.mark.parametrize(("decoder", "taps"), [("upsampled", 25), ("transposed", 16)])
def test_the_emoji_networks_have_the_parameters_worked_out_by_hand(decoder, taps):
    ways = 2 * taps * (3 * 32 + 32 * 64)  # two convolutions in, two out
    residual = 9 * 64 * 64 + 2 * 64
    norms = 2 * (32 + 64 + 32)
    model = cyclegan_emoji.MODEL.build(emoji(decoder=decoder), EMOJI, 0)
    assert ways + residual + norms == {25: 144_448, 16: 105_856}[taps]
    assert count(model.G) == count(model.F) == ways + residual + norms
    assert count(model.D_X) == taps * (3 * 32 + 32 * 64 + 64 * 128) + 16 * 128 + 2 * (32 + 64 + 128)


def test_the_decoder_is_a_choice():
    kinds = [
        {type(layer) for layer in cyclegan_emoji.MODEL.build(emoji(decoder=decoder), EMOJI, 0).G.modules()}
        for decoder in ("upsampled", "transposed")
    ]
    assert [nn.Upsample in kind for kind in kinds] == [True, False]
    assert [nn.ConvTranspose2d in kind for kind in kinds] == [False, True]


def test_the_residual_block_is_one_convolution_added_to_its_input():
    block = cyclegan_emoji.Residual(4)
    assert sum(isinstance(layer, nn.Conv2d) for layer in block.modules()) == 1
    nn.init.zeros_(block.body[0].weight)
    x = torch.rand(2, 4, 8, 8)
    assert torch.equal(block(x), x)


def test_nothing_is_halved_in_algorithm_2():
    factors = cyclegan_emoji.MODEL.build(emoji(), EMOJI, 0).factors
    assert factors == CycleFactors(
        discriminator=1, generator=1, directions=1, cycle=0.015, distance=cyclegan_emoji.summed_absolute
    )


def test_the_squared_cycle_loss_is_a_mean_and_the_l1_one_a_sum_over_pixels():
    a, b = torch.zeros(2, *EMOJI), torch.zeros(2, *EMOJI)
    b[0], b[1] = 0.5, -0.25
    assert cyclegan_emoji.mean_squared(a, b).item() == (0.25 + 0.0625) / 2
    assert cyclegan_emoji.summed_absolute(a, b).item() == (0.5 + 0.25) / 2 * 3 * 32 * 32


def test_the_cycle_loss_is_a_choice():
    losses = {cycle: trained_once(cyclegan_emoji, emoji, cycle=cycle)[1]["cycle"].item() for cycle in ("l1", "squared")}
    assert losses["l1"] > 100 * losses["squared"]


@pytest.mark.parametrize("weights", [(0, 0.015), (0.015, 0.15)])
def test_lambda_decides_what_the_generators_learn_and_not_what_is_shown(weights):
    (a, losses_a), (b, losses_b) = (trained_once(cyclegan_emoji, emoji, cycle_weight=weight) for weight in weights)
    assert losses_a == losses_b
    assert not torch.equal(a.G[0].weight, b.G[0].weight)
    assert torch.equal(a.D_X[0].weight, b.D_X[0].weight)


def test_the_emoji_recipe_is_the_one_of_the_notebook():
    recipe = cyclegan_emoji.MODEL.recipe("emoji")
    assert (recipe.lr, recipe.beta1, recipe.batch_size, recipe.cycle_weight) == (3e-4, 0.3, 32, 0.015)
    assert round(recipe.epochs * 2_270 / recipe.batch_size) == 5_000


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 36, 36), (3, 32, 64)])
def test_a_side_that_the_emoji_networks_cannot_halve_is_refused(shape):
    with pytest.raises(ModelError, match="cyclegan-emoji cannot translate"):
        cyclegan_emoji.MODEL.build(emoji(), ImageShape(*shape), 0)


# ---- cyclegan-resnet


def resnet(**changes):
    return cyclegan_resnet.CycleganResnetConfig(**changes)


def test_the_networks_have_the_feature_maps_of_appendix_a():
    generator = cyclegan_resnet.generator(resnet(width=4), 3)
    found = shapes(generator, torch.zeros(1, *HORSES), (*CONVOLUTIONS, cyclegan_resnet.Residual))
    maps = [(4, 256, 256), (8, 128, 128), (16, 64, 64)]
    assert found == [*maps, *[(16, 64, 64)] * 9, *maps[-2::-1], (3, 256, 256)]
    discriminator = cyclegan_resnet.discriminator(resnet(width=4), 3)
    found = shapes(discriminator, torch.zeros(1, *HORSES), CONVOLUTIONS)
    assert found == [(4, 128, 128), (8, 64, 64), (16, 32, 32), (32, 31, 31), (1, 30, 30)]


def test_the_resnet_has_the_parameters_worked_out_by_hand():
    ends = 49 * 3 * 64 + 64 + 49 * 64 * 3 + 3
    ways = 2 * 9 * (64 * 128 + 128 * 256) + (128 + 256) + (128 + 64)
    residual = 9 * 2 * (9 * 256 * 256 + 256)
    assert ends + ways + residual == 11_378_179
    assert count(cyclegan_resnet.generator(resnet(), 3)) == 11_378_179
    patches = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + (64 + 128 + 256 + 512 + 1)
    assert patches == 2_764_737
    assert count(cyclegan_resnet.discriminator(resnet(), 3)) == 2_764_737


def test_one_number_of_the_discriminator_sees_70_x_70_pixels():
    assert receptive_field(cyclegan_resnet.discriminator(resnet(width=2), 3)) == 70


@pytest.mark.parametrize(
    ("norm_first", "order"),
    [(False, [nn.LeakyReLU, nn.InstanceNorm2d]), (True, [nn.InstanceNorm2d, nn.LeakyReLU])],
)
def test_instance_norm_comes_after_the_activation_unless_asked_for_before_it(norm_first, order):
    config = resnet(width=2, blocks=0, norm_first=norm_first)
    kinds = [type(layer) for layer in cyclegan_resnet.discriminator(config, 3)]
    assert kinds == [nn.Conv2d, nn.LeakyReLU, *[nn.Conv2d, *order] * 3, nn.Conv2d]
    kinds = [type(layer) for layer in cyclegan_resnet.generator(config, 3)]
    down, up = ([kind, *(nn.ReLU if one is nn.LeakyReLU else one for one in order)] for kind in CONVOLUTIONS)
    assert kinds == [*down * 3, *up * 2, nn.Conv2d, nn.Tanh]


def test_a_residual_block_adds_its_input_and_ends_in_relu():
    block = cyclegan_resnet.Residual(4)
    nn.init.zeros_(block.body[-1].weight)
    nn.init.zeros_(block.body[-1].bias)
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(block(x), x.relu())


def test_a_normalised_discriminator_has_the_same_loss_whatever_it_sees():
    """Why `normalise_last` is off: mean 0 and variance 1 make the loss 1/2 (1 + 1) + 1/2 and its gradient nothing."""
    torch.manual_seed(0)
    network = cyclegan_resnet.discriminator(resnet(width=4, normalise_last=True), 3)
    for _ in range(3):
        real, fake = torch.rand(2, 1, 3, 64, 64) * 2 - 1
        loss = 0.5 * discriminator_loss(network(real), network(fake))
        assert loss.item() == pytest.approx(1.5, abs=0.05)  # instance norm adds 1e-5 to a variance that starts small
    assert sum(isinstance(layer, nn.InstanceNorm2d) for layer in network) == 4


def test_the_factors_are_those_of_appendix_b():
    factors = cyclegan_resnet.MODEL.build(resnet(width=2, blocks=1), EMOJI, 0).factors
    assert factors == CycleFactors(discriminator=0.5, generator=0.5, directions=0.5, cycle=10, identity=0.5)


def test_the_recipe_for_horses_is_the_one_of_the_report():
    recipe = cyclegan_resnet.MODEL.recipe("horse2zebra")
    assert (recipe.width, recipe.blocks, recipe.cycle_weight, recipe.identity_weight) == (64, 9, 10, 0.5)
    model = cyclegan_resnet.MODEL.build(resnet(width=2, blocks=1), EMOJI, 0)
    groups = [adam.param_groups[0] for adam in model.optimisers.values()]
    assert [(group["lr"], group["betas"]) for group in groups] == [(2e-4, (0.5, 0.9))] * 2


def test_without_its_weight_the_identity_loss_is_not_computed():
    losses = [set(trained_once(cyclegan_resnet, resnet, blocks=1, identity_weight=mu)[1]) for mu in (0.0, 0.5)]
    assert losses[1] - losses[0] == {"identity"}


def test_the_pool_is_a_choice_and_has_the_size_asked_for():
    with_pool, _ = trained_once(cyclegan_resnet, resnet, blocks=1, pool=50)
    without, _ = trained_once(cyclegan_resnet, resnet, blocks=1)
    assert [pool.images.shape for pool in with_pool.pools] == [(50, *EMOJI)] * 2
    assert without.pools is None
    assert all(torch.equal(value, with_pool.state_dict()[name]) for name, value in without.state_dict().items())


@pytest.mark.parametrize("side", [24, 36])
def test_a_side_that_is_no_multiple_of_8_from_32_on_is_refused(side):
    with pytest.raises(ModelError, match="multiples of 8"):
        cyclegan_resnet.MODEL.build(resnet(width=2), ImageShape(3, side, side), 0)
