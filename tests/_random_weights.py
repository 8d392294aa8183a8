"""Random weights of the FID Inception, so that architecture and arithmetic are checked without a download.

Kaiming-normal convolutions and batch norms that do something. Their running statistics are those of a few random
images, as after training: with torch's defaults, or with any fixed numbers, the features of any two images are equal
to two digits, and every comparison of distances is one of rounding errors.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from metrics.extractors._inception import FIDInception


def random_images(seed: int, count: int, height: int, width: int) -> np.ndarray:
    """uint8 [count, 3, height, width]: coloured blobs of many scales under a little noise, unlike each other."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.zeros(count, 3, height, width)
    for cells in (2, 5, 11):
        grid = torch.randn(count, 3, cells, cells, generator=generator)
        pixels += nn.functional.interpolate(grid, (height, width), mode="bilinear", align_corners=False)
    pixels += 0.2 * torch.randn(pixels.shape, generator=generator)
    return (127.5 + 50 * pixels).clamp(0, 255).to(torch.uint8).numpy()


def random_state(seed: int = 0) -> dict[str, torch.Tensor]:
    """A state dict in the layout of torch-fidelity's and pytorch-fid's public files, from a seed."""
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        network = FIDInception()
    network.to_empty(device="cpu")
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu", generator=generator)
        elif name.endswith("weight"):
            nn.init.uniform_(parameter, 0.7, 1.4, generator=generator)
        else:
            nn.init.uniform_(parameter, -0.2, 0.2, generator=generator)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # they become those of the one batch below
    pixels = torch.from_numpy(random_images(seed, 4, 107, 107)).float()
    with torch.no_grad():
        network.train()((pixels - 128) / 128)
    return network.state_dict()


def write_torch_fidelity(path: Path, state: dict[str, torch.Tensor] | None = None) -> Path:
    """The weights as torch-fidelity publishes them: every key, the counters of batch norm among them."""
    torch.save(state or random_state(), path)
    return path


def write_pytorch_fid(path: Path, state: dict[str, torch.Tensor] | None = None) -> Path:
    """The same weights as older versions of torch saved them: without the counters of batch norm."""
    state = state or random_state()
    torch.save({key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}, path)
    return path
