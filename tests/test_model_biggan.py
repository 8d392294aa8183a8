"""BigGAN: its networks against tables 4 and 5 of the paper, its blocks and losses against plain formulas."""

from math import sqrt

import pytest
import torch
from network_facts import count, outputs
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

from reference_models import biggan, biggan_unlabelled
from reference_models.blocks import biggan_networks as networks
from reference_models.blocks.averages import collect_statistics, start_average, update_average
from reference_models.blocks.gan_losses import hinge_discriminator, hinge_generator
from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.loop.sampling import sample
from reference_models.types import Batch, ImageShape

DIGITS = ImageShape(1, 32, 32)
SMALL = biggan.BigganConfig(width=2, embedding=5, chunk=3, batch_size=6)


def build(shape=DIGITS, classes=3, config=SMALL):
    torch.manual_seed(0)
    return biggan.build(config, shape, classes)


def maps(network, *inputs):
    """Shapes after each block, batch left out."""
    blocks = [*getattr(network, "blocks", ()), *getattr(network, "layers", ())]
    return [tuple(out.shape[1:]) for out in outputs(blocks, lambda: network(*inputs))[:-1]]


# ---- the architecture


def test_the_networks_for_128_are_those_of_table_4():
    config, shape = biggan.BigganConfig(width=1, embedding=2, chunk=2), ImageShape(3, 128, 128)
    plan = networks.layout(shape, config.width, config.attention)
    generator = networks.Generator(plan, shape, 10, 2, 20).eval()
    assert generator.noise_dim == 120
    assert generator.first.out_features == 4 * 4 * 16
    found = maps(generator, torch.zeros(1, 120), torch.zeros(1, 2))
    attended = [(2, 64, 64), (2, 64, 64)]  # the block that makes 64 x 64, then self-attention
    assert found == [(16, 8, 8), (8, 16, 16), (4, 32, 32), *attended, (1, 128, 128)]
    discriminator = networks.Discriminator(plan, shape, 10).eval()
    found = maps(discriminator, torch.zeros(1, *shape), torch.tensor([0]))
    attended = [(1, 64, 64), (1, 64, 64)]
    assert found == [*attended, (2, 32, 32), (4, 16, 16), (8, 8, 8), (16, 4, 4), (16, 4, 4), (16, 4, 4)]


@pytest.mark.parametrize(
    ("side", "sides", "channels", "attention"),
    [
        (24, (6, 12, 24), (4, 4, 4), 12),
        (28, (7, 14, 28), (4, 4, 4), 14),
        (32, (4, 8, 16, 32), (4, 4, 4, 4), 16),
        (64, (4, 8, 16, 32, 64), (16, 16, 8, 4, 2), 32),
        (256, (4, 8, 16, 32, 64, 128, 256), (16, 16, 8, 8, 4, 2, 1), 64),
    ],
)
def test_every_side_has_its_maps(side, sides, channels, attention):
    plan = networks.layout(ImageShape(3, side, side), 1, 64)
    assert (plan.sides, plan.channels, plan.attention) == (sides, channels, attention)


def test_the_parameters_are_those_worked_out_by_hand():
    model = build(config=biggan.BigganConfig(width=2, embedding=5, chunk=3), classes=3)
    conditional = 2 * 8 * (5 + 3)  # gain and bias of a batch norm, linear in embedding and chunk
    block = 2 * conditional + 2 * (9 * 8 * 8 + 8) + 8 * 8 + 8
    attention = 2 * 8 * 1 + 2 * 8 * 4 + 1
    generator = 3 * 5 + (3 * 8 * 16 + 8 * 16) + 3 * block + attention + 2 * 8 + (9 * 8 + 1)
    first = (9 * 8 + 8) + (9 * 8 * 8 + 8) + (8 + 8)
    halving, plain = 2 * (9 * 8 * 8 + 8) + 8 * 8 + 8, 2 * (9 * 8 * 8 + 8)
    discriminator = first + attention + halving + 2 * plain + (8 + 1) + 3 * 8
    assert (generator, discriminator) == (5_185, 4_370)
    assert (count(model.generator), count(model.average), count(model.discriminator)) == (
        generator,
        generator,
        discriminator,
    )


