"""StyleGAN2 (Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv 1912.04958) for small images.

    G: mean log(1 + exp(-D(G(z))))        D: mean log(1 + exp(-D(x))) + mean log(1 + exp(D(G(z))))

Their configuration F, by hand and with few channels. A mapping network turns z into w; from a learned map, layers that
w modulates draw larger and larger ones, each with noise of its own; images of all sizes are enlarged and added up:

    w'_ijk = s_i w_ijk,   w''_ijk = w'_ijk / sqrt(sum over i and k of w'_ijk^2)                   (equations 1 and 3)

s, an affine function of w, scales the inputs of a convolution, and the demodulation its outputs, which is the same. The
discriminator has residual blocks, and the standard deviation over groups of 4 images before its last convolution. All
weights are drawn from N(0, 1) and scaled when they are used (Karras et al. 2018). Two penalties are computed in some
steps only and weigh as many times more (section 3.1):

    R1            gamma / 2 mean |grad D(x)|^2                          every 16 steps (Mescheder et al. 2018)
    path length   mean (|J' y| - a)^2,   J the slopes of G in w,   y ~ N(0, I)        every 4 steps (equation 4)

a is a running mean of |J' y|, a buffer, and the penalty is computed on half of a batch. The learning rate and the betas
of Adam make up for the additional steps (their appendix B). Images are made by a running mean of the generator.

A row of noise is z and then the noise of all layers, so that an image depends on its row only. Different from the
paper: fewer channels, one w for all layers in training (no style mixing), the filter that enlarges is clamped at
borders, and path length every 4 steps as in the authors' code instead of 8.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.averages import start_average, update_average
from reference_models.blocks.gan_losses import cross_entropy_discriminator, cross_entropy_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gradient_penalty import squared_slopes
from reference_models.blocks.steps import update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, ModelSpec

SLOPE, GAIN = 0.2, sqrt(2)  # of leaky ReLU, and what keeps the variance behind it (the authors' code)
GROUP = 4  # images whose standard deviation the discriminator sees (Karras et al. 2018; authors' code)
PATH_DECAY = 0.01  # appendix B: of the running mean of path lengths
EPSILON = 1e-8


@dataclass(frozen=True)
class Stylegan2SmallConfig:
    width: int = 64  # channels of the largest map, twice as many for each halving, up to 8 times; paper: 512
    latent: int = 512  # Karras et al. 2019, section 2: z and w
    mapping_layers: int = 8  # the same
    mapping_rate: float = 0.01  # Karras et al. 2019, appendix C: share of the learning rate
    r1_weight: float = 0.1  # gamma; paper: 10 for 1024x1024; authors' later code: 0.01 for 32x32
    r1_every: int = 16  # appendix B
    path_weight: float = 2.0  # authors' code
    path_every: int = 4  # authors' code; appendix B: 8
    average: float = 0.998  # authors' code: half of the mean is of the last 10,000 images, 312 batches
    lr: float = 2e-3  # appendix B
    beta1: float = 0.0  # appendix B
    beta2: float = 0.99  # appendix B
    batch_size: int = 32  # appendix B
    epochs: float = 500  # not given for small images; 25,000 thousand images of FFHQ are 357

    def __post_init__(self) -> None:
        require_positive(self, "width", "latent", "mapping_layers", "mapping_rate", "r1_every", "path_every", "lr")
        if min(self.r1_weight, self.path_weight) < 0:
            raise ModelError(f"r1_weight and path_weight must not be negative; got {self}")
        if not 0 <= self.average < 1:
            raise ModelError(f"average {self.average}; expected a decay in [0, 1), such as 0.999")


def plan(shape: ImageShape, width: int) -> tuple[list[int], list[int]]:
    """Sides of the maps from the small end to the large one, and the channels at each of them."""
    sides = [shape.height]
    while sides[0] % 2 == 0 and sides[0] >= 8:
        sides.insert(0, sides[0] // 2)
    if shape.height != shape.width or not 4 <= sides[0] <= 7 or len(sides) < 2:
        raise ModelError(
            f"stylegan2-small cannot make {shape.height}x{shape.width} images; it needs a square side that halves down "
            "to 4..7 (16, 24, 28, 32, 48, 64, 128); prepare the data set at such a size"
        )
    return sides, [width * min(2**level, 8) for level in reversed(range(len(sides)))]


# ----- layers


class Linear(nn.Module):
    """A matrix with weights ~ N(0, 1), scaled by 1 / sqrt(inputs); `rate` is its share of the learning rate."""

    def __init__(self, before: int, after: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before) / rate)
        self.bias = nn.Parameter(torch.full((after,), bias / rate))
        self.scale, self.rate = rate / sqrt(before), rate

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.scale * self.weight, self.rate * self.bias)


class Convolution(nn.Module):
    """A convolution with weights ~ N(0, 1), scaled by 1 / sqrt(inputs x kernel^2); with `halved` to half of the side,
    behind a filter."""

    def __init__(self, before: int, after: int, kernel: int, halved: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None
        self.scale, self.halved = 1 / sqrt(before * kernel**2), halved

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        if self.halved:
            return functional.conv2d(blurred(x, (kernel + 1) // 2), self.scale * self.weight, self.bias, stride=2)
        return functional.conv2d(x, self.scale * self.weight, self.bias, padding=kernel // 2)


class Modulated(nn.Module):
    """A convolution whose inputs w scales, image by image, and whose outputs have the size that they had without; with
    `doubled` to twice the side, before a filter."""

    def __init__(
        self, before: int, after: int, kernel: int, latent: int, demodulate: bool = True, doubled: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.style = Linear(latent, before, bias=1.0)
        self.scale, self.demodulate, self.doubled = 1 / sqrt(before * kernel**2), demodulate, doubled

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style, weight = self.style(w), self.scale * self.weight
        x = x * style[:, :, None, None]
        if self.doubled:  # to one more than twice the side, of which the filter takes one away
            y = blurred(functional.conv_transpose2d(x, 4 * weight.transpose(0, 1), stride=2), 1)
        else:
            y = functional.conv2d(x, weight, padding=weight.shape[-1] // 2)
        return y * demodulation(weight, style)[:, :, None, None] if self.demodulate else y


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    """1 / |s w| for each output of a kernel [out, in, k, k] modulated by styles [b, in]: [b, out]."""
    return ((style**2) @ (weight**2).sum((2, 3)).T + EPSILON).rsqrt()


class Styled(nn.Module):
    """A modulated convolution, noise of a learned strength, a bias and leaky ReLU."""

    def __init__(self, before: int, after: int, latent: int, doubled: bool = False) -> None:
        super().__init__()
        self.convolution = Modulated(before, after, 3, latent, doubled=doubled)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(after, 1, 1))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        return leaky(self.convolution(x, w) + self.strength * noise + self.bias)


class GroupDeviation(nn.Module):
    """One more map: the standard deviation over images of a group, mean over the values of an image."""

    def forward(self, x: Tensor) -> Tensor:
        group = next(size for size in range(min(GROUP, len(x)), 0, -1) if len(x) % size == 0)
        groups = x.reshape(group, -1, *x.shape[1:])  # image i stands with i + b / group, ...
        deviation = (groups.var(0, correction=0) + EPSILON).sqrt().mean((1, 2, 3))  # [b / group]
        return torch.cat([x, deviation.repeat(group)[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def leaky(x: Tensor) -> Tensor:
    return GAIN * functional.leaky_relu(x, SLOPE)


def blurred(x: Tensor, padding: int) -> Tensor:
    """Each map [b, c, h, w] through the filter 1 3 3 1 in both directions, before every second place is taken."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0], device=x.device) / 8
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 4, 4).to(x.dtype)
    return functional.conv2d(x, kernel, padding=padding, groups=x.shape[1])


