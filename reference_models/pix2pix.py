"""pix2pix (Isola et al. 2017) as in CIS 680 (2017) assignment 3, part 3: one direction between pairs of images.

The generator G is an encoder and a decoder with dropout between them; the discriminator D sees the input x beside the
target y or beside G(x) and gives one number per patch, 4 x 4 of them. With sigma the logistic function, means over
patches and images:

    D   = -1/2 mean [log sigma(D(x, y)) + log(1 - sigma(D(x, G(x))))]       cross entropy of every patch
    G   = -mean log sigma(D(x, G(x)))
    L1  = mean |y - G(x)|
    the generator minimises G + 10 L1                                       "10 times more than the adversarial loss"

The assignment leaves the networks to its guidelines, which are followed: convolutions with kernel 3 and stride 2 that
double the channels, transposed ones (kernel 4 to even sides) that halve them, batch norm after each, ReLU in G with
tanh at the end, LeakyReLU 0.2 in D, 128 channels at most for CUFS. For 64 x 64:

    encoder   3 x 64 x 64   16 x 32 x 32   32 x 16 x 16   64 x 8 x 8   128 x 4 x 4   dropout
    decoder   128 x 4 x 4   64 x 8 x 8   32 x 16 x 16   16 x 32 x 32   3 x 64 x 64
    D         6 x 64 x 64   16 x 32 x 32   32 x 16 x 16   64 x 8 x 8   128 x 4 x 4   1 x 4 x 4

G's last convolution has a bias: where no feature is active it decides between paper and hair. D's is 1 x 1, so that one
number sees 31 x 31 pixels and no part of D the whole image; sides other than 64 are halved until 4, 5 or 6 is left. The
three experiments and the extra one are settings: `adversarial` false trains G by L1 alone and builds no D; `direction`
y-to-x is sketch to photo on `cufs`; `skips` concatenates the encoder's activation to the decoder's of the same side
(the U-Net of Isola et al.).

Different from Isola et al.: L1 weight 10 instead of 100, batches instead of single images, dropout in one place, and no
dropout when it translates: theirs is the only noise of the model, here the same input gives the same output.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from reference_models.blocks.sides import doubling, halved
from reference_models.blocks.steps import frozen, initialise_normal, update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, Direction, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class Pix2pixConfig:
    direction: Direction = "x-to-y"  # assignment, part 3: first photo to sketch, then sketch to photo (y-to-x)
    adversarial: bool = True  # its first experiment trains "with only G"
    skips: bool = False  # its extra experiment
    width: int = 16  # channels after the first halving; 128 after the fourth, the most for CUFS (guidelines)
    dropout: float = 0.5  # Isola et al., appendix 6.1.1; where it stands: assignment
    l1_weight: float = 10.0  # assignment; Isola et al. 100
    lr: float = 2e-4  # Isola et al., section 3.3; guidelines: 1e-3 to 1e-4
    beta1: float = 0.5  # guidelines; Isola et al., section 3.3
    beta2: float = 0.999  # Isola et al., section 3.3
    init_std: float = 0.02  # Isola et al., appendix 6.2
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        if self.width < 1 or min(self.lr, self.init_std) <= 0 or not 0 <= self.dropout < 1:
            raise ModelError(f"width, lr and init_std must be positive and dropout in [0, 1); got {self}")
        if self.l1_weight < 0 or not (self.adversarial or self.l1_weight):
            raise ModelError(f"l1_weight must be 0 or more, and positive where it is the only loss; got {self}")


class Generator(nn.Module):
    """Images [b, c, h, w] in [-1, 1] to images of the same shape."""

    def __init__(self, config: Pix2pixConfig, shape: ImageShape) -> None:
        super().__init__()
        sides = halved(shape, "pix2pix")
        channels = [config.width * 2**level for level in range(len(sides) - 1)]
        self.skips = config.skips
        self.encoder = nn.ModuleList(
            nn.Sequential(*_halving(before, after), nn.ReLU())
            for before, after in pairwise([shape.channels, *channels])
        )
        self.middle = nn.Dropout(config.dropout)
        self.decoder = nn.ModuleList()
        for level in reversed(range(len(channels))):
            given = channels[level] * (2 if self.skips and level < len(channels) - 1 else 1)
            after = channels[level - 1] if level else shape.channels
            last: list[nn.Module] = [nn.BatchNorm2d(after), nn.ReLU()] if level else [nn.Tanh()]
            self.decoder.append(nn.Sequential(doubling(given, after, sides[level], bias=not level), *last))

    def forward(self, images: Tensor) -> Tensor:
        kept = []
        for block in self.encoder:
            images = block(images)  # [b, 16, 32, 32], ..., [b, 128, 4, 4]
            kept.append(images)
        images = self.middle(images)
        for place, block in enumerate(self.decoder):
            if self.skips and place:
                images = torch.cat([images, kept[-1 - place]], 1)
            images = block(images)  # [b, 64, 8, 8], ..., [b, c, 64, 64]
        return images


def discriminator(width: int, shape: ImageShape) -> nn.Sequential:
    """Input and output side by side [b, 2 c, h, w] to one logit per patch [b, 1, 4, 4]."""
    levels = len(halved(shape, "pix2pix")) - 1
    channels = [2 * shape.channels, *(width * 2**level for level in range(levels))]
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [*_halving(before, after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 1))


def _halving(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after)]


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-1/2 mean [log sigma(D(x, y)) + log(1 - sigma(D(x, G(x))))] for logits [b, 1, h, w] of the patches."""
    return 0.5 * (_cross_entropy(real, 1) + _cross_entropy(fake, 0))


