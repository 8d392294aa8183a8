"""The models that bound the slope of their discriminator: wgan (clipping), wgan-gp (penalty), sngan (spectral norm)."""

import math
from dataclasses import replace

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import sngan, wgan, wgan_gp
from reference_models.blocks.gan_losses import hinge_discriminator, hinge_generator
from reference_models.blocks.gradient_penalty import between, squared_slopes
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

SKETCH = ImageShape(1, 64, 64)
SMALL = ImageShape(1, 8, 8)
MODELS = [sngan.MODEL, wgan.MODEL, wgan_gp.MODEL]


def _images(count=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *SMALL), dtype=torch.uint8, generator=generator)


def _linear(weights):
    """The critic f(x) = sum w x for images of the weights' shape."""
    critic = nn.Sequential(nn.Conv2d(1, 1, weights.shape[-1], bias=False), nn.Flatten(0))
    critic[0].weight.data = weights[None, None].clone()
    return critic


def _updates(model):
    """How often each network was updated."""
    counts = {}
    for name, optimiser in model.optimisers.items():
        entry = next(iter(optimiser.state.values()), {"step": 0})
        counts[name] = int(entry["step"])
    return counts


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
def test_the_networks_are_the_shared_ones(spec):
    model = spec.build(spec.recipe("cufs-sketches"), SKETCH, 0)
    found = shapes(model.generator, torch.zeros(2, 100), (nn.ConvTranspose2d, nn.Unflatten))
    assert found == [(128, 4, 4), (64, 8, 8), (32, 16, 16), (16, 32, 32), (1, 64, 64)]
    found = shapes(model.discriminator, torch.zeros(2, *SKETCH), (nn.Conv2d, nn.Linear))
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (1,)]
    normed = any(isinstance(layer, nn.BatchNorm2d) for layer in model.discriminator.modules())
    assert normed is (spec.name == "wgan")
    assert count(model.generator) == 377_568
    assert count(model.discriminator) == (99_425 if normed else 99_425 - (32 + 64 + 128))


# ---- wgan


def test_clipping_really_clips():
    network = nn.Linear(3, 1)
    network.weight.data = torch.tensor([[0.5, -0.004, -3.0]])
    network.bias.data = torch.tensor([0.02])
    wgan.clip_weights(network, 0.01)
    assert network.weight[0].tolist() == pytest.approx([0.01, -0.004, -0.01])
    assert network.bias.tolist() == pytest.approx([0.01])


def test_after_a_step_every_weight_of_the_critic_is_within_the_clip():
    torch.manual_seed(0)
    model = wgan.MODEL.build(wgan.WganConfig(width=4, lr=1e-2), SMALL, 0)
    before = max(weight.abs().max().item() for weight in model.discriminator.parameters())
    model.train_step(Batch(_images()))
    after = max(weight.abs().max().item() for weight in model.discriminator.parameters())
    assert before > 0.01
    assert after == pytest.approx(0.01)
    assert max(weight.abs().max().item() for weight in model.generator.parameters()) > 0.01


def test_the_critic_climbs_and_the_estimate_is_the_difference_of_the_means():
    torch.manual_seed(0)
    model = wgan.MODEL.build(wgan.WganConfig(width=2, latent=5), SMALL, 0)
    real = _images() / 127.5 - 1
    torch.manual_seed(1)
    fake = model.generator(torch.randn(4, 5)).detach()
    expected = (model.discriminator(real).sum() / 4 - model.discriminator(fake).sum() / 4).item()
    torch.manual_seed(1)
    losses = model.train_step(Batch(_images(), step=1))
    assert losses["wasserstein"].item() == pytest.approx(expected, rel=1e-4)  # float32
    assert losses["discriminator"].item() == -losses["wasserstein"].item()


@pytest.mark.parametrize("spec", [wgan.MODEL, wgan_gp.MODEL], ids=lambda spec: spec.name)
def test_the_generator_is_updated_with_the_first_and_every_fifth_update_of_the_critic(spec):
    model = spec.build(spec.recipes["tiny"], SMALL, 0)
    gave = ["generator" in model.train_step(Batch(_images(seed=step), step=step)) for step in range(11)]
    assert [step for step, given in enumerate(gave) if given] == [0, 5, 10]
    assert _updates(model) == {"generator": 3, "discriminator": 11}


@pytest.mark.parametrize("spec", [wgan.MODEL, wgan_gp.MODEL], ids=lambda spec: spec.name)
def test_the_generator_s_loss_is_minus_the_mean_of_the_critic(spec):
    torch.manual_seed(0)
    model = spec.build(spec.recipes["tiny"], SMALL, 0)
    last = model.discriminator[-2]
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, 0.005)
    model.optimisers["discriminator"].param_groups[0]["lr"] = 0.0
    losses = model.train_step(Batch(_images()))
    assert losses["generator"].item() == pytest.approx(-0.005)
    assert losses["wasserstein"].item() == 0


def test_the_settings_are_those_of_the_two_algorithms():
    clipped, penalised = wgan.WganConfig(), wgan_gp.WganGpConfig()
    assert (clipped.clip, clipped.critic_steps, clipped.lr, clipped.batch_size) == (0.01, 5, 5e-5, 64)
    assert (penalised.penalty_weight, penalised.critic_steps, penalised.lr) == (10, 5, 1e-4)
    assert (penalised.beta1, penalised.beta2, penalised.batch_size) == (0, 0.9, 64)
    model = wgan.MODEL.build(wgan.MODEL.recipes["tiny"], SMALL, 0)
    assert {type(optimiser) for optimiser in model.optimisers.values()} == {torch.optim.RMSprop}


# ---- wgan-gp


