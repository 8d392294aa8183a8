"""The networks of BigGAN: blocks, generator and discriminator (Brock et al. 2019, figure 15 and tables 4 to 6).

    generator       noise in equal chunks: the first makes the first map, each block gets one beside the embedding;
                    residual blocks with conditional batch norm, each doubling the side, self-attention after one
    discriminator   residual blocks, mirrored; sum over the places of the last map to h; linear(h) + embedding(y) . h

All weights but the generator's class embeddings are under spectral norm (Miyato et al. 2018) and start orthogonal
(Saxe et al. 2014). Maps start at a side of 4 to 7, the image's side halved while that is even.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from reference_models.errors import ModelError
from reference_models.types import ImageShape

EPS = 1e-4  # of batch norm, as in the released generators

# Channels of the generator's maps in multiples of the width, from the first map to the image's side, by the number of
# doublings; the discriminator has them in reverse. 24 to 48: as the ResNets of Miyato et al. 2018 for CIFAR-10, with
# equal widths, whose discriminator halves twice only. 128 and 256: Brock et al., tables 4 and 5. 64: between them.
CHANNELS = {
    2: (4, 4, 4),
    3: (4, 4, 4, 4),
    4: (16, 16, 8, 4, 2),
    5: (16, 16, 8, 4, 2, 1),
    6: (16, 16, 8, 8, 4, 2, 1),
}


@dataclass(frozen=True)
class Layout:
    """Sides of the generator's maps, first to last; channels of each; halvings of the discriminator; the side of the
    maps with self-attention (0: none)."""

    sides: tuple[int, ...]
    channels: tuple[int, ...]
    halvings: int
    attention: int


def layout(shape: ImageShape, width: int, attention: int) -> Layout:
    """The maps for images of a shape; ModelError where it cannot be halved down to 4..7 or is too small or large."""
    sides = [shape.height]
    while sides[0] % 2 == 0 and sides[0] >= 8:
        sides.insert(0, sides[0] // 2)
    doublings = len(sides) - 1
    if shape.height != shape.width or sides[0] > 7 or doublings not in CHANNELS:
        raise ModelError(
            f"biggan cannot make {shape.height}x{shape.width} images; it needs a square side that halves two to six "
            "times down to 4..7 (24, 28, 32, 48, 64, 96, 128, 256); prepare the data set at such a size"
        )
    inner = sides[1:-1]
    place = max((side for side in inner if side <= attention), default=0)
    if attention and not place:
        raise ModelError(
            f"attention={attention}: the maps have sides {inner}; give one of these or more, or 0 for none"
        )
    channels = tuple(width * multiple for multiple in CHANNELS[doublings])
    return Layout(tuple(sides), channels, doublings if doublings > 3 else 2, place)


def spectral(layer: nn.Module) -> nn.Module:
    """The layer with an orthogonal weight, a bias of 0 and spectral norm."""
    nn.init.orthogonal_(layer.weight)  # type: ignore[arg-type]
    if getattr(layer, "bias", None) is not None:
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return parametrizations.spectral_norm(layer)


def conv(before: int, after: int, kernel: int, bias: bool = True) -> nn.Module:
    """Convolution that keeps the side."""
    return spectral(nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=bias))


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose gain and bias are linear in a condition [b, d]: (1 + W c) norm(x) + V c."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=EPS, affine=False)
        self.gain = spectral(nn.Linear(condition, channels, bias=False))
        self.bias = spectral(nn.Linear(condition, channels, bias=False))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        gain, bias = 1 + self.gain(condition), self.bias(condition)
        return gain[:, :, None, None] * self.norm(x) + bias[:, :, None, None]


def _pointwise(before: int, after: int) -> nn.Module:
    return conv(before, after, 1, bias=False)


class SelfAttention(nn.Module):
    """Self-attention over the places of a map (Zhang et al. 2019): x + gamma o(sum_j softmax_j(theta_i . phi_j) g_j).

    As in the code of both papers phi and g are max-pooled by 2, theta and phi have 1/8 of the channels and g half of
    them. gamma starts at 0, so that the layer starts as the identity. `make(before, after)` makes a 1x1 convolution
    without bias.
    """

    def __init__(self, channels: int, make: Callable[[int, int], nn.Module] = _pointwise) -> None:
        super().__init__()
        few, half = max(1, channels // 8), max(1, channels // 2)
        self.theta, self.phi = make(channels, few), make(channels, few)
        self.g, self.o = make(channels, half), make(half, channels)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        queries = self.theta(x).flatten(2).mT  # b, h w, c / 8
        keys = functional.max_pool2d(self.phi(x), 2).flatten(2).mT  # b, h w / 4, c / 8
        values = functional.max_pool2d(self.g(x), 2).flatten(2).mT  # b, h w / 4, c / 2
        found = functional.scaled_dot_product_attention(queries, keys, values, scale=1.0)  # b, h w, c / 2
        return x + self.gamma * self.o(found.mT.unflatten(2, x.shape[2:]))


class UpBlock(nn.Module):
    """Figure 15b: twice the side; the way round it is upsampling and a 1x1 convolution."""

    def __init__(self, before: int, after: int, condition: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = ConditionalBatchNorm(before, condition), ConditionalBatchNorm(after, condition)
        self.conv1, self.conv2 = conv(before, after, 3), conv(after, after, 3)
        self.short = conv(before, after, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.conv1(_doubled(functional.relu(self.norm1(x, condition))))
        h = self.conv2(functional.relu(self.norm2(h, condition)))
        return h + _doubled(self.short(x))  # a 1x1 convolution may come first: the same, on a quarter of the places


class DownBlock(nn.Module):
    """Figure 15c: half the side by average pooling, or the same one. The first block starts without a ReLU, and a block
    that keeps side and channels has nothing on the way round it."""

    def __init__(self, before: int, after: int, halve: bool, first: bool = False) -> None:
        super().__init__()
        self.halve, self.first = halve, first
        self.conv1, self.conv2 = conv(before, after, 3), conv(after, after, 3)
        self.short = conv(before, after, 1) if halve or before != after else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv2(functional.relu(self.conv1(x if self.first else functional.relu(x))))
        if self.halve:
            h, x = functional.avg_pool2d(h, 2), functional.avg_pool2d(x, 2)
        return h + self.short(x)  # 1x1 convolution and averaging may change places


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2)


class Generator(nn.Module):
    """Noise [b, noise_dim] and class embeddings [b, embedding] to images in [-1, 1]."""

    def __init__(self, plan: Layout, shape: ImageShape, classes: int, embedding: int, chunk: int) -> None:
        super().__init__()
        self.start, self.chunk = (plan.channels[0], plan.sides[0], plan.sides[0]), chunk
        self.noise_dim = chunk * len(plan.channels)
        self.classes = nn.Embedding(classes, embedding)
        nn.init.orthogonal_(self.classes.weight)
        self.first = spectral(nn.Linear(chunk, plan.channels[0] * plan.sides[0] ** 2))
        self.blocks = nn.ModuleList()
        for (before, after), side in zip(pairwise(plan.channels), plan.sides[1:], strict=True):
            self.blocks.append(UpBlock(before, after, embedding + chunk))
            if side == plan.attention:
                self.blocks.append(SelfAttention(after))
        self.last = nn.Sequential(
            nn.BatchNorm2d(plan.channels[-1], eps=EPS), nn.ReLU(), conv(plan.channels[-1], shape.channels, 3), nn.Tanh()
        )

    def forward(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        first, *others = noise.split(self.chunk, 1)
        conditions = iter([torch.cat([embeddings, chunk], 1) for chunk in others])
        x = self.first(first).unflatten(1, self.start)
        for block in self.blocks:
            x = block(x, next(conditions)) if isinstance(block, UpBlock) else block(x)
        return self.last(x)


class Discriminator(nn.Module):
    """Images in [-1, 1] and labels [b] to one number each, [b]: linear(h) + embedding(y) . h (Miyato, Koyama 2018)."""

    def __init__(self, plan: Layout, shape: ImageShape, classes: int) -> None:
        super().__init__()
        channels, side = (shape.channels, *reversed(plan.channels)), shape.height
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise(channels)):
            halve = place < plan.halvings
            layers.append(DownBlock(before, after, halve, first=place == 0))
            side //= 2 if halve else 1
            if halve and side == plan.attention:
                layers.append(SelfAttention(after))
        self.layers = nn.Sequential(*layers, nn.ReLU())
        self.linear = spectral(nn.Linear(channels[-1], 1))
        self.classes = spectral(nn.Embedding(classes, channels[-1]))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        h = self.layers(images).sum((2, 3))  # b, c
        return self.linear(h)[:, 0] + (self.classes(labels) * h).sum(1)
