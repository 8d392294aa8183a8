"""The pair of networks after the guidelines, and the models that change its objective only: lsgan, dcgan-guided."""

import math

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import dcgan_guided, lsgan
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.networks import discriminator, feature_count, features, generator
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

SKETCH = ImageShape(1, 64, 64)
FACE = ImageShape(3, 64, 64)
SMALL = ImageShape(1, 8, 8)
SIMPLE = [lsgan.MODEL, dcgan_guided.MODEL]


# ---- networks


def test_the_networks_for_the_sketches_have_128_channels_at_most():
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Unflatten)
    found = shapes(generator(100, 16, SKETCH, "x"), torch.zeros(2, 100), kinds)
    assert found == [(128, 4, 4), (64, 8, 8), (32, 16, 16), (16, 32, 32), (1, 64, 64)]
    found = shapes(discriminator(16, SKETCH, "x"), torch.zeros(2, *SKETCH), (*kinds, nn.Linear))
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (1,)]


def test_the_networks_have_the_parameters_worked_out_by_hand():
    up = 100 * 128 * 16 + 16 * (128 * 64 + 64 * 32 + 32 * 16 + 16 * 1) + 2 * (128 + 64 + 32 + 16)
    down = (9 * 16 + 16) + 9 * (16 * 32 + 32 * 64 + 64 * 128) + 2 * (32 + 64 + 128) + (128 * 16 + 1)
    assert (up, down) == (377_568, 99_425)
    assert count(generator(100, 16, SKETCH, "x")) == up
    assert count(discriminator(16, SKETCH, "x")) == down
    biases_for_norms = down - (32 + 64 + 128)
    assert count(discriminator(16, SKETCH, "x", batch_norm=False)) == biases_for_norms


def test_the_networks_for_the_faces_have_1024_channels():
    up = 100 * 1024 * 16 + 16 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 2 * (1024 + 512 + 256 + 128)
    down = (27 * 128 + 128) + 9 * (128 * 256 + 256 * 512 + 512 * 1024) + 2 * (256 + 512 + 1024) + (1024 * 16 + 1)
    assert (up, down) == (12_658_432, 6_216_705)
    for spec in SIMPLE:
        model = spec.build(spec.recipe("celeba"), FACE, 0)
        assert (count(model.generator), count(model.discriminator)) == (up, down)


def test_the_activations_are_those_of_the_guidelines():
    kinds = [type(layer).__name__ for layer in generator(5, 2, SKETCH, "x")]
    assert kinds == ["Linear", "Unflatten", *["BatchNorm2d", "ReLU", "ConvTranspose2d"] * 4, "Tanh"]
    layers = discriminator(2, SKETCH, "x")
    kinds = [type(layer).__name__ for layer in layers]
    inner = ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 3
    assert kinds == ["Conv2d", "LeakyReLU", *inner, "Flatten", "Linear", "Flatten"]
    assert {layer.negative_slope for layer in layers if isinstance(layer, nn.LeakyReLU)} == {0.2}
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert {(layer.kernel_size, layer.stride) for layer in convolutions} == {((3, 3), (2, 2))}


def test_without_batch_norm_an_answer_depends_on_its_own_image_only():
    torch.manual_seed(0)
    images = torch.rand(6, *SKETCH)
    for batch_norm, alone in ((False, True), (True, False)):
        network = discriminator(4, SKETCH, "x", batch_norm)
        assert torch.allclose(network(images)[:3], network(images[:3]), atol=1e-6) is alone


@pytest.mark.parametrize("side", [7, 24, 28, 32, 64])
def test_other_sides_have_a_path(side):
    shape = ImageShape(3, side, side)
    images = generator(5, 2, shape, "x")(torch.zeros(2, 5))
    assert images.shape == (2, *shape)
    assert discriminator(2, shape, "x")(images).shape == (2,)
    rows = nn.Sequential(*features(2, shape, "x"))(images)
    assert rows.shape == (2, feature_count(2, shape, "x"))


def test_sides_that_do_not_fit_are_refused_by_the_model_s_name():
    with pytest.raises(ModelError, match="lsgan cannot work on 32x64"):
        lsgan.MODEL.build(lsgan.MODEL.recipe("default"), ImageShape(1, 32, 64), 0)