@pytest.mark.parametrize("slope", [0.25, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_the_square_of_its_slope_less_one(slope):
    weights = torch.tensor([[1.0, 2.0], [0.0, -2.0]]) * slope / 3
    penalty = wgan_gp.slope_penalty(_linear(weights), torch.rand(5, 1, 2, 2))
    assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-6)


def test_the_gradient_of_the_penalty_is_that_of_the_closed_form():
    """d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|."""
    weights = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    critic = _linear(weights)
    wgan_gp.slope_penalty(critic, torch.rand(5, 1, 2, 2)).backward()
    assert torch.allclose(critic[0].weight.grad[0, 0], 2 * (5 - 1) * weights / 5, atol=1e-5)


def test_a_critic_without_any_slope_has_the_penalty_one_and_no_gradient_that_is_no_number():
    critic = _linear(torch.zeros(2, 2))
    penalty = wgan_gp.slope_penalty(critic, torch.rand(5, 1, 2, 2))
    penalty.backward()
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    assert critic[0].weight.grad.isfinite().all()


def test_the_slope_is_taken_image_by_image():
    """f(x) = sum x^2 has the slope 2 |x|."""

    class Squares(nn.Module):
        def forward(self, images):
            return (images**2).sum((1, 2, 3))

    images = torch.tensor([3.0, 0.5])[:, None, None, None].expand(2, 1, 1, 1)
    assert squared_slopes(Squares(), images).tolist() == pytest.approx([36.0, 1.0])


def test_the_images_between_lie_on_the_lines_one_place_for_each_pair():
    torch.manual_seed(0)
    real, fake = torch.zeros(50, 1, 2, 2), torch.ones(50, 1, 2, 2)
    shares = between(real, fake)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (shares == shares[:, :, :1, :1]).all()
    assert len(shares[:, 0, 0, 0].unique()) == 50


def test_the_loss_of_the_critic_is_minus_the_estimate_and_ten_times_the_penalty():
    for weight in (10.0, 0.5):
        torch.manual_seed(0)
        config = wgan_gp.WganGpConfig(width=2, latent=5, penalty_weight=weight)
        losses = wgan_gp.MODEL.build(config, SMALL, 0).train_step(Batch(_images()))
        expected = -losses["wasserstein"] + weight * losses["penalty"]
        assert losses["discriminator"].item() == pytest.approx(expected.item(), rel=1e-5)  # float32


# ---- sngan


def test_spectral_norm_makes_sigma_one_and_only_in_the_discriminator():
    torch.manual_seed(0)
    model = sngan.MODEL.build(sngan.SnganConfig(width=4), SMALL, 0)
    for _ in range(50):
        model.discriminator(torch.rand(4, *SMALL))  # each pass is one power iteration
    model.eval()
    layers = [layer for layer in model.discriminator if isinstance(layer, nn.Conv2d | nn.Linear)]
    largest = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in layers]
    assert len(largest) == 2
    assert largest == pytest.approx([1.0] * 2, rel=0.01)  # what the power iterations have left
    assert not any(hasattr(layer, "parametrizations") for layer in model.generator.modules())


def test_a_single_output_has_its_length_as_sigma_at_once():
    """The last layer has one row, whose only singular value is its length: no iteration is needed."""
    torch.manual_seed(0)
    model = sngan.MODEL.build(sngan.SnganConfig(width=4), SMALL, 0).eval()
    assert model.discriminator[-2].weight.norm().item() == pytest.approx(1, rel=1e-5)


def test_each_update_takes_one_power_iteration():
    torch.manual_seed(0)
    model = sngan.MODEL.build(sngan.SnganConfig(width=4), SMALL, 0)
    calls = []
    model.discriminator.register_forward_pre_hook(lambda module, given: calls.append(len(given[0])))
    model.train_step(Batch(_images(6)))
    assert calls == [12, 6]


def test_the_vectors_of_the_power_iteration_are_kept_in_a_checkpoint():
    model = sngan.MODEL.build(sngan.MODEL.recipes["tiny"], SMALL, 0)
    kept = [name for name in model.state_dict() if name.endswith(("_u", "_v"))]
    assert len(kept) == 2 * 2


def test_the_hinge_losses_are_equations_16_and_17():
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.0, 1.0])
    assert hinge_discriminator(real, fake).item() == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1 + 2) / 3)
    assert hinge_generator(fake).item() == pytest.approx((3 + 0 - 1) / 3)


@pytest.mark.parametrize(("loss", "expected"), [("hinge", (2, 0)), ("cross-entropy", (2 * math.log(2), math.log(2)))])
def test_the_loss_is_a_choice(loss, expected):
    """For a discriminator that answers 0 to everything."""
    torch.manual_seed(0)
    model = sngan.MODEL.build(replace(sngan.MODEL.recipes["tiny"], loss=loss), SMALL, 0)
    model.discriminator[-1].register_forward_hook(lambda module, given, result: 0 * result)
    losses = model.train_step(Batch(_images()))
    assert (losses["discriminator"].item(), losses["generator"].item()) == pytest.approx(expected)


def test_the_discriminator_is_updated_as_often_as_is_asked_for():
    model = sngan.MODEL.build(replace(sngan.MODEL.recipes["tiny"], discriminator_steps=3), SMALL, 0)
    model.train_step(Batch(_images()))
    assert _updates(model) == {"generator": 1, "discriminator": 3}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (wgan.WganConfig, "clip"),
        (wgan.WganConfig, "critic_steps"),
        (wgan_gp.WganGpConfig, "penalty_weight"),
        (sngan.SnganConfig, "discriminator_steps"),
    ],
)
def test_settings_that_must_be_positive_are_refused_by_name(kind, name):
    with pytest.raises(ModelError, match=f"{name} 0; expected more than 0"):
        kind(**{name: 0})
