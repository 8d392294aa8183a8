"""Variational autoencoder with fully connected networks (Kingma and Welling 2014, appendix C.2 and equation 10).

Encoder 784-400-(zdim, zdim), decoder zdim-400-784: Tables 1 and 2 of the course assignment "Generative Adversarial
Network" (CIS 680). Minimised is the negative evidence bound, per image and averaged over the batch:

    reconstruction = sum over pixels of the binary cross entropy between x and x^, both in [0, 1]
    kl             = 1/2 sum over the code of (exp(log sigma^2) + mu^2 - 1 - log sigma^2)

weighted 1 : 1. Sums and not means over the pixels: with means the code term would count 784 times as much and the
codes collapse to the prior. The sigmoid of Table 2 is applied inside the cross entropy, which is the same function and
does not overflow.

Table 1 also puts a ReLU on mu and log sigma^2. It would allow neither negative means nor variances below 1, so that
every posterior is wider than the prior; Kingma and Welling have none. It is `relu_on_code`, off by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.steps import update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class VaeConfig:
    zdim: int = 5  # assignment, section 2.2.4, point 6
    hidden: int = 400  # Tables 1 and 2
    relu_on_code: bool = False  # Table 1 has it; see above
    kl_weight: float = 1.0  # section 2.2.4, point 6: 1 : 1
    lr: float = 1e-3  # section 2.2.4, point 6: Adam
    batch_size: int = 128  # not given for the VAE; the one of section 3.2.4
    epochs: float = 10  # section 2.2.4, point 6

    def __post_init__(self) -> None:
        if min(self.zdim, self.hidden) < 1 or self.lr <= 0 or self.kl_weight < 0:
            raise ModelError(f"zdim, hidden and lr must be positive and kl_weight not negative; got {self}")


class Encoder(nn.Module):
    """Table 1: images to the mean and log variance of their code."""

    def __init__(self, pixels: int, hidden: int, zdim: int, relu_on_code: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU())
        self.mean = nn.Linear(hidden, zdim)
        self.log_variance = nn.Linear(hidden, zdim)
        self.last = nn.ReLU() if relu_on_code else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.body(x)  # b hidden
        return self.last(self.mean(h)), self.last(self.log_variance(h))  # b zdim


class Decoder(nn.Module):
    """Table 2 without its sigmoid: codes to the logits of the pixels."""

    def __init__(self, shape: ImageShape, hidden: int, zdim: int) -> None:
        super().__init__()
        pixels = shape.channels * shape.height * shape.width
        self.body = nn.Sequential(nn.Linear(zdim, hidden), nn.ReLU(), nn.Linear(hidden, pixels))
        self.unflatten = nn.Unflatten(1, tuple(shape))

    def forward(self, z: Tensor) -> Tensor:
        return self.unflatten(self.body(z))  # b c h w


def reconstruction_loss(logits: Tensor, x: Tensor) -> Tensor:
    """Binary cross entropy summed over the pixels, averaged over the images."""
    return functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


def kl_loss(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Divergence of N(mean, exp(log_variance)) from N(0, I), summed over the code, averaged over the images."""
    return 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(1).mean()


class Vae(Model):
    def __init__(self, config: VaeConfig, shape: ImageShape) -> None:
        super().__init__()
        self.kl_weight = config.kl_weight
        self.noise_dim = self.code_dim = config.zdim
        pixels = shape.channels * shape.height * shape.width
        self.encoder = Encoder(pixels, config.hidden, config.zdim, config.relu_on_code)
        self.decoder = Decoder(shape, config.hidden, config.zdim)
        self.optimisers = {"adam": torch.optim.Adam(self.parameters(), lr=config.lr)}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x, "0..1")
        mean, log_variance = self.encoder(x)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        reconstruction, kl = reconstruction_loss(self.decoder(z), x), kl_loss(mean, log_variance)
        update(self.optimisers["adam"], reconstruction + self.kl_weight * kl)
        return {"reconstruction": reconstruction.detach(), "kl": kl.detach()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.decode(noise)

    def encode(self, images: Tensor) -> Tensor:
        """The mean of each image's code."""
        mean, _ = self.encoder(to_float(images, "0..1"))
        return mean

    def decode(self, codes: Tensor) -> Tensor:
        return to_uint8(torch.sigmoid(self.decoder(codes)), "0..1")


def build(config: VaeConfig, shape: ImageShape, classes: int) -> Vae:
    return Vae(config, shape)


SEED = VaeConfig()

MODEL = ModelSpec(
    name="vae",
    title="Variational autoencoder, fully connected",
    source="Kingma and Welling 2014, arXiv 1312.6114; CIS 680 assignment 4, section 2",
    task="reconstruct",
    recipes={
        "fashion-mnist": SEED,
        "mnist": replace(SEED, zdim=10),  # ten digits share fewer features than clothes do; sharper than with 5
        "digits": replace(SEED, zdim=10, epochs=400),  # 1,297 images: 4,054 steps, about those on Fashion-MNIST
        "default": replace(SEED, zdim=20),
        "tiny": VaeConfig(zdim=3, hidden=16, batch_size=4, epochs=1),
    },
    build=build,
    figures={"reconstruction": ("reconstruction",), "kl divergence": ("kl",)},
)
