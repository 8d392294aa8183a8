"""CycleGAN (Zhu et al. 2017) as in section 4 of the CIS 680 assignment 4: two translations without pairs.

G: X -> Y and F: Y -> X with discriminators D_Y and D_X. With targets 1 for real and 0 for generated (section 4.2.4):

    D_Y    = mean (D_Y(y) - 1)^2 + mean D_Y(G(x))^2         D_X likewise
    G      = mean (D_Y(G(x)) - 1)^2                         F likewise
    cycle  = mean |F(G(x)) - x| + mean |G(F(y)) - y|        equation 8
    both generators minimise G + F + lambda cycle           equation 5, lambda 10

The discriminators are updated first (section 3.2.4), on the same translations. Differences from Zhu et al.: five
residual blocks instead of nine, upsampling followed by a convolution instead of transposed convolutions, no pool of 50
earlier images, no identity loss, no halving of the discriminator's loss (`discriminator_weight` 0.5 brings it back).

Generator: c7s1-64, d128, d256, R256 x 5, u128, u64, c7s1-3. The last one ends in tanh alone, because images lie in
[-1, 1]. Discriminator: C64-C128-C256-C512 and a 4 x 4 convolution to one channel. The assignment states an output of
H/16 x W/16 and a receptive field of 70 x 70; four strides of 2 give the first and a field of 94 x 94, a last stride of
1 gives the second and H/8. `last_stride` 2 (default) or 1 chooses; `receptive_field` computes. The assignment names
PatchGAN, whose first block has no normalisation, while its Ck has one everywhere: `normalise_first`.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn

from reference_models.blocks.cycles import CycleFactors, CycleModel
from reference_models.blocks.steps import initialise_normal
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class CycleganConfig:
    width: int = 64  # assignment, section 4.2.2: c7s1-64 and C64
    blocks: int = 5  # section 4.2.2 B; Zhu et al. use 6 at 128 and 9 at 256
    last_stride: int = 2  # section 4.2.2: output H/16; 1 gives the 70 x 70 field
    normalise_first: bool = False  # Isola et al. 2017, appendix 6.1.2, the PatchGAN that section 4.2.2 names
    cycle_weight: float = 10.0  # section 4.2.4, point 2
    discriminator_weight: float = 1.0  # section 4.2.4 has no factor; Zhu et al. use 0.5
    lr: float = 2e-4  # Zhu et al., section 4; section 3.2.4, point 2e has the same: Adam
    beta1: float = 0.5  # Zhu et al.'s code; Radford et al., section 4
    beta2: float = 0.999  # the default of Adam
    init_std: float = 0.02  # Zhu et al., appendix 7.1
    batch_size: int = 1  # section 4.2.4, point 3
    epochs: float = 2  # section 4.2.4, point 3

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0 or min(self.lr, self.init_std, self.discriminator_weight) <= 0:
            raise ModelError(f"width, lr, init_std and discriminator_weight must be positive; got {self}")
        if self.last_stride not in (1, 2) or self.cycle_weight < 0:
            raise ModelError(f"last_stride is 1 or 2 and cycle_weight not negative; got {self}")


class Residual(nn.Module):
    """Rk: two 3 x 3 convolutions with reflection padding, added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(channels, channels, 3, reflect=1),
            nn.ReLU(inplace=True),
            *_convolution(channels, channels, 3, reflect=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def generator(channels: int, width: int, blocks: int) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to images of the same shape; h and w are multiples of 4."""
    relu = nn.ReLU(inplace=True)
    return nn.Sequential(
        *(*_convolution(channels, width, 7, reflect=3), relu),  # c7s1-64
        *(*_convolution(width, 2 * width, 3, stride=2, padding=1), relu),  # d128
        *(*_convolution(2 * width, 4 * width, 3, stride=2, padding=1), relu),  # d256
        *(Residual(4 * width) for _ in range(blocks)),  # R256
        *(nn.Upsample(scale_factor=2), *_convolution(4 * width, 2 * width, 3, padding=1), relu),  # u128
        *(nn.Upsample(scale_factor=2), *_convolution(2 * width, width, 3, padding=1), relu),  # u64
        *(nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh()),  # c7s1-3
    )


def discriminator(channels: int, width: int, last_stride: int, normalise_first: bool) -> nn.Sequential:
    """Images [b, c, h, w] to one number per patch [b, 1, h / 16, w / 16] (h / 8 - 1 with `last_stride` 1)."""
    leaky = nn.LeakyReLU(0.2, inplace=True)
    plain = [nn.Conv2d(channels, width, 4, stride=2, padding=1)]
    return nn.Sequential(
        *(*(_convolution(channels, width, 4, stride=2, padding=1) if normalise_first else plain), leaky),  # C64
        *(*_convolution(width, 2 * width, 4, stride=2, padding=1), leaky),  # C128
        *(*_convolution(2 * width, 4 * width, 4, stride=2, padding=1), leaky),  # C256
        *(*_convolution(4 * width, 8 * width, 4, stride=last_stride, padding=1), leaky),  # C512
        nn.ZeroPad2d((1, 0, 1, 0)),  # a 4 x 4 kernel has no centre: one more row and column keep the size
        nn.Conv2d(8 * width, 1, 4, padding=1),
    )


def receptive_field(network: nn.Sequential) -> int:
    """Side of the square of input pixels that one output of a stack of convolutions sees."""
    field, jump = 1, 1
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            field += (layer.kernel_size[0] - 1) * jump
            jump *= layer.stride[0]
    return field


def _convolution(
    before: int, after: int, kernel: int, stride: int = 1, padding: int = 0, reflect: int = 0
) -> list[nn.Module]:
    """Convolution and instance norm, which subtracts the mean, so that a bias would have no effect."""
    pad: list[nn.Module] = [nn.ReflectionPad2d(reflect)] if reflect else []
    return [*pad, nn.Conv2d(before, after, kernel, stride, padding, bias=False), nn.InstanceNorm2d(after)]


class Cyclegan(CycleModel):
    def __init__(self, config: CycleganConfig, shape: ImageShape) -> None:
        super().__init__(
            [generator(shape.channels, config.width, config.blocks) for _ in "GF"],
            [
                discriminator(shape.channels, config.width, config.last_stride, config.normalise_first)
                for _ in ("D_X", "D_Y")
            ],
            CycleFactors(config.discriminator_weight, generator=1, directions=1, cycle=config.cycle_weight),
            lr=config.lr,
            betas=(config.beta1, config.beta2),
        )
        initialise_normal(self, config.init_std)


def build(config: CycleganConfig, shape: ImageShape, classes: int) -> Cyclegan:
    if min(shape.height, shape.width) < 32 or shape.height % 16 or shape.width % 16:
        raise ModelError(
            f"cyclegan cannot translate {shape.height}x{shape.width} images; it needs sides that are multiples of 16 "
            "from 32 on; prepare the data set at such a size"
        )
    return Cyclegan(config, shape)


SEED = CycleganConfig()

MODEL = ModelSpec(
    name="cyclegan",
    title="CycleGAN",
    source="Zhu, Park, Isola and Efros 2017, arXiv 1703.10593; CIS 680 assignment 4, section 4",
    task="unpaired",
    recipes={
        "edges2shoes": SEED,
        "horse2zebra": replace(SEED, epochs=200),  # Zhu et al., section 4: 200 epochs (theirs with a falling rate)
        "horse2zebra-128": replace(SEED, epochs=200),  # the same at half the side
        "edges2shapes": replace(SEED, width=16, blocks=3, epochs=0.3),  # 6,000 steps, minutes on two cores
        "emoji": replace(SEED, width=32, blocks=3, batch_size=4, epochs=20),  # 32 x 32
        "default": SEED,
        "tiny": CycleganConfig(width=2, blocks=1, epochs=1),
    },
    build=build,
    figures={"losses": ("G", "F", "D_X", "D_Y"), "cycle": ("cycle",)},
)
