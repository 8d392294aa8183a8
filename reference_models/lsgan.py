"""Least-squares GAN (Mao, Li, Xie, Lau, Wang and Smolley 2017, arXiv 1611.04076), equation 9 to the factor.

    D: 1/2 mean (D(x) - 1)^2 + 1/2 mean D(G(z))^2         G: 1/2 mean (D(G(z)) - 1)^2

D is linear at its end, without a sigmoid. One of the variants that CIS 680 (2017) assignment 3, section 2, part 3 lets
choose from. The networks are those of `blocks.networks`, after its guidelines, and not the paper's (which have kernel
5 and, for 112 x 112, two more convolutions per scale).

Different from `dcgan-small`, `dcgan-deep` and `gan-deep`, whose sources take this loss up: the network, and the factor
1/2 of the generator, which two of them have as well.
"""

from dataclasses import dataclass

from torch import Tensor

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.guidelines import GRID_EVERY, guided_recipes
from reference_models.blocks.networks import discriminator, generator
from reference_models.loop.settings import require_positive
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class LsganConfig:
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    lr: float = 2e-4  # Mao et al., section 4; guidelines: 1e-3 to 1e-4
    beta1: float = 0.5  # Mao et al., section 4; guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "width", "latent", "lr")


class Lsgan(GanPair):
    def __init__(self, config: LsganConfig, shape: ImageShape) -> None:
        networks = generator(config.latent, config.width, shape, "lsgan"), discriminator(config.width, shape, "lsgan")
        super().__init__(config.latent, *networks)
        self.optimisers = adam_pair(*networks, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_discriminator(self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * least_squares_generator(self.discriminator(fake))


def build(config: LsganConfig, shape: ImageShape, classes: int) -> Lsgan:
    return Lsgan(config, shape)


SEED = LsganConfig()

MODEL = ModelSpec(
    name="lsgan",
    title="Least-squares GAN",
    source="Mao et al. 2017, arXiv 1611.04076; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes=guided_recipes(SEED, tiny=LsganConfig(width=2, latent=5, batch_size=4, epochs=1)),
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
