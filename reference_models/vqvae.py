"""Vector-quantised autoencoder with a PixelCNN over its codes (van den Oord, Vinyals and Kavukcuoglu 2017, 1711.00937).

The encoder makes a map of vectors z, each of which is replaced by the nearest of K learned vectors e:

    L = |x - decoder(e)|^2 + beta |z - sg(e)|^2        summed over pixels and vectors, averaged over the images

(their equation 3). The gradient of the decoder's input is handed to z unchanged. The codes e are the moving means of
the vectors that came to them (their appendix A.1): n <- decay n + (1 - decay) count, m <- decay m + (1 - decay) sum of
z, e = m / n. All codes start at vectors of the first batch, and one whose n falls below 0.1 starts anew at a vector of
the batch; otherwise most are never used (Dhariwal et al. 2020, arXiv 2005.00341, section 3.1, with another bound).

The prior is a PixelCNN (van den Oord, Kalchbrenner and Kavukcuoglu 2016, arXiv 1601.06759): masked convolutions, so
that the distribution of the code at each place follows from those above it and left of it. It minimises their cross
entropy, per code. The paper trains it once the autoencoder has ended; here both learn in every step, so that a training
can end at any time. Stacked masks do not see a wedge to the upper right (van den Oord et al. 2016, arXiv 1606.05328,
section 2.2); the two stacks that close it are not here.

A row of noise has one number for each place. The code there is the one in whose share of [0, 1] Phi(number) lies. This
is counted in float64, since a code that falls to the other side of an edge changes all that follow it.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from reference_models.blocks.steps import update
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, Model, ModelSpec

RARE = 0.1  # vectors of a step, on average, below which a code is given another place
HALVED = 4  # section 4.1: two convolutions of stride 2


@dataclass(frozen=True)
class VqvaeConfig:
    width: int = 256  # section 4.1: hidden units
    codes: int = 512  # section 4.2: K
    code: int = 64  # numbers of a vector; from the authors' code
    residual_blocks: int = 2  # section 4.1
    commitment: float = 0.25  # section 3.2: beta
    average: float = 0.99  # appendix A.1: decay of the means
    prior_width: int = 256  # 2 h with h = 128: van den Oord et al. 2016, for CIFAR-10
    prior_blocks: int = 15  # the same
    lr: float = 2e-4  # section 4.1: Adam; of both optimisers
    batch_size: int = 128  # section 4.1
    epochs: float = 640  # section 4.1: 250,000 steps, on CIFAR-10

    def __post_init__(self) -> None:
        require_positive(self, "width", "codes", "code", "residual_blocks", "commitment", "lr")
        require_positive(self, "prior_width", "prior_blocks")
        if not 0 <= self.average < 1:
            raise ModelError(f"average {self.average}; expected a decay in [0, 1), such as 0.99")


class Residual(nn.Module):
    """Section 4.1: ReLU, 3 x 3, ReLU, 1 x 1, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        convolutions = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 1)
        self.layers = nn.Sequential(nn.ReLU(), convolutions[0], nn.ReLU(), convolutions[1])

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.layers(maps)


def encoder(config: VqvaeConfig, shape: ImageShape) -> nn.Sequential:
    """Images [b, c, h, w] to vectors [b, code, h / 4, w / 4]."""
    n = config.width
    halving = nn.Conv2d(shape.channels, n, 4, 2, 1), nn.ReLU(), nn.Conv2d(n, n, 4, 2, 1), nn.ReLU()
    residual = [Residual(n) for _ in range(config.residual_blocks)]
    return nn.Sequential(*halving, nn.Conv2d(n, n, 3, padding=1), *residual, nn.ReLU(), nn.Conv2d(n, config.code, 1))


