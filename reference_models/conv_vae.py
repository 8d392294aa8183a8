"""Convolutional variational autoencoder: CIS 680 (2017) assignment 3, section 1, parts 2 and 3.

The networks are those of `conv-autoencoder` but for what part 2 asks: pixels in [0, 1] with a sigmoid at the end, and
128 outputs of the encoder, 64 means and 64 log sigma. Per image, and averaged over the n images of a batch:

    L_ML = - 1/n sum_i (X_i log f(z_i) + (1 - X_i) log(1 - f(z_i)))          summed over the pixels
    L_KL = 1/2n sum_i (mu_i^2 + sigma_i^2 - log sigma_i^2 - 1)               summed over the code
    L    = L_ML + kl_weight L_KL

Sums and not means over pixels: with means the code term would count thousands of times as much, and the codes collapse
to the prior. The assignment lets the two be balanced by hand, which is `kl_weight`. It asks for log sigma (not log
sigma^2), so sigma^2 = exp(2 log sigma). The sigmoid is applied inside the cross entropy, the same function without
overflow.

Part 3 asks for an improvement. Two are here: `input_noise`, the standard deviation of Gaussian noise on the encoder's
input while the target stays clean (Im et al. 2017, arXiv 1511.06406), and `kl_weight` itself, the beta of Higgins et
al. 2017.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.guidelines import GRID_EVERY
from reference_models.blocks.networks import expanding
from reference_models.blocks.sides import halved
from reference_models.blocks.steps import update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class ConvVaeConfig:
    width: int = 16  # channels after the first halving; 128 after the fourth, the most for CUFS (guidelines)
    code: int = 64  # assignment, section 1, part 2
    kl_weight: float = 1.0  # part 2: "a hand-tuned constant"; 1 is the evidence bound
    input_noise: float = 0.0  # part 3, "adding noise"; off
    lr: float = 1e-3  # guidelines: Adam, 1e-3 to 1e-4
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        if min(self.width, self.code) < 1 or self.lr <= 0 or min(self.kl_weight, self.input_noise) < 0:
            raise ModelError(f"width, code and lr must be positive, kl_weight and input_noise not negative; got {self}")


class Encoder(nn.Module):
    """Images [b, c, h, w] in [0, 1] to the means and log sigma [b, code] of their codes."""

    def __init__(self, config: ConvVaeConfig, shape: ImageShape) -> None:
        super().__init__()
        sides = halved(shape, "conv-vae")
        channels = [shape.channels, *(config.width * 2**level for level in range(len(sides) - 1))]
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * sides[-1] ** 2, 2 * config.code))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_sigma = self.layers(x).chunk(2, dim=1)
        return mean, log_sigma


class Decoder(nn.Module):
    """Codes [b, code] to the logits of the pixels."""

    def __init__(self, config: ConvVaeConfig, shape: ImageShape) -> None:
        super().__init__()
        self.layers = nn.Sequential(*expanding(config.code, config.width, shape, "conv-vae"))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


def likelihood_loss(logits: Tensor, x: Tensor) -> Tensor:
    """L_ML: cross entropy summed over the pixels, averaged over the images; `logits` before the sigmoid."""
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


def kl_loss(mean: Tensor, log_sigma: Tensor) -> Tensor:
    """L_KL: divergence of N(mean, sigma^2) from N(0, I), summed over the code, averaged over the images."""
    return 0.5 * (mean**2 + (2 * log_sigma).exp() - 2 * log_sigma - 1).sum(1).mean()


class ConvVae(Model):
    def __init__(self, config: ConvVaeConfig, shape: ImageShape) -> None:
        super().__init__()
        self.config = config
        self.noise_dim = self.code_dim = config.code
        self.encoder = Encoder(config, shape)
        self.decoder = Decoder(config, shape)
        betas = (config.beta1, config.beta2)
        self.optimisers = {"adam": torch.optim.Adam(self.parameters(), lr=config.lr, betas=betas, fused=True)}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x, "0..1")
        seen = x + self.config.input_noise * torch.randn_like(x) if self.config.input_noise else x
        mean, log_sigma = self.encoder(seen)
        z = mean + log_sigma.exp() * torch.randn_like(mean)
        likelihood, kl = likelihood_loss(self.decoder(z), x), kl_loss(mean, log_sigma)
        update(self.optimisers["adam"], likelihood + self.config.kl_weight * kl)
        return {"likelihood": likelihood.detach(), "kl": kl.detach()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.decode(noise)

    def encode(self, images: Tensor) -> Tensor:
        """The mean of each image's code."""
        mean, _ = self.encoder(to_float(images, "0..1"))
        return mean

    def decode(self, codes: Tensor) -> Tensor:
        return to_uint8(torch.sigmoid(self.decoder(codes)), "0..1")


def build(config: ConvVaeConfig, shape: ImageShape, classes: int) -> ConvVae:
    return ConvVae(config, shape)


SEED = ConvVaeConfig()

MODEL = ModelSpec(
    name="conv-vae",
    title="Convolutional variational autoencoder",
    source="Kingma and Welling 2014, arXiv 1312.6114; CIS 680 (2017) assignment 3, section 1, parts 2 and 3",
    task="reconstruct",
    recipes={
        "cufs-sketches": replace(SEED, epochs=1_705),  # 88 images: 3,001 iterations
        "celeba": replace(SEED, width=64, batch_size=128, epochs=4),  # 5,087 iterations; part 3: a larger one
        "digits": replace(SEED, epochs=40),  # 1,297 images: 1,038 steps, minutes on two cores
        "default": SEED,
        "tiny": ConvVaeConfig(width=2, code=4, batch_size=4, epochs=1),
    },
    build=build,
    figures={"likelihood": ("likelihood",), "kl divergence": ("kl",)},
    grid_every=GRID_EVERY,
)
