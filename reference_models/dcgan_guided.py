"""DCGAN after the guidelines of CIS 680 (2017) assignment 3: its section 2, parts 1 (CUFS) and 2 (CelebA).

    L_D = - 1/(2n) sum (log D(X) + log(1 - D(G(z))))         L_G = - 1/n sum log D(G(z))

to the factor: the discriminator's loss is half of the one in `dcgan`. The assignment leaves the networks open; they are
those of `blocks.networks`, which its guidelines describe: kernel 3 down and 4 up where `dcgan` (another assignment's
Tables 3 and 4) has 4 both ways, 128 channels at most for the sketches where that has 1024, and a start from a matrix.
Two networks and two factors, so this is a model of its own and no recipe of `dcgan`.

As there, the sigmoid of D is taken inside the logarithm, and the discriminator is updated first; the generator gets
noise of its own (Goodfellow et al. 2014, Algorithm 1).
"""

from dataclasses import dataclass

from torch import Tensor

from reference_models.blocks.gan_losses import cross_entropy_discriminator, cross_entropy_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.guidelines import GRID_EVERY, guided_recipes
from reference_models.blocks.networks import discriminator, generator
from reference_models.loop.settings import require_positive
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class DcganGuidedConfig:
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    lr: float = 2e-4  # guidelines: 1e-3 to 1e-4; Radford et al. 2016, section 4
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "width", "latent", "lr")


class DcganGuided(GanPair):
    def __init__(self, config: DcganGuidedConfig, shape: ImageShape) -> None:
        name = "dcgan-guided"
        networks = generator(config.latent, config.width, shape, name), discriminator(config.width, shape, name)
        super().__init__(config.latent, *networks)
        self.optimisers = adam_pair(*networks, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * cross_entropy_discriminator(self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return cross_entropy_generator(self.discriminator(fake))


def build(config: DcganGuidedConfig, shape: ImageShape, classes: int) -> DcganGuided:
    return DcganGuided(config, shape)


SEED = DcganGuidedConfig()

MODEL = ModelSpec(
    name="dcgan-guided",
    title="DCGAN after guidelines, kernel 3 down, 4 up",
    source="Radford, Metz and Chintala 2016, arXiv 1511.06434; CIS 680 (2017) assignment 3, section 2, parts 1 and 2",
    task="generate",
    recipes=guided_recipes(SEED, tiny=DcganGuidedConfig(width=2, latent=5, batch_size=4, epochs=1)),
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
