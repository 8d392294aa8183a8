"""What the training step of nearly every model needs: one update, frozen networks, normal initialisation."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.optim import Optimizer


def update(optimiser: Optimizer, loss: Tensor) -> None:
    """One step of the optimiser down the gradient of the loss."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Gradients pass through these networks to their inputs but are not computed for their weights."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


def initialise_normal(network: nn.Module, std: float) -> None:
    """Weights of convolutions ~ N(0, std), of batch norm ~ N(1, std), biases 0 (Radford et al. 2016, std 0.02)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, std)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, std)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
