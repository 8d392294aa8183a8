"""GAN with a variational discriminator bottleneck (Peng, Kanazawa, Toyer, Abbeel and Levine 2019, arXiv 1810.00821).

The discriminator is an encoder E of images to Gaussians N(mu, sigma^2) over codes of K numbers, and a linear layer that
judges a code drawn from there. How much the codes can tell about the images is bounded by I_c (sections 4 and 4.3):

    D, E: - mean log D(z), z ~ E(x)  -  mean log(1 - D(z)), z ~ E(G)  +  beta (KL - I_c)
    KL:   the divergence of E(.) from N(0, I), averaged over real and generated images, half and half
    beta: max(0, beta + alpha_beta (KL - I_c))        after each update of D: dual gradient ascent
    G:    - mean log D(mu(G))                         the generator sees the means only

`kl` and `beta` stand in the curves; beta is a buffer, so that a checkpoint holds it. `gradient_penalty` adds
`penalty_weight` times the mean of |grad D(mu(x))|^2 at the real images, which makes it the paper's VGAN-GP (Mescheder
et al. 2018, arXiv 1801.04406).

One of the variants that CIS 680 (2017) assignment 3, section 2, part 3 lets choose from. Generator and encoder are
those of `blocks.networks`, after its guidelines, where the paper has residual networks; the encoder has no batch
norm, through which the images of a batch would learn of each other past the bottleneck. The paper's generator maximises
- log(1 - D); here it has the form that does not saturate, as in the authors' code (which gives it drawn codes, too).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from reference_models.blocks.gan_losses import cross_entropy_discriminator, cross_entropy_generator
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.gradient_penalty import squared_slopes
from reference_models.blocks.guidelines import GRID_EVERY
from reference_models.blocks.networks import feature_count, features, generator
from reference_models.blocks.steps import update
from reference_models.conv_vae import kl_loss
from reference_models.loop.images import to_float
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, ModelSpec


@dataclass(frozen=True)
class VdbGanConfig:
    bottleneck: int = 256  # authors' code: numbers per code and place; here per image
    information: float = 0.1  # I_c for images: Peng et al., section 5.3, in nats
    beta_start: float = 0.1  # authors' code for CIFAR-10
    beta_step: float = 1e-5  # authors' code: alpha_beta
    gradient_penalty: bool = False  # Peng et al., section 5.3: VGAN-GP
    penalty_weight: float = 10.0  # authors' code
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    lr: float = 2e-4  # guidelines: 1e-3 to 1e-4
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "bottleneck", "information", "beta_step", "penalty_weight", "width", "latent", "lr")


class Discriminator(nn.Module):
    """Images [b, c, h, w] in [-1, 1] to the logits [b] of the means of their codes."""

    def __init__(self, config: VdbGanConfig, shape: ImageShape) -> None:
        super().__init__()
        count = feature_count(config.width, shape, "vdb-gan")
        self.encoder = nn.Sequential(
            *features(config.width, shape, "vdb-gan", batch_norm=False), nn.Linear(count, 2 * config.bottleneck)
        )
        self.judge = nn.Sequential(nn.Linear(config.bottleneck, 1), nn.Flatten(0))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log sigma [b, bottleneck] of the codes."""
        mean, log_sigma = self.encoder(images).chunk(2, dim=1)
        return mean, log_sigma

    def forward(self, images: Tensor) -> Tensor:
        return self.judge(self.encode(images)[0])


def next_beta(beta: Tensor, kl: Tensor, information: float, step: float) -> Tensor:
    """max(0, beta + step (KL - I_c)): the weight grows while more passes the bottleneck than it should."""
    return (beta + step * (kl - information)).clamp(min=0)


class VdbGan(GanPair):
    discriminator: Discriminator

    def __init__(self, config: VdbGanConfig, shape: ImageShape) -> None:
        networks = generator(config.latent, config.width, shape, "vdb-gan"), Discriminator(config, shape)
        super().__init__(config.latent, *networks)
        self.config = config
        self.beta: Tensor
        self.register_buffer("beta", torch.tensor(config.beta_start))
        self.optimisers = adam_pair(*networks, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real = to_float(batch.x)
        fake = self.generate_for_discriminator(real)
        mean, log_sigma = self.discriminator.encode(torch.cat([real, fake]))
        codes = mean + log_sigma.exp() * torch.randn_like(mean)
        judged, kl = cross_entropy_discriminator(*self.discriminator.judge(codes).chunk(2)), kl_loss(mean, log_sigma)
        loss = judged + self.beta * (kl - self.config.information)
        if self.config.gradient_penalty:
            loss = loss + self.config.penalty_weight * squared_slopes(self.discriminator, real).mean()
        update(self.optimisers["discriminator"], loss)
        self.beta.copy_(next_beta(self.beta, kl.detach(), self.config.information, self.config.beta_step))

        loss_g = self.update_generator(real)
        return {"generator": loss_g, "discriminator": judged.detach(), "kl": kl.detach(), "beta": self.beta.clone()}

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return cross_entropy_generator(self.discriminator(fake))


def build(config: VdbGanConfig, shape: ImageShape, classes: int) -> VdbGan:
    return VdbGan(config, shape)


SEED = VdbGanConfig()

MODEL = ModelSpec(
    name="vdb-gan",
    title="GAN with a variational discriminator bottleneck",
    source="Peng et al. 2019, arXiv 1810.00821; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes={
        "cufs-sketches": replace(SEED, beta_step=1e-3, epochs=1_705),  # 88 images: 3,001 iterations for beta to grow in
        "celeba": replace(SEED, width=128, batch_size=128, epochs=4),  # 5,087 iterations; guidelines: 1024 channels
        "digits": replace(
            SEED, width=32, beta_step=1e-3, lr=5e-4, batch_size=32, epochs=60
        ),  # beta has 2,432 steps only
        "default": SEED,
        "tiny": VdbGanConfig(bottleneck=4, gradient_penalty=True, width=2, latent=5, batch_size=4, epochs=1),
    },
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator"), "kl divergence": ("kl",), "beta": ("beta",)},
)
