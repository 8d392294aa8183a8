"""A generator and a discriminator that take turns: what the GANs share that differ in their networks and losses only.

A model gives its two networks and its two losses, functions of real and of generated images; the step is Algorithm 1 as
`gan_steps` has it. A model whose step is another one takes its parts and writes its own `train_step`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_steps import alternate, update_generator
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, Model


class GanPair(Model):
    """A generator of images from noise and a network that judges them; the objective is the subclass's."""

    discriminator_steps: int = 1  # updates of the discriminator for one of the generator

    def __init__(self, latent: int, generator: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        self.noise_dim = latent
        self.generator = generator
        self.discriminator = discriminator

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises, for images [b, c, h, w] in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} has no discriminator_loss")

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator minimises, for images [b, c, h, w] in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} has no generator_loss")

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real = to_float(batch.x)
        return alternate(
            self.optimisers,
            self.discriminator,
            lambda: self.generate_like(real),
            lambda fake: self.discriminator_loss(real, fake),
            lambda fake: self.generator_loss(real, fake),
            self.discriminator_steps,
        )

    def update_generator(self, real: Tensor) -> Tensor:
        """The generator's half of a step, with new noise; its loss, detached."""
        return update_generator(
            self.optimisers,
            self.discriminator,
            lambda: self.generate_like(real),
            lambda fake: self.generator_loss(real, fake),
        )

    def generate_like(self, real: Tensor) -> Tensor:
        """Images in [-1, 1] for new noise, as many as `real` [b, c, h, w] and on its device."""
        return self.generator(torch.randn(len(real), self.noise_dim, device=real.device))

    @torch.no_grad()
    def generate_for_discriminator(self, real: Tensor) -> Tensor:
        """The same without gradients: an update of the discriminator needs none in the generator."""
        return self.generate_like(real)

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return to_uint8(self.generator(noise))
