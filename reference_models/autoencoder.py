"""Autoencoder with fully connected networks: section 3 of the Fashion-MNIST GAN assignment (OUC 2018), Figure 3.

Units 576-256-100-256-576 for images of 24 x 24; other images have as many outer units as pixels. Minimised is

    L(x, x') = |x - x'|^2     summed over the pixels, averaged over the images of the batch

The assignment names no activations, range or optimiser. Here: pixels in [0, 1] with a sigmoid at the end, ReLU in the
two layers of 256, none on the code (Hinton and Salakhutdinov 2006 likewise keep the code linear), Adam.

"Not a generative model", says the assignment, and so it is; but its codes have a distribution. The model keeps their
mean and covariance, moving with the encoder, and `sample` decodes codes drawn from that Gaussian (the ex-post density
of Ghosh et al. 2020, arXiv 1903.12436), so that its samples can be measured next to those of the real generators.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor, nn

from reference_models.blocks.steps import update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class AutoencoderConfig:
    code: int = 100  # assignment, section 3.1 and Figure 3
    hidden: int = 256  # the same
    lr: float = 1e-3  # not given: the default of Adam
    batch_size: int = 64  # not given
    epochs: float = 20  # not given

    def __post_init__(self) -> None:
        if min(self.code, self.hidden) < 1 or self.lr <= 0:
            raise ModelError(f"code, hidden and lr must be positive; got {self}")


class CodeGaussian(nn.Module):
    """Mean and covariance of codes that change while the encoder learns: weights fall by 1 % per step."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.covariance: Tensor
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("covariance", torch.eye(dim))

    @torch.no_grad()
    def follow(self, codes: Tensor, step: int) -> None:
        """Mix in a batch of codes [b, dim]: with weight 1 / (step + 1) at first, 1 / 100 later."""
        weight = max(1 / (step + 1), 0.01)
        centre = codes.mean(0)
        away, spread = centre - self.mean, (codes - centre).T @ (codes - centre) / len(codes)
        self.covariance.copy_((1 - weight) * (self.covariance + weight * torch.outer(away, away)) + weight * spread)
        self.mean += weight * away

    def draw(self, noise: Tensor) -> Tensor:
        """Codes [b, dim] for noise [b, dim], by the symmetric root of the covariance."""
        variances, directions = torch.linalg.eigh(self.covariance)
        return self.mean + noise @ (directions * variances.clamp(min=0).sqrt()) @ directions.T


def reconstruction_loss(reconstruction: Tensor, x: Tensor) -> Tensor:
    """|x - x'|^2 summed over the pixels, averaged over the images."""
    return ((reconstruction - x) ** 2).sum() / len(x)


class Autoencoder(Model):
    def __init__(self, config: AutoencoderConfig, shape: ImageShape) -> None:
        super().__init__()
        self.noise_dim = self.code_dim = config.code
        pixels = prod(shape)
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.code),
        )
        self.decoder = nn.Sequential(
            nn.Linear(config.code, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, pixels),
            nn.Sigmoid(),
            nn.Unflatten(1, tuple(shape)),
        )
        self.codes = CodeGaussian(config.code)
        self.optimisers = {"adam": torch.optim.Adam(self.parameters(), lr=config.lr)}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x, "0..1")
        codes = self.encoder(x)
        loss = reconstruction_loss(self.decoder(codes), x)
        update(self.optimisers["adam"], loss)
        self.codes.follow(codes.detach().float(), batch.step)
        return {"reconstruction": loss.detach()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        """Decoded codes of the Gaussian of the training codes."""
        return self.decode(self.codes.draw(noise))

    def encode(self, images: Tensor) -> Tensor:
        return self.encoder(to_float(images, "0..1"))

    def decode(self, codes: Tensor) -> Tensor:
        return to_uint8(self.decoder(codes), "0..1")


def build(config: AutoencoderConfig, shape: ImageShape, classes: int) -> Autoencoder:
    return Autoencoder(config, shape)


SEED = AutoencoderConfig()

MODEL = ModelSpec(
    name="autoencoder",
    title="Autoencoder, fully connected",
    source="Hinton and Salakhutdinov 2006, Science 313, doi 10.1126/science.1127647; OUC 2018 assignment 3, section 3",
    task="reconstruct",
    recipes={
        "fashion-mnist-24": SEED,
        "digits": replace(SEED, epochs=100),  # 1,297 images: 2,027 steps, seconds on two cores
        "default": SEED,
        "tiny": AutoencoderConfig(code=3, hidden=16, batch_size=4, epochs=1),
    },
    build=build,
    figures={"reconstruction": ("reconstruction",)},
)
