"""Convolutional autoencoder after the guidelines of CIS 680 (2017) assignment 3: its section 1, part 1.

The assignment leaves the architecture open; its guidelines are followed as they stand. Pixels in [-1, 1]; an encoder of
convolutions with kernel 3 and stride 2 that double the channels, batch norm and ReLU after each; a code of 64; a
decoder of transposed convolutions, kernel 4 to even sides, that halve the channels; tanh at the end. For 64 x 64:

    encoder   1 x 64 x 64   16 x 32 x 32   32 x 16 x 16   64 x 8 x 8   128 x 4 x 4   64
    decoder   64   128 x 4 x 4   64 x 8 x 8   32 x 16 x 16   16 x 32 x 32   1 x 64 x 64

128 channels at most, as it asks for CUFS. Other sides are halved until 4, 5 or 6 is left. Minimised is the L2 loss,
|x - x'|^2 summed over the pixels and averaged over the images. As in `autoencoder`, `sample` decodes codes drawn from
the Gaussian of the training codes, which makes no generative model of it but lets its samples be measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from reference_models.autoencoder import CodeGaussian, reconstruction_loss
from reference_models.blocks.guidelines import GRID_EVERY
from reference_models.blocks.networks import generator
from reference_models.blocks.sides import halved
from reference_models.blocks.steps import update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class ConvAutoencoderConfig:
    width: int = 16  # channels after the first halving; 128 after the fourth, the most for CUFS (guidelines)
    code: int = 64  # assignment, section 1, part 1
    lr: float = 1e-3  # guidelines: Adam, 1e-3 to 1e-4
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        if min(self.width, self.code) < 1 or self.lr <= 0:
            raise ModelError(f"width, code and lr must be positive; got {self}")


def encoder(width: int, code: int, shape: ImageShape) -> nn.Sequential:
    """Images [b, c, h, w] to codes [b, code]."""
    sides = halved(shape, "conv-autoencoder")
    channels = [shape.channels, *(width * 2**level for level in range(len(sides) - 1))]
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * sides[-1] ** 2, code))


class ConvAutoencoder(Model):
    def __init__(self, config: ConvAutoencoderConfig, shape: ImageShape) -> None:
        super().__init__()
        self.noise_dim = self.code_dim = config.code
        self.encoder = encoder(config.width, config.code, shape)
        self.decoder = generator(config.code, config.width, shape, "conv-autoencoder")
        self.codes = CodeGaussian(config.code)
        betas = (config.beta1, config.beta2)
        self.optimisers = {"adam": torch.optim.Adam(self.parameters(), lr=config.lr, betas=betas, fused=True)}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x)
        codes = self.encoder(x)
        loss = reconstruction_loss(self.decoder(codes), x)
        update(self.optimisers["adam"], loss)
        self.codes.follow(codes.detach().float(), batch.step)
        return {"reconstruction": loss.detach()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        """Decoded codes of the Gaussian of the training codes."""
        return self.decode(self.codes.draw(noise))

    def encode(self, images: Tensor) -> Tensor:
        return self.encoder(to_float(images))

    def decode(self, codes: Tensor) -> Tensor:
        return to_uint8(self.decoder(codes))


def build(config: ConvAutoencoderConfig, shape: ImageShape, classes: int) -> ConvAutoencoder:
    return ConvAutoencoder(config, shape)


SEED = ConvAutoencoderConfig()

MODEL = ModelSpec(
    name="conv-autoencoder",
    title="Convolutional autoencoder",
    source="Hinton and Salakhutdinov 2006, Science 313, doi 10.1126/science.1127647; "
    "CIS 680 (2017) assignment 3, section 1, part 1",
    task="reconstruct",
    recipes={
        "cufs-sketches": replace(SEED, epochs=1_705),  # 88 images: 3,001 iterations
        "celeba": replace(SEED, width=64, batch_size=128, epochs=4),  # 5,087 iterations; guidelines: a wider network
        "digits": replace(SEED, epochs=40),  # 1,297 images: 1,038 steps, minutes on two cores
        "default": SEED,
        "tiny": ConvAutoencoderConfig(width=2, code=4, batch_size=4, epochs=1),
    },
    build=build,
    figures={"reconstruction": ("reconstruction",)},
    grid_every=GRID_EVERY,
)
