"""The small CycleGAN of two assignments on emojis: OUC (2018) assignment 3, 5, and CSC413 (2020) assignment 4, part 2.

    generator       3 x 32 x 32   32 x 16 x 16   64 x 8 x 8   residual block   32 x 16 x 16   3 x 32 x 32
    discriminator   3 x 32 x 32   32 x 16 x 16   64 x 8 x 8   128 x 4 x 4   1

The residual block adds one convolution's output to its input. Batch norm and ReLU after every layer but the last one of
each network, tanh at the end of the generator, no biases. Both assignments print the same Algorithm 2, in which nothing
is halved, and differ in the decoder and in the cycle loss:

    D            = mean (D_X(x) - 1)^2 + mean (D_Y(y) - 1)^2 + mean D_Y(G(x))^2 + mean D_X(F(y))^2
    G            = mean (D_Y(G(x)) - 1)^2 + lambda cycle(x),   F = mean (D_X(F(y)) - 1)^2 + lambda cycle(y)
    `squared`    cycle(x) = mean (x - F(G(x)))^2               OUC: "mean squared error", without a lambda
    `l1`         cycle(x) = 1/m sum |x - F(G(x))|_1            CSC413: summed over the pixels of an image, with a lambda

CSC413 upsamples and convolves (`decoder` upsampled), with kernel 5; OUC uses transposed convolutions (`decoder`
transposed), with kernel 4 as in the Toronto assignment that it names as its model. The discriminator's last kernel has
the size of its feature map. The texts at hand do not show the figures; widths, kernels, rates, batch size and lambda
are those of the CSC413 notebook. Its lambda of 0.015 looks small because its loss is a sum: over 3 x 32 x 32 values it
is 46 times the mean. `cycle_weight` 0 trains without the cycle.

OUC's model: `--set decoder=transposed --set cycle=squared --set cycle_weight=1`. Both generators are trained together,
as one sum, which is what updating each by its own loss and the other's cycle comes to.
"""

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor, nn

from reference_models.blocks.cycles import CycleFactors, CycleModel
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec

Decoder = Literal["upsampled", "transposed"]
KERNELS = {"upsampled": 5, "transposed": 4}


@dataclass(frozen=True)
class CycleganEmojiConfig:
    decoder: Decoder = "upsampled"  # CSC413; transposed: OUC, section 5.3
    cycle: Literal["l1", "squared"] = "l1"  # CSC413, part 2; squared: OUC, section 5.5
    cycle_weight: float = 0.015  # CSC413's notebook; OUC: 1
    width: int = 32  # notebook: g_conv_dim and d_conv_dim
    blocks: int = 1  # OUC, section 5.3: "one or more residual blocks"; notebook: one
    lr: float = 3e-4  # notebook: Adam
    beta1: float = 0.3  # notebook
    beta2: float = 0.999  # notebook
    batch_size: int = 32  # notebook
    epochs: float = 70.48  # CSC413, experiment 1: 5,000 iterations, which these are of the 2,270 Apple emojis

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0 or self.lr <= 0 or self.cycle_weight < 0:
            raise ModelError(f"width and lr must be positive, blocks and cycle_weight not negative; got {self}")


class Residual(nn.Module):
    """A 3 x 3 convolution added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def generator(config: CycleganEmojiConfig, channels: int) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to images of the same shape; h and w are multiples of 4."""
    kernel, w = KERNELS[config.decoder], config.width
    residual = [layer for _ in range(config.blocks) for layer in (Residual(2 * w), nn.ReLU())]
    return nn.Sequential(
        *(_halving(channels, w, kernel), nn.BatchNorm2d(w), nn.ReLU()),
        *(_halving(w, 2 * w, kernel), nn.BatchNorm2d(2 * w), nn.ReLU()),
        *residual,
        *(*_doubling(2 * w, w, config.decoder), nn.BatchNorm2d(w), nn.ReLU()),
        *(*_doubling(w, channels, config.decoder), nn.Tanh()),
    )


def discriminator(config: CycleganEmojiConfig, shape: ImageShape) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to one number each, [b]."""
    kernel, w = KERNELS[config.decoder], config.width
    return nn.Sequential(
        *(_halving(shape.channels, w, kernel), nn.BatchNorm2d(w), nn.ReLU()),
        *(_halving(w, 2 * w, kernel), nn.BatchNorm2d(2 * w), nn.ReLU()),
        *(_halving(2 * w, 4 * w, kernel), nn.BatchNorm2d(4 * w), nn.ReLU()),
        *(nn.Conv2d(4 * w, 1, shape.height // 8, bias=False), nn.Flatten(0)),
    )


def _halving(before: int, after: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, 2, (kernel - 1) // 2, bias=False)


def _doubling(before: int, after: int, decoder: Decoder) -> list[nn.Module]:
    if decoder == "transposed":
        return [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 5, 1, 2, bias=False)]


def mean_squared(a: Tensor, b: Tensor) -> Tensor:
    """Mean (a - b)^2 over all values of two batches [b, c, h, w]."""
    return ((a - b) ** 2).mean()


def summed_absolute(a: Tensor, b: Tensor) -> Tensor:
    """Sum |a - b| over the values of each image, mean over the images of two batches [b, c, h, w]."""
    return (a - b).abs().sum() / len(a)


DISTANCES = {"squared": mean_squared, "l1": summed_absolute}


class CycleganEmoji(CycleModel):
    def __init__(self, config: CycleganEmojiConfig, shape: ImageShape) -> None:
        super().__init__(
            [generator(config, shape.channels) for _ in "GF"],
            [discriminator(config, shape) for _ in "XY"],
            CycleFactors(1, generator=1, directions=1, cycle=config.cycle_weight, distance=DISTANCES[config.cycle]),
            lr=config.lr,
            betas=(config.beta1, config.beta2),
        )


def build(config: CycleganEmojiConfig, shape: ImageShape, classes: int) -> CycleganEmoji:
    if shape.height != shape.width or shape.height % 8 or shape.height < 16:
        raise ModelError(
            f"cyclegan-emoji cannot translate {shape.height}x{shape.width} images; it needs a square side that is a "
            "multiple of 8 from 16 on; prepare the data set at such a size (32), or use cyclegan"
        )
    return CycleganEmoji(config, shape)


SEED = CycleganEmojiConfig()

MODEL = ModelSpec(
    name="cyclegan-emoji",
    title="CycleGAN for emojis",
    source="Zhu et al. 2017, arXiv 1703.10593; OUC (2018) assignment 3, part 5; CSC413 (2020) assignment 4, part 2",
    task="unpaired",
    recipes={
        "emoji": SEED,
        "digits2styles": replace(SEED, width=16, batch_size=16, epochs=4),  # 3,243 steps, minutes on two cores
        "default": SEED,
        "tiny": CycleganEmojiConfig(width=2, batch_size=4, epochs=1),
    },
    grid_every={"emoji": 200},  # CSC413, part 2: samples at iteration 200
    build=build,
    figures={"losses": ("G", "F", "D_X", "D_Y"), "cycle": ("cycle",)},
)
