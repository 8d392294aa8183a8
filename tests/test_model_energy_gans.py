"""Discriminators that are autoencoders (ebgan, began) or have a bottleneck (vdb-gan): losses and adaptive weights."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from network_facts import count, outputs, shapes
from torch import nn

from reference_models import began, ebgan, vdb_gan
from reference_models.blocks.gan_losses import pull_away_term
from reference_models.errors import ModelError
from reference_models.loop.images import to_uint8
from reference_models.types import Batch, ImageShape

SKETCH = ImageShape(1, 64, 64)
SMALL = ImageShape(1, 8, 8)
UP = 16 * (128 * 64 + 64 * 32 + 32 * 16 + 16 * 1) + 2 * (128 + 64 + 32 + 16)  # a generator behind its first matrix
DOWN = (9 * 16 + 16) + 9 * (16 * 32 + 32 * 64 + 64 * 128)  # an encoder before its last layer, without batch norm


def _built(module, **settings):
    torch.manual_seed(0)
    return module.MODEL.build(replace(module.MODEL.recipes["tiny"], **settings), SMALL, 0)


def _images(count=4):
    return torch.randint(0, 256, (count, *SMALL), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


# ---- ebgan


def test_the_energy_is_the_length_of_the_reconstruction_error():
    model = _built(ebgan).eval()
    model.discriminator.decoder.register_forward_hook(lambda module, given, result: 0 * result)
    images = torch.zeros(2, *SMALL)
    images[0, 0, 0, :2] = torch.tensor([3.0, 4.0])
    assert model.discriminator(images).tolist() == pytest.approx([5.0, 0.0])


def test_the_margin_loss_pushes_energies_below_the_margin_only():
    real, fake = torch.tensor([1.0, 2.0]), torch.tensor([4.0, 12.0])
    assert ebgan.margin_loss(real, fake, 10.0).item() == pytest.approx(1.5 + (6 + 0) / 2)


def test_the_pull_away_term_is_the_mean_squared_cosine():
    """Angles of 0, 60 and 90 degrees: cosines 1/2, 0 and sqrt 3 / 2, each pair twice among 3 x 2."""
    codes = torch.tensor([[2.0, 0.0], [1.0, math.sqrt(3)], [0.0, -5.0]])
    assert pull_away_term(codes).item() == pytest.approx(2 * (0.25 + 0 + 0.75) / 6, rel=1e-6)


@pytest.mark.parametrize(("codes", "expected"), [(torch.eye(3), 0.0), (torch.ones(4, 3), 1.0)])
def test_the_pull_away_term_is_0_for_orthogonal_codes_and_1_for_parallel_ones(codes, expected):
    assert pull_away_term(codes).item() == pytest.approx(expected, abs=1e-6)


def test_the_pull_away_term_enters_the_generator_s_loss_with_its_weight():
    losses = [_built(ebgan, pull_away=weight).train_step(Batch(_images())) for weight in (0.0, 1.0, 3.0)]
    values = [loss["generator"].item() for loss in losses]
    assert values[0] == pytest.approx(losses[0]["generated energy"].item())
    assert 0 < values[1] - values[0] <= 1
    assert values[2] - values[0] == pytest.approx(3 * (values[1] - values[0]), rel=1e-4)  # float32 differences


def test_the_autoencoder_of_ebgan_has_a_code_and_the_generator_s_layers():
    model = ebgan.MODEL.build(ebgan.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    found = shapes(model.discriminator.encoder, torch.zeros(2, *SKETCH), kinds)
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (64,)]
    found = shapes(model.discriminator.decoder, torch.zeros(2, 64), kinds)
    assert found == [(2048,), (64, 8, 8), (32, 16, 16), (16, 32, 32), (1, 64, 64)]
    encoder = DOWN + 2 * (32 + 64 + 128) + (2048 * 64 + 64)
    assert count(model.discriminator) == encoder + 64 * 2048 + UP
    assert count(model.generator) == 100 * 2048 + UP


def test_a_pull_away_term_needs_two_images():
    with pytest.raises(ModelError, match="two images"):
        ebgan.EbganConfig(batch_size=1)


# ---- began


def test_l_is_the_mean_absolute_error():
    images = torch.tensor([[0.5, -0.5], [1.0, 0.0]])
    assert began.reconstruction(nn.Identity(), images).item() == 0
    assert began.reconstruction(nn.Threshold(0.6, 0.0), images).item() == pytest.approx((0.5 + 0.5 + 0 + 0) / 4)


@pytest.mark.parametrize(
    ("k", "real", "fake", "expected"),
    [
        (0.3, 0.4, 0.1, 0.3 + 0.01 * (0.5 * 0.4 - 0.1)),
        (0.3, 0.2, 0.4, 0.3 + 0.01 * (0.5 * 0.2 - 0.4)),
        (0.0, 0.1, 0.9, 0.0),
        (1.0, 0.9, 0.1, 1.0),
    ],
)
def test_k_moves_by_the_balance_and_stays_between_0_and_1(k, real, fake, expected):
    moved = began.next_k(torch.tensor(k), torch.tensor(real), torch.tensor(fake), 0.5, 0.01)
    assert moved.item() == pytest.approx(expected)


def test_the_measure_of_convergence_is_section_3_4_1():
    assert began.convergence(torch.tensor(0.4), torch.tensor(0.1), 0.5).item() == pytest.approx(0.4 + 0.1)
    assert began.convergence(torch.tensor(0.4), torch.tensor(0.3), 0.5).item() == pytest.approx(0.4 + 0.1)
    assert began.convergence(torch.tensor(0.4), torch.tensor(0.2), 0.5).item() == pytest.approx(0.4)


def test_a_step_of_began_updates_k_from_its_own_two_losses():
    model = _built(began, k_step=0.1, gamma=1.0)
    model.k.fill_(0.5)
    real = _images() / 127.5 - 1
    loss_real = began.reconstruction(model.discriminator, real).item()
    losses = model.train_step(Batch(_images()))
    balance = loss_real - losses["generator"].item()
    assert losses["k"].item() == model.k.item() == pytest.approx(0.5 + 0.1 * balance, rel=1e-4)  # float32
    assert losses["M global"].item() == pytest.approx(loss_real + abs(balance), rel=1e-4)


def test_the_discriminator_of_began_pays_k_times_the_generated_images():
    values = []
    for k in (0.0, 1.0, 0.25):
        model = _built(began)
        model.k.fill_(k)
        values.append(model.train_step(Batch(_images()))["discriminator"].item())
    assert values[1] < values[0]
    assert values[2] - values[0] == pytest.approx(0.25 * (values[1] - values[0]), rel=1e-4)  # float32 differences


def test_the_pull_away_term_of_began_moves_the_generator_and_neither_k_nor_the_curves():
    moved = []
    for weight in (0.0, 1.0):
        model = _built(began, pull_away=weight, k_step=0.1)
        losses = model.train_step(Batch(_images()))
        moved.append((losses["generator"], model.k.clone(), model.generator.last.weight.detach().clone()))
    (plain, k, weights), (same, same_k, other) = moved
    assert (plain, k) == (same, same_k)
    assert not torch.equal(weights, other)


@pytest.mark.parametrize("settings", [{"pull_away": -1.0}, {"pull_away": 0.1, "batch_size": 1}])
def test_a_pull_away_term_of_began_is_positive_and_has_two_images(settings):
    with pytest.raises(ModelError, match="two images"):
        began.BeganConfig(**settings)


@pytest.mark.parametrize(("step", "share"), [(0, 1.0), (50, 1.0), (75, 0.5), (100, 0.0), (120, 0.0)])
def test_the_rates_of_began_stay_and_then_fall_to_0(step, share):
    assert began.rate_share(step, 100) == share
    model = _built(began, cooling=100, lr=1e-3, discriminator_lr=1e-4)
    model.train_step(Batch(_images(), step=step))
    rates = [model.optimisers[name].param_groups[0]["lr"] for name in ("generator", "discriminator")]
    assert rates == pytest.approx([share * 1e-3, share * 1e-4])


def test_the_networks_of_began_are_section_4_1():
    model = began.MODEL.build(began.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    encoder, decoder = model.discriminator
    kinds = (nn.Conv2d, nn.Linear)
    found = shapes(encoder, torch.zeros(2, *SKETCH), kinds)
    assert found == [
        *[(16, 64, 64), (16, 64, 64), (32, 32, 32), (32, 32, 32), (48, 16, 16), (48, 16, 16), (64, 8, 8)],
        *[(64, 8, 8), (64,)],
    ]
    for network in (decoder, model.generator):
        layers = [layer for layer in network.modules() if isinstance(layer, kinds)]
        *found, _ = outputs(layers, partial(network, torch.zeros(2, 64)))
        sizes = [tuple(out.shape[1:]) for out in found]
        assert sizes == [(1024,), (16, 8, 8), (16, 16, 16), (16, 32, 32), (16, 64, 64), (1, 64, 64)]
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


def test_began_has_the_parameters_worked_out_by_hand():
    model = began.MODEL.build(began.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    pairs = [(1, 16), (16, 16), (16, 32), (32, 32), (32, 48), (48, 48), (48, 64), (64, 64)]
    encoder = sum(9 * before * after + after for before, after in pairs) + 64 * 64 * 64 + 64
    decoder = 64 * 1024 + 1024 + (9 * 16 + 1) * 16 + 3 * (9 * 32 + 1) * 16 + 9 * 16 + 1
    assert (encoder, decoder) == (377_872, 82_897)
    assert (count(model.discriminator), count(model.generator)) == (encoder + decoder, decoder)


def test_began_without_skips_has_narrower_convolutions():
    model = began.MODEL.build(replace(began.MODEL.recipe("cufs-sketches"), skips=False), SKETCH, 0)
    assert count(model.generator) == 64 * 1024 + 1024 + 4 * (9 * 16 + 1) * 16 + 9 * 16 + 1


@pytest.mark.parametrize(("skips", "reached"), [(True, True), (False, False)])
def test_the_skips_of_began_lead_from_the_first_maps_to_every_size(skips, reached):
    """With the first convolution at 0 the code reaches the image through the skips alone."""
    model = began.MODEL.build(began.BeganConfig(code=4, width=2, skips=skips), ImageShape(1, 32, 32), 0)
    for parameter in model.generator.convolutions[0].parameters():
        nn.init.zeros_(parameter)
    one, other = model.generator(torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])).unbind()
    assert torch.equal(one, other) != reached


def test_the_noise_of_began_is_uniform_and_as_long_as_its_code():
    assert began.uniform(torch.tensor([0.0, 1.959964, -1.959964])).tolist() == pytest.approx([0, 0.95, -0.95])
    model = _built(began, code=5).eval()
    assert model.noise_dim == 5
    assert torch.equal(model.sample(torch.full((1, 5), 50.0)), to_uint8(model.generator(torch.ones(1, 5))))


# ---- vdb-gan


@pytest.mark.parametrize(
    ("beta", "kl", "expected"), [(0.1, 5.1, 0.1 + 0.01 * 5), (0.1, 0.05, 0.1 - 0.01 * 0.05), (1e-4, 0.0, 0.0)]
)
def test_beta_moves_by_the_excess_of_information_and_is_never_negative(beta, kl, expected):
    moved = vdb_gan.next_beta(torch.tensor(beta), torch.tensor(kl), 0.1, 0.01)
    assert moved.item() == pytest.approx(expected)


def test_a_step_of_vdb_gan_updates_beta_by_its_own_divergence():
    model = _built(vdb_gan, beta_step=0.5, beta_start=0.2)
    losses = model.train_step(Batch(_images()))
    expected = 0.2 + 0.5 * (losses["kl"].item() - 0.1)
    assert losses["beta"].item() == model.beta.item() == pytest.approx(max(0.0, expected), rel=1e-5)


def test_the_divergence_is_the_mean_over_real_and_generated_images():
    """Codes N(2, 1) in K = 4 numbers have KL = 4 x 2^2 / 2; of real images only, half of that."""
    model = _built(vdb_gan)
    last = model.discriminator.encoder[-1]
    nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([2.0] * 4 + [0.0] * 4)
    assert model.train_step(Batch(_images()))["kl"].item() == pytest.approx(8, rel=1e-6)

    model = _built(vdb_gan)
    halves = torch.cat([torch.tensor([[2.0] * 4 + [0.0] * 4] * 4), torch.zeros(4, 8)])
    model.discriminator.encoder.register_forward_hook(
        lambda module, given, result: 0 * result + (halves if len(given[0]) == 8 else 0)
    )
    assert model.train_step(Batch(_images()))["kl"].item() == pytest.approx(4, rel=1e-6)


def test_the_discriminator_judges_drawn_codes_and_the_generator_sees_means():
    """With log sigma = 3 the discriminator's answers change from draw to draw, the generator's loss does not."""
    model = _built(vdb_gan)
    last = model.discriminator.encoder[-1]
    nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([0.0] * 4 + [3.0] * 4)
    for optimiser in model.optimisers.values():
        optimiser.param_groups[0]["lr"] = 0.0
    first, second = (model.train_step(Batch(_images())) for _ in range(2))
    assert abs(first["discriminator"].item() - second["discriminator"].item()) > 1e-3
    assert first["generator"].item() == pytest.approx(second["generator"].item(), rel=1e-6)


def test_the_penalty_of_vdb_gan_is_added_where_it_is_asked_for():
    weights = []
    for settings in ({"gradient_penalty": False}, {"penalty_weight": 1e4}):
        model = _built(vdb_gan, **settings)
        model.train_step(Batch(_images()))
        weights.append(model.discriminator.encoder[0].weight.detach().clone())
    assert not torch.allclose(weights[0], weights[1])


def test_the_bottleneck_has_the_parameters_worked_out_by_hand():
    model = vdb_gan.MODEL.build(vdb_gan.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    found = shapes(model.discriminator.encoder, torch.zeros(2, *SKETCH), (nn.Conv2d, nn.Linear))
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4), (512,)]
    norms_as_biases = 32 + 64 + 128
    assert count(model.discriminator) == DOWN + norms_as_biases + (2048 * 512 + 512) + (256 + 1)
    assert count(model.generator) == 377_568


@pytest.mark.parametrize(("module", "name"), [(vdb_gan, "beta"), (began, "k")])
def test_the_adaptive_weight_stands_in_the_checkpoint(module, name):
    assert name in _built(module).state_dict()
