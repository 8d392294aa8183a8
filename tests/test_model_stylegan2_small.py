"""stylegan2-small: its layers, networks and penalties on numbers worked out by hand."""

from dataclasses import replace
from math import sqrt

import pytest
import torch
from network_facts import count, outputs
from one_step import COUNT, RATE, a_batch, agree, down, signed, twin_models
from torch import nn
from torch.nn import functional

from reference_models import stylegan2_small
from reference_models.blocks.gradient_penalty import squared_slopes
from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.stylegan2_small import (
    Convolution,
    GroupDeviation,
    Linear,
    Modulated,
    Stylegan2SmallConfig,
    blurred,
    demodulation,
    enlarged,
    lazy_adam,
    path_lengths,
    plan,
)
from reference_models.types import Batch, ImageShape

TINY = stylegan2_small.MODEL.recipes["tiny"]
SMALL = ImageShape(2, 8, 8)


def built(shape=SMALL, **settings):
    torch.manual_seed(0)
    return stylegan2_small.build(replace(TINY, **settings), shape, 0)


# ----- the architecture


def test_the_parameters_are_those_worked_out_by_hand():
    model = built(width=3, latent=5, mapping_layers=2)

    def styled(before, after):
        return 9 * before * after + (5 * before + before) + 1 + after

    mapping, start = 2 * (5 * 5 + 5), 6 * 4 * 4
    layers = styled(6, 6) + styled(6, 3) + styled(3, 3)
    to_image = (6 * 2 + 5 * 6 + 6) + (3 * 2 + 5 * 3 + 3) + 2
    assert count(model.generator) == mapping + start + layers + to_image == 902
    residual = (9 * 9 + 3) + (9 * 18 + 6) + 18
    ends = (2 * 3 + 3) + (9 * 7 * 6 + 6) + (6 * 16 * 6 + 6) + (6 + 1)
    assert count(model.discriminator) == residual + ends == 1_252


def test_a_row_of_noise_is_z_and_a_map_for_each_layer():
    model = built(ImageShape(1, 32, 32), latent=5)
    assert model.generator.sides == [4, 8, 8, 16, 16, 32, 32]
    assert model.noise_dim == 5 + 4**2 + 2 * (8**2 + 16**2 + 32**2)


@pytest.mark.parametrize(
    ("side", "sides", "channels"),
    [
        (32, [4, 8, 16, 32], [24, 12, 6, 3]),
        (64, [4, 8, 16, 32, 64], [24, 24, 12, 6, 3]),
        (28, [7, 14, 28], [12, 6, 3]),
        (8, [4, 8], [6, 3]),
    ],
)
def test_maps_are_doubled_from_4_to_7_and_have_fewer_channels_each_time(side, sides, channels):
    assert plan(ImageShape(3, side, side), 3) == (sides, channels)


@pytest.mark.parametrize("side", [16, 28])
def test_the_layers_have_the_shapes_of_the_plan(side):
    shape = ImageShape(3, side, side)
    model, noise = built(shape), torch.zeros(2, built(shape).noise_dim)
    sides, channels = plan(shape, TINY.width)
    *maps, images = outputs(model.generator.layers, lambda: model.generator(noise))
    expected = [(channels[0], sides[0]), *((n, s) for n, s in zip(channels[1:], sides[1:], strict=True) for _ in "12")]
    assert [(each.shape[1], each.shape[2]) for each in maps] == expected
    assert images.shape == (2, *shape)
    *maps, logits = outputs(model.discriminator.blocks, lambda: model.discriminator(images))
    assert [tuple(each.shape[1:3]) for each in maps] == list(zip(channels, sides, strict=True))[-2::-1]
    assert logits.shape == (2,)


