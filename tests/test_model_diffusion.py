"""The models that make an image in many steps, `ddpm` and `flow-matching`, and the U-Net that both have."""

from dataclasses import replace
from math import cos, pi, sin

import pytest
import torch
from network_facts import count, outputs
from one_step import COUNT, PIXELS, a_batch, agree, down, signed, twin_models
from torch import nn

from reference_models import ddpm, flow_matching
from reference_models.blocks.unet import Attention, Block, UNet, UNetConfig, sinusoids
from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.types import Batch, ImageShape

MODULES = [ddpm, flow_matching]
SMALL = ImageShape(1, 4, 4)
TINY = {"width": 8, "multipliers": (1,), "level_blocks": 1, "attention": 0, "dropout": 0.0}


def network(shape, **settings):
    torch.manual_seed(0)
    return UNet(UNetConfig(**settings), shape, "a model")


def stirred(model):
    """The same network with numbers where it starts with 0, so that its layers can be seen in what it answers."""
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)
    return model.eval()


# ---- the network


def test_the_network_for_cifar10_has_the_35_746_307_parameters_of_the_authors():
    with torch.device("meta"):  # shapes only
        assert count(UNet(UNetConfig(), ImageShape(3, 32, 32), "ddpm")) == 35_746_307


def test_the_parameters_are_those_worked_out_by_hand():
    def block(before, after, time=16):
        convolutions = 9 * before * after + after + 9 * after * after + after
        shortcut = before * after + after if before != after else 0
        return 2 * before + convolutions + 2 * after + time * after + after + shortcut

    attention = 2 * 8 + 4 * (8 * 8 + 8)
    time = 4 * 16 + 16 + 16 * 16 + 16
    down = block(4, 4) + (9 * 4 * 4 + 4) + block(4, 8) + attention
    middle = 2 * block(8, 8) + attention
    up = block(16, 8) + block(12, 8) + 2 * attention + (9 * 8 * 8 + 8) + block(12, 4) + block(8, 4)
    ends = (9 * 4 + 4) + 2 * 4 + (9 * 4 + 1)
    found = network(ImageShape(1, 8, 8), width=4, multipliers=(1, 2), level_blocks=1, attention=4)
    assert count(found) == time + down + middle + up + ends == 11_621


@pytest.mark.parametrize(
    ("shape", "settings", "expected"),
    [
        ((32, 32), {}, [(4, 32, 32), (4, 16, 16), (8, 8, 8), (4, 16, 16), (4, 32, 32)]),
        ((7, 5), {}, [(4, 7, 5), (4, 4, 3), (8, 2, 2), (4, 4, 3), (4, 7, 5)]),
        ((32, 16), {"patch": 4}, [(4, 8, 4), (4, 4, 2), (8, 2, 1), (4, 4, 2), (4, 8, 4)]),
    ],
    ids=["even", "odd", "patches"],
)
def test_the_maps_are_halved_and_come_back_to_their_sides(shape, settings, expected):
    found = network(ImageShape(3, *shape), width=4, multipliers=(1, 1, 2), level_blocks=1, attention=0, **settings)
    blocks = [layer for layer in (*found.down, *found.up) if isinstance(layer, Block)]
    images = torch.zeros(2, 3, *shape)
    *maps, last = outputs(blocks, lambda: found(images, torch.zeros(2)))
    sides = [tuple(each.shape[1:]) for each in maps]
    assert [*sides[:3], sides[5], sides[7]] == expected
    assert last.shape == images.shape


def test_patches_that_do_not_fit_are_refused():
    with pytest.raises(ModelError, match="a model cannot make 6x8 images out of patches of 4"):
        network(ImageShape(1, 6, 8), patch=4, **TINY)


