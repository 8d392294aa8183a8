"""Conditional DCGAN (Mirza and Osindero 2014, arXiv 1411.1784): the label goes into both networks.

Asked for by CIS 680 (2017) assignment 3, section 2, part 3 (attributes of CelebA), and by the DTU report on GANs (Hu
and Wu), section 1.2 (MNIST, one row of ten samples per label), whose networks and losses these are:

    generator       noise and one-hot label, 110   1024 x 4 x 4   512 x 7 x 7   256 x 14 x 14   128 x 28 x 28   image
    discriminator   image and ten planes, 11 x 28 x 28   128 x 14 x 14   256 x 7 x 7   512 x 3 x 3   1

    D: 1/2 mean (D(x|y) - 1)^2 + 1/2 mean D(G(z|y)|y)^2         G: 1/2 mean (D(G(z|y)|y) - 1)^2

Generated images get the labels of the real ones in their batch. In the discriminator the label is a plane of ones
among planes of zeros, one per class, beside the channels of the image. Everything else is as in `dcgan-deep`: batch
norm in the generator only, LeakyReLU 0.1, dropout 0.3 after the first three convolutions of the discriminator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_steps import adam_pair, alternate
from reference_models.blocks.report_networks import enlarging, judging
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class CganConfig:
    width: int = 128  # report, section 1.1: 1024-512-256-128 and 128-256-512
    latent: int = 100  # CIS 680, section 2, part 1
    slope: float = 0.1  # report, section 1.1
    dropout: float = 0.3  # not given
    lr: float = 2e-4  # report, appendix B
    beta1: float = 0.5  # report, appendix B; guidelines of CIS 680
    beta2: float = 0.9  # report, appendix B
    batch_size: int = 64  # not given by the report; guidelines of CIS 680
    epochs: float = 10  # report, section 1.2

    def __post_init__(self) -> None:
        if min(self.width, self.latent) < 1 or self.lr <= 0 or not 0 <= self.dropout < 1:
            raise ModelError(f"width, latent and lr must be positive and dropout in [0, 1); got {self}")


class Generator(nn.Module):
    """Noise [b, latent] and labels [b] to images in [-1, 1]."""

    def __init__(self, config: CganConfig, shape: ImageShape, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.layers = nn.Sequential(*enlarging(config.latent + classes, config.width, config.slope, shape, "cgan"))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        return self.embedded(noise, functional.one_hot(labels, self.classes).to(noise.dtype))

    def embedded(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        """Images for rows [b, classes] in the place of the one-hot labels."""
        return self.layers(torch.cat([noise, embeddings], 1)[:, :, None, None])


class Discriminator(nn.Module):
    """Images in [-1, 1] and labels [b] to one number each, [b]."""

    def __init__(self, config: CganConfig, shape: ImageShape, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.layers = judging(shape.channels + classes, config.width, config.slope, config.dropout, shape, "cgan")

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        planes = functional.one_hot(labels, self.classes).to(images.dtype)[:, :, None, None]
        return self.layers(torch.cat([images, planes.expand(-1, -1, *images.shape[2:])], 1))


class Cgan(Model):
    def __init__(self, config: CganConfig, shape: ImageShape, classes: int) -> None:
        super().__init__()
        self.noise_dim, self.classes, self.embedding_dim = config.latent, classes, classes
        self.generator = Generator(config, shape, classes)
        self.discriminator = Discriminator(config, shape, classes)
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        assert batch.labels is not None
        real, y = to_float(batch.x), batch.labels
        return alternate(
            self.optimisers,
            self.discriminator,
            lambda: self.generator(torch.randn(len(real), self.noise_dim, device=real.device), y),
            lambda fake: least_squares_discriminator(self.discriminator(real, y), self.discriminator(fake, y)),
            lambda fake: 0.5 * least_squares_generator(self.discriminator(fake, y)),
        )

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            raise ModelError("cgan needs a label for each image; give labels")
        return to_uint8(self.generator(noise, labels))

    def class_embeddings(self) -> Tensor:
        """The one-hot labels: nothing about classes is learned in them, but the generator takes what lies between."""
        return torch.eye(self.classes, device=next(self.parameters()).device)

    def sample_embedded(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        return to_uint8(self.generator.embedded(noise, embeddings))


def build(config: CganConfig, shape: ImageShape, classes: int) -> Cgan:
    if classes < 2:
        raise ModelError(f"cgan needs two classes or more, the data have {classes}; use a labelled data set or dcgan")
    return Cgan(config, shape, classes)


SEED = CganConfig()

MODEL = ModelSpec(
    name="cgan",
    title="Conditional DCGAN, least squares",
    source="Mirza and Osindero 2014, arXiv 1411.1784; CIS 680 (2017) assignment 3, section 2; DTU report, section 1.2",
    task="class-conditional",
    recipes={
        "mnist": SEED,
        "celeba": replace(SEED, batch_size=128, epochs=4),  # 5,087 iterations; guidelines of CIS 680: 2,000 to 5,000
        "digits": replace(SEED, width=16, lr=1e-3, batch_size=32, epochs=60),  # 2,432 steps, minutes on two cores
        "default": SEED,
        "tiny": CganConfig(width=2, latent=5, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
