"""DCGAN with upsampling instead of transposed convolutions: CSC413 (2020) assignment 4, part 1, on 32 x 32 emojis.

    generator       100   128 x 4 x 4   64 x 8 x 8   32 x 16 x 16   3 x 32 x 32       kernel 5; tanh at the end
    discriminator   3 x 32 x 32   32 x 16 x 16   64 x 8 x 8   128 x 4 x 4   1         kernel 5, stride 2; linear end

`upconv` is nearest-neighbour upsampling by 2 and a convolution (Odena et al. 2016: transposed ones leave a
checkerboard). Batch norm and ReLU after all but the last layers, no biases. Trained by Algorithm 1 to the factor:

    J(D) = 1/2m sum (D(x) - 1)^2 + 1/2m sum D(G(z))^2 [+ penalty]         d_train_iters times, on the same real images
    J(G) = 1/m sum (D(G(z)) - 1)^2

Its switches: `gradient_penalty` adds `penalty_weight` times the mean of |grad D(u)|^2 over u = a x + (1 - a) G(z), a
uniform in (0, 1) (Thanh-Tung et al. 2019, arXiv 1902.03984: centred at zero, not at one); `spectral_norm` divides each
weight of both networks by its largest singular value (Miyato et al. 2018); `lr`; `d_train_iters`.

The text at hand does not show the figures; layers, widths, batch size and rates are those of the notebook that was
handed out with the assignment. Different from it: noise is normal and not uniform, as everywhere here; no batch norm
before the tanh; the notebook's penalty is the mean of the norm itself, here it is squared as in the paper it cites.
Other sides than 32: three halvings down to side / 8, whose size the discriminator's last kernel has where it is not 4.
"""

from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.nn.utils import parametrizations

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.gradient_penalty import between, squared_slopes
from reference_models.errors import ModelError
from reference_models.types import ImageShape, ModelSpec


@dataclass(frozen=True)
class DcganUpconvConfig:
    width: int = 32  # notebook: conv_dim of both networks
    latent: int = 100  # notebook
    gradient_penalty: bool = False  # assignment, part 1, experiment 2
    penalty_weight: float = 1.0  # notebook
    spectral_norm: bool = False  # experiment 3
    d_train_iters: int = 1  # experiment 3
    lr: float = 3e-4  # notebook; experiment 3 lowers it
    discriminator_rate: float = 2.0  # notebook: the discriminator learns at twice the rate
    beta1: float = 0.5  # notebook: Adam
    beta2: float = 0.999  # notebook
    batch_size: int = 16  # notebook
    epochs: float = 141  # experiment 1: 20,000 iterations, which these are of the 2,270 Apple emojis

    def __post_init__(self) -> None:
        if min(self.width, self.latent, self.d_train_iters) < 1 or min(self.lr, self.discriminator_rate) <= 0:
            raise ModelError(f"width, latent, d_train_iters and both rates must be positive; got {self}")
        if self.penalty_weight < 0:
            raise ModelError(f"penalty_weight {self.penalty_weight}; expected 0 or more")


class Generator(nn.Module):
    """Noise [b, latent] to images in [-1, 1]."""

    def __init__(self, config: DcganUpconvConfig, shape: ImageShape) -> None:
        super().__init__()
        side, w, norm = shape.height // 8, config.width, config.spectral_norm
        self.layers = nn.Sequential(
            *(_normed(nn.Conv2d(config.latent, 4 * w * side**2, 1, bias=False), norm), nn.Flatten()),
            *(nn.BatchNorm1d(4 * w * side**2), nn.ReLU(), nn.Unflatten(1, (4 * w, side, side))),
            *(*_upconv(4 * w, 2 * w, norm), nn.BatchNorm2d(2 * w), nn.ReLU()),
            *(*_upconv(2 * w, w, norm), nn.BatchNorm2d(w), nn.ReLU()),
            *(*_upconv(w, shape.channels, norm), nn.Tanh()),
        )

    def forward(self, noise: Tensor) -> Tensor:
        return self.layers(noise[:, :, None, None])


class Discriminator(nn.Module):
    """Images in [-1, 1] to one number each, [b]."""

    def __init__(self, config: DcganUpconvConfig, shape: ImageShape) -> None:
        super().__init__()
        side, w, norm = shape.height // 8, config.width, config.spectral_norm
        last = nn.Conv2d(4 * w, 1, 5, 2, 1, bias=False) if side == 4 else nn.Conv2d(4 * w, 1, side, bias=False)
        self.layers = nn.Sequential(
            *(_conv(shape.channels, w, norm), nn.BatchNorm2d(w), nn.ReLU()),
            *(_conv(w, 2 * w, norm), nn.BatchNorm2d(2 * w), nn.ReLU()),
            *(_conv(2 * w, 4 * w, norm), nn.BatchNorm2d(4 * w), nn.ReLU()),
            *(_normed(last, norm), nn.Flatten(0)),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


def _normed(layer: nn.Conv2d, spectral_norm: bool) -> nn.Module:
    return parametrizations.spectral_norm(layer) if spectral_norm else layer


def _conv(before: int, after: int, spectral_norm: bool) -> nn.Module:
    return _normed(nn.Conv2d(before, after, 5, 2, 2, bias=False), spectral_norm)


def _upconv(before: int, after: int, spectral_norm: bool) -> tuple[nn.Module, nn.Module]:
    return nn.Upsample(scale_factor=2), _normed(nn.Conv2d(before, after, 5, 1, 2, bias=False), spectral_norm)


class DcganUpconv(GanPair):
    def __init__(self, config: DcganUpconvConfig, shape: ImageShape) -> None:
        super().__init__(config.latent, Generator(config, shape), Discriminator(config, shape))
        self.config = config
        self.discriminator_steps = config.d_train_iters
        rates = (config.lr, config.beta1, config.beta2, config.discriminator_rate * config.lr)
        self.optimisers = adam_pair(self.generator, self.discriminator, *rates)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        loss = least_squares_discriminator(self.discriminator(real), self.discriminator(fake))
        if not self.config.gradient_penalty:
            return loss
        penalty = squared_slopes(self.discriminator, between(real, fake)).mean()
        return loss + self.config.penalty_weight * penalty

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return least_squares_generator(self.discriminator(fake))


def build(config: DcganUpconvConfig, shape: ImageShape, classes: int) -> DcganUpconv:
    if shape.height != shape.width or shape.height % 8 or shape.height < 16:
        raise ModelError(
            f"dcgan-upconv cannot make {shape.height}x{shape.width} images; it needs a square side that is a multiple "
            "of 8 from 16 on; prepare the data set at such a size (24, 32, 64)"
        )
    return DcganUpconv(config, shape)


SEED = DcganUpconvConfig()

MODEL = ModelSpec(
    name="dcgan-upconv",
    title="DCGAN with upsampling, least squares",
    source="Radford et al. 2016, arXiv 1511.06434; Thanh-Tung et al. 2019, arXiv 1902.03984; "
    "CSC413 (2020) assignment 4, part 1",
    task="generate",
    recipes={
        "emoji": SEED,  # one domain: emoji/apple or emoji/windows
        "digits": replace(SEED, gradient_penalty=True, epochs=18),  # 1,460 steps; without the penalty it falls apart
        "default": SEED,
        "tiny": DcganUpconvConfig(width=2, latent=5, gradient_penalty=True, d_train_iters=2, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
    grid_every={"emoji": 200},  # assignment, part 1: "every 200 iterations"
)
