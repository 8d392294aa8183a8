"""improved-gan: minibatch discrimination and feature matching in closed form, and what the two switches change."""

import math
from dataclasses import replace

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import improved_gan
from reference_models.errors import ModelError
from reference_models.improved_gan import ImprovedGanConfig, MinibatchDiscrimination, feature_matching_loss
from reference_models.types import Batch, ImageShape

SKETCH = ImageShape(1, 64, 64)
SMALL = ImageShape(1, 8, 8)
TINY = improved_gan.MODEL.recipes["tiny"]


def _built(**settings):
    torch.manual_seed(0)
    return improved_gan.MODEL.build(replace(TINY, **settings), SMALL, 0)


def test_minibatch_discrimination_is_the_paper_s_sum_on_tiny_numbers():
    """A = 2, B = 2, C = 1: T takes feature 1 as the first row and twice feature 2 as the second."""
    layer = MinibatchDiscrimination(2, kernels=2, kernel_dim=1)
    layer.tensor.data = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    rows = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 1.0]])
    e = math.exp
    expected = [
        [1 + e(-1) + e(-3), 1 + 1 + e(-2)],
        [e(-1) + 1 + e(-2), 1 + 1 + e(-2)],
        [e(-3) + e(-2) + 1, e(-2) + e(-2) + 1],
    ]
    assert torch.allclose(layer(rows), torch.tensor(expected), atol=1e-6)


def test_the_distance_is_summed_over_the_numbers_of_a_kernel():
    """A = 1, B = 1, C = 3: |1| + |-2| + |0.5| per unit of the feature."""
    layer = MinibatchDiscrimination(1, kernels=1, kernel_dim=3)
    layer.tensor.data = torch.tensor([[1.0, -2.0, 0.5]])
    assert layer(torch.tensor([[0.0], [0.2]])).flatten().tolist() == pytest.approx([1 + math.exp(-3.5 * 0.2)] * 2)


def test_a_batch_of_one_image_repeated_is_as_close_as_can_be():
    layer = MinibatchDiscrimination(4, kernels=3, kernel_dim=2)
    assert torch.equal(layer(torch.rand(1, 4).expand(5, 4)), torch.full((5, 3), 5.0))


def test_the_columns_of_the_tensor_start_with_length_one():
    torch.manual_seed(0)
    lengths = MinibatchDiscrimination(2048, kernels=20, kernel_dim=5).tensor.norm(dim=0)
    assert torch.allclose(lengths, torch.ones(100), atol=0.1)  # six standard deviations of a chi of 2048


def test_feature_matching_is_the_squared_distance_of_the_means():
    real, fake = torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[1.0, 2.0], [0.0, 2.0]])
    assert feature_matching_loss(real, fake).item() == pytest.approx((2 - 0.5) ** 2 + 2**2)


def test_the_networks_are_the_shared_ones_and_the_closeness_enters_the_last_layer():
    model = improved_gan.MODEL.build(improved_gan.MODEL.recipe("cufs-sketches"), SKETCH, 0)
    found = shapes(model.discriminator.features, torch.zeros(2, *SKETCH), nn.Conv2d)
    assert found == [(16, 32, 32), (32, 16, 16), (64, 8, 8), (128, 4, 4)]
    assert model.discriminator.last.in_features == 2048 + 100
    plain = 99_425 - (32 + 64 + 128)  # as the shared ones, with biases instead of batch norm
    assert count(model.discriminator) == plain + 2048 * 100 * 5 + 100
    assert count(model.generator) == 377_568


def test_without_minibatch_discrimination_there_is_no_tensor():
    model = improved_gan.MODEL.build(ImprovedGanConfig(minibatch_discrimination=False), SKETCH, 0)
    assert count(model.discriminator) == 99_425 - (32 + 64 + 128)


@pytest.mark.parametrize("switch", [True, False])
def test_the_switch_decides_whether_an_answer_depends_on_the_batch(switch):
    model = _built(minibatch_discrimination=switch)
    images = torch.rand(6, *SMALL)
    with torch.no_grad():
        apart = (model.discriminator(images)[:3] - model.discriminator(images[:3])).abs().max().item()
    assert (apart > 1e-3) is switch


@pytest.mark.parametrize("switch", [True, False])
def test_the_switch_decides_the_generator_s_loss(switch):
    model = _built(feature_matching=switch)
    real, fake = torch.rand(4, *SMALL), torch.rand(4, *SMALL)
    if switch:
        expected = feature_matching_loss(model.discriminator.features(real), model.discriminator.features(fake))
    else:
        expected = -torch.sigmoid(model.discriminator(fake)).log().mean()
    assert model.generator_loss(real, fake).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("matching", [True, False])
@pytest.mark.parametrize("minibatch", [True, False])
def test_every_combination_trains_both_networks(matching, minibatch):
    model = _built(feature_matching=matching, minibatch_discrimination=minibatch)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    losses = model.train_step(Batch(torch.randint(0, 256, (4, *SMALL), dtype=torch.uint8)))
    assert all(math.isfinite(value) for value in losses.values())
    changed = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert changed == set(before)


def test_settings_that_must_be_positive_are_refused_by_name():
    with pytest.raises(ModelError, match="kernels 0; expected more than 0"):
        ImprovedGanConfig(kernels=0)
