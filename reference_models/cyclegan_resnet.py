"""CycleGAN with nine residual blocks: part 2 of the DTU report on GANs (Hu and Wu), its appendices A and B.

    generator       3 x 256 x 256   64 x 256 x 256   128 x 128 x 128   256 x 64 x 64   nine residual blocks
                    128 x 128 x 128   64 x 256 x 256   3 x 256 x 256
    discriminator   3 x 256 x 256   64 x 128 x 128   128 x 64 x 64   256 x 32 x 32   512 x 31 x 31   1 x 30 x 30

Kernels 7 at the ends of the generator, 3 inside, 4 in the discriminator; zero padding and biases everywhere. Instance
norm comes after the activation (ReLU; LeakyReLU 0.2 in the discriminator), and not after its first convolution. A
residual block is convolution, instance norm, ReLU, convolution, plus its input, ReLU. One number of the discriminator
sees 70 x 70 pixels.

    D_X       = 1/2 mean (D_X(x) - 1)^2 + 1/2 mean D_X(F(y))^2                D_Y likewise
    G         = 1/2 mean (D_Y(G(x)) - 1)^2                                    F likewise
    cycle     = 1/2 [mean |F(G(x)) - x| + mean |G(F(y)) - y|]
    identity  = 1/2 [mean |F(x) - x| + mean |G(y) - y|]
    both generators minimise 1/2 (G + F) + 0.5 identity + 10 cycle            section 2.2, appendix B

The discriminators first, then the generators. Section 2.2 writes the identity loss with the other generator, as
|G(x) - x|, which would ask for no translation at all; appendix B and Zhu et al. (section 5.2) have it as above.

Appendix A also puts activation and instance norm after the last convolutions. In the discriminator that gives every map
of patches mean 0 and variance 1, so that its loss is 3/2 whatever it sees and nothing is learned from it; in the
generator it fixes the mean of each colour. `normalise_last` true is that network; without it the discriminator ends in
its convolution and the generator in tanh, as in Zhu et al. Three things of theirs are settings: `norm_first` puts each
instance norm before its activation, `pool` shows the discriminators one of the last 50 translations half of the time
(their section 4), which the report does not have, and `identity_weight` 5 is their own. Not here: their falling
learning rate.

Behind an instance norm all maps of an image have mean 0, so what the last convolution makes of them has nearly its bias
as mean, whatever the image: on drawings, which are white to different shares, the generators make up for it with black
blobs. So the recipe of edges2shapes has `norm_first`.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn

from reference_models.blocks.cycles import CycleFactors, CycleModel, ImagePool
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class CycleganResnetConfig:
    width: int = 64  # report, appendix A: features and conv_dim
    blocks: int = 9  # appendix A
    normalise_last: bool = False  # appendix A has it; see above
    norm_first: bool = False  # Zhu et al., appendix 7.2; appendix A has it after the activation
    cycle_weight: float = 10.0  # section 2.2: lambda 2
    identity_weight: float = 0.5  # section 2.2: lambda 1
    pool: int = 0  # images; appendix B has none, Zhu et al. (section 4) 50
    lr: float = 2e-4  # appendix B: Adam
    beta1: float = 0.5  # appendix B
    beta2: float = 0.9  # appendix B
    batch_size: int = 1  # not given; Zhu et al., appendix 7.1
    epochs: float = 10  # section 2.3: not more than 10 (appendix B asks for 30)

    def __post_init__(self) -> None:
        if self.width < 1 or self.lr <= 0 or min(self.blocks, self.pool, self.cycle_weight, self.identity_weight) < 0:
            raise ModelError(f"width and lr must be positive, blocks, pool and both weights not negative; got {self}")


class Residual(nn.Module):
    """Two 3 x 3 convolutions with one instance norm between, added to their input, then ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, channels, 3, 1, 1), nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)),
            nn.Conv2d(channels, channels, 3, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.body(x)).relu()


