"""Exponential moving average of the weights of a network, in a second network of the same class.

    average <- decay average + (1 - decay) weights          after every step (Karras et al. 2018)

The decay of step t is min(decay, (1 + t) / (10 + t)), as TensorFlow's averages have it: early weights are forgotten
quickly, however few steps follow. The second network is a part of the model, so that a checkpoint holds it.

Parameters are averaged and nothing else: neither means of batch statistics nor of singular vectors are right for mean
weights. A model whose networks have batch norm or spectral norm passes a batch through the average after every step, in
training mode, which gives it statistics and power iterations of its own; `collect_statistics` makes the first anew.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def start_average(average: nn.Module, network: nn.Module) -> None:
    """Make `average` a copy of `network`, without gradients."""
    average.load_state_dict(network.state_dict())
    average.requires_grad_(False)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move the parameters of `average` towards those of `network`; `step` counts from 0."""
    share = 1 - min(decay, (1 + step) / (10 + step))
    for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(weight, share)


@torch.no_grad()
def collect_statistics(network: nn.Module, runs: Iterable[tuple[Tensor, ...]]) -> None:
    """Batch norm gets the means of its statistics over these runs of the network, one tuple of inputs each.

    As Brock et al. 2019, appendix C.1, who call them standing statistics. The network is afterwards in evaluation mode.
    """
    norms = [layer for layer in network.eval().modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train().reset_running_stats()
        norm.momentum = None  # a plain mean
    for inputs in runs:
        network(*inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.eval().momentum = momentum
