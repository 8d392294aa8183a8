"""The losses of the generative adversarial networks that three models or more share.

Least squares (Mao et al. 2017, arXiv 1611.04076, equation 9 with a = 0, b = c = 1), as Algorithm 1 of the assignments
on Fashion-MNIST and emojis writes it:

    J(D) = 1/2m sum (D(x) - 1)^2 + 1/2m sum D(G(z))^2
    J(G) = 1/m sum (D(G(z)) - 1)^2

Mao et al. have 1/2 before J(G) too; a model that follows them multiplies it itself.
"""

from torch import Tensor


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """1/2 mean (D(x) - 1)^2 + 1/2 mean D(G(z))^2 for the discriminator's numbers [b] for real and generated images."""
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()


def least_squares_generator(fake: Tensor) -> Tensor:
    """Mean (D(G(z)) - 1)^2 for the discriminator's numbers [b] for generated images."""
    return ((fake - 1) ** 2).mean()