def decoder(config: VqvaeConfig, shape: ImageShape) -> nn.Sequential:
    """Vectors [b, code, h / 4, w / 4] to images [b, c, h, w], about within [-1, 1]."""
    n = config.width
    residual = [Residual(n) for _ in range(config.residual_blocks)]
    doubling = nn.ConvTranspose2d(n, n, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(n, shape.channels, 4, 2, 1)
    return nn.Sequential(nn.Conv2d(config.code, n, 3, padding=1), *residual, nn.ReLU(), *doubling)


class Codebook(nn.Module):
    """K vectors, the moving means of what came to them."""

    def __init__(self, config: VqvaeConfig) -> None:
        super().__init__()
        self.decay = config.average
        self.vectors: Tensor
        self.counts: Tensor
        self.sums: Tensor
        self.register_buffer("vectors", torch.zeros(config.codes, config.code))
        self.register_buffer("counts", torch.zeros(config.codes))
        self.register_buffer("sums", torch.zeros(config.codes, config.code))

    def nearest(self, z: Tensor) -> Tensor:
        """int64 [b, h, w]: the number of the vector that is nearest to each of z [b, d, h, w]."""
        rows = z.permute(0, 2, 3, 1)  # b h w d
        return ((self.vectors**2).sum(1) - 2 * rows @ self.vectors.T).argmin(-1)

    def look_up(self, numbers: Tensor) -> Tensor:
        """Vectors [b, d, h, w] of these numbers [b, h, w]."""
        return self.vectors[numbers].permute(0, 3, 1, 2)

    @torch.no_grad()
    def start(self, z: Tensor) -> None:
        """Put every code at one of the vectors z [b, d, h, w]."""
        self._renew(_rows(z), torch.ones_like(self.counts, dtype=torch.bool))

    @torch.no_grad()
    def follow(self, z: Tensor, numbers: Tensor) -> None:
        """Move towards the vectors z [b, d, h, w] that came to each; what is rare starts anew at one of them."""
        rows = _rows(z)
        came = functional.one_hot(numbers.flatten(), len(self.vectors)).to(rows.dtype)  # bhw K
        self.counts.lerp_(came.sum(0), 1 - self.decay)
        self.sums.lerp_(came.T @ rows, 1 - self.decay)
        self._renew(rows, self.counts < RARE)

    def _renew(self, rows: Tensor, rare: Tensor) -> None:
        drawn = rows[torch.randint(len(rows), (len(rare),), device=rows.device)]
        self.sums.copy_(torch.where(rare[:, None], drawn, self.sums))
        self.counts.masked_fill_(rare, 1.0)
        self.vectors.copy_(self.sums / self.counts[:, None])


def _rows(z: Tensor) -> Tensor:
    """float32 [bhw, d]: the vectors of z [b, d, h, w]."""
    return z.detach().permute(0, 2, 3, 1).flatten(0, 2).float()


class Masked(nn.Conv2d):
    """A convolution that sees the rows above and the places to the left; `itself` says whether its own place too."""

    def __init__(self, before: int, after: int, kernel: int, *, itself: bool) -> None:
        super().__init__(before, after, kernel, padding=kernel // 2)
        seen = torch.zeros(kernel, kernel)
        seen[: kernel // 2], seen[kernel // 2, : kernel // 2 + itself] = 1, 1
        self.seen: Tensor
        self.register_buffer("seen", seen, persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        return functional.conv2d(maps, self.weight * self.seen, self.bias, padding=self.padding)


class MaskedResidual(nn.Module):
    """Van den Oord et al. 2016, figure 5: half the channels between, a masked 3 x 3 there."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = max(width // 2, 1)
        layers = nn.Conv2d(width, half, 1), nn.ReLU(), Masked(half, half, 3, itself=True), nn.ReLU()
        self.layers = nn.Sequential(nn.ReLU(), *layers, nn.Conv2d(half, width, 1))

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.layers(maps)


class Prior(nn.Module):
    """Numbers of codes [b, h, w] to the logits [b, K, h, w] of each, given those before it."""

    def __init__(self, config: VqvaeConfig) -> None:
        super().__init__()
        n = config.prior_width
        self.embed = nn.Embedding(config.codes, n)
        blocks = [MaskedResidual(n) for _ in range(config.prior_blocks)]
        last = nn.ReLU(), nn.Conv2d(n, n, 1), nn.ReLU(), nn.Conv2d(n, config.codes, 1)
        self.layers = nn.Sequential(Masked(n, n, 7, itself=False), *blocks, *last)

    def forward(self, numbers: Tensor) -> Tensor:
        return self.layers(self.embed(numbers).permute(0, 3, 1, 2))


class Vqvae(Model):
    def __init__(self, config: VqvaeConfig, shape: ImageShape) -> None:
        super().__init__()
        self.config = config
        self.sides = (shape.height // HALVED, shape.width // HALVED)
        self.noise_dim = self.sides[0] * self.sides[1]
        self.code_dim = config.code * self.noise_dim
        self.encoder, self.decoder = encoder(config, shape), decoder(config, shape)
        self.codebook, self.prior = Codebook(config), Prior(config)
        both = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimisers = {
            "autoencoder": torch.optim.Adam(both, lr=config.lr, fused=True),
            "prior": torch.optim.Adam(self.prior.parameters(), lr=config.lr, fused=True),
        }

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x)
        z = self.encoder(x)
        if batch.step == 0:
            self.codebook.start(z)
        numbers = self.codebook.nearest(z)
        e = self.codebook.look_up(numbers)
        reconstruction = ((self.decoder(z + (e - z).detach()) - x) ** 2).sum() / len(x)
        commitment = ((z - e) ** 2).sum() / len(x)
        update(self.optimisers["autoencoder"], reconstruction + self.config.commitment * commitment)
        self.codebook.follow(z, numbers)

        prior = functional.cross_entropy(self.prior(numbers), numbers)
        update(self.optimisers["prior"], prior)
        losses = {"reconstruction": reconstruction, "commitment": commitment, "prior": prior}
        return {name: loss.detach() for name, loss in losses.items()} | {"codes in use": self.in_use(numbers)}

    def in_use(self, numbers: Tensor) -> Tensor:
        """How many codes, used equally often, have the entropy of these numbers: 1 to K."""
        shares = torch.bincount(numbers.flatten(), minlength=self.config.codes) / numbers.numel()
        return (-torch.special.xlogy(shares, shares).sum()).exp()

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return self._decoded(self.codebook.look_up(self.draw_numbers(noise)))

    def draw_numbers(self, noise: Tensor) -> Tensor:
        """int64 [b, h, w]: the numbers of the codes that the prior gives these rows of noise, one place at a time."""
        prior, places = copy.deepcopy(self.prior).double(), torch.special.ndtr(noise.double()).unflatten(1, self.sides)
        numbers = torch.zeros(places.shape, dtype=torch.int64, device=noise.device)
        for row in range(self.sides[0]):
            for column in range(self.sides[1]):
                shares = torch.softmax(prior(numbers)[:, :, row, column], dim=1).cumsum(1)
                passed = (shares < places[:, row, column, None]).sum(1)
                numbers[:, row, column] = passed.clamp(max=self.config.codes - 1)
        return numbers

    def encode(self, images: Tensor) -> Tensor:
        """The vectors of the codes of each image, one place after the other."""
        z = self.encoder(to_float(images))
        return self.codebook.look_up(self.codebook.nearest(z)).flatten(1)

    def decode(self, codes: Tensor) -> Tensor:
        return self._decoded(codes.unflatten(1, (self.config.code, *self.sides)))

    def _decoded(self, vectors: Tensor) -> Tensor:
        return to_uint8(self.decoder(vectors))


def build(config: VqvaeConfig, shape: ImageShape, classes: int) -> Vqvae:
    if shape.height % HALVED or shape.width % HALVED:
        raise ModelError(
            f"vqvae cannot make {shape.height}x{shape.width} images; it halves both sides twice: prepare the data set "
            "at a size whose sides are multiples of 4"
        )
    return Vqvae(config, shape)


PAPER = VqvaeConfig()

MODEL = ModelSpec(
    name="vqvae",
    title="Vector-quantised autoencoder, PixelCNN prior",
    source="van den Oord, Vinyals and Kavukcuoglu 2017, arXiv 1711.00937; van den Oord et al. 2016, arXiv 1601.06759",
    task="reconstruct",
    recipes={
        "cifar10": PAPER,
        "digits": replace(  # 1,216 steps, some minutes of one core
            PAPER,
            width=32,
            codes=64,
            code=8,
            prior_width=64,
            prior_blocks=4,
            lr=1e-3,
            batch_size=32,
            epochs=30,
        ),
        "default": PAPER,
        "tiny": VqvaeConfig(
            width=4, codes=8, code=2, residual_blocks=1, prior_width=4, prior_blocks=1, batch_size=4, epochs=1
        ),
    },
    build=build,
    figures={"reconstruction": ("reconstruction",), "prior": ("prior",), "codes in use": ("codes in use",)},
)