def test_the_networks_for_imagenet_have_the_sizes_of_other_implementations(monkeypatch):
    monkeypatch.setattr(networks, "spectral", lambda layer: layer)  # adds no parameters and takes long without values
    config, shape = biggan.BigganConfig(), ImageShape(3, 128, 128)
    with torch.device("meta"):  # shapes only
        plan = networks.layout(shape, config.width, config.attention)
        generator = networks.Generator(plan, shape, 1000, config.embedding, config.chunk)
        discriminator = networks.Discriminator(plan, shape, 1000)
    assert (count(generator), count(discriminator)) == (
        70_433_988,
        87_982_370,
    )  # google/compare_gan


def test_the_noise_has_a_chunk_for_the_start_and_for_each_block():
    model = build().eval()
    with torch.no_grad():
        embeddings = model.class_embeddings()[:1]
        image = model.average(torch.zeros(1, 12), embeddings)
        for number in range(12):
            noise = torch.zeros(1, 12)
            noise[0, number] = 2.0
            assert not torch.equal(model.average(noise, embeddings), image), number


@pytest.mark.parametrize("shape", [(3, 20, 24), (1, 12, 12), (1, 30, 30), (3, 512, 512)])
def test_images_that_do_not_fit_are_refused(shape):
    with pytest.raises(ModelError, match="square side that halves"):
        networks.layout(ImageShape(*shape), 2, 64)


def test_attention_stands_where_it_is_asked_for_or_is_refused():
    assert networks.layout(DIGITS, 2, 15).attention == 8
    assert networks.layout(DIGITS, 2, 0).attention == 0
    with pytest.raises(ModelError, match=r"the maps have sides \[8, 16\]"):
        networks.layout(DIGITS, 2, 7)


def test_without_attention_there_is_none():
    model = build(config=biggan.BigganConfig(width=2, attention=0))
    assert not any(isinstance(layer, networks.SelfAttention) for layer in model.modules())


def test_one_class_is_refused():
    with pytest.raises(ModelError, match="two classes"):
        build(classes=1)


# ---- spectral norm and orthogonal weights


def test_weights_start_orthogonal():
    model = build()
    seen = 0
    for layer in [*model.generator.modules(), *model.discriminator.modules()]:
        if parametrize.is_parametrized(layer, "weight"):
            weight = layer.parametrizations.weight.original.flatten(1)
            small = weight if weight.shape[0] <= weight.shape[1] else weight.mT
            assert torch.allclose(small @ small.mT, torch.eye(len(small)), atol=1e-5)  # float32 rounding
            seen += 1
    assert seen == 1 + 3 * (3 + 4) + 4 + 1 + (3 + 4 + 3 + 2 * 2) + 2
    embeddings = model.class_embeddings()  # 3 x 5
    assert torch.allclose(embeddings @ embeddings.mT, torch.eye(3), atol=1e-5)


def test_every_weight_has_the_largest_singular_value_one():
    model = build()
    for layer in model.modules():
        if parametrize.is_parametrized(layer, "weight"):
            with torch.no_grad():
                layer.parametrizations.weight.original.mul_(torch.rand_like(layer.weight) * 5)
                layer.parametrizations.weight[0].n_power_iterations = 200
                _ = layer.weight  # in training mode
                layer.parametrizations.weight[0].n_power_iterations = 1
                largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
            assert largest.item() == pytest.approx(1, abs=1e-3)  # what 200 power iterations leave of close values


# ---- blocks


def test_conditional_batch_norm_is_its_formula():
    torch.manual_seed(0)
    norm = networks.ConditionalBatchNorm(4, 3)
    x, condition = torch.randn(5, 4, 6, 6), torch.randn(5, 3)
    found = norm(x, condition)
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
    norm.eval()  # no more power iterations
    gain, bias = 1 + condition @ norm.gain.weight.mT, condition @ norm.bias.weight.mT
    expected = gain[:, :, None, None] * (x - mean) / (variance + 1e-4).sqrt() + bias[:, :, None, None]
    assert torch.allclose(found, expected, atol=1e-4)  # weights differ by one power iteration of an orthogonal matrix


