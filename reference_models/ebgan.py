"""Energy-based GAN (Zhao, Mathieu and LeCun 2017, arXiv 1609.03126): the discriminator is an autoencoder.

    D(x) = |Dec(Enc(x)) - x|        the energy of an image: the length of its reconstruction error
    D: mean D(x) + mean max(0, m - D(G(z)))        G: mean D(G(z)) + w f_PT        (equations 1 to 3, section 2.4)

The pull-away term keeps the codes S = Enc(G(z)) of a batch of N generated images apart:

    f_PT(S) = 1 / (N (N - 1)) sum over i and j != i of (S_i . S_j / (|S_i| |S_j|))^2

`pull_away` = 0 gives the plain EBGAN, above 0 it is EBGAN-PT. `real energy` and `generated energy` stand in the curves;
both should end below the margin m. D(x) is the length over all pixels in [-1, 1] and not a mean, since the paper's
margins (10 for MNIST, 20 for CelebA at 64 x 64, 80 for LSUN) have that size.

One of the variants that CIS 680 (2017) assignment 3, section 2, part 3 lets choose from. The networks are those of
`blocks.networks`, after its guidelines: the encoder ends in a code instead of one number, the decoder has the
generator's layers. The paper's decodes from feature maps of 8 x 8 instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.gan_losses import pull_away_term
from reference_models.blocks.gan_pair import GanPair
from reference_models.blocks.gan_steps import adam_pair
from reference_models.blocks.guidelines import GRID_EVERY, guided_recipes
from reference_models.blocks.networks import feature_count, features, generator
from reference_models.blocks.steps import frozen, update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, ModelSpec


@dataclass(frozen=True)
class EbganConfig:
    margin: float = 20.0  # Zhao et al., section 4.3: m for CelebA at 64 x 64
    pull_away: float = 0.1  # Zhao et al., appendix: the weight of f_PT
    code: int = 64  # as in conv-autoencoder: assignment, section 1, part 1
    width: int = 16  # guidelines: 128 channels at most for CUFS
    latent: int = 100  # assignment, section 2, part 1
    lr: float = 2e-4  # guidelines: 1e-3 to 1e-4
    beta1: float = 0.5  # guidelines
    beta2: float = 0.999  # the default of Adam
    batch_size: int = 50  # guidelines: 50 or 64, up to 128
    epochs: float = 20  # recipes give the 2,000 to 5,000 iterations of the guidelines

    def __post_init__(self) -> None:
        require_positive(self, "margin", "code", "width", "latent", "lr")
        if self.pull_away < 0 or self.batch_size < 2:
            raise ModelError(f"pull_away must not be negative, and batches need two images or more; got {self}")


class Autoencoder(nn.Module):
    """Images [b, c, h, w] in [-1, 1] to their energies [b]."""

    def __init__(self, config: EbganConfig, shape: ImageShape) -> None:
        super().__init__()
        last = nn.Linear(feature_count(config.width, shape, "ebgan"), config.code)
        self.encoder = nn.Sequential(*features(config.width, shape, "ebgan"), last)
        self.decoder = generator(config.code, config.width, shape, "ebgan")

    def forward(self, images: Tensor) -> Tensor:
        return self.energy_and_code(images)[0]

    def energy_and_code(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """|Dec(Enc(x)) - x| [b] and Enc(x) [b, code]."""
        code = self.encoder(images)
        return (self.decoder(code) - images).flatten(1).norm(dim=1), code


def margin_loss(real: Tensor, fake: Tensor, margin: float) -> Tensor:
    """Mean D(x) + mean max(0, m - D(G(z))) for energies [b] of real and of generated images."""
    return real.mean() + functional.relu(margin - fake).mean()


class Ebgan(GanPair):
    discriminator: Autoencoder

    def __init__(self, config: EbganConfig, shape: ImageShape) -> None:
        networks = generator(config.latent, config.width, shape, "ebgan"), Autoencoder(config, shape)
        super().__init__(config.latent, *networks)
        self.config = config
        self.optimisers = adam_pair(*networks, config.lr, config.beta1, config.beta2)

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        real = to_float(batch.x)
        fake = self.generate_for_discriminator(real)
        energy = self.discriminator(real)
        loss_d = margin_loss(energy, self.discriminator(fake), self.config.margin)
        update(self.optimisers["discriminator"], loss_d)

        with frozen(self.discriminator):
            fake_energy, codes = self.discriminator.energy_and_code(self.generate_like(real))
            loss_g = fake_energy.mean() + self.config.pull_away * pull_away_term(codes)
            update(self.optimisers["generator"], loss_g)
        return {
            "generator": loss_g.detach(),
            "discriminator": loss_d.detach(),
            "real energy": energy.mean().detach(),
            "generated energy": fake_energy.mean().detach(),
        }


def build(config: EbganConfig, shape: ImageShape, classes: int) -> Ebgan:
    return Ebgan(config, shape)


SEED = EbganConfig()

MODEL = ModelSpec(
    name="ebgan",
    title="Energy-based GAN with pull-away term",
    source="Zhao, Mathieu and LeCun 2017, arXiv 1609.03126; CIS 680 (2017) assignment 3, section 2, part 3",
    task="generate",
    recipes={
        **guided_recipes(SEED, tiny=EbganConfig(code=4, width=2, latent=5, batch_size=4, epochs=1)),
        # 2,432 steps, minutes on two cores; m as in the paper for MNIST
        "digits": replace(SEED, width=32, margin=10.0, lr=5e-4, batch_size=32, epochs=60),
    },
    grid_every=GRID_EVERY,
    build=build,
    figures={"losses": ("generator", "discriminator"), "energies": ("real energy", "generated energy")},
)