@pytest.mark.parametrize("settings", [{"r1_weight": -1}, {"path_weight": -1}, {"average": 1}, {"path_every": 0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ModelError, match=next(iter(settings))):
        replace(TINY, **settings)


# ----- layers


def test_weights_are_drawn_wide_and_used_small():
    torch.manual_seed(0)
    layer = Linear(400, 500, bias=2.0, rate=0.01)
    assert layer.weight.std().item() == pytest.approx(100, rel=0.02)
    assert layer(torch.zeros(1, 400)).tolist() == [pytest.approx([2.0] * 500)]
    assert layer(torch.randn(200, 400)).std().item() == pytest.approx(1, rel=0.05)
    layer(torch.ones(1, 400)).sum().backward()
    assert layer.bias.grad.tolist() == pytest.approx([0.01] * 500)  # a hundredth of the learning rate
    kernel = Convolution(50, 60, 3)
    assert kernel(torch.randn(4, 50, 9, 9))[:, :, 1:-1, 1:-1].std().item() == pytest.approx(1, rel=0.05)


def test_demodulated_weights_have_norm_1():
    torch.manual_seed(0)
    weight, style = torch.randn(4, 3, 3, 3), torch.randn(2, 3)
    modulated = style[:, None, :, None, None] * weight
    norms = (demodulation(weight, style)[:, :, None, None, None] * modulated).flatten(2).norm(dim=2)
    assert torch.allclose(norms, torch.ones(2, 4), atol=1e-6)


def test_scaled_inputs_and_outputs_are_the_modulated_and_demodulated_convolution():
    torch.manual_seed(0)
    layer, x, w = Modulated(3, 4, 3, latent=5), torch.randn(2, 3, 6, 6), torch.randn(2, 5)
    style = layer.style(w)
    for row in range(2):
        kernel = layer.weight * style[row, :, None, None]
        kernel = kernel / kernel.flatten(1).norm(dim=1)[:, None, None, None]
        assert torch.allclose(layer(x, w)[row], functional.conv2d(x[row], kernel, padding=1), atol=1e-5)
    plain = Modulated(3, 4, 1, latent=5, demodulate=False)
    kernel = plain.weight / sqrt(3) * plain.style(w)[0, :, None, None]
    assert torch.allclose(plain(x, w)[0], functional.conv2d(x[0], kernel), atol=1e-5)


def test_filters_keep_what_is_constant_inside():
    constant = torch.full((1, 2, 6, 6), 3.0)
    assert blurred(constant, 0).flatten().tolist() == pytest.approx([3.0] * 2 * 9)
    assert enlarged(constant).flatten().tolist() == pytest.approx([3.0] * 2 * 144)
    layer = Modulated(2, 1, 3, latent=5, demodulate=False, doubled=True)
    nn.init.zeros_(layer.style.weight)
    larger = layer(constant, torch.zeros(1, 5))
    assert larger.shape == (1, 1, 12, 12)
    inside = larger[0, 0, 3:-3, 3:-3].flatten().tolist()
    assert inside == pytest.approx([3 * layer.weight.sum().item() / sqrt(18)] * 36, rel=1e-4)


def test_the_filter_is_1_3_3_1():
    point = torch.zeros(1, 1, 7, 7)
    point[0, 0, 3, 3] = 64
    line = torch.tensor([1.0, 3.0, 3.0, 1.0])
    assert torch.equal(blurred(point, 0)[0, 0], torch.outer(line, line))
    up = enlarged(point)[0, 0, 5:9, 5:9]  # zeros between, then the same filter, four times as strong
    assert torch.allclose(up, 4 * torch.outer(line, line))


def test_a_group_shows_the_discriminator_how_much_its_images_differ():
    images = torch.tensor([0.0, 5.0, 0.0, 5.0, 2.0, 5.0, 2.0, 5.0])[:, None, None, None].expand(8, 1, 2, 2)
    seen = GroupDeviation()(images)
    assert seen.shape == (8, 2, 2, 2)
    assert torch.equal(seen[:, :1], images)
    assert seen[:, 1].mean((1, 2)).tolist() == pytest.approx([1, 0] * 4, abs=1e-3)  # groups of every second image
    assert GroupDeviation()(images[:1])[0, 1].abs().max() < 1e-3
    assert GroupDeviation()(images[3:6])[:, 1, 0, 0].tolist() == pytest.approx([sqrt(2)] * 3, rel=1e-3)  # 5, 2, 5


# ----- penalties


def test_the_path_length_of_a_linear_map_is_that_of_its_rows():
    torch.manual_seed(0)
    matrices, y = torch.randn(3, 5, 16), torch.randn(2, 1, 4, 4)  # for each of three layers
    styles = torch.randn(2, 3, 5, requires_grad=True)
    lengths = path_lengths(lambda w: torch.einsum("bli,lij->bj", w, matrices).view(-1, 1, 4, 4), styles, y)
    backwards = torch.einsum("lij,bj->bli", matrices, y.flatten(1))
    assert torch.allclose(lengths, (backwards**2).sum(2).mean(1).sqrt())


def test_r1_of_a_linear_discriminator_is_its_squared_norm():
    layer = nn.Sequential(nn.Flatten(), nn.Linear(8, 1), nn.Flatten(0))
    slopes = squared_slopes(layer, torch.randn(3, 2, 2, 2))
    assert torch.allclose(slopes, (layer[1].weight ** 2).sum().expand(3))
    slopes.mean().backward()
    assert torch.allclose(layer[1].weight.grad, 2 * layer[1].weight)


def moved(loss, network):
    """Down the gradient, where it is not 0 by construction."""
    weights = list(network.parameters())
    slopes = torch.autograd.grad(loss, weights, allow_unused=True)
    with torch.no_grad():
        for weight, slope in zip(weights, slopes, strict=True):
            weight -= 0 if slope is None else RATE * slope


def test_a_step_is_the_two_losses_and_then_the_two_penalties():
    def written(model):
        g, d, x = model.generator, model.discriminator, signed(a_batch().x)
        fake = g(torch.randn(COUNT, model.noise_dim)).detach()
        loss_d = functional.softplus(-d(x)).mean() + functional.softplus(d(fake)).mean()
        down(loss_d, d)
        loss_g = functional.softplus(-d(g(torch.randn(COUNT, model.noise_dim)))).mean()
        down(loss_g, g)
        noise = torch.randn(COUNT // 2, model.noise_dim)
        styles, y = g.styles(noise), torch.randn(COUNT // 2, 1, 32, 32) / 32
        (slopes,) = torch.autograd.grad((g.draw(styles, noise) * y).sum(), styles, create_graph=True)
        lengths = (slopes**2).sum(2).mean(1).sqrt()
        moved(3 * 0.5 * ((lengths - 0.25) ** 2).mean(), g)
        x.requires_grad_()
        (slopes,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
        squares = (slopes**2).sum((1, 2, 3)).mean()
        moved(7 * 0.2 / 2 * squares, d)
        return {"generator": loss_g, "discriminator": loss_d, "path length": lengths.mean(), "squared slope": squares}

    twins = twin_models(stylegan2_small, path_every=3, path_weight=0.5, r1_every=7, r1_weight=0.2)
    for model in twins:
        model.path_length.fill_(0.25)
    agree(twins, written)
    assert twins[0].path_length.item() != 0.25


def test_penalties_are_computed_in_their_steps_only_and_their_mean_follows():
    model, images = built(r1_every=3, path_every=2).train(), torch.randint(0, 256, (4, *SMALL), dtype=torch.uint8)
    there = []
    for step in range(4):
        before = model.path_length.item()
        losses = model.train_step(Batch(images, step=step))
        there.append({"path length", "squared slope"} & set(losses))
        if "path length" in losses:
            expected = before + 0.01 * (losses["path length"].item() - before)
            assert model.path_length.item() == pytest.approx(expected, rel=1e-5)
    assert there == [{"path length", "squared slope"}, set(), {"path length"}, {"squared slope"}]
    without = built(r1_weight=0.0, path_weight=0.0).train_step(Batch(images))
    assert set(without) == {"generator", "discriminator"}


def test_adam_makes_up_for_the_steps_of_penalties():
    config = Stylegan2SmallConfig(lr=0.01, beta1=0.5, beta2=0.9)
    (group,) = lazy_adam(nn.Linear(1, 1), config, 4).param_groups
    assert group["lr"] == pytest.approx(0.008)
    assert group["betas"] == pytest.approx((0.5**0.8, 0.9**0.8))


# ----- the model


def test_images_are_made_by_the_mean_of_the_generator():
    model = built()
    noise = Noise(0, 0, 2).normal(model.noise_dim)
    with torch.no_grad():
        before = model.sample(noise)
        nn.init.ones_(model.generator.brightness)
        assert torch.equal(model.sample(noise), before)
        nn.init.ones_(model.average.brightness)
        assert not torch.equal(model.sample(noise), before)


def test_noise_of_a_layer_is_added_by_its_learned_strength():
    generator = built().generator
    noise = torch.randn(1, generator.noise_dim).repeat(2, 1)
    noise[1, generator.latent :] = 0
    with torch.no_grad():
        first, second = generator(noise)
        assert torch.equal(first, second)
        for layer in generator.layers:
            nn.init.ones_(layer.strength)
        first, second = generator(noise)
        assert not torch.allclose(first, second, atol=1e-2)


def test_it_learns_how_bright_the_images_are():
    model = built(ImageShape(1, 8, 8), width=4, lr=1e-2, batch_size=8).train()
    noise = Noise(0, 0, 20).normal(model.noise_dim)
    images = torch.full((8, 1, 8, 8), 200, dtype=torch.uint8)
    for step in range(80):
        model.train_step(Batch(images, step=step))
    with torch.no_grad():
        made = model.eval().sample(noise).float().mean((1, 2, 3))
    assert (made - 200).abs().mean() < 30
