"""The least-squares GANs of the assignments: layers, parameters, and losses against Algorithm 1, factors included."""

import math

import pytest
import torch
from network_facts import count, shapes
from torch import nn

from reference_models import dcgan_deep, dcgan_small, gan, gan_deep
from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape

FASHION_24 = ImageShape(1, 24, 24)
MNIST = ImageShape(1, 28, 28)
REAL, FAKE = torch.tensor([0.5, 1.0]), torch.tensor([0.25, -0.5])


# ---- losses


def test_the_discriminator_loss_is_that_of_algorithm_1():
    expected = (0.5**2 + 0) / (2 * 2) + (0.25**2 + 0.5**2) / (2 * 2)
    assert least_squares_discriminator(REAL, FAKE).item() == pytest.approx(expected)


def test_the_generator_loss_is_that_of_algorithm_1():
    assert least_squares_generator(FAKE).item() == pytest.approx((0.75**2 + 1.5**2) / 2)


def test_the_least_squares_losses_of_the_report_have_one_half_each():
    assert gan_deep.LOSSES["least-squares"][0](REAL, FAKE) == least_squares_discriminator(REAL, FAKE)
    assert gan_deep.LOSSES["least-squares"][1](FAKE).item() == pytest.approx((0.75**2 + 1.5**2) / 2 / 2)


def test_the_vanilla_losses_are_logarithms():
    real, fake = torch.logit(torch.tensor([0.9, 0.6])), torch.logit(torch.tensor([0.2, 0.5]))
    expected = -(math.log(0.9) + math.log(0.6)) / 2 - (math.log(0.8) + math.log(0.5)) / 2
    assert gan_deep.LOSSES["vanilla"][0](real, fake).item() == pytest.approx(expected, rel=1e-6)
    assert gan_deep.LOSSES["vanilla"][1](fake).item() == pytest.approx(-math.log(0.1) / 2, rel=1e-6)


def test_a_step_is_algorithm_1_written_out():
    """Two noise batches, the discriminator first, plain Adam."""
    torch.manual_seed(0)
    model = gan.MODEL.build(gan.GanConfig(latent=5, hidden=16), ImageShape(1, 4, 4), 0)
    copy = gan.MODEL.build(gan.GanConfig(latent=5, hidden=16), ImageShape(1, 4, 4), 0)
    copy.load_state_dict(model.state_dict())
    g, d = copy.generator, copy.discriminator
    adam_g, adam_d = (torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in (g, d))
    images = torch.randint(0, 256, (6, 1, 4, 4), dtype=torch.uint8)
    torch.manual_seed(1)
    losses = model.train_step(Batch(images))

    torch.manual_seed(1)
    loss_d = ((d(images / 127.5 - 1) - 1) ** 2).sum() / 12 + (d(g(torch.randn(6, 5)).detach()) ** 2).sum() / 12
    loss_d.backward()
    adam_d.step()
    loss_g = ((d(g(torch.randn(6, 5))) - 1) ** 2).sum() / 6
    adam_g.zero_grad()
    loss_g.backward()
    adam_g.step()
    assert losses["discriminator"].item() == pytest.approx(loss_d.item(), rel=1e-5)  # float32, other order of sums
    assert losses["generator"].item() == pytest.approx(loss_g.item(), rel=1e-5)
    for name, weight in model.state_dict().items():
        assert torch.allclose(weight, copy.state_dict()[name], atol=1e-6), name


# ---- fully connected


def test_the_basic_gan_is_figures_4_and_5():
    model = gan.MODEL.build(gan.MODEL.recipe("fashion-mnist-24"), FASHION_24, 0)
    assert shapes(model.generator, torch.zeros(2, 100), nn.Linear) == [(256,), (576,)]
    assert shapes(model.discriminator, torch.zeros(2, *FASHION_24), nn.Linear) == [(256,), (1,)]
    generator, discriminator = (100 * 256 + 256) + (256 * 576 + 576), (576 * 256 + 256) + (256 + 1)
    assert (generator, discriminator) == (173_888, 147_969)
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