@pytest.mark.parametrize(
    ("attention", "patch", "levels"),
    [(0, 1, []), (64, 1, [0]), (32, 1, [0]), (31, 1, [1]), (16, 1, [1]), (8, 1, [2]), (7, 1, []), (16, 2, [0])],
)
def test_attention_stands_at_one_side_and_in_the_middle(attention, patch, levels):
    with torch.device("meta"):
        found = network(
            ImageShape(1, 32, 32), width=1, multipliers=(1, 1, 1), level_blocks=1, attention=attention, patch=patch
        )
    blocks = [layer for layer in found.down if isinstance(layer, Block)]
    assert [level for level, one in enumerate(blocks) if isinstance(one.attention, Attention)] == levels
    assert [isinstance(one.attention, Attention) for one in found.middle] == [attention > 0, False]


def test_it_answers_0_at_first_and_then_its_own_time_and_image_only():
    images, times = torch.randn(3, *SMALL), torch.tensor([0.0, 300.0, 300.0])
    found = network(SMALL, **{**TINY, "attention": 4})
    assert not found(images, times).any()
    whole = stirred(found)(images, times)
    assert torch.allclose(whole[1:2], found(images[1:2], times[1:2]), atol=1e-4)
    assert not torch.allclose(whole[1:2], found(images[1:2], times[:1]), atol=1e-2)


def test_attention_is_the_mean_of_values_by_the_softmax_of_key_and_query():
    torch.manual_seed(0)
    layer, maps = stirred(Attention(4)), torch.randn(1, 4, 1, 3)
    with torch.no_grad():
        seen = layer.norm(maps)
        query, key, value = (each(seen)[0, :, 0].T for each in (layer.query, layer.key, layer.value))  # place, channel
        expected = []
        for place in range(3):
            weights = torch.stack([(query[place] @ key[other] / 2).exp() for other in range(3)])
            expected.append((weights[:, None] * value).sum(0) / weights.sum())
        out = layer.out(torch.stack(expected).T[None, :, None])
        assert torch.allclose(layer(maps), maps + out, atol=1e-5)


def test_the_time_is_told_in_waves_of_lengths_from_2_pi_to_20_000_pi():
    assert sinusoids(torch.tensor([0.0, pi / 2]), 2).flatten().tolist() == pytest.approx(
        [0, 0, 1, 1, 1, sin(pi / 2e4), 0, cos(pi / 2e4)], abs=1e-6
    )


# ---- both models


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.MODEL.name)
def test_images_are_made_of_the_moving_average_and_not_of_the_network(module):
    model = module.MODEL.build(module.MODEL.recipes["tiny"], SMALL, 0)
    noise = Noise(0, 0, 2).normal(model.noise_dim)
    with torch.no_grad():
        before = model.sample(noise)
        nn.init.ones_(model.network.last[-1].bias)
        assert torch.equal(model.sample(noise), before)
        nn.init.ones_(model.average.last[-1].bias)
        assert not torch.equal(model.sample(noise), before)


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.MODEL.name)
def test_a_network_that_knows_the_image_comes_to_it_in_any_number_of_steps(module, steps):
    model, image = (
        module.MODEL.build(module.MODEL.recipes["tiny"], SMALL, 0),
        torch.linspace(-1, 1, 16).view(1, 1, 4, 4),
    )

    def knowing(x, times):
        if module is flow_matching:
            return (image - x) / (1 - times / 1_000)[:, None, None, None]
        kept = ddpm.kept_shares()[times.long()][:, None, None, None]
        return (x - kept.sqrt() * image) / (1 - kept).sqrt()

    model.average.forward, model.sampling_steps = knowing, steps
    made = model.sample(Noise(1, 0, 1).normal(16)).int()
    assert (made - ((image + 1) * 127.5).round().int()).abs().max() <= 1


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.MODEL.name)
def test_it_learns_a_dark_and_a_bright_image(module):
    torch.manual_seed(0)
    kind = type(module.MODEL.recipes["tiny"])
    model = module.MODEL.build(kind(**TINY, average=0.9, lr=1e-2, batch_size=16, sampling_steps=10), SMALL, 0)
    images = torch.tensor([32, 224], dtype=torch.uint8).repeat(8)[:, None, None, None].expand(16, *SMALL)
    for step in range(150):
        model.train_step(Batch(images, step=step))
    with torch.no_grad():
        made = model.eval().sample(Noise(0, 0, 40).normal(16)).float().mean((1, 2, 3))
    off = torch.minimum((made - 32).abs(), (made - 224).abs())
    assert off.median() < 32  # of 192 between the two
    assert 8 < (made > 128).sum() < 32


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.MODEL.name)
def test_the_noise_has_a_number_for_each_pixel(module):
    assert module.MODEL.build(module.MODEL.recipes["tiny"], ImageShape(3, 4, 6), 0).noise_dim == 72


