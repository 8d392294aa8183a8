"""The wide DCGAN: section 1.1 of the DTU report on GANs (Hu and Wu), Figure 2, with the losses of its appendix B.

Generator: four transposed convolutions with 1024, 512, 256 and 128 channels, batch norm and LeakyReLU 0.1, then one
convolution and tanh. Discriminator: four convolutions with 128, 256, 512 and 1 channels, LeakyReLU 0.1 and dropout
after the first three, no batch norm. For 28 x 28:

    generator       100   1024 x 4 x 4   512 x 7 x 7   256 x 14 x 14   128 x 28 x 28   1 x 28 x 28
    discriminator   1 x 28 x 28   128 x 14 x 14   256 x 7 x 7   512 x 3 x 3   1

    D: 1/2 mean (D(x) - 1)^2 + 1/2 mean D(G(z))^2         G: 1/2 mean (D(G(z)) - 1)^2

Kernels are not in the report's text. Here: 4 with stride 2 and padding 1 (in the generator 3 towards an odd side), the
first and the last of the size of the feature map, 3 for the generator's plain convolution. The learning rate and the
betas are those of appendix B, the only ones in it; dropout 0.3.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.report_networks import enlarging, judging
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class DcganDeepConfig:
    width: int = 128  # report, section 1.1: 1024-512-256-128 and 128-256-512
    latent: int = 100  # section 1.2; 300 for Fashion-MNIST
    slope: float = 0.1  # section 1.1
    dropout: float = 0.3  # not given
    lr: float = 2e-4  # appendix B
    beta1: float = 0.5  # appendix B
    beta2: float = 0.9  # appendix B
    batch_size: int = 64  # not given
    epochs: float = 10  # section 1.2

    def __post_init__(self) -> None:
        if min(self.width, self.latent) < 1 or self.lr <= 0 or not 0 <= self.dropout < 1:
            raise ModelError(f"width, latent and lr must be positive and dropout in [0, 1); got {self}")


class Generator(nn.Module):
    """Figure 2, right: noise [b, latent] to images in [-1, 1]."""

    def __init__(self, config: DcganDeepConfig, shape: ImageShape) -> None:
        super().__init__()
        self.layers = nn.Sequential(*enlarging(config.latent, config.width, config.slope, shape, "dcgan-deep"))

    def forward(self, noise: Tensor) -> Tensor:
        return self.layers(noise[:, :, None, None])


class Discriminator(nn.Module):
    """Figure 2, left: images in [-1, 1] to one number each, [b]."""

    def __init__(self, config: DcganDeepConfig, shape: ImageShape) -> None:
        super().__init__()
        self.layers = judging(shape.channels, config.width, config.slope, config.dropout, shape, "dcgan-deep")

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class DcganDeep(GanPair):
    def __init__(self, config: DcganDeepConfig, shape: ImageShape) -> None:
        super().__init__(config.latent, Generator(config, shape), Discriminator(config, shape))
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_discriminator(self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * least_squares_generator(self.discriminator(fake))


def build(config: DcganDeepConfig, shape: ImageShape, classes: int) -> DcganDeep:
    return DcganDeep(config, shape)


SEED = DcganDeepConfig()

MODEL = ModelSpec(
    name="dcgan-deep",
    title="DCGAN with dropout, least squares",
    source="Radford, Metz and Chintala 2016, arXiv 1511.06434; Mao et al. 2017, arXiv 1611.04076; DTU report, 1.1",
    task="generate",
    recipes={
        "mnist": SEED,
        "fashion-mnist": replace(SEED, latent=300),  # report, section 1.2
        "digits": replace(SEED, width=16, lr=1e-3, batch_size=32, epochs=60),  # 2,432 steps, minutes on two cores
        "default": SEED,
        "tiny": DcganDeepConfig(width=2, latent=5, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