def test_the_deep_gan_is_the_report_s_figure_1():
    model = gan_deep.MODEL.build(gan_deep.MODEL.recipe("mnist"), MNIST, 0)
    assert shapes(model.generator, torch.zeros(2, 100), nn.Linear) == [(256,), (512,), (1024,), (784,)]
    assert shapes(model.discriminator, torch.zeros(2, *MNIST), nn.Linear) == [(1024,), (512,), (256,), (1,)]
    kinds = [type(layer).__name__ for layer in model.generator]
    assert kinds == ["Linear", "BatchNorm1d", "LeakyReLU"] * 3 + ["Linear", "Tanh", "Unflatten"]
    assert sum(isinstance(layer, nn.Dropout) for layer in model.discriminator) == 3


def test_the_deep_gan_has_the_parameters_worked_out_by_hand():
    model = gan_deep.MODEL.build(gan_deep.GanDeepConfig(), MNIST, 0)
    generator = 100 * 256 + 256 * 512 + 512 * 1024 + 2 * (256 + 512 + 1024) + (1024 * 784 + 784)
    discriminator = (784 * 1024 + 1024) + (1024 * 512 + 512) + (512 * 256 + 256) + (256 + 1)
    assert (generator, discriminator) == (1_488_144, 1_460_225)
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


def test_the_slope_is_the_report_s():
    for module, shape in ((gan_deep, MNIST), (dcgan_deep, MNIST)):
        model = module.MODEL.build(module.MODEL.recipes["tiny"], shape, 0)
        assert {layer.negative_slope for layer in model.modules() if isinstance(layer, nn.LeakyReLU)} == {0.1}


# ---- convolutional


def test_the_small_dcgan_has_three_layers_of_kernel_3_and_stride_2_each():
    model = dcgan_small.MODEL.build(dcgan_small.MODEL.recipe("fashion-mnist-24"), FASHION_24, 0)
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Unflatten)
    found = shapes(model.discriminator.layers, torch.zeros(2, *FASHION_24), kinds)
    assert found == [(32, 12, 12), (64, 6, 6), (1, 3, 3)]
    found = shapes(model.generator.layers, torch.zeros(2, 100), kinds)
    assert found == [(128, 3, 3), (64, 6, 6), (32, 12, 12), (1, 24, 24)]
    strided = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert {(layer.kernel_size, layer.stride) for layer in strided} == {((3, 3), (2, 2))}
    assert [type(layer).__name__ for layer in model.discriminator.layers] == [
        *["Conv2d", "BatchNorm2d", "ReLU"] * 2,
        *["Conv2d", "Sigmoid"],
    ]


def test_the_small_dcgan_has_the_parameters_worked_out_by_hand():
    model = dcgan_small.MODEL.build(dcgan_small.DcganSmallConfig(), FASHION_24, 0)
    generator = 100 * 128 * 9 + 9 * (128 * 64 + 64 * 32 + 32 * 1) + 2 * (128 + 64 + 32)
    discriminator = 9 * (1 * 32 + 32 * 64 + 64 * 1) + 1 + 2 * (32 + 64)
    assert (generator, discriminator) == (208_096, 19_489)
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


def test_the_small_discriminator_answers_once_per_image_between_0_and_1():
    model = dcgan_small.MODEL.build(dcgan_small.DcganSmallConfig(), FASHION_24, 0)
    answers = model.discriminator(torch.rand(5, *FASHION_24) * 2 - 1)
    assert answers.shape == (5,)
    assert 0 < answers.min() <= answers.max() < 1


def test_the_small_discriminator_sees_how_bright_generated_images_are():
    """Alone in their batch norm, grey images and black ones would look the same to it."""
    torch.manual_seed(0)
    model = dcgan_small.MODEL.build(dcgan_small.DcganSmallConfig(width=4, input_noise=0), FASHION_24, 0)
    real, grey = torch.rand(6, *FASHION_24) * 2 - 1, torch.zeros(6, *FASHION_24)
    for_real, for_grey = model._judge(real, grey)
    _, for_black = model._judge(real, grey - 1)
    assert (for_real.shape, for_grey.shape) == ((6,), (6,))
    assert (for_grey - for_black).abs().max() > 1e-4


