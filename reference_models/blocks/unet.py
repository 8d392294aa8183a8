"""The U-Net of Ho, Jain and Abbeel 2020 (arXiv 2006.11239, appendix B): images and a time to numbers of their shape.

For 32 x 32 and the defaults, 35,746,307 parameters:

    down     128 x 32 x 32   256 x 16 x 16   256 x 8 x 8   256 x 4 x 4      two residual blocks each, then stride 2
    middle   residual block, self-attention, residual block
    up       the same sides back, three residual blocks each, which are also given what the way down made of that side

A residual block is twice group norm, SiLU and a convolution; the time is added between the two, as sinusoids behind two
linear layers. Self-attention with one head stands behind the blocks of one side. The last convolution of each residual
block, attention and of the network start at 0, as in the authors' code, so that the network starts as a shortcut that
answers 0.

Groups of the norm are 32, but of four channels or more: narrow networks have fewer of them. Odd sides are halved
upwards, so any image fits. `patch` makes one place out of patch x patch pixels at the input, and pixels again at the
output (Luhman and Luhman 2022, arXiv 2207.04316): each layer then takes patch^2 times less work.
"""

from dataclasses import dataclass
from math import gcd, log

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.errors import ModelError
from reference_models.loop.settings import require_positive
from reference_models.types import ImageShape

GROUPS, GROUP = 32, 4  # groups of a norm at most, and channels of each at least
LONGEST = 10_000  # of the wave lengths of the time: Vaswani et al. 2017, section 3.5


