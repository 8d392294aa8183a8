"""Wasserstein GAN with gradient penalty (Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville 2017, arXiv 1704.00028).

Their Algorithm 1; the critic minimises

    mean f(G(z)) - mean f(x) + lambda mean (|grad f(u)| - 1)^2,   u = a x + (1 - a) G(z),  a uniform in (0, 1) per pair

and the generator - mean f(G(z)). No batch norm in the critic, since the penalty is on each image's own gradient
(section 4). `wasserstein` in the curves is mean f(x) - mean f(G(z)), `penalty` the mean before lambda.

As in `wgan`, one training step is one update of the critic on real images of its own; the generator is updated with the
first and then with every `critic_steps`-th. One of the variants that CIS 680 (2017) assignment 3, section 2, part 3
lets choose from; the networks are those of `blocks.networks`, after its guidelines. `dcgan-upconv` has the other
penalty, centred at zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn

from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.gradient_penalty import between, squared_slopes
from reference_models.blocks.guidelines import GRID_EVERY
from reference_models.blocks.networks import discriminator, generator
from reference_models.blocks.steps import update
from reference_models.loop.images import to_float
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, ModelSpec


@dataclass(frozen=True)
class WganGpConfig:
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    penalty_weight: float = 10.0  # Algorithm 1: lambda
    critic_steps: int = 5  # Algorithm 1: n_critic
    lr: float = 1e-4  # Algorithm 1: alpha
    beta1: float = 0.0  # Algorithm 1
    beta2: float = 0.9  # Algorithm 1
    batch_size: int = 64  # Algorithm 1: m
    epochs: float = 100  # recipes give 2,000 updates of the generator and more

    def __post_init__(self) -> None:
        require_positive(self, "width", "latent", "penalty_weight", "critic_steps", "lr")


def slope_penalty(critic: nn.Module, images: Tensor) -> Tensor:
    """Mean over the images [b, c, h, w] of (|grad f| - 1)^2; a slope below 1e-6 counts as that and is not pushed."""
    return ((squared_slopes(critic, images).clamp(min=1e-12).sqrt() - 1) ** 2).mean()


class WganGp(GanPair):
    def __init__(self, config: WganGpConfig, shape: ImageShape) -> None:
        critic = discriminator(config.width, shape, "wgan-gp", batch_norm=False)
        super().__init__(config.latent, generator(config.latent, config.width, shape, "wgan-gp"), critic)
        self.config = config
        self.optimisers = adam_pair(self.generator, self.discriminator, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real = to_float(batch.x)
        fake = self.generate_for_discriminator(real)
        distance = self.discriminator(real).mean() - self.discriminator(fake).mean()
        penalty = slope_penalty(self.discriminator, between(real, fake))
        loss = -distance + self.config.penalty_weight * penalty
        update(self.optimisers["discriminator"], loss)

        losses = {"discriminator": loss.detach(), "wasserstein": distance.detach(), "penalty": penalty.detach()}
        if batch.step % self.config.critic_steps == 0:
            losses["generator"] = self.update_generator(real)
        return losses

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return -self.discriminator(fake).mean()


def build(config: WganGpConfig, shape: ImageShape, classes: int) -> WganGp:
    return WganGp(config, shape)


SEED = WganGpConfig()

MODEL = ModelSpec(
    name="wgan-gp",
    title="Wasserstein GAN with gradient penalty",
    source="Gulrajani et al. 2017, arXiv 1704.00028; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes={
        "cufs-sketches": replace(SEED, epochs=7_272),  # 88 images: 9,999 steps, 2,000 updates of the generator
        "celeba": replace(SEED, width=128, epochs=4),  # 10,174 steps; guidelines: 1024 channels
        "digits": replace(SEED, width=32, lr=5e-4, batch_size=32, epochs=60),  # 2,432 steps, minutes on two cores
        "default": SEED,
        "tiny": WganGpConfig(width=2, latent=5, batch_size=4, epochs=1),
    },
    grid_every=GRID_EVERY,
    build=build,
    figures={
        "losses": ("generator", "discriminator"),
        "wasserstein estimate": ("wasserstein",),
        "gradient penalty": ("penalty",),
    },
)