def generator(config: CycleganResnetConfig, channels: int) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to images of the same shape; h and w are multiples of 4."""
    width, first = config.width, config.norm_first
    last = _relu(channels, first) if config.normalise_last else ()
    return nn.Sequential(
        *(nn.Conv2d(channels, width, 7, 1, 3), *_relu(width, first)),
        *(nn.Conv2d(width, 2 * width, 3, 2, 1), *_relu(2 * width, first)),
        *(nn.Conv2d(2 * width, 4 * width, 3, 2, 1), *_relu(4 * width, first)),
        *(Residual(4 * width) for _ in range(config.blocks)),
        *(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, output_padding=1), *_relu(2 * width, first)),
        *(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1), *_relu(width, first)),
        *(nn.Conv2d(width, channels, 7, 1, 3), *last, nn.Tanh()),
    )


def discriminator(config: CycleganResnetConfig, channels: int) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to one number per patch [b, 1, h / 8 - 2, w / 8 - 2]."""
    width, first = config.width, config.norm_first
    return nn.Sequential(
        *(nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(width, 2 * width, 4, 2, 1), *_leaky(2 * width, first)),
        *(nn.Conv2d(2 * width, 4 * width, 4, 2, 1), *_leaky(4 * width, first)),
        *(nn.Conv2d(4 * width, 8 * width, 4, 1, 1), *_leaky(8 * width, first)),
        *(nn.Conv2d(8 * width, 1, 4, 1, 1), *(_leaky(1, first) if config.normalise_last else ())),
    )


def _relu(channels: int, norm_first: bool) -> tuple[nn.Module, nn.Module]:
    return _in_order(nn.ReLU(), nn.InstanceNorm2d(channels), norm_first)


def _leaky(channels: int, norm_first: bool) -> tuple[nn.Module, nn.Module]:
    return _in_order(nn.LeakyReLU(0.2), nn.InstanceNorm2d(channels), norm_first)


def _in_order(activation: nn.Module, norm: nn.Module, norm_first: bool) -> tuple[nn.Module, nn.Module]:
    return (norm, activation) if norm_first else (activation, norm)


class CycleganResnet(CycleModel):
    def __init__(self, config: CycleganResnetConfig, shape: ImageShape) -> None:
        super().__init__(
            [generator(config, shape.channels) for _ in "GF"],
            [discriminator(config, shape.channels) for _ in "XY"],
            CycleFactors(
                discriminator=0.5,
                generator=0.5,
                directions=0.5,
                cycle=config.cycle_weight,
                identity=config.identity_weight,
            ),
            lr=config.lr,
            betas=(config.beta1, config.beta2),
            pools=[ImagePool(config.pool, shape) for _ in "XY"] if config.pool else (),
        )


def build(config: CycleganResnetConfig, shape: ImageShape, classes: int) -> CycleganResnet:
    if min(shape.height, shape.width) < 32 or shape.height % 8 or shape.width % 8:
        raise ModelError(
            f"cyclegan-resnet cannot translate {shape.height}x{shape.width} images; it needs sides that are multiples "
            "of 8 from 32 on; prepare the data set at such a size"
        )
    return CycleganResnet(config, shape)


SEED = CycleganResnetConfig()

MODEL = ModelSpec(
    name="cyclegan-resnet",
    title="CycleGAN with nine residual blocks",
    source="Zhu, Park, Isola and Efros 2017, arXiv 1703.10593; DTU report, part 2",
    task="unpaired",
    recipes={
        "horse2zebra": SEED,
        "horse2zebra-128": SEED,  # the same at half the side
        "edges2shapes": replace(  # 6,000 steps, minutes on two cores
            SEED, width=16, blocks=3, norm_first=True, epochs=0.3
        ),
        "default": SEED,
        "tiny": CycleganResnetConfig(width=2, blocks=1, pool=2, epochs=1),
    },
    grid_every={"horse2zebra": 100, "horse2zebra-128": 100},  # report, appendix B
    build=build,
    figures={"losses": ("G", "F", "D_X", "D_Y"), "cycle": ("cycle", "identity")},
)
