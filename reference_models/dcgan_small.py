"""The small DCGAN: section 4.2 of the Fashion-MNIST GAN assignment (OUC 2018), Figures 6 and 7.

Three convolutions in the discriminator, three transposed ones in the generator, all with kernel 3 and stride 2; batch
norm and ReLU after each but the last, which has a sigmoid (discriminator) or a tanh (generator). For 24 x 24:

    discriminator   1 x 24 x 24   32 x 12 x 12   64 x 6 x 6   1 x 3 x 3
    generator       100   128 x 3 x 3   64 x 6 x 6   32 x 12 x 12   1 x 24 x 24

The channels stand in figures that the text at hand does not show; these are ours. Two more things are open there. No
three layers with kernel 3 and stride 2 lead from 1 x 1 to 24 x 24, so the noise is first mapped to 128 x 3 x 3 by a
matrix with batch norm and ReLU, as Radford et al. 2016 (section 3) start. And three of them lead from 24 x 24 to 3 x 3:
D(x) is the mean of these nine sigmoids, one number per image as in Algorithm 1, whose losses are those of `gan`.

How the batches pass the discriminator is open too, and matters. With batch norm after its very first layer it sees
neither brightness nor contrast of a batch of its own, and the generator stays at a grey pattern; so real and generated
images pass it together. Were the generator trained through such batches, it would learn to spoil some images, or a
corner of all, with noise whose variance makes the others look real; so its images are judged one by one, by running
statistics. And the sigmoid leaves no gradient to a generator that it rejects altogether: so noise is added to all that
the discriminator sees (Soenderby et al. 2017, arXiv 1610.04490; Arjovsky and Bottou 2017, arXiv 1701.04862), and its
rate is a fifth of the generator's (two rates: Heusel et al. 2017). Initial weights and the betas of Adam are those of
Radford et al.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.sides import halved
from reference_models.blocks.steps import initialise_normal
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class DcganSmallConfig:
    width: int = 32  # channels at the large end; doubled at each of two halvings
    latent: int = 100  # assignment, section 4.1.2
    lr: float = 1e-3  # not given; tried on digits, see above
    discriminator_lr: float = 2e-4  # likewise
    input_noise: float = 0.3  # likewise: standard deviation, of pixels in [-1, 1]
    beta1: float = 0.5  # not given: Radford et al. 2016, section 4
    beta2: float = 0.999  # the default of Adam
    init_std: float = 0.02  # the same
    batch_size: int = 64  # not given
    epochs: float = 20  # not given

    def __post_init__(self) -> None:
        if min(self.width, self.latent) < 1 or min(self.lr, self.discriminator_lr, self.init_std) <= 0:
            raise ModelError(f"width, latent, both rates and init_std must be positive; got {self}")
        if self.input_noise < 0:
            raise ModelError(f"input_noise {self.input_noise}; expected 0 or more")


class Generator(nn.Module):
    """Figure 7: noise [b, latent] to images in [-1, 1]."""

    def __init__(self, config: DcganSmallConfig, shape: ImageShape) -> None:
        super().__init__()
        sides, w = halved(shape, "dcgan-small", 3), config.width
        start = 4 * w * sides[3] ** 2
        self.layers = nn.Sequential(
            *(nn.Linear(config.latent, start, bias=False), nn.Unflatten(1, (4 * w, sides[3], sides[3]))),
            *(nn.BatchNorm2d(4 * w), nn.ReLU()),
            *(_doubling(4 * w, 2 * w, sides[2]), nn.BatchNorm2d(2 * w), nn.ReLU()),
            *(_doubling(2 * w, w, sides[1]), nn.BatchNorm2d(w), nn.ReLU()),
            *(_doubling(w, shape.channels, sides[0]), nn.Tanh()),
        )

    def forward(self, noise: Tensor) -> Tensor:
        return self.layers(noise)


class Discriminator(nn.Module):
    """Figure 6: images in [-1, 1] to one number in (0, 1) each, [b]."""

    def __init__(self, config: DcganSmallConfig, shape: ImageShape) -> None:
        super().__init__()
        halved(shape, "dcgan-small", 3)
        w = config.width
        self.layers = nn.Sequential(
            *(nn.Conv2d(shape.channels, w, 3, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU()),
            *(nn.Conv2d(w, 2 * w, 3, 2, 1, bias=False), nn.BatchNorm2d(2 * w), nn.ReLU()),
            *(nn.Conv2d(2 * w, 1, 3, 2, 1), nn.Sigmoid()),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).mean((1, 2, 3))


def _doubling(before: int, after: int, target: int) -> nn.ConvTranspose2d:
    """Kernel 3, stride 2, to the side `target` from half of it, rounded up."""
    return nn.ConvTranspose2d(before, after, 3, 2, padding=1, output_padding=1 - target % 2, bias=False)


class DcganSmall(GanPair):
    def __init__(self, config: DcganSmallConfig, shape: ImageShape) -> None:
        super().__init__(config.latent, Generator(config, shape), Discriminator(config, shape))
        self.input_noise = config.input_noise
        initialise_normal(self, config.init_std)
        rates = (config.lr, config.beta1, config.beta2, config.discriminator_lr)
        self.optimisers = adam_pair(self.generator, self.discriminator, *rates)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_discriminator(*self._judge(real, fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_generator(self._judge_alone(fake))

    def _judge(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The discriminator's numbers [b] for noisy real and generated images, which share their batch norm."""
        for_real, for_fake = self.discriminator(self._noisy(torch.cat([real, fake]))).chunk(2)
        return for_real, for_fake

    def _judge_alone(self, fake: Tensor) -> Tensor:
        """Its numbers [b] for generated images, each judged by itself."""
        self.discriminator.eval()
        answers: Tensor = self.discriminator(self._noisy(fake))
        self.discriminator.train()
        return answers

    def _noisy(self, images: Tensor) -> Tensor:
        return images + self.input_noise * torch.randn_like(images)


def build(config: DcganSmallConfig, shape: ImageShape, classes: int) -> DcganSmall:
    return DcganSmall(config, shape)


SEED = DcganSmallConfig()

MODEL = ModelSpec(
    name="dcgan-small",
    title="DCGAN of three layers, least squares",
    source="Radford, Metz and Chintala 2016, arXiv 1511.06434; OUC 2018 assignment 3, section 4.2",
    task="generate",
    recipes={
        "fashion-mnist-24": SEED,
        "digits": replace(SEED, batch_size=32, epochs=60),  # 1,297 images: 2,432 steps, minutes on two cores
        "default": SEED,
        "tiny": DcganSmallConfig(width=2, latent=5, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
