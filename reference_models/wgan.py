"""Wasserstein GAN (Arjovsky, Chintala and Bottou 2017, arXiv 1701.07875), its Algorithm 1.

    critic      maximises  mean f(x) - mean f(G(z)),  RMSprop; after each update w <- clip(w, -c, c)
    generator   minimises  - mean f(G(z)),  RMSprop

`wasserstein` in the curves is mean f(x) - mean f(G(z)), up to a factor the estimate of the Wasserstein-1 distance that
their Figure 3 draws; `discriminator` is minus that, what the critic minimises. All its parameters are clipped, those of
batch norm too, as in the authors' code.

One training step is one update of the critic, on real images of its own as in the algorithm; the generator is updated
with the first and then with every `critic_steps`-th. So 10,000 steps are 2,000 updates of the generator. One of the
variants that CIS 680 (2017) assignment 3, section 2, part 3 lets choose from; the networks are those of
`blocks.networks`, after its guidelines. Not taken over from the authors' code: 100 critic updates for each of the
generator's first 25.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.guidelines import GRID_EVERY
from reference_models.blocks.networks import discriminator, generator
from reference_models.blocks.steps import update
from reference_models.loop.images import to_float
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, ModelSpec


@dataclass(frozen=True)
class WganConfig:
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    clip: float = 0.01  # Algorithm 1: c
    critic_steps: int = 5  # Algorithm 1: n_critic
    lr: float = 5e-5  # Algorithm 1: alpha
    batch_size: int = 64  # Algorithm 1: m
    epochs: float = 100  # recipes give 2,000 updates of the generator and more

    def __post_init__(self) -> None:
        require_positive(self, "width", "latent", "clip", "critic_steps", "lr")


@torch.no_grad()
def clip_weights(network: nn.Module, limit: float) -> None:
    """Bring every parameter of the network into [-limit, limit]."""
    for weight in network.parameters():
        weight.clamp_(-limit, limit)


class Wgan(GanPair):
    def __init__(self, config: WganConfig, shape: ImageShape) -> None:
        networks = generator(config.latent, config.width, shape, "wgan"), discriminator(config.width, shape, "wgan")
        super().__init__(config.latent, *networks)
        self.config = config
        self.optimisers = {
            "generator": torch.optim.RMSprop(self.generator.parameters(), lr=config.lr),
            "discriminator": torch.optim.RMSprop(self.discriminator.parameters(), lr=config.lr),
        }

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real = to_float(batch.x)
        fake = self.generate_for_discriminator(real)
        distance = self.discriminator(real).mean() - self.discriminator(fake).mean()
        update(self.optimisers["discriminator"], -distance)
        clip_weights(self.discriminator, self.config.clip)

        losses = {"discriminator": -distance.detach(), "wasserstein": distance.detach()}
        if batch.step % self.config.critic_steps == 0:
            losses["generator"] = self.update_generator(real)
        return losses

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.discriminator(fake).mean()


def build(config: WganConfig, shape: ImageShape, classes: int) -> Wgan:
    return Wgan(config, shape)


SEED = WganConfig()

MODEL = ModelSpec(
    name="wgan",
    title="Wasserstein GAN with weight clipping",
    source="Arjovsky, Chintala and Bottou 2017, arXiv 1701.07875; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes={
        "cufs-sketches": replace(  # 88 images: 9,999 steps, 5,000 updates of the generator; SEED's 2,000 drew hair only
            SEED, critic_steps=2, lr=2e-4, epochs=7_272
        ),
        "celeba": replace(SEED, width=128, epochs=4),  # 10,174 steps; guidelines: 1024 channels
        "digits": replace(  # 9,728 steps, minutes on two cores; with 5 critic steps the generator was slow
            SEED, width=32, critic_steps=2, lr=2e-4, batch_size=32, epochs=240
        ),
        "default": SEED,
        "tiny": WganConfig(width=2, latent=5, batch_size=4, epochs=1),
    },
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator"), "wasserstein estimate": ("wasserstein",)},
)
