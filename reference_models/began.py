"""Boundary equilibrium GAN (Berthelot, Schumm and Metz 2017, arXiv 1703.10717): an autoencoder judges by its loss.

    L(v) = mean over the pixels of |v - D(v)|        D an autoencoder, eta = 1

    D: L(x) - k_t L(G(z))        G: L(G(z))        k_t+1 = k_t + lambda_k (gamma L(x) - L(G(z)))        (section 3.4)

    M = L(x) + |gamma L(x) - L(G(z))|        the global measure of convergence (section 3.4.1), over the batch

k_t starts at 0, stays in [0, 1], and is a buffer, so that a checkpoint holds it; `k` and `M global` stand in the
curves. gamma = E L(G(z)) / E L(x) is what the equilibrium holds: lower is sharper and less diverse. D is updated first,
then G with noise of its own, whose L is the one in k_t+1 and M.

One of the variants that CIS 680 (2017) assignment 3, section 2, part 3 lets choose from. The networks are those of
`training.networks`, after its guidelines but without batch norm, as in the paper, and the decoder of D has the layers
of the generator; the paper's own have ELU and nearest-neighbour upsampling. The learning rate stays as it is; the
paper's falls when M stalls.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from reference_models._errors import ModelError
from reference_models._types import Batch, ImageShape, ModelSpec
from reference_models.training.gan_steps import adam_pair, update_generator
from reference_models.training.images import to_float
from reference_models.training.networks import GanPair, feature_count, features, generator
from reference_models.training.settings import require_positive
from reference_models.training.steps import update


@dataclass(frozen=True)
class BeganConfig:
    gamma: float = 0.5  # Berthelot et al., section 4.2: 0.3 to 0.7
    k_step: float = 1e-3  # section 3.4: lambda_k
    code: int = 64  # section 4.1: N_h, equal to N_z
    width: int = 16  # guidelines: 128 channels at most for CUFS
    lr: float = 1e-4  # section 4.1; guidelines: 1e-3 to 1e-4
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 16  # section 4.1
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "k_step", "code", "width", "lr")
        if not 0 <= self.gamma <= 1:
            raise ModelError(f"gamma {self.gamma}; expected a number from 0 to 1")


def autoencoder(config: BeganConfig, shape: ImageShape) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to images of the same shape."""
    last = nn.Linear(feature_count(config.width, shape, "began"), config.code)
    encoder = nn.Sequential(*features(config.width, shape, "began", batch_norm=False), last)
    return nn.Sequential(encoder, generator(config.code, config.width, shape, "began", batch_norm=False))


def reconstruction(discriminator: nn.Module, images: Tensor) -> Tensor:
    """L: mean |v - D(v)| over pixels and images."""
    return (images - discriminator(images)).abs().mean()


def next_k(k: Tensor, real: Tensor, fake: Tensor, gamma: float, step: float) -> Tensor:
    """k + step (gamma L(x) - L(G(z))), within 0 and 1."""
    return (k + step * (gamma * real - fake)).clamp(0, 1)


def convergence(real: Tensor, fake: Tensor, gamma: float) -> Tensor:
    """M = L(x) + |gamma L(x) - L(G(z))|; it falls while the images get better."""
    return real + (gamma * real - fake).abs()


class Began(GanPair):
    def __init__(self, config: BeganConfig, shape: ImageShape) -> None:
        own = generator(config.code, config.width, shape, "began", batch_norm=False)
        networks = own, autoencoder(config, shape)
        super().__init__(config.code, *networks)
        self.config = config
        self.k: Tensor
        self.register_buffer("k", torch.tensor(0.0))
        self.optimisers = adam_pair(*networks, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real, gamma = to_float(batch.x), self.config.gamma
        with torch.no_grad():
            fake = self.generate_like(real)
        loss_real = reconstruction(self.discriminator, real)
        loss_d = loss_real - self.k * reconstruction(self.discriminator, fake)
        update(self.optimisers["discriminator"], loss_d)

        loss_g = update_generator(
            self.optimisers,
            self.discriminator,
            lambda: self.generate_like(real),
            lambda fake: reconstruction(self.discriminator, fake),
        )
        loss_real = loss_real.detach()
        self.k.copy_(next_k(self.k, loss_real, loss_g, gamma, self.config.k_step))
        measure = convergence(loss_real, loss_g, gamma)
        return {"generator": loss_g, "discriminator": loss_d.detach(), "k": self.k.clone(), "M global": measure}


def build(config: BeganConfig, shape: ImageShape, classes: int) -> Began:
    return Began(config, shape)


SEED = BeganConfig()

MODEL = ModelSpec(
    name="began",
    title="Boundary equilibrium GAN",
    source="Berthelot, Schumm and Metz 2017, arXiv 1703.10717; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes={
        "cufs-sketches": replace(SEED, batch_size=50, epochs=1_705),  # 88 images: 3,001 iterations
        "celeba": replace(SEED, width=128, code=64, epochs=0.5),  # 5,087 iterations; guidelines: 1024 channels
        "digits": replace(  # gamma 0.5 ended in a single image; 4,864 steps, minutes on two cores
            SEED, gamma=0.9, k_step=1e-2, code=32, width=32, lr=2e-4, batch_size=32, epochs=120
        ),
        "default": SEED,
        "tiny": BeganConfig(code=4, width=2, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator"), "convergence": ("M global",), "k": ("k",)},
)
