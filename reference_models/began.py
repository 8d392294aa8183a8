"""Boundary equilibrium GAN (Berthelot, Schumm and Metz 2017, arXiv 1703.10717): an autoencoder judges by its loss.

    L(v) = mean over the pixels of |v - D(v)|        D an autoencoder, eta = 1

    D: L(x) - k_t L(G(z))        G: L(G(z))        k_t+1 = k_t + lambda_k (gamma L(x) - L(G(z)))        (section 3.4)

    M = L(x) + |gamma L(x) - L(G(z))|        the global measure of convergence (section 3.4.1), over the batch

k_t starts at 0, stays in [0, 1], and is a buffer, so that a checkpoint holds it; `k` and `M global` stand in the
curves. gamma = E L(G(z)) / E L(x) is what the equilibrium holds: lower is sharper and less diverse. D is updated first,
then G with noise of its own, whose L is the one in k_t+1 and M.

One of the variants that CIS 680 (2017) assignment 3, section 2, part 3 lets choose from. The networks are the paper's
(section 4.1, Figure 1): 3x3 convolutions with ELU, no batch norm, strides of 2 down and nearest neighbours up; channels
grow by n with each halving, the decoder has n everywhere, and G has the layers of the decoder. For 64 x 64 and n = 16:

    encoder   1 x 64 x 64   16 x 64 x 64   32 x 32 x 32   48 x 16 x 16   64 x 8 x 8   code
    decoder   code   16 x 8 x 8   16 x 16 x 16   16 x 32 x 32   16 x 64 x 64   1 x 64 x 64

With `skips`, an option of the paper too, the decoder's first map, 16 x 8 x 8 as it comes out of the matrix, is enlarged
and joined to the input of the convolution at every larger size.

Here one convolution stands between two changes of size, in the paper two. Noise is uniform in [-1, 1]^code as there:
2 Phi(z) - 1 of the normal z that samples come from. The paper halves the learning rates when M stalls; with `cooling`
they fall linearly to 0 over the second half of so many steps.

G has a larger rate than D (two rates: Heusel et al. 2017): with one rate for both, D learned to reconstruct the images
of small data sets sooner than G to follow, gamma L(x) stayed below L(G(z)), k at 0, and all images became one. For the
same reason the recipes for small data have gamma 1, the most diverse, a k that moves 50 times as fast, and in G's loss
the pull-away term of EBGAN on the codes of G's images (`pull_away`, not in the paper; k and the curves have L(G(z))
alone). Without skips and pull-away term G made fewer and fewer kinds of digits, the longer it trained; with rates that
stay, one run was as likely to end behind `pixel-gaussian` as before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.gan_losses import pull_away_term
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.guidelines import GRID_EVERY
from reference_models.blocks.sides import halved
from reference_models.blocks.steps import frozen, update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, ModelSpec

SMALLEST = 8  # section 4.1: maps are halved until 8 x 8


@dataclass(frozen=True)
class BeganConfig:
    gamma: float = 0.5  # Berthelot et al., section 4.2: 0.3 to 0.7; for small data see above
    k_step: float = 1e-3  # section 3.4: lambda_k
    code: int = 64  # section 4.1: N_h, equal to N_z
    width: int = 16  # section 4.1: n
    skips: bool = True  # optional in the paper
    lr: float = 1e-3  # of the generator; guidelines: 1e-3 to 1e-4
    discriminator_lr: float = 1e-4  # section 4.1; see above
    pull_away: float = 0.0  # for small data see above
    cooling: int = 0  # steps, see above; 0: the rates stay
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 16  # section 4.1
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "k_step", "code", "width", "lr", "discriminator_lr")
        if not 0 <= self.gamma <= 1:
            raise ModelError(f"gamma {self.gamma}; expected a number from 0 to 1")
        if self.cooling < 0:
            raise ModelError(f"cooling {self.cooling}; expected the number of steps, or 0 for rates that stay")
        if self.pull_away < 0 or (self.pull_away and self.batch_size < 2):
            raise ModelError(f"pull_away must not be negative, and needs batches of two images or more; got {self}")


def _sides(shape: ImageShape) -> list[int]:
    """The sides of the maps, large to small."""
    return [shape.height, *(side for side in halved(shape, "began")[1:] if side >= SMALLEST)]


def encoder(config: BeganConfig, shape: ImageShape) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to codes [b, code]."""
    sides, n = _sides(shape), config.width
    layers: list[nn.Module] = [nn.Conv2d(shape.channels, n, 3, padding=1), nn.ELU()]
    for before, after in pairwise(n * level for level in range(1, len(sides) + 1)):
        layers += [nn.Conv2d(before, before, 3, padding=1), nn.ELU()]
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ELU()]
    last = n * len(sides)
    layers += [nn.Conv2d(last, last, 3, padding=1), nn.ELU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(last * sides[-1] ** 2, config.code))