@dataclass(frozen=True)
class UNetConfig:
    """What a model with this network lets choose; the numbers are those of Ho et al. 2020, appendix B, for CIFAR-10."""

    width: int = 128  # channels of the first side; from the authors' code
    multipliers: tuple[int, ...] = (1, 2, 2, 2)  # channels of each side, by width
    level_blocks: int = 2  # residual blocks of each side on the way down; one more on the way up
    attention: int = 16  # at the largest side that is not above it, and in the middle; 0: nowhere
    patch: int = 1  # Luhman and Luhman 2022; 1: none
    dropout: float = 0.1  # in each residual block
    average: float = 0.9999  # decay of the moving average of the weights, from which is sampled
    lr: float = 2e-4  # Adam
    batch_size: int = 128
    epochs: float = 2_048  # 800,000 steps on CIFAR-10

    def __post_init__(self) -> None:
        require_positive(self, "width", "level_blocks", "patch", "lr")
        if not self.multipliers or min(self.multipliers) < 1:
            raise ModelError(f"multipliers {self.multipliers}; expected whole numbers above 0, such as 1,2,2")
        if self.attention < 0:
            raise ModelError(f"attention {self.attention}; expected a side such as 16, or 0 for none")
        for name in ("dropout", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise ModelError(f"{name} {getattr(self, name)}; expected a share from 0 to less than 1")


class UNet(nn.Module):
    """Images [b, c, h, w] and times [b], about 0 to 1000, to numbers [b, c, h, w]."""

    def __init__(self, config: UNetConfig, shape: ImageShape, model: str) -> None:
        super().__init__()
        if shape.height % config.patch or shape.width % config.patch:
            raise ModelError(
                f"{model} cannot make {shape.height}x{shape.width} images out of patches of {config.patch}; choose a "
                "patch that divides both sides, or 1 for none"
            )
        self.patch, self.waves = config.patch, max(config.width // 2, 1)
        widths, attended = [config.width * times for times in config.multipliers], _attended(config, shape)
        channels, embedding = shape.channels * config.patch**2, 4 * config.width
        self.time = nn.Sequential(
            nn.Linear(2 * self.waves, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU()
        )
        self.first = nn.Conv2d(channels, config.width, 3, padding=1)

        def block(before: int, after: int, attention: bool) -> Block:
            return Block(before, after, embedding, config.dropout, attention=attention)

        now, made = config.width, [config.width]  # channels here, and of each map that the way up is given
        self.down = nn.ModuleList()
        for level, after in enumerate(widths):
            if level:
                self.down.append(nn.Conv2d(now, now, 3, 2, 1))
                made.append(now)
            for _ in range(config.level_blocks):
                self.down.append(block(now, after, level == attended))
                made.append(now := after)
        self.middle = nn.ModuleList([block(now, now, config.attention > 0), block(now, now, False)])
        self.up = nn.ModuleList()
        for level, after in reversed(list(enumerate(widths))):
            for _ in range(config.level_blocks + 1):
                self.up.append(block(now + made.pop(), after, level == attended))
                now = after
            if level:
                self.up.append(nn.Conv2d(now, now, 3, padding=1))
        self.last = nn.Sequential(_norm(now), nn.SiLU(), _at_0(nn.Conv2d(now, channels, 3, padding=1)))

    def forward(self, images: Tensor, times: Tensor) -> Tensor:
        time = self.time(sinusoids(times, self.waves))  # b embedding
        maps = self.first(functional.pixel_unshuffle(images, self.patch))
        made = [maps]
        for layer in self.down:
            maps = layer(maps, time) if isinstance(layer, Block) else layer(maps)
            made.append(maps)
        for layer in self.middle:
            maps = layer(maps, time)
        for layer in self.up:
            if isinstance(layer, Block):
                maps = layer(torch.cat([maps, made.pop()], dim=1), time)
            else:
                maps = layer(functional.interpolate(maps, size=made[-1].shape[2:]))
        return functional.pixel_shuffle(self.last(maps), self.patch)


class Block(nn.Module):
    """A residual block with the time in its middle, and self-attention behind it where this is asked for."""

    def __init__(self, before: int, after: int, embedding: int, dropout: float, *, attention: bool) -> None:
        super().__init__()
        self.first = nn.Sequential(_norm(before), nn.SiLU(), nn.Conv2d(before, after, 3, padding=1))
        self.time = nn.Linear(embedding, after)
        last = _at_0(nn.Conv2d(after, after, 3, padding=1))
        self.second = nn.Sequential(_norm(after), nn.SiLU(), nn.Dropout(dropout), last)
        self.shortcut = nn.Conv2d(before, after, 1) if before != after else nn.Identity()
        self.attention = Attention(after) if attention else nn.Identity()

    def forward(self, maps: Tensor, time: Tensor) -> Tensor:
        h = self.first(maps) + self.time(time)[:, :, None, None]
        return self.attention(self.shortcut(maps) + self.second(h))


class Attention(nn.Module):
    """Each place gets the mean of the values of all places, weighed by softmax(query key / sqrt(channels))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.query, self.key, self.value = (nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.out = _at_0(nn.Conv2d(channels, channels, 1))

    def forward(self, maps: Tensor) -> Tensor:
        h = self.norm(maps)
        query, key, value = (layer(h).flatten(2) for layer in (self.query, self.key, self.value))  # b c hw
        weights = torch.softmax(query.transpose(1, 2) @ key / maps.shape[1] ** 0.5, dim=2)  # b hw hw
        return maps + self.out((value @ weights.transpose(1, 2)).unflatten(2, maps.shape[2:]))


def sinusoids(times: Tensor, waves: int) -> Tensor:
    """Sines and cosines [b, 2 waves] of times [b], their lengths from 2 pi to 2 pi LONGEST."""
    places = torch.arange(waves, device=times.device, dtype=torch.float32) / max(waves - 1, 1)
    angles = times[:, None].float() * torch.exp(-log(LONGEST) * places)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _attended(config: UNetConfig, shape: ImageShape) -> int:
    """The level at which attention stands: that of the largest side not above what is asked for; -1: none."""
    side = max(shape.height, shape.width) // config.patch
    for level in range(len(config.multipliers)):
        if side <= config.attention:
            return level
        side = -(-side // 2)
    return -1


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(gcd(GROUPS, max(channels // GROUP, 1), channels), channels, eps=1e-6)


def _at_0(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with weights of 0; its biases are 0 too."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
