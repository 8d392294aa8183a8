"""A deeper fully connected GAN: section 1.1 of the DTU report on GANs (Hu and Wu), Figure 1, both losses of Figure 3.

Generator: four fully connected layers with LeakyReLU 0.1 and batch norm, tanh on each pixel. Discriminator: four with
1024, 512, 256 and 1 units and dropout after each. The loss is a choice:

    vanilla         D: - mean log D(x) - mean log(1 - D(G(z)))            G: - mean log D(G(z))
    least-squares   D: 1/2 mean (D(x) - 1)^2 + 1/2 mean D(G(z))^2         G: 1/2 mean (D(G(z)) - 1)^2

The second is the report's appendix B to the factor; the first is Goodfellow et al. 2014 with the non-saturating
generator, its sigmoid inside the logarithm. With least squares D is linear (Mao et al. 2017).

The report's text does not give the generator's widths: the discriminator's mirrored, 256-512-1024. Its batch norm
cannot follow the last layer, whose tanh needs both ends of the range. LeakyReLU 0.1 in the discriminator too, as in the
report's DCGAN; dropout 0.3 on the three hidden layers (on the last it would remove the answer itself). Learning rate
and betas are those of its appendix B, the only ones in it.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Literal

from torch import Tensor, nn

from reference_models.blocks.gan_losses import (
    cross_entropy_discriminator,
    cross_entropy_generator,
    least_squares_discriminator,
    least_squares_generator,
)
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


def half_least_squares_generator(fake: Tensor) -> Tensor:
    """1/2 mean (D(G(z)) - 1)^2 for the discriminator's numbers [b] for generated images: appendix B to the factor."""
    return 0.5 * least_squares_generator(fake)


LOSSES = {
    "vanilla": (cross_entropy_discriminator, cross_entropy_generator),
    "least-squares": (least_squares_discriminator, half_least_squares_generator),
}


@dataclass(frozen=True)
class GanDeepConfig:
    loss: Literal["least-squares", "vanilla"] = "least-squares"  # report, section 1.2: both
    hidden: tuple[int, ...] = (1024, 512, 256)  # section 1.1, discriminator; the generator has them in reverse
    latent: int = 100  # section 1.2: "increased to 300" for Fashion-MNIST from what Radford et al. take
    slope: float = 0.1  # section 1.1
    dropout: float = 0.3  # not given
    lr: float = 2e-4  # appendix B
    beta1: float = 0.5  # appendix B
    beta2: float = 0.9  # appendix B
    batch_size: int = 64  # not given
    epochs: float = 10  # section 1.2

    def __post_init__(self) -> None:
        if not self.hidden or min(*self.hidden, self.latent) < 1 or self.lr <= 0 or not 0 <= self.dropout < 1:
            raise ModelError(f"hidden, latent and lr must be positive and dropout in [0, 1); got {self}")


def generator(config: GanDeepConfig, shape: ImageShape) -> nn.Sequential:
    """Figure 1, right: noise [b, latent] to images in [-1, 1]."""
    layers: list[nn.Module] = []
    for before, after in pairwise((config.latent, *config.hidden[::-1])):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.LeakyReLU(config.slope)]
    last = nn.Linear(config.hidden[0], prod(shape))
    return nn.Sequential(*layers, last, nn.Tanh(), nn.Unflatten(1, tuple(shape)))


def discriminator(config: GanDeepConfig, shape: ImageShape) -> nn.Sequential:
    """Figure 1, left: images in [-1, 1] to one number each, [b]; the logit of D where the loss is vanilla."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise((prod(shape), *config.hidden)):
        layers += [nn.Linear(before, after), nn.LeakyReLU(config.slope), nn.Dropout(config.dropout)]
    return nn.Sequential(*layers, nn.Linear(config.hidden[-1], 1), nn.Flatten(0))


class GanDeep(GanPair):
    def __init__(self, config: GanDeepConfig, shape: ImageShape) -> None:
        super().__init__(config.latent, generator(config, shape), discriminator(config, shape))
        self.losses = LOSSES[config.loss]
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.losses[0](self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.losses[1](self.discriminator(fake))


def build(config: GanDeepConfig, shape: ImageShape, classes: int) -> GanDeep:
    return GanDeep(config, shape)


SEED = GanDeepConfig()

MODEL = ModelSpec(
    name="gan-deep",
    title="GAN of four fully connected layers, vanilla or least squares",
    source="Goodfellow et al. 2014, arXiv 1406.2661; Mao et al. 2017, arXiv 1611.04076; DTU report, section 1.1",
    task="generate",
    recipes={
        "mnist": SEED,
        "digits": replace(SEED, epochs=100),  # 1,297 images: 2,027 steps, minutes on two cores
        "default": SEED,
        "tiny": GanDeepConfig(hidden=(16, 8), latent=5, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