def generator_loss(fake: Tensor) -> Tensor:
    """-mean log sigma(D(x, G(x))) for logits [b, 1, h, w] of the patches."""
    return _cross_entropy(fake, 1)


def _cross_entropy(logits: Tensor, target: int) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


class Pix2pix(Model):
    def __init__(self, config: Pix2pixConfig, shape: ImageShape) -> None:
        super().__init__()
        self.config = config
        self.directions = (config.direction,)
        self.generator = Generator(config, shape)
        self.discriminator = discriminator(config.width, shape) if config.adversarial else None
        initialise_normal(self, config.init_std)
        self.optimisers = {
            name: torch.optim.Adam(network.parameters(), config.lr, (config.beta1, config.beta2), fused=True)
            for name, network in self.named_children()
        }

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        assert batch.y is not None
        given, target = to_float(batch.x), to_float(batch.y)
        if self.config.direction == "y-to-x":
            given, target = target, given
        fake = self.generator(given)
        l1 = (target - fake).abs().mean()
        if self.discriminator is None:
            update(self.optimisers["generator"], self.config.l1_weight * l1)
            return {"L1": l1.detach()}

        real_pair, fake_pair = torch.cat([given, target], 1), torch.cat([given, fake], 1)
        loss_d = discriminator_loss(self.discriminator(real_pair), self.discriminator(fake_pair.detach()))
        update(self.optimisers["discriminator"], loss_d)
        with frozen(self.discriminator):
            loss_g = generator_loss(self.discriminator(fake_pair))
            update(self.optimisers["generator"], loss_g + self.config.l1_weight * l1)
        return {"generator": loss_g.detach(), "discriminator": loss_d.detach(), "L1": l1.detach()}

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        return to_uint8(self.generator(to_float(images)))


def build(config: Pix2pixConfig, shape: ImageShape, classes: int) -> Pix2pix:
    return Pix2pix(config, shape)


SEED = Pix2pixConfig()

MODEL = ModelSpec(
    name="pix2pix",
    title="pix2pix",
    source="Isola, Zhu, Zhou and Efros 2017, arXiv 1611.07004; CIS 680 (2017) assignment 3, part 3",
    task="paired",
    recipes={
        "cufs": replace(SEED, lr=1e-3, epochs=1_705),  # 88 pairs: 3,001 iterations; the upper rate of the guidelines
        "edges2shoes": replace(SEED, skips=True, width=32, epochs=5),  # 4,983 iterations; 512 channels at 4 x 4
        "edges2shapes": replace(SEED, skips=True, lr=1e-3, batch_size=16, epochs=3),  # 3,750 steps, minutes
        "default": SEED,
        "tiny": Pix2pixConfig(width=2, skips=True, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator"), "L1": ("L1",)},
)
