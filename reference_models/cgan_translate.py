"""Image-conditioned GAN: SVHN digit in, MNIST-style digit out. Section 1.2 of the DTU report (Hu and Wu), Figure 5.

The report uses its conditional GAN "to transform from SVHN digits to MNIST digits" and says no more, so here the image
x stands where the label stands in `cgan`, in both networks, whose widths and losses are kept:

    generator       3 x 32 x 32   128 x 16 x 16   256 x 8 x 8   512 x 4 x 4   100
                    100   1024 x 4 x 4   512 x 8 x 8   256 x 16 x 16   128 x 32 x 32   3 x 32 x 32
    discriminator   x and image, 6 x 32 x 32   128 x 16 x 16   256 x 8 x 8   512 x 4 x 4   1

    D: 1/2 mean (D(x, y) - 1)^2 + 1/2 mean D(x, G(x))^2         G: 1/2 mean (D(x, G(x)) - 1)^2

The pairs (x, y) are of one class (`svhn2mnist`, `digits2styles`): no SVHN digit has a twin in MNIST, so nothing says
what y must be, only that it is a digit as MNIST has them and the numeral of x. That is why there is no L1 loss, unlike
in `pix2pix`. The code of x, 100 numbers, stands where the generator of `cgan` has noise and label; there is no noise,
so that a translation can be repeated, and what varies in the outputs is what varies in the inputs. Batch norm and
LeakyReLU 0.1 in the generator, LeakyReLU 0.1 and dropout 0.3 in the discriminator.

The discriminator asks for the numeral of x late, when it finds little else to refuse. `mismatched` tells it from the
start: its second term is then 1/4 mean D(x, G(x))^2 + 1/4 mean D(x, y')^2, y' being the y of another row (Reed et al.
2016, arXiv 1605.05396, section 4.2, for sentences and pictures). The report has no such term, the quick recipe does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_losses import least_squares_discriminator, least_squares_generator
from reference_models.blocks.gan_steps import adam_pair, alternate
from reference_models.blocks.report_networks import enlarging, judging, normalised
from reference_models.blocks.sides import halved
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, Direction, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class CganTranslateConfig:
    width: int = 128  # report, section 1.1: 1024-512-256-128 and 128-256-512
    code: int = 100  # the length of the noise of `cgan`
    slope: float = 0.1  # report, section 1.1
    dropout: float = 0.3  # not given
    mismatched: bool = False  # not in the report; Reed et al. 2016, section 4.2
    lr: float = 2e-4  # report, appendix B
    beta1: float = 0.5  # report, appendix B
    beta2: float = 0.9  # report, appendix B
    batch_size: int = 64  # not given
    epochs: float = 10  # report, section 1.2

    def __post_init__(self) -> None:
        if min(self.width, self.code) < 1 or self.lr <= 0 or not 0 <= self.dropout < 1:
            raise ModelError(f"width, code and lr must be positive and dropout in [0, 1); got {self}")


def generator(config: CganTranslateConfig, shape: ImageShape) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to images of the same shape."""
    halved(shape, "cgan-translate", 3)  # the encoder too refuses images that are too small
    w, slope = config.width, config.slope
    return nn.Sequential(
        *normalised(nn.Conv2d(shape.channels, w, 4, 2, 1, bias=False), slope),
        *normalised(nn.Conv2d(w, 2 * w, 4, 2, 1, bias=False), slope),
        *normalised(nn.Conv2d(2 * w, 4 * w, 4, 2, 1, bias=False), slope),
        *normalised(nn.Conv2d(4 * w, config.code, shape.height // 8, bias=False), slope),
        *enlarging(config.code, w, slope, shape, "cgan-translate"),
    )


class Discriminator(nn.Module):
    """Inputs and outputs in [-1, 1], [b, c, h, w] each, to one number per pair, [b]."""

    def __init__(self, config: CganTranslateConfig, shape: ImageShape) -> None:
        super().__init__()
        self.layers = judging(2 * shape.channels, config.width, config.slope, config.dropout, shape, "cgan-translate")

    def forward(self, given: Tensor, images: Tensor) -> Tensor:
        return self.layers(torch.cat([given, images], 1))


class CganTranslate(Model):
    directions = ("x-to-y",)

    def __init__(self, config: CganTranslateConfig, shape: ImageShape) -> None:
        super().__init__()
        self.mismatched = config.mismatched
        self.generator = generator(config, shape)
        self.discriminator = Discriminator(config, shape)
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        assert batch.y is not None
        x, y = to_float(batch.x), to_float(batch.y)
        return alternate(
            self.optimisers,
            self.discriminator,
            lambda: self.generator(x),
            lambda fake: least_squares_discriminator(self.discriminator(x, y), self._wrong(x, y, fake)),
            lambda fake: 0.5 * least_squares_generator(self.discriminator(x, fake)),
        )

    def _wrong(self, x: Tensor, y: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's numbers for what it should refuse: [b], with mismatched pairs [2 b]."""
        if not self.mismatched:
            return self.discriminator(x, fake)
        return torch.cat([self.discriminator(x, fake), self.discriminator(x, y.roll(1, 0))])

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        return to_uint8(self.generator(to_float(images)))


def build(config: CganTranslateConfig, shape: ImageShape, classes: int) -> CganTranslate:
    return CganTranslate(config, shape)


SEED = CganTranslateConfig()

MODEL = ModelSpec(
    name="cgan-translate",
    title="Image-conditioned GAN, least squares",
    source="Mirza and Osindero 2014, arXiv 1411.1784; DTU report, section 1.2",
    task="paired",
    recipes={
        "svhn2mnist": SEED,
        "digits2styles": replace(SEED, mismatched=True, width=16, lr=1e-3, batch_size=32, epochs=6),  # 2,432 steps
        "default": SEED,
        "tiny": CganTranslateConfig(width=2, code=5, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
