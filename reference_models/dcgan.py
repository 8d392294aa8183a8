"""Deep convolutional GAN (Radford, Metz and Chintala 2016), Tables 3 and 4 of the CIS 680 assignment 4 at 64 x 64.

    discriminator: - mean log D(x) - mean log(1 - D(G(z)))     real and generated images in batches of their own
    generator:     - mean log D(G(z))                          the non-saturating form (Goodfellow et al. 2014)

The discriminator is updated first, then the generator against the new discriminator with the same noise. The sigmoid
of Table 4 is applied inside the binary cross entropy, which is the same function and does not overflow.

Other sides than 64: the side is halved while it stays even and at least 4, each halving is one transposed convolution
of the generator and one convolution of the discriminator, and what is left is the size of the first kernel (32 and 128
start at 4 x 4, 28 at 7 x 7, 24 at 6 x 6). Channels double from `width` towards the small end, up to 8 `width`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from torch import Tensor, nn

from reference_models.blocks.gan_losses import cross_entropy_discriminator, cross_entropy_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.steps import frozen, initialise_normal, update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float
from reference_models.types import Batch, ImageShape, ModelSpec


@dataclass(frozen=True)
class DcganConfig:
    width: int = 128  # Tables 3 and 4: 1024-512-256-128
    latent: int = 100  # assignment, section 3.2.4, point 2b
    lr: float = 2e-4  # section 3.2.4, point 2e: Adam
    beta1: float = 0.5  # Radford et al., section 4; the assignment names the rate only
    beta2: float = 0.999  # the default of Adam
    init_std: float = 0.02  # Radford et al., section 4; section 3.2.4, point 2d says "normal" only
    batch_size: int = 128  # section 3.2.4, point 2a
    epochs: float = 100  # section 3.2.4, point 2e

    def __post_init__(self) -> None:
        if min(self.width, self.latent) < 1 or min(self.lr, self.init_std) <= 0:
            raise ModelError(f"width, latent, lr and init_std must be positive; got {self}")


def plan(shape: ImageShape, width: int) -> tuple[int, list[int]]:
    """Side of the first feature map, and the channels of each feature map from the small end to the large one."""
    side, halvings = shape.height, 0
    while side % 2 == 0 and side >= 8:
        side, halvings = side // 2, halvings + 1
    if shape.height != shape.width or side > 7 or halvings < 1 or shape.height > 256:
        raise ModelError(
            f"dcgan cannot make {shape.height}x{shape.width} images; it needs a square side that halves down to "
            "4..7 (16, 24, 28, 32, 48, 64, 96, 128, 256); prepare the data set at such a size"
        )
    return side, [width * min(2**level, 8) for level in reversed(range(halvings))]


class Generator(nn.Module):
    """Table 3: noise [b, latent] to images in [-1, 1]."""

    def __init__(self, config: DcganConfig, shape: ImageShape) -> None:
        super().__init__()
        side, channels = plan(shape, config.width)
        layers = [*_up(config.latent, channels[0], side, stride=1, padding=0)]
        for before, after in pairwise(channels):
            layers += _up(before, after, 4, stride=2, padding=1)
        layers += [nn.ConvTranspose2d(channels[-1], shape.channels, 4, 2, 1, bias=False), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, noise: Tensor) -> Tensor:
        return self.layers(noise[:, :, None, None])


class Discriminator(nn.Module):
    """Table 4 without its sigmoid: images in [-1, 1] to logits [b]."""

    def __init__(self, config: DcganConfig, shape: ImageShape) -> None:
        super().__init__()
        side, channels = plan(shape, config.width)
        channels = channels[::-1]
        layers: list[nn.Module] = [nn.Conv2d(shape.channels, channels[0], 4, 2, 1, bias=False), _leaky()]
        for before, after in pairwise(channels):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), _leaky()]
        layers += [nn.Conv2d(channels[-1], 1, side, bias=False), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


def _up(before: int, after: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    convolution = nn.ConvTranspose2d(before, after, kernel, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]


def _leaky() -> nn.Module:
    return nn.LeakyReLU(0.2, inplace=True)


class Dcgan(GanPair):
    def __init__(self, config: DcganConfig, shape: ImageShape) -> None:
        super().__init__(config.latent, Generator(config, shape), Discriminator(config, shape))
        initialise_normal(self, config.init_std)
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real = to_float(batch.x)
        fake = self.generate_like(real)

        loss_d = cross_entropy_discriminator(self.discriminator(real), self.discriminator(fake.detach()))
        update(self.optimisers["discriminator"], loss_d)

        with frozen(self.discriminator):
            loss_g = cross_entropy_generator(self.discriminator(fake))
            update(self.optimisers["generator"], loss_g)
        return {"generator": loss_g.detach(), "discriminator": loss_d.detach()}


def build(config: DcganConfig, shape: ImageShape, classes: int) -> Dcgan:
    return Dcgan(config, shape)


SEED = DcganConfig()
SMALL = replace(SEED, width=64, batch_size=64)  # for 28 and 32: half the width of Table 3

MODEL = ModelSpec(
    name="dcgan",
    title="Deep convolutional GAN",
    source="Radford, Metz and Chintala 2016, arXiv 1511.06434; CIS 680 assignment 4, section 3",
    task="generate",
    recipes={
        "stl10": SEED,
        "celeba": replace(SEED, epochs=25),  # 162,770 images: 31,791 steps
        "cifar10": replace(SEED, epochs=50),  # 50,000 images: 19,532 steps
        "fashion-mnist": replace(SMALL, epochs=20),  # 18,750 steps
        "emoji": replace(SMALL, epochs=200),  # 2,270 images: 7,094 steps
        # 5,000 steps, five minutes on two cores. Twice the width takes three times as long and showed nothing after 500
        # steps at a rate of 2e-4; at 1e-3 the samples turn grey and alike.
        "shapes": replace(SEED, width=16, lr=5e-4, batch_size=32, epochs=1.6),
        "digits": replace(SEED, width=32, lr=5e-4, batch_size=32, epochs=60),  # 2,432 steps, two minutes on two cores
        "default": SEED,
        "tiny": DcganConfig(width=4, latent=8, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