def test_self_attention_starts_as_the_identity():
    attention = networks.SelfAttention(16)
    x = torch.randn(2, 16, 8, 8)
    assert torch.equal(attention(x), x)


def test_self_attention_is_its_closed_form():
    torch.manual_seed(0)
    attention = networks.SelfAttention(16).eval()
    nn.init.constant_(attention.gamma, 0.7)
    x = torch.randn(1, 16, 4, 4)
    with torch.no_grad():
        theta, phi, g = attention.theta(x), functional.max_pool2d(attention.phi(x), 2), attention.g(x)
        g = functional.max_pool2d(g, 2)
        expected = torch.empty(1, 8, 4, 4)
        for row in range(4):
            for column in range(4):
                energy = torch.stack([theta[0, :, row, column] @ phi[0, :, i, j] for i in range(2) for j in range(2)])
                share = energy.exp() / energy.exp().sum()
                expected[0, :, row, column] = sum(s * g[0, :, k // 2, k % 2] for k, s in enumerate(share))
        assert torch.allclose(attention(x), x + 0.7 * attention.o(expected), atol=1e-5)  # order of float32 sums


def test_attention_to_equal_keys_is_the_mean_of_the_values():
    attention = networks.SelfAttention(16).eval()
    nn.init.ones_(attention.gamma)
    x = torch.randn(1, 16, 1, 1).expand(1, 16, 4, 4)
    with torch.no_grad():
        assert torch.allclose(attention(x), x + attention.o(attention.g(x)), atol=1e-5)


def test_the_up_block_adds_its_two_ways():
    torch.manual_seed(0)
    block = networks.UpBlock(4, 6, 3).eval()
    x, condition = torch.randn(2, 4, 5, 5), torch.randn(2, 3)
    with torch.no_grad():
        h = functional.interpolate(functional.relu(block.norm1(x, condition)), scale_factor=2)
        h = block.conv2(functional.relu(block.norm2(block.conv1(h), condition)))
        round_it = block.short(functional.interpolate(x, scale_factor=2))
        assert torch.allclose(block(x, condition), h + round_it, atol=1e-5)  # order of float32 sums


def test_the_down_block_adds_its_two_ways_and_starts_without_relu_once():
    torch.manual_seed(0)
    x = torch.randn(2, 4, 6, 6)
    for first in (False, True):
        block = networks.DownBlock(4, 6, halve=True, first=first).eval()
        with torch.no_grad():
            h = block.conv2(functional.relu(block.conv1(x if first else functional.relu(x))))
            assert torch.allclose(block(x), functional.avg_pool2d(h + block.short(x), 2), atol=1e-5)


def test_the_projection_adds_the_embedding_times_the_features():
    model = build().eval()
    discriminator, images = model.discriminator, torch.rand(4, *DIGITS)
    labels = torch.tensor([0, 1, 2, 1])
    with torch.no_grad():
        features = discriminator.layers(images).sum((2, 3))
        found = discriminator(images, labels) - discriminator.linear(features)[:, 0]
        expected = [float(discriminator.classes.weight[label] @ h) for label, h in zip(labels, features, strict=True)]
    assert found.tolist() == pytest.approx(expected, abs=1e-4)  # a difference of float32 numbers around 10


# ---- losses


def test_the_hinge_losses_are_those_of_the_formula():
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.0, 0.5])
    assert hinge_discriminator(real, fake).item() == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1 + 1.5) / 3)
    assert hinge_generator(fake).item() == pytest.approx((3 - 0 - 0.5) / 3)


