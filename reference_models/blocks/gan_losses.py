"""The losses of the generative adversarial networks that the models share.

Least squares (Mao et al. 2017, arXiv 1611.04076, equation 9 with a = 0, b = c = 1), as Algorithm 1 of the assignments
on Fashion-MNIST and emojis writes it:

    J(D) = 1/2m sum (D(x) - 1)^2 + 1/2m sum D(G(z))^2
    J(G) = 1/m sum (D(G(z)) - 1)^2

Mao et al. have 1/2 before J(G) too; a model that follows them multiplies it itself.

Cross entropy (Goodfellow et al. 2014, arXiv 1406.2661, with the generator of their section 3 that does not saturate):

    J(D) = - mean log D(x) - mean log(1 - D(G(z)))
    J(G) = - mean log D(G(z))

The sigmoid of D is taken inside the logarithm: the functions are given the number before it, and do not overflow.

Hinge (Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, equations 16 and 17):

    J(D) = mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z)))
    J(G) = - mean D(G(z))

The pull-away term (Zhao et al. 2017, arXiv 1609.03126, section 2.4) keeps the codes S of a batch of N generated images
apart:

    f_PT(S) = 1 / (N (N - 1)) sum over i and j != i of (S_i . S_j / (|S_i| |S_j|))^2
"""

from torch import Tensor
from torch.nn import functional


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """1/2 mean (D(x) - 1)^2 + 1/2 mean D(G(z))^2 for the discriminator's numbers [b] for real and generated images."""
    return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()


def least_squares_generator(fake: Tensor) -> Tensor:
    """Mean (D(G(z)) - 1)^2 for the discriminator's numbers [b] for generated images."""
    return ((fake - 1) ** 2).mean()


def cross_entropy_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """- mean log D(x) - mean log(1 - D(G(z))) for logits [b] of real and of generated images."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def cross_entropy_generator(fake: Tensor) -> Tensor:
    """- mean log D(G(z)) for logits [b] of generated images."""
    return functional.softplus(-fake).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z))) for the discriminator's numbers [b]."""
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """- mean D(G(z)) for the discriminator's numbers [b] for generated images."""
    return -fake.mean()


def pull_away_term(codes: Tensor) -> Tensor:
    """Mean squared cosine between the codes [b, code] of two different images; b is 2 or more."""
    directions = functional.normalize(codes, dim=1)
    squares = (directions @ directions.T) ** 2
    return (squares.sum() - squares.diagonal().sum()) / (len(codes) * (len(codes) - 1))