# ---- what a step does


def _copied(spec):
    """A small model and a copy of it with plain Adams of its own: generator, discriminator, their optimisers."""
    torch.manual_seed(0)
    config = type(spec.recipe("default"))(width=2, latent=5, batch_size=6)
    model, copy = spec.build(config, SMALL, 0), spec.build(config, SMALL, 0)
    copy.load_state_dict(model.state_dict())
    networks = copy.generator, copy.discriminator
    return model, networks, [torch.optim.Adam(n.parameters(), config.lr, (0.5, 0.999)) for n in networks]


def _steps_agree(spec, discriminator_loss, generator_loss):
    """One step of the model against the two losses written out: discriminator first, then the generator."""
    model, (g, d), (adam_g, adam_d) = _copied(spec)
    images = torch.randint(0, 256, (6, *SMALL), dtype=torch.uint8)
    torch.manual_seed(1)
    losses = model.train_step(Batch(images))

    torch.manual_seed(1)
    loss_d = discriminator_loss(d(images / 127.5 - 1), d(g(torch.randn(6, 5)).detach()))
    loss_d.backward()
    adam_d.step()
    loss_g = generator_loss(d(g(torch.randn(6, 5))))
    adam_g.zero_grad()
    loss_g.backward()
    adam_g.step()
    assert losses["discriminator"].item() == pytest.approx(loss_d.item(), rel=1e-5)  # float32, other order of sums
    assert losses["generator"].item() == pytest.approx(loss_g.item(), rel=1e-5)
    for ours, written in ((model.generator, g), (model.discriminator, d)):
        for name, weight in written.named_parameters():
            # Adam divides by the root of the squared gradient: rounding in a tiny gradient moves by parts of the rate
            assert torch.allclose(ours.get_parameter(name), weight, atol=1e-5), name


def test_a_step_of_lsgan_is_equation_9_written_out():
    _steps_agree(
        lsgan.MODEL,
        lambda real, fake: ((real - 1) ** 2).sum() / 12 + (fake**2).sum() / 12,
        lambda fake: ((fake - 1) ** 2).sum() / 12,
    )


def test_a_step_of_dcgan_guided_is_the_assignment_s_losses_written_out():
    _steps_agree(
        dcgan_guided.MODEL,
        lambda real, fake: -(torch.sigmoid(real).log() + (1 - torch.sigmoid(fake)).log()).sum() / (2 * 6),
        lambda fake: -torch.sigmoid(fake).log().sum() / 6,
    )


def test_a_pair_without_an_objective_says_which_part_it_lacks():
    pair = GanPair(1, nn.Sequential(nn.Linear(1, 9), nn.Unflatten(1, (1, 3, 3))), nn.Flatten())
    pair.optimisers = {}
    with pytest.raises(NotImplementedError, match="GanPair has no discriminator_loss"):
        pair.train_step(Batch(torch.zeros(2, 1, 3, 3, dtype=torch.uint8)))


def test_at_the_start_the_losses_are_those_of_a_coin():
    """D(x) = 1/2 for every image: log 2 each with the assignment's factors, 1/8 + 1/8 and 1/8 with Mao's."""
    images = torch.randint(0, 256, (4, *SMALL), dtype=torch.uint8)
    for spec, logit, expected in (
        (dcgan_guided.MODEL, 0.0, (math.log(2), math.log(2))),
        (lsgan.MODEL, 0.5, (0.25, 0.125)),
    ):
        model = spec.build(spec.recipes["tiny"], SMALL, 0)
        last = model.discriminator[-2]
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, logit)
        model.optimisers["discriminator"].param_groups[0]["lr"] = 0.0
        losses = model.train_step(Batch(images))
        assert (losses["discriminator"].item(), losses["generator"].item()) == pytest.approx(expected, rel=1e-6)


def test_a_setting_of_zero_is_refused_by_name():
    for spec in SIMPLE:
        with pytest.raises(ModelError, match="width 0; expected more than 0"):
            type(spec.recipe("default"))(width=0)
