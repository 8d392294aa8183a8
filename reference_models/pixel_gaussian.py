"""A control: one Gaussian over the pixels, N(mean, covariance) of the training images. The floor of learned models.

The images are seen once and never kept. With n images so far, their mean m and factor F [rank, d] with
F'F ~ sum (x - m)(x - m)', a batch of b images with mean m_b merges into both exactly (Chan, Golub and LeVeque 1979):

    rows A = [F; x - m_b; sqrt(n b / (n + b)) (m_b - m)]       A'A = scatter of all n + b images about their mean

and the new F holds the `rank` largest principal directions of A, found from the small matrix AA' (Ross, Lim, Lin and
Yang 2008, "Incremental learning for robust visual tracking", section 3.1, without forgetting). Where rank >= d nothing
is lost and the covariance is the sample covariance; elsewhere the loss "variance kept" says how much of it is left.

A sample is m + F'z / sqrt(n - 1) with z ~ N(0, I), clipped to the range of pixels by the rounding to integers, which
takes some of the spread away where pixels are mostly black or white.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor

from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class PixelGaussianConfig:
    rank: int = 512  # principal directions that are kept; 64x64 in colour: 25 MB
    batch_size: int = 500  # images merged per step
    epochs: float = 1.0  # every training image is seen once

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ModelError(f"rank must be positive; got {self}")


class PixelGaussian(Model):
    def __init__(self, config: PixelGaussianConfig, shape: ImageShape) -> None:
        super().__init__()
        self.shape = shape
        pixels = prod(shape)
        self.noise_dim = min(config.rank, pixels)
        self.mean: Tensor
        self.factor: Tensor
        self.scatter: Tensor
        self.seen: Tensor
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("factor", torch.zeros(self.noise_dim, pixels))
        self.register_buffer("scatter", torch.zeros((), dtype=torch.float64))  # its whole trace, also what F has lost
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.optimisers = {}

    @torch.no_grad()
    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x).flatten(1).double()  # b d
        n, b = int(self.seen), len(x)
        mean = x.mean(0)
        away = (n * b / (n + b)) ** 0.5 * (mean - self.mean)
        rows = torch.cat([self.factor.double(), x - mean, away[None]])  # rank + b + 1, d
        _, directions = torch.linalg.eigh(rows @ rows.T)  # eigenvalues rise, so the last ones are kept
        self.factor.copy_(directions[:, -self.noise_dim :].T @ rows)
        self.scatter += ((x - mean) ** 2).sum() + (away**2).sum()
        self.mean += b / (n + b) * (mean - self.mean)
        self.seen += b
        kept = (self.factor.double() ** 2).sum() / self.scatter.clamp(min=1e-12)
        return {"variance kept": kept}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        spread = noise @ self.factor / (self.seen - 1).clamp(min=1) ** 0.5  # b d
        return to_uint8((self.mean + spread).unflatten(1, self.shape))


def build(config: PixelGaussianConfig, shape: ImageShape, classes: int) -> PixelGaussian:
    return PixelGaussian(config, shape)


LARGE = PixelGaussianConfig()
WHOLE = replace(LARGE, rank=1_024, epochs=1 / 6)  # grey images up to 32x32: every direction; 10,000 of 60,000 images

MODEL = ModelSpec(
    name="pixel-gaussian",
    title="Control: a Gaussian over pixels",
    source="Ross, Lim, Lin and Yang 2008, doi 10.1007/s11263-007-0075-7, section 3.1",
    task="generate",
    recipes={
        "digits": replace(WHOLE, batch_size=1_297, epochs=1.0),  # the training set in one step
        "cufs-sketches": replace(LARGE, rank=87, batch_size=88),  # all that 88 images have
        "mnist": WHOLE,
        "fashion-mnist": WHOLE,
        "fashion-mnist-24": WHOLE,
        "cifar10": replace(LARGE, epochs=1 / 5),
        "shapes": replace(LARGE, epochs=0.1),
        "celeba": replace(LARGE, epochs=0.06),
        "default": LARGE,
        "tiny": PixelGaussianConfig(rank=6, batch_size=4, epochs=1),
    },
    build=build,
    figures={"variance kept": ("variance kept",)},
)
