"""The basic generative adversarial network: section 4.1 of the Fashion-MNIST GAN assignment (OUC 2018), Figures 4, 5.

Fully connected: generator 100-256-576 from a unit Gaussian, discriminator 576-256-1, for images of 24 x 24; other
images have as many outer units as pixels. Trained by Algorithm 1 to the factor, with noise of its own for each of the
two updates:

    J(D) = 1/2m sum (D(x) - 1)^2 + 1/2m sum D(G(z))^2
    J(G) = 1/m sum (D(G(z)) - 1)^2

The text of the assignment names no activations for these two, nor an optimiser. Here: tanh at the generator's end (as
in its section 4.2) on pixels in [-1, 1], ReLU in its hidden layer, LeakyReLU 0.2 in the discriminator's, whose last
number stays linear as in Mao et al. 2017 (arXiv 1611.04076); Adam as in Radford et al. 2016.
"""

from dataclasses import dataclass, replace
from math import prod

from torch import Tensor, nn

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class GanConfig:
    latent: int = 100  # assignment, section 4.1.2
    hidden: int = 256  # sections 4.1.1 and 4.1.2
    lr: float = 2e-4  # not given: Radford et al. 2016, section 4
    beta1: float = 0.5  # the same
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 64  # not given
    epochs: float = 50  # not given

    def __post_init__(self) -> None:
        if min(self.latent, self.hidden) < 1 or self.lr <= 0:
            raise ModelError(f"latent, hidden and lr must be positive; got {self}")


class Gan(GanPair):
    def __init__(self, config: GanConfig, shape: ImageShape) -> None:
        pixels = prod(shape)
        generator = nn.Sequential(
            nn.Linear(config.latent, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, pixels),
            nn.Tanh(),
            nn.Unflatten(1, tuple(shape)),
        )
        discriminator = nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, config.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(config.hidden, 1),
            nn.Flatten(0),
        )
        super().__init__(config.latent, generator, discriminator)
        self.optimisers = adam_pair(generator, discriminator, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_discriminator(self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_generator(self.discriminator(fake))


def build(config: GanConfig, shape: ImageShape, classes: int) -> Gan:
    return Gan(config, shape)


SEED = GanConfig()

MODEL = ModelSpec(
    name="gan",
    title="Generative adversarial network, fully connected",
    source="Goodfellow et al. 2014, arXiv 1406.2661; OUC 2018 assignment 3, section 4.1",
    task="generate",
    recipes={
        "fashion-mnist-24": replace(SEED, lr=1e-3),  # 2e-4 fell behind pixel-gaussian: FID 8.6, with this 2.0
        "digits": replace(SEED, lr=2e-3, epochs=200),  # 1,297 images: 4,054 steps, a minute or two on two cores
        "default": SEED,
        "tiny": GanConfig(latent=5, hidden=16, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