@pytest.mark.parametrize(
    "settings", [{"multipliers": ()}, {"multipliers": (1, 0)}, {"dropout": 1.0}, {"average": 1.0}, {"attention": -1}]
)
def test_settings_that_make_no_network_are_refused_by_name(settings):
    with pytest.raises(ModelError, match=next(iter(settings))):
        replace(ddpm.PAPER, **settings)


# ---- ddpm


def test_the_shares_are_products_of_1_minus_beta():
    kept = ddpm.kept_shares()
    step = (0.02 - 1e-4) / 999
    assert kept[:3].tolist() == pytest.approx([1, 1 - 1e-4, (1 - 1e-4) * (1 - 1e-4 - step)])
    assert len(kept) == 1_001
    assert kept[-1].item() == pytest.approx(4.036e-5, rel=1e-3)


def test_the_times_of_sampling_are_spread_from_the_last_one_to_0():
    assert ddpm.sampling_times(4) == [1_000, 750, 500, 250, 0]
    assert ddpm.sampling_times(3) == [1_000, 667, 333, 0]
    assert ddpm.sampling_times(1_000) == list(range(1_000, -1, -1))


@pytest.mark.parametrize("steps", [0, 1_001])
def test_more_steps_of_sampling_than_times_are_refused(steps):
    with pytest.raises(ModelError, match=f"sampling_steps {steps}; expected a number from 1 to 1,000"):
        ddpm.DdpmConfig(sampling_steps=steps)


@pytest.mark.parametrize("error", [0.3, 40.0])
def test_a_step_of_sampling_is_ddim_with_the_image_within_its_range(error):
    model = ddpm.MODEL.build(ddpm.MODEL.recipes["tiny"], ImageShape(1, 1, 1), 0)
    model.average.forward = lambda x, times: torch.full_like(x, error)
    now, after = (model.kept[time].item() for time in (500, 250))
    clean = (0.5 - (1 - now) ** 0.5 * error) / now**0.5
    clean = max(-1, min(1, clean))
    left = (0.5 - now**0.5 * clean) / (1 - now) ** 0.5
    assert clean == -1 if error > 1 else left == pytest.approx(error)
    found = model.denoise(torch.full((1, 1, 1, 1), 0.5), 500, 250).item()
    assert found == pytest.approx(after**0.5 * clean + (1 - after) ** 0.5 * left, rel=1e-5)


def test_a_step_of_ddpm_asks_for_the_noise_of_a_noisy_image():
    def written(model):
        x, times = signed(a_batch().x), torch.randint(1, 1_001, (COUNT,))
        e, kept = torch.randn(x.shape), (1 - torch.linspace(1e-4, 0.02, 1_000)).cumprod(0)[times - 1].view(-1, 1, 1, 1)
        loss = ((model.network(kept**0.5 * x + (1 - kept) ** 0.5 * e, times) - e) ** 2).sum() / (COUNT * PIXELS)
        down(loss, model.network)
        return {"error": loss}

    agree(twin_models(ddpm, dropout=0.0), written)


# ---- flow matching


def test_a_step_of_flow_matching_asks_for_the_way_from_noise_to_image():
    def written(model):
        x = signed(a_batch().x)
        z, t = torch.randn(x.shape), torch.rand(COUNT)
        share = t.view(-1, 1, 1, 1)
        found = model.network((1 - share) * z + share * x, 1_000 * t)
        loss = ((found - (x - z)) ** 2).sum() / (COUNT * PIXELS)
        down(loss, model.network)
        return {"error": loss}

    agree(twin_models(flow_matching), written)