class Decoder(nn.Module):
    """Codes [b, code] to images [b, c, h, w], about within [-1, 1]."""

    def __init__(self, config: BeganConfig, shape: ImageShape) -> None:
        super().__init__()
        n, (first, *larger) = config.width, reversed(_sides(shape))
        self.skips = config.skips
        self.start = nn.Sequential(nn.Linear(config.code, n * first**2), nn.Unflatten(1, (n, first, first)))
        inputs = [n, *(2 * n if config.skips else n for _ in larger)]
        self.convolutions = nn.ModuleList(nn.Conv2d(before, n, 3, padding=1) for before in inputs)
        self.enlarge = nn.ModuleList(nn.Upsample((side, side)) for side in larger)
        self.last = nn.Conv2d(n, shape.channels, 3, padding=1)

    def forward(self, code: Tensor) -> Tensor:
        start = self.start(code)
        maps = functional.elu(self.convolutions[0](start))
        for enlarge, convolution in zip(self.enlarge, self.convolutions[1:], strict=True):
            maps, start = enlarge(maps), enlarge(start)
            maps = functional.elu(convolution(torch.cat([maps, start], dim=1) if self.skips else maps))
        return self.last(maps)


def uniform(noise: Tensor) -> Tensor:
    """Standard normal numbers as uniform ones in [-1, 1]."""
    return 2 * torch.special.ndtr(noise) - 1


def reconstruction(discriminator: nn.Module, images: Tensor) -> Tensor:
    """L: mean |v - D(v)| over pixels and images."""
    return (images - discriminator(images)).abs().mean()


def next_k(k: Tensor, real: Tensor, fake: Tensor, gamma: float, step: float) -> Tensor:
    """k + step (gamma L(x) - L(G(z))), within 0 and 1."""
    return (k + step * (gamma * real - fake)).clamp(0, 1)


def convergence(real: Tensor, fake: Tensor, gamma: float) -> Tensor:
    """M = L(x) + |gamma L(x) - L(G(z))|; it falls while the images get better."""
    return real + (gamma * real - fake).abs()


def rate_share(step: int, cooling: int) -> float:
    """The share of the learning rates at a step: 1 in the first half of `cooling` steps, then linearly to 0."""
    return max(0.0, min(1.0, 2 * (1 - step / cooling)))


class Began(GanPair):
    def __init__(self, config: BeganConfig, shape: ImageShape) -> None:
        networks = Decoder(config, shape), nn.Sequential(encoder(config, shape), Decoder(config, shape))
        super().__init__(config.code, *networks)
        self.config = config
        self.k: Tensor
        self.register_buffer("k", torch.tensor(0.0))
        self.optimisers = adam_pair(*networks, config.lr, config.beta1, config.beta2, config.discriminator_lr)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real, gamma = to_float(batch.x), self.config.gamma
        if self.config.cooling:
            self._cool(batch.step)
        fake = self.generate_for_discriminator(real)
        loss_real = reconstruction(self.discriminator, real)
        loss_d = loss_real - self.k * reconstruction(self.discriminator, fake)
        update(self.optimisers["discriminator"], loss_d)

        with frozen(self.discriminator):
            encoder, decoder = self.discriminator
            fake = self.generate_like(real)
            codes = encoder(fake)
            loss_g = functional.l1_loss(decoder(codes), fake)
            apart = self.config.pull_away * pull_away_term(codes) if self.config.pull_away else 0.0
            update(self.optimisers["generator"], loss_g + apart)
        loss_real, loss_g = loss_real.detach(), loss_g.detach()
        self.k.copy_(next_k(self.k, loss_real, loss_g, gamma, self.config.k_step))
        measure = convergence(loss_real, loss_g, gamma)
        return {"generator": loss_g, "discriminator": loss_d.detach(), "k": self.k.clone(), "M global": measure}

    def _cool(self, step: int) -> None:
        share = rate_share(step, self.config.cooling)
        for name, rate in (("generator", self.config.lr), ("discriminator", self.config.discriminator_lr)):
            self.optimisers[name].param_groups[0]["lr"] = share * rate

    def generate_like(self, real: Tensor) -> Tensor:
        return self.generator(uniform(torch.randn(len(real), self.noise_dim, device=real.device)))

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return to_uint8(self.generator(uniform(noise)))


def build(config: BeganConfig, shape: ImageShape, classes: int) -> Began:
    return Began(config, shape)


SEED = BeganConfig()

MODEL = ModelSpec(
    name="began",
    title="Boundary equilibrium GAN",
    source="Berthelot, Schumm and Metz 2017, arXiv 1703.10717; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes={
        "cufs-sketches": replace(  # 88 images: 2,002 iterations, of the paper's 16 images each
            SEED, gamma=1.0, k_step=5e-2, discriminator_lr=2e-4, pull_away=0.1, cooling=2_002, epochs=364
        ),
        "celeba": replace(SEED, width=128, epochs=0.5),  # 5,087 iterations; section 4.1: n = 128
        "digits": replace(  # 1,784 steps, minutes on two cores
            SEED,
            gamma=1.0,
            k_step=5e-2,
            code=12,
            discriminator_lr=2e-4,
            pull_away=0.1,
            cooling=1_784,
            batch_size=32,
            epochs=44,
        ),
        "default": SEED,
        "tiny": BeganConfig(code=4, width=2, batch_size=4, epochs=1),
    },
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator"), "convergence": ("M global",), "k": ("k",)},
)
