"""Spectral normalisation (Miyato, Kataoka, Koyama and Yoshida 2018, arXiv 1802.05957) of the discriminator.

Each weight matrix W of the discriminator (a convolution's as out x in h w) is divided by its largest singular value,

    W / sigma(W),   sigma(W) = u' W v,   v <- W' u / |W' u|,   u <- W v / |W v|        (their Algorithm 1)

with one power iteration each time that the discriminator works in training, u being kept between them (in the
checkpoint too). Its layers are then 1-Lipschitz as matrices. No batch norm in the discriminator; the generator keeps
its own. The loss is a choice:

    hinge           D: mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z)))     G: - mean D(G(z))        (equations 16, 17)
    cross-entropy   D: - mean log D(x) - mean log(1 - D(G(z)))              G: - mean log D(G(z))    (section 4)

The paper's unconditional results on CIFAR-10 have the second one, its hinge results are better still (Table 2).
One of the variants that CIS 680 (2017) assignment 3, section 2, part 3 lets choose from. The networks are those of
`blocks.networks`, after its guidelines. Different from the paper: real and generated images pass the discriminator
together, which without batch norm is the same and takes one power iteration instead of two.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from reference_models.blocks.gan_losses import (
    cross_entropy_discriminator,
    cross_entropy_generator,
    hinge_discriminator,
    hinge_generator,
)
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.guidelines import GRID_EVERY, guided_recipes
from reference_models.blocks.networks import discriminator, generator
from reference_models.loop.settings import require_positive
from reference_models.types import ImageShape, ModelSpec

LOSSES = {
    "hinge": (hinge_discriminator, hinge_generator),
    "cross-entropy": (cross_entropy_discriminator, cross_entropy_generator),
}


@dataclass(frozen=True)
class SnganConfig:
    loss: Literal["hinge", "cross-entropy"] = "hinge"  # Miyato et al., equations 16 and 17
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    lr: float = 2e-4  # Miyato et al., Table 1, setting C; guidelines: 1e-3 to 1e-4
    beta1: float = 0.5  # setting C; guidelines
    beta2: float = 0.999  # setting C
    discriminator_steps: int = 1  # setting C
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "width", "latent", "lr", "discriminator_steps")


def spectrally_normalised(network: nn.Module) -> nn.Module:
    """The network with every convolution and linear layer divided by its largest singular value."""
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            parametrizations.spectral_norm(layer)
    return network


class Sngan(GanPair):
    def __init__(self, config: SnganConfig, shape: ImageShape) -> None:
        judge = spectrally_normalised(discriminator(config.width, shape, "sngan", batch_norm=False))
        super().__init__(config.latent, generator(config.latent, config.width, shape, "sngan"), judge)
        self.discriminator_steps = config.discriminator_steps
        self.losses = LOSSES[config.loss]
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.losses[0](*self.discriminator(torch.cat([real, fake])).chunk(2))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.losses[1](self.discriminator(fake))


def build(config: SnganConfig, shape: ImageShape, classes: int) -> Sngan:
    return Sngan(config, shape)


SEED = SnganConfig()

MODEL = ModelSpec(
    name="sngan",
    title="GAN with spectral normalisation",
    source="Miyato et al. 2018, arXiv 1802.05957; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes=guided_recipes(SEED, tiny=SnganConfig(width=2, latent=5, batch_size=4, epochs=1)),
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
