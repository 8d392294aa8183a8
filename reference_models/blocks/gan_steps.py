"""One step of Algorithm 1: the discriminator first, then the generator against it with noise of its own.

This is the order of Goodfellow et al. 2014 (Algorithm 1) and of the assignments that print it. The losses belong to the
models and come in as functions of a batch of generated images.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reference_models.blocks.steps import frozen, update


def adam_pair(
    generator: nn.Module,
    discriminator: nn.Module,
    lr: float,
    beta1: float,
    beta2: float,
    discriminator_lr: float | None = None,
) -> dict[str, Optimizer]:
    """An Adam for each of the two networks, named "generator" and "discriminator"; one learning rate, or two."""
    betas, lr_d = (beta1, beta2), lr if discriminator_lr is None else discriminator_lr
    return {
        "generator": torch.optim.Adam(generator.parameters(), lr=lr, betas=betas, fused=True),
        "discriminator": torch.optim.Adam(discriminator.parameters(), lr=lr_d, betas=betas, fused=True),
    }


def update_discriminator(
    optimisers: Mapping[str, Optimizer], generate: Callable[[], Tensor], loss: Callable[[Tensor], Tensor]
) -> Tensor:
    """One update of the discriminator; its loss, detached. `loss` is a function of the images that `generate` draws."""
    with torch.no_grad():
        fake = generate()
    value = loss(fake)
    update(optimisers["discriminator"], value)
    return value.detach()


def update_generator(
    optimisers: Mapping[str, Optimizer],
    discriminator: nn.Module,
    generate: Callable[[], Tensor],
    loss: Callable[[Tensor], Tensor],
) -> Tensor:
    """One update of the generator against a discriminator that stays as it is; its loss, detached."""
    with frozen(discriminator):
        value = loss(generate())
        update(optimisers["generator"], value)
    return value.detach()


def alternate(
    optimisers: Mapping[str, Optimizer],
    discriminator: nn.Module,
    generate: Callable[[], Tensor],
    discriminator_loss: Callable[[Tensor], Tensor],
    generator_loss: Callable[[Tensor], Tensor],
    discriminator_steps: int = 1,
) -> dict[str, Tensor]:
    """Update the discriminator `discriminator_steps` times and the generator once; both (last) losses, detached.

    `generate()` draws new noise and returns the images for it; each of the two losses is a function of such images.
    """
    for _ in range(discriminator_steps):
        loss_d = update_discriminator(optimisers, generate, discriminator_loss)
    return {
        "generator": update_generator(optimisers, discriminator, generate, generator_loss),
        "discriminator": loss_d,
    }