def enlarged(x: Tensor) -> Tensor:
    """Maps of twice the side, by the filter 1 3 3 1."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


# ----- networks


class Generator(nn.Module):
    """Rows of noise [b, `noise_dim`] to images [b, c, h, w], about within [-1, 1]."""

    def __init__(self, config: Stylegan2SmallConfig, shape: ImageShape) -> None:
        super().__init__()
        sides, channels = plan(shape, config.width)
        latent = config.latent
        self.latent = latent
        self.sides = [sides[0], *(side for side in sides[1:] for _ in range(2))]  # of the maps of the layers
        self.noise_dim = latent + sum(side**2 for side in self.sides)
        self.mapping = nn.ModuleList(
            Linear(latent, latent, rate=config.mapping_rate) for _ in range(config.mapping_layers)
        )
        self.start = nn.Parameter(torch.randn(channels[0], sides[0], sides[0]))
        self.layers = nn.ModuleList([Styled(channels[0], channels[0], latent)])
        for before, after in pairwise(channels):
            self.layers += [Styled(before, after, latent, doubled=True), Styled(after, after, latent)]
        self.to_image = nn.ModuleList(
            Modulated(count, shape.channels, 1, latent, demodulate=False) for count in channels
        )
        self.brightness = nn.Parameter(torch.zeros(shape.channels, 1, 1))

    def forward(self, noise: Tensor) -> Tensor:
        return self.draw(self.styles(noise), noise)

    def styles(self, noise: Tensor) -> Tensor:
        """w for each layer that is modulated, [b, layers, latent]."""
        z = noise[:, : self.latent]
        w = z * ((z**2).mean(1, keepdim=True) + EPSILON).rsqrt()
        for layer in self.mapping:
            w = leaky(layer(w))
        return w[:, None].expand(-1, len(self.layers) + len(self.to_image), -1)

    def draw(self, styles: Tensor, noise: Tensor) -> Tensor:
        """Images for w [b, layers, latent] and the noise of the layers, which stands behind z in its rows."""
        maps = noise[:, self.latent :].split([side**2 for side in self.sides], 1)
        noises = iter([rows.view(-1, 1, side, side) for rows, side in zip(maps, self.sides, strict=True)])
        w, layers = iter(styles.unbind(1)), iter(self.layers)
        x = self.start.expand(len(noise), -1, -1, -1)
        x = next(layers)(x, next(w), next(noises))
        image = self.to_image[0](x, next(w)) + self.brightness
        for to_image in self.to_image[1:]:
            x = next(layers)(x, next(w), next(noises))
            x = next(layers)(x, next(w), next(noises))
            image = enlarged(image) + to_image(x, next(w))
        return image


class Residual(nn.Module):
    """Two convolutions, the second to half of the side, beside a shorter way."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = Convolution(before, before, 3)
        self.second = Convolution(before, after, 3, halved=True)
        self.shortcut = Convolution(before, after, 1, halved=True, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return (leaky(self.second(leaky(self.first(x)))) + self.shortcut(x)) / sqrt(2)


class Discriminator(nn.Module):
    """Images [b, c, h, w] in [-1, 1] to logits [b]."""

    def __init__(self, config: Stylegan2SmallConfig, shape: ImageShape) -> None:
        super().__init__()
        sides, channels = plan(shape, config.width)
        last = channels[0]
        self.from_image = Convolution(shape.channels, channels[-1], 1)
        self.blocks = nn.Sequential(*(Residual(before, after) for before, after in pairwise(channels[::-1])))
        self.deviation = GroupDeviation()
        self.convolution = Convolution(last + 1, last, 3)
        self.hidden = Linear(last * sides[0] ** 2, last)
        self.last = Linear(last, 1)

    def forward(self, images: Tensor) -> Tensor:
        x = self.blocks(leaky(self.from_image(images)))
        x = leaky(self.convolution(self.deviation(x)))
        return self.last(leaky(self.hidden(x.flatten(1))))[:, 0]


# ----- model


def path_lengths(draw: Callable[[Tensor], Tensor], styles: Tensor, y: Tensor) -> Tensor:
    """|J' y| [b] at styles [b, layers, latent] for y like the images, per layer; gradients pass to the weights."""
    (slopes,) = torch.autograd.grad((draw(styles) * y).sum(), styles, create_graph=True)
    return (slopes**2).sum(2).mean(1).sqrt()


def lazy_adam(network: nn.Module, config: Stylegan2SmallConfig, every: int) -> torch.optim.Adam:
    """Adam for a network with one more step each `every` steps: the same rate and memory over all (appendix B)."""
    share = every / (every + 1)
    betas = config.beta1**share, config.beta2**share
    return torch.optim.Adam(network.parameters(), lr=share * config.lr, betas=betas, eps=EPSILON, fused=True)


class Stylegan2Small(GanPair):
    generator: Generator
    training_only = ("generator", "discriminator")

    def __init__(self, config: Stylegan2SmallConfig, shape: ImageShape) -> None:
        generator = Generator(config, shape)
        super().__init__(generator.noise_dim, generator, Discriminator(config, shape))
        self.config = config
        self.average = deepcopy(generator)
        start_average(self.average, generator)
        self.path_length: Tensor
        self.register_buffer("path_length", torch.tensor(0.0))
        self.optimisers = {
            "generator": lazy_adam(self.generator, config, config.path_every),
            "discriminator": lazy_adam(self.discriminator, config, config.r1_every),
        }

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return cross_entropy_discriminator(self.discriminator(real), self.discriminator(fake))

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return cross_entropy_generator(self.discriminator(fake))

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        losses, config = dict(super().train_step(batch)), self.config
        if config.path_weight and batch.step % config.path_every == 0:
            losses["path length"] = self.shorten_paths(batch)
        if config.r1_weight and batch.step % config.r1_every == 0:
            slopes = squared_slopes(self.discriminator, to_float(batch.x)).mean()
            update(self.optimisers["discriminator"], config.r1_every * config.r1_weight / 2 * slopes)
            losses["squared slope"] = slopes.detach()
        update_average(self.average, self.generator, config.average, batch.step)
        return losses

    def shorten_paths(self, batch: Batch) -> Tensor:
        """The step down the penalty on path lengths; their mean, detached."""
        noise = torch.randn(max(1, len(batch.x) // 2), self.noise_dim, device=batch.x.device)
        styles = self.generator.styles(noise)
        y = torch.randn(len(noise), *batch.x.shape[1:], device=noise.device) / sqrt(batch.x[0, 0].numel())
        lengths = path_lengths(lambda w: self.generator.draw(w, noise), styles, y)
        penalty = ((lengths - self.path_length) ** 2).mean()
        update(self.optimisers["generator"], self.config.path_every * self.config.path_weight * penalty)
        mean = lengths.mean().detach()
        self.path_length.lerp_(mean, PATH_DECAY)
        return mean

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return to_uint8(self.average(noise))


def build(config: Stylegan2SmallConfig, shape: ImageShape, classes: int) -> Stylegan2Small:
    return Stylegan2Small(config, shape)


PAPER = Stylegan2SmallConfig()

MODEL = ModelSpec(
    name="stylegan2-small",
    title="StyleGAN2 for small images",
    source="Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, arXiv 1912.04958",
    task="generate",
    recipes={
        "digits": replace(PAPER, width=8, latent=64, mapping_layers=2, epochs=75),  # 3,040 steps, nine minutes
        "default": PAPER,
        "tiny": Stylegan2SmallConfig(width=2, latent=4, mapping_layers=1, average=0.9, batch_size=4, epochs=1),
    },
    build=build,
    figures={
        "losses": ("generator", "discriminator"),
        "path length": ("path length",),
        "slope at real images": ("squared slope",),
    },
)
