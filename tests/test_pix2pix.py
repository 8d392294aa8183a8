"""pix2pix against part 3 of CIS 680 (2017) assignment 3: networks, patches, losses with their factors, settings."""

import math

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models.cyclegan import receptive_field
from reference_models.errors import ModelError
from reference_models.pix2pix import (
    MODEL,
    Generator,
    Pix2pixConfig,
    discriminator,
    discriminator_loss,
    generator_loss,
)
from reference_models.types import Batch, ImageShape

FACES = ImageShape(3, 64, 64)
SMALL = ImageShape(3, 32, 32)
DOWN = 9 * (3 * 16 + 16 * 32 + 32 * 64 + 64 * 128) + 2 * (16 + 32 + 64 + 128)  # kernel 3 and batch norm
UP = 16 * (128 * 64 + 64 * 32 + 32 * 16 + 16 * 3) + 2 * (64 + 32 + 16) + 3  # kernel 4; the last has a bias, no norm


def settings(**changes):
    return Pix2pixConfig(**{"width": 2, **changes})


def pairs(seed=0, shape=SMALL):
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randint(0, 256, (2, 4, *shape), dtype=torch.uint8, generator=draw)
    return Batch(x, y)


def trained_once(batch, **changes):
    torch.manual_seed(0)
    model = MODEL.build(settings(**changes), SMALL, 0).train()
    return model, model.train_step(batch)


# ---- networks


def test_the_encoder_doubles_the_channels_and_the_decoder_halves_them():
    generator = Generator(Pix2pixConfig(), FACES)
    found = shapes([*generator.encoder, generator.middle, *generator.decoder], torch.zeros(2, *FACES), nn.Module)
    encoded = [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4)]
    assert found == [*encoded, (128, 4, 4), *encoded[-2::-1], (3, 64, 64)]


def test_the_generator_has_the_parameters_worked_out_by_hand():
    assert DOWN + UP == 270_707
    assert count(Generator(Pix2pixConfig(), FACES)) == 270_707


def test_with_skips_the_decoder_is_given_the_activations_of_the_encoder_too():
    plain, joined = Generator(Pix2pixConfig(), FACES), Generator(Pix2pixConfig(skips=True), FACES)
    inputs = [[block[0].in_channels for block in generator.decoder] for generator in (plain, joined)]
    assert inputs == [[128, 64, 32, 16], [128, 128, 64, 32]]
    assert count(joined) - count(plain) == 16 * (64 * 32 + 32 * 16 + 16 * 3) == 41_728


def test_a_skip_hands_on_what_the_middle_has_lost():
    """With the middle silenced, only a generator with skips still sees which image it was given."""
    torch.manual_seed(0)
    images = torch.rand(2, *SMALL) * 2 - 1
    for skips, sees in ((False, False), (True, True)):
        generator = Generator(settings(skips=skips), SMALL).eval()
        nn.init.zeros_(generator.decoder[0][0].weight)
        made = generator(images)
        assert (not torch.equal(made[0], made[1])) == sees


def test_dropout_stands_in_the_middle_only_and_is_off_when_images_are_translated():
    model = MODEL.build(settings(), SMALL, 0)
    assert [name for name, layer in model.named_modules() if isinstance(layer, nn.Dropout)] == ["generator.middle"]
    images = pairs().x
    with torch.no_grad():
        assert not torch.equal(model.train().translate(images, "x-to-y"), model.translate(images, "x-to-y"))
        assert torch.equal(model.eval().translate(images, "x-to-y"), model.translate(images, "x-to-y"))


def test_the_discriminator_sees_input_and_output_and_gives_4_x_4_numbers():
    network = discriminator(16, FACES)
    found = shapes(network, torch.zeros(2, 6, 64, 64), nn.Conv2d)
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (1, 4, 4)]
    assert count(network) == DOWN + 9 * 3 * 16 + 129 == 98_241  # three more channels; the last has a bias


@pytest.mark.parametrize(("side", "field"), [(32, 15), (64, 31), (128, 63)])
def test_no_number_of_the_discriminator_sees_the_whole_image(side, field):
    network = discriminator(2, ImageShape(3, side, side))
    assert receptive_field(network) == field < side
    assert network(torch.zeros(2, 6, side, side)).shape == (2, 1, 4, 4)


# ---- losses


def test_the_discriminator_loss_is_half_the_cross_entropy_of_all_patches():
    real, fake = torch.logit(torch.tensor([[0.9, 0.6]])), torch.logit(torch.tensor([[0.2, 0.5]]))
    expected = -0.5 * (math.log(0.9) + math.log(0.6) + math.log(0.8) + math.log(0.5)) / 2
    assert discriminator_loss(real, fake).item() == pytest.approx(expected, rel=1e-6)  # float32


def test_the_generator_loss_is_the_cross_entropy_towards_real():
    fake = torch.logit(torch.tensor([[0.2, 0.5]]))
    assert generator_loss(fake).item() == pytest.approx(-(math.log(0.2) + math.log(0.5)) / 2, rel=1e-6)  # float32


@pytest.mark.parametrize("l1_weight", [0.0, 10.0])
def test_the_generator_minimises_its_loss_and_ten_times_l1(l1_weight):
    """Its gradient, taken once more by hand with the discriminator as it is after its update."""
    batch = pairs()
    model, losses = trained_once(batch, l1_weight=l1_weight, dropout=0.0, lr=1e-12)
    stepped = model.generator.decoder[-1][0].weight.grad.clone()
    given, target = batch.x / 127.5 - 1, batch.y / 127.5 - 1
    fake = model.generator(given)
    adversarial = generator_loss(model.discriminator(torch.cat([given, fake], 1)))
    l1 = (target - fake).abs().mean()
    assert losses["generator"].item() == pytest.approx(adversarial.item(), rel=1e-5)  # float32
    assert losses["L1"].item() == pytest.approx(l1.item(), rel=1e-5)
    model.zero_grad()
    (adversarial + l1_weight * l1).backward()
    by_hand = model.generator.decoder[-1][0].weight.grad
    assert torch.allclose(stepped, by_hand, rtol=1e-3, atol=1e-6)  # batch norm in float32, summed in another order


def test_the_seed_weighs_l1_ten_times():
    assert MODEL.recipe("cufs").l1_weight == 10


# ---- settings


def test_the_generator_alone_is_trained_by_l1():
    model, losses = trained_once(pairs(), adversarial=False)
    assert set(losses) == {"L1"}
    assert set(dict(model.named_children())) == set(model.optimisers) == {"generator"}


def test_the_other_direction_learns_from_the_same_pairs_turned_round():
    batch = pairs()
    there, _ = trained_once(batch, direction="x-to-y")
    back, _ = trained_once(Batch(batch.y, batch.x), direction="y-to-x")
    weights = there.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in back.state_dict().items())
    assert (there.directions, back.directions) == (("x-to-y",), ("y-to-x",))


def test_the_recipe_for_cufs_has_the_iterations_and_the_width_of_the_guidelines():
    recipe = MODEL.recipe("cufs")
    assert 2_000 <= recipe.epochs * 88 / recipe.batch_size <= 5_000
    assert recipe.width * 2**3 == 128
    assert (recipe.beta1, recipe.direction, recipe.adversarial) == (0.5, "x-to-y", True)


def test_no_loss_at_all_is_refused():
    with pytest.raises(ModelError, match="the only loss"):
        Pix2pixConfig(adversarial=False, l1_weight=0)


def test_images_that_are_not_square_are_refused():
    with pytest.raises(ModelError, match="pix2pix cannot work on 64x32"):
        MODEL.build(settings(), ImageShape(3, 64, 32), 0)