def test_each_update_of_the_discriminator_has_its_share_of_the_batch():
    model = build(
        config=biggan.BigganConfig(width=2, embedding=5, chunk=3, discriminator_steps=3, batch_size=6)
    ).train()
    seen = []
    model.discriminator.register_forward_pre_hook(lambda _, given: seen.append((given[0][:, 0, 0, 0], given[1])))
    images = torch.arange(6, dtype=torch.uint8).repeat_interleave(32 * 32).reshape(6, 1, 32, 32)
    model.train_step(Batch(images, labels=torch.tensor([0, 1, 2, 2, 1, 0])))
    assert [labels.tolist() for _, labels in seen] == [[0, 1, 0, 1], [2, 2, 2, 2], [1, 0, 1, 0], [1, 0]]
    shown = [((values[:2] + 1) * 127.5).round().int().tolist() for values, _ in seen[:3]]
    assert shown == [[0, 1], [2, 3], [4, 5]]
    steps = {name: int(next(iter(adam.state.values()))["step"]) for name, adam in model.optimisers.items()}
    assert steps == {"generator": 1, "discriminator": 3}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 5}, "multiple"),
        ({"truncation": 0.0}, "truncation"),
        ({"average": 1.0}, "decay"),
        ({"chunk": 0}, "positive"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        biggan.BigganConfig(**settings)


# ---- the average


def test_the_average_is_that_of_the_formula():
    network, average = nn.Linear(1, 1), nn.Linear(1, 1)
    start_average(average, network)
    nn.init.constant_(network.weight, 1.0)
    average.weight.fill_(0.0)
    expected = 0.0
    for step in range(40):
        update_average(average, network, 0.5, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        assert average.weight.item() == pytest.approx(expected, rel=1e-5)
    assert not any(weight.requires_grad for weight in average.parameters())


def test_the_average_follows_in_training_and_samples_come_from_it():
    model = build(config=biggan.BigganConfig(width=2, embedding=5, chunk=3, average=0.9, batch_size=6, lr=0.01)).train()
    start = [weight.clone() for weight in model.average.parameters()]
    model.train_step(Batch(torch.randint(0, 256, (6, *DIGITS), dtype=torch.uint8), labels=torch.tensor([0, 1, 2] * 2)))
    for before, average, weight in zip(start, model.average.parameters(), model.generator.parameters(), strict=True):
        assert torch.allclose(average, 0.1 * before + 0.9 * weight, atol=1e-6)  # step 0 has decay 1 / 10
    shown = sample(model, 0, 0, 2)
    for weight in model.generator.parameters():
        nn.init.zeros_(weight)
    assert (sample(model, 0, 0, 2) == shown).all()


def test_the_average_is_under_spectral_norm_of_its_own():
    model = build(config=biggan.BigganConfig(width=2, embedding=5, chunk=3, average=0.9, batch_size=6)).train()
    layer = model.average.blocks[0].conv2  # a matrix 8 x 72, now with singular values well apart
    with torch.no_grad():
        layer.parametrizations.weight.original.mul_(3.0 ** -torch.arange(8.0).reshape(8, 1, 1, 1))
    for _ in range(5):
        labels = torch.tensor([0, 1, 2] * 2)
        model.train_step(Batch(torch.zeros(6, *DIGITS, dtype=torch.uint8), labels=labels))
    model.eval()
    assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(
        1, abs=1e-3
    )  # what few iterations leave


def test_collected_statistics_are_the_means_over_the_runs():
    norm = nn.BatchNorm2d(1)
    network = nn.Sequential(norm)
    runs = [torch.tensor([0.0, 2.0]).reshape(2, 1, 1, 1), torch.tensor([4.0, 8.0]).reshape(2, 1, 1, 1)]
    collect_statistics(network, [(run,) for run in runs])
    assert norm.running_mean.item() == pytest.approx((1 + 6) / 2)
    assert norm.running_var.item() == pytest.approx((2 + 8) / 2)
    assert (norm.momentum, network.training) == (0.1, False)


# ---- truncation and class embeddings


def test_truncation_is_a_setting_of_samples(monkeypatch):
    monkeypatch.setattr(biggan, "STATISTICS_RUNS", 2)
    model = build(config=biggan.BigganConfig(width=2, embedding=5, chunk=3, truncation=0.25))
    rows = model.draw(Noise(0, 0, 100))
    assert rows.abs().max() <= 0.25
    seen = []
    model.average.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    labels = torch.tensor([0, 1] * 256)
    model.train().train_step(Batch(torch.zeros(512, *DIGITS, dtype=torch.uint8), labels=labels))
    assert seen[0].abs().max() <= 0.25
    assert seen[0].std().item() == pytest.approx(0.25 / sqrt(3), rel=0.05)  # nearly uniform; 3,072 numbers


def test_truncating_collects_statistics_of_the_truncated_noise():
    model = build().eval()
    norm = model.average.blocks[0].norm1.norm
    model.truncate(0.5)
    with torch.no_grad():
        start = model.average.first(model.draw(Noise(biggan.STATISTICS_SEED, 0, 1024))[:, :3])
    assert torch.allclose(norm.running_mean, start.unflatten(1, (8, 16)).mean((0, 2)), atol=1e-6)


def test_truncating_is_reproducible_and_needs_no_generator(monkeypatch):
    monkeypatch.setattr(biggan, "STATISTICS_RUNS", 2)
    first, second = build(), build()
    first.truncate(0.5)
    torch.manual_seed(5)
    second.truncate(2.0)
    second.truncate(0.5)
    one, other = first.average.state_dict(), second.average.state_dict()
    buffers = [name for name in one if "running" in name]
    assert all(torch.equal(one[name], other[name]) for name in buffers)


def test_a_class_between_two_classes_has_images_of_its_own():
    model = build().eval()
    embeddings = model.class_embeddings()
    noise = torch.randn(1, model.noise_dim)
    ends = model.sample(noise, torch.tensor([0])), model.sample(noise, torch.tensor([1]))
    between = model.sample_embedded(noise, 0.5 * embeddings[:1] + 0.5 * embeddings[1:2])
    assert all(not torch.equal(end, between) for end in ends)
    assert torch.equal(model.sample_embedded(noise, embeddings[1:2]), ends[1])


# ---- without labels


def unlabelled():
    torch.manual_seed(0)
    return biggan_unlabelled.build(SMALL, DIGITS, 0)


def of_one_class():
    torch.manual_seed(0)
    return biggan.Biggan(SMALL, DIGITS, 1)


def test_without_labels_all_images_have_one():
    model, one_class = unlabelled(), of_one_class()
    three = build(config=SMALL, classes=3)
    assert (model.classes, model.embedding_dim) == (0, 0)
    assert count(three.generator) - count(model.generator) == 2 * SMALL.embedding  # rows of the embedding
    assert count(three.discriminator) - count(model.discriminator) == 2 * 8  # rows of the projection
    images = torch.randint(256, (6, *DIGITS), dtype=torch.uint8)
    losses = []
    for each, labels in ((model, None), (one_class, torch.zeros(6, dtype=torch.int64))):
        torch.manual_seed(1)
        losses.append(each.train().train_step(Batch(images, labels=labels)))
    assert losses[0] == losses[1]
    assert all(
        torch.equal(a, b) for a, b in zip(model.state_dict().values(), one_class.state_dict().values(), strict=True)
    )


def test_without_labels_the_labels_of_the_data_change_nothing():
    with_some, without = unlabelled().train(), unlabelled().train()
    images = torch.randint(256, (6, *DIGITS), dtype=torch.uint8)
    for each, labels in ((with_some, torch.tensor([0, 1, 2, 3, 4, 5])), (without, None)):
        torch.manual_seed(1)
        each.train_step(Batch(images, labels=labels))
    with_some.eval(), without.eval()
    noise = torch.randn(3, without.noise_dim)
    assert torch.equal(with_some.sample(noise, torch.tensor([0, 1, 2])), without.sample(noise))


def test_without_labels_truncating_collects_statistics_too(monkeypatch):
    monkeypatch.setattr(biggan, "STATISTICS_RUNS", 2)
    model, one_class = unlabelled(), of_one_class()
    model.truncate(0.5)
    one_class.truncate(0.5)
    noise = torch.randn(3, model.noise_dim)
    assert torch.equal(model.eval().sample(noise), one_class.eval().sample(noise, torch.zeros(3, dtype=torch.int64)))
