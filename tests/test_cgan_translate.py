"""The image-conditioned GAN of the report: layers, parameters, what the discriminator sees, losses with factors."""

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import cgan_translate
from reference_models.cgan_translate import MODEL, CganTranslateConfig
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

DIGITS = ImageShape(3, 32, 32)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def pairs(count=4):
    draw = torch.Generator().manual_seed(0)
    return Batch(*torch.randint(0, 256, (2, count, *DIGITS), dtype=torch.uint8, generator=draw))


def test_the_generator_encodes_to_100_numbers_and_decodes_as_cgan_does():
    model = MODEL.build(CganTranslateConfig(width=8), DIGITS, 10)
    found = shapes(model.generator, torch.zeros(2, *DIGITS), CONVOLUTIONS)
    down, up = [(8, 16, 16), (16, 8, 8), (32, 4, 4)], [(64, 4, 4), (32, 8, 8), (16, 16, 16), (8, 32, 32)]
    assert found == [*down, (100, 1, 1), *up, (3, 32, 32)]


def test_the_discriminator_sees_two_images():
    model = MODEL.build(CganTranslateConfig(width=8), DIGITS, 10)
    found = shapes(model.discriminator.layers, torch.zeros(2, 6, 32, 32), CONVOLUTIONS)
    assert found == [(8, 16, 16), (16, 8, 8), (32, 4, 4), (1, 1, 1)]


def test_the_networks_have_the_parameters_worked_out_by_hand():
    model = MODEL.build(CganTranslateConfig(), DIGITS, 10)
    down = 16 * (3 * 128 + 128 * 256 + 256 * 512 + 512 * 100) + 2 * (128 + 256 + 512 + 100)
    up = 16 * (100 * 1024 + 1024 * 512 + 512 * 256 + 256 * 128) + 2 * (1024 + 512 + 256 + 128)
    image = 9 * 128 * 3 + 3
    assert down + up + image == 16_104_523
    assert count(model.generator) == 16_104_523
    discriminator = 16 * (6 * 128 + 128 * 256 + 256 * 512 + 512) + (128 + 256 + 512 + 1)
    assert count(model.discriminator) == discriminator == 2_642_817


def _seen(batch, **changes):
    """What the discriminator is given in one step, and the two images of each row in [-1, 1]."""
    model = MODEL.build(CganTranslateConfig(width=2, **changes), DIGITS, 10)
    seen = []
    model.discriminator.layers.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    model.train_step(batch)
    return seen, batch.x / 127.5 - 1, batch.y / 127.5 - 1


def test_the_discriminator_is_given_input_and_output_of_one_row():
    (real, fake, judged), x, y = _seen(pairs())
    assert torch.equal(real, torch.cat([x, y], 1))
    assert torch.equal(fake[:, :3], x)
    assert torch.equal(judged[:, :3], x)
    assert not torch.equal(fake[:, 3:], y)


def test_a_mismatched_pair_is_an_input_with_the_target_of_another_row():
    (_, _, mismatched, _), x, y = _seen(pairs(), mismatched=True)
    assert torch.equal(mismatched, torch.cat([x, y[[3, 0, 1, 2]]], 1))


@pytest.mark.parametrize("mismatched", [False, True])
def test_the_losses_are_those_of_the_report_with_one_half_each(mismatched):
    torch.manual_seed(0)
    config = CganTranslateConfig(width=2, dropout=0.0, lr=1e-12, mismatched=mismatched)  # the step moves nothing
    model, batch = MODEL.build(config, DIGITS, 10), pairs()
    losses = model.train_step(batch)
    x, y = batch.x / 127.5 - 1, batch.y / 127.5 - 1
    with torch.no_grad():
        fake = model.generator(x)
        real, wrong, other = (model.discriminator(x, shown) for shown in (y, fake, y.roll(1, 0)))
    refused = (wrong**2).mean() / 4 + (other**2).mean() / 4 if mismatched else (wrong**2).mean() / 2
    expected = ((real - 1) ** 2).mean() / 2 + refused
    assert losses["discriminator"].item() == pytest.approx(expected.item(), rel=1e-5)  # float32
    assert losses["generator"].item() == pytest.approx(((wrong - 1) ** 2).mean().item() / 2, rel=1e-5)


def test_another_input_gives_another_output_and_the_same_one_the_same():
    torch.manual_seed(0)
    model = MODEL.build(CganTranslateConfig(width=4), DIGITS, 10)
    images = pairs().x
    with torch.no_grad():
        varied = model.translate(images, "x-to-y")  # normalised by the batch: before any step, evaluation shows nothing
        first, second = (model.eval().translate(images, "x-to-y") for _ in range(2))
    assert len({row.numpy().tobytes() for row in varied}) == len(images)
    assert torch.equal(first, second)


def test_the_recipe_has_the_widths_and_rates_of_the_report():
    recipe = MODEL.recipe("svhn2mnist")
    assert (recipe.width, recipe.lr, recipe.beta1, recipe.beta2, recipe.epochs) == (128, 2e-4, 0.5, 0.9, 10)
    assert (recipe.slope, recipe.mismatched) == (0.1, False)


def test_images_that_are_not_square_are_refused():
    with pytest.raises(ModelError, match="cgan-translate cannot work on 32x64"):
        cgan_translate.MODEL.build(CganTranslateConfig(), ImageShape(3, 32, 64), 10)
