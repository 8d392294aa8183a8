"""Two techniques of "Improved techniques for training GANs" (Salimans et al. 2016, arXiv 1606.03498), each a switch.

`feature_matching` (section 3.1): the generator no longer aims at D but at the features f of D,

    G: |mean f(x) - mean f(G(z))|^2        means over the batch, summed over the features

`minibatch_discrimination` (section 3.2): D sees how alike the images of its batch are. With f(x_i) of A numbers and a
tensor T of A x B x C, M_i = f(x_i) T has B rows of C numbers, and B numbers more go into the last layer of D for each
image:

    c_b(x_i, x_j) = exp(- |M_ib - M_jb|_1)        o(x_i)_b = sum over j of c_b(x_i, x_j)

The sum holds j = i, a constant 1, as the paper writes it. Real and generated images are batches of their own.
Without feature matching the losses are those of the cross entropy with the generator that does not saturate,

    D: - mean log D(x) - mean log(1 - D(G(z)))        G: - mean log D(G(z))

With both switched off this is a plain DCGAN. The paper finds minibatch discrimination better for images, so it is on
and feature matching off. f is the last feature map of `blocks.networks`, whose networks these are, after the
guidelines of CIS 680 (2017) assignment 3 (its section 2, part 3 names the two techniques), but for the discriminator's
batch norm. Through that the images of a batch know of each other already (the paper's section 3.4 replaces it for this
reason), and with it and minibatch discrimination the generator was lost on the way in two trials on digits. T starts as
N(0, 1/A), so that its columns have length 1, as the authors' code keeps them. The paper's other ones are not here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_losses import cross_entropy_discriminator, cross_entropy_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.guidelines import GRID_EVERY, guided_recipes
from reference_models.blocks.networks import feature_count, features, generator
from reference_models.loop.settings import require_positive
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class ImprovedGanConfig:
    feature_matching: bool = False  # Salimans et al., section 3.1
    minibatch_discrimination: bool = True  # Salimans et al., section 3.2
    kernels: int = 100  # B in the authors' code for CIFAR-10
    kernel_dim: int = 5  # C in the authors' code
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    lr: float = 2e-4  # guidelines: 1e-3 to 1e-4; authors' code: 3e-4
    beta1: float = 0.5  # guidelines; authors' code
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "kernels", "kernel_dim", "width", "latent", "lr")


class MinibatchDiscrimination(nn.Module):
    """Features [b, a] to the closeness [b, kernels] of each row to all rows of the batch, itself included."""

    def __init__(self, count: int, kernels: int, kernel_dim: int) -> None:
        super().__init__()
        self.size = (kernels, kernel_dim)
        self.tensor = nn.Parameter(torch.randn(count, kernels * kernel_dim) / count**0.5)

    def forward(self, rows: Tensor) -> Tensor:
        m = (rows @ self.tensor).unflatten(1, self.size)  # b, B, C
        distances = (m[:, None] - m[None]).abs().sum(3)  # b, b, B
        return (-distances).exp().sum(1)


class Discriminator(nn.Module):
    """Images [b, c, h, w] in [-1, 1] to one number each, [b]."""

    def __init__(self, config: ImprovedGanConfig, shape: ImageShape) -> None:
        super().__init__()
        self.features = nn.Sequential(*features(config.width, shape, "improved-gan", batch_norm=False))
        count = feature_count(config.width, shape, "improved-gan")
        self.closeness: MinibatchDiscrimination | None = None
        if config.minibatch_discrimination:
            self.closeness = MinibatchDiscrimination(count, config.kernels, config.kernel_dim)
            count += config.kernels
        self.last = nn.Linear(count, 1)

    def forward(self, images: Tensor) -> Tensor:
        rows = self.features(images)
        if self.closeness is not None:
            rows = torch.cat([rows, self.closeness(rows)], 1)
        return self.last(rows).flatten()


def feature_matching_loss(real: Tensor, fake: Tensor) -> Tensor:
    """|mean f(x) - mean f(G(z))|^2 for features [b, a] of real and of generated images."""
    return ((real.mean(0) - fake.mean(0)) ** 2).sum()


class ImprovedGan(GanPair):
    def __init__(self, config: ImprovedGanConfig, shape: ImageShape) -> None:
        judge = Discriminator(config, shape)
        super().__init__(config.latent, generator(config.latent, config.width, shape, "improved-gan"), judge)
        self.feature_matching = config.feature_matching
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return cross_entropy_discriminator(self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        if self.feature_matching:
            return feature_matching_loss(self.discriminator.features(real), self.discriminator.features(fake))
        return cross_entropy_generator(self.discriminator(fake))


def build(config: ImprovedGanConfig, shape: ImageShape, classes: int) -> ImprovedGan:
    return ImprovedGan(config, shape)


SEED = ImprovedGanConfig()
TINY = ImprovedGanConfig(feature_matching=True, kernels=3, kernel_dim=2, width=2, latent=5, batch_size=4)

MODEL = ModelSpec(
    name="improved-gan",
    title="GAN with minibatch discrimination or feature matching",
    source="Salimans et al. 2016, arXiv 1606.03498; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes=guided_recipes(SEED, TINY),
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