def test_the_small_generator_is_judged_image_by_image():
    """Else it could make some images pass by the noise of others."""
    torch.manual_seed(0)
    model = dcgan_small.MODEL.build(dcgan_small.DcganSmallConfig(width=4, input_noise=0), FASHION_24, 0)
    images = torch.rand(6, *FASHION_24) * 2 - 1
    assert torch.allclose(model._judge_alone(images)[:2], model._judge_alone(images[:2]), atol=1e-6)
    assert model.discriminator.training


def test_the_noise_of_the_small_dcgan_has_the_standard_deviation_asked_for():
    model = dcgan_small.MODEL.build(dcgan_small.DcganSmallConfig(width=4, input_noise=0.5), FASHION_24, 0)
    seen = []
    model.discriminator.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    model._judge(torch.zeros(50, *FASHION_24), torch.ones(50, *FASHION_24))
    model._judge_alone(torch.ones(50, *FASHION_24))
    real, fake = seen[0].chunk(2)
    for images, mean in ((real, 0), (fake, 1), (seen[1], 1)):
        assert images.mean().item() == pytest.approx(mean, abs=0.02)
        assert images.std().item() == pytest.approx(0.5, abs=0.02)


def test_the_deep_dcgan_is_the_report_s_figure_2():
    model = dcgan_deep.MODEL.build(dcgan_deep.MODEL.recipe("mnist"), MNIST, 0)
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    found = shapes(model.generator.layers, torch.zeros(2, 100, 1, 1), kinds)
    assert found == [(1024, 4, 4), (512, 7, 7), (256, 14, 14), (128, 28, 28), (1, 28, 28)]
    found = shapes(model.discriminator.layers, torch.zeros(2, *MNIST), kinds)
    assert found == [(128, 14, 14), (256, 7, 7), (512, 3, 3), (1, 1, 1)]
    kinds = [type(layer).__name__ for layer in model.discriminator.layers]
    assert kinds == ["Conv2d", "LeakyReLU", "Dropout"] * 3 + ["Conv2d", "Flatten"]


def test_the_deep_dcgan_has_the_parameters_worked_out_by_hand():
    model = dcgan_deep.MODEL.build(dcgan_deep.DcganDeepConfig(), MNIST, 0)
    # kernels 4, 3 (towards 7), 4, 4; then 3 with a bias
    generator = 100 * 1024 * 16 + 1024 * 512 * 9 + 16 * (512 * 256 + 256 * 128) + 2 * (1024 + 512 + 256 + 128)
    generator += 128 * 9 + 1
    discriminator = 16 * (128 + 128 * 256 + 256 * 512) + (128 + 256 + 512) + (512 * 9 + 1)
    assert (generator, discriminator) == (8_983_425, 2_628_993)
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


def test_the_code_for_fashion_mnist_has_300_numbers():
    assert (dcgan_deep.MODEL.recipe("mnist").latent, dcgan_deep.MODEL.recipe("fashion-mnist").latent) == (100, 300)


@pytest.mark.parametrize("module", [dcgan_small, dcgan_deep])
@pytest.mark.parametrize("side", [24, 28, 32, 64])
def test_other_sides_work(module, side):
    shape = ImageShape(3, side, side)
    model = module.MODEL.build(module.MODEL.recipes["tiny"], shape, 0)
    images = model.generator(torch.zeros(2, 5))
    assert images.shape == (2, *shape)
    assert model.discriminator(images).shape == (2,)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 32, 64)])
def test_sides_that_do_not_fit_are_refused(shape):
    with pytest.raises(ModelError, match="a side of 17 or more"):
        dcgan_small.MODEL.build(dcgan_small.DcganSmallConfig(), ImageShape(*shape), 0)


def test_noise_below_0_is_refused():
    with pytest.raises(ModelError, match="input_noise -1"):
        dcgan_small.DcganSmallConfig(input_noise=-1)
