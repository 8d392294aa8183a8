"""Gradients of a discriminator in its images, for the penalties on them.

u = a x + (1 - a) G(z), a uniform in (0, 1) for each pair      the images between (Gulrajani et al. 2017)
|grad D(u)|                                                    their slopes; what they should be is the model's choice
"""

import torch
from torch import Tensor, nn


def between(real: Tensor, fake: Tensor) -> Tensor:
    """Images [b, c, h, w], each at a place of its own drawn uniformly on the line from a real to a generated one."""
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    return share * real + (1 - share) * fake


def squared_slopes(discriminator: nn.Module, images: Tensor) -> Tensor:
    """|grad D|^2 [b] at these images [b, c, h, w]; gradients pass through to the weights."""
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return (gradient**2).sum((1, 2, 3))
