"""Denoising diffusion (Ho, Jain and Abbeel 2020, arXiv 2006.11239), sampled as DDIM (Song, Meng and Ermon 2021).

    x_t = sqrt(a_t) x + sqrt(1 - a_t) e,   e ~ N(0, I),   a_t = prod (1 - beta_s) over s up to t
    loss = mean |e - e(x_t, t)|^2,   t uniform over 1 ... T                              (their equation 14)

with T = 1,000 and beta from 1e-4 to 0.02 in equal steps (section 4). The network is that of `blocks.unet`; sampled is
from a moving average of its weights.

Sampling starts at t = T with x_T ~ N(0, I), the row of noise, and draws nothing more: equation 12 of DDIM, sigma = 0,

    x^ = (x_t - sqrt(1 - a_t) e) / sqrt(a_t), clipped to [-1, 1];   e anew, so that x_t stays what it is
    x_s = sqrt(a_s) x^ + sqrt(1 - a_s) e

over `sampling_steps` times that are evenly spread from T downwards, to a_0 = 1. Ho et al. draw new noise in each of T
steps instead; an image would then depend on more than its row of noise. They also mirror the images of CIFAR-10, and
their code warms the learning rate up and clips gradients; here this is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from reference_models.blocks.averages import start_average, update_average
from reference_models.blocks.steps import update
from reference_models.blocks.unet import UNet, UNetConfig
from reference_models.errors import ModelError
from reference_models.loop.images import to_float, to_uint8
from reference_models.types import Batch, ImageShape, Model, ModelSpec

TIMES = 1_000  # section 4: T
FIRST_BETA, LAST_BETA = 1e-4, 0.02  # section 4


@dataclass(frozen=True)
class DdpmConfig(UNetConfig):
    sampling_steps: int = 100  # Song et al. 2021, table 1: FID 4.16 on CIFAR-10, with 1,000 steps 4.04

    def __post_init__(self) -> None:
        super().__post_init__()
        sampling_times(self.sampling_steps)


def kept_shares() -> Tensor:
    """a_t for t = 0 ... T, float32 [T + 1]; a_0 is 1."""
    beta = torch.linspace(FIRST_BETA, LAST_BETA, TIMES, dtype=torch.float64)
    return torch.cat([torch.ones(1, dtype=torch.float64), (1 - beta).cumprod(0)]).float()


def sampling_times(steps: int) -> list[int]:
    """The times t of so many steps, from T to 0, both included; ModelError for fewer than 1 step or more than T."""
    if not 1 <= steps <= TIMES:
        raise ModelError(f"sampling_steps {steps}; expected a number from 1 to {TIMES:,}")
    return [round(TIMES * left / steps) for left in range(steps, -1, -1)]


class Ddpm(Model):
    def __init__(self, config: DdpmConfig, shape: ImageShape) -> None:
        super().__init__()
        self.config, self.shape = config, shape
        self.noise_dim, self.sampling_steps = shape.channels * shape.height * shape.width, config.sampling_steps
        self.network = UNet(config, shape, "ddpm")
        self.average = UNet(config, shape, "ddpm")
        start_average(self.average, self.network)
        self.kept: Tensor
        self.register_buffer("kept", kept_shares(), persistent=False)
        self.optimisers = {"adam": torch.optim.Adam(self.network.parameters(), lr=config.lr, fused=True)}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x)
        times = torch.randint(1, TIMES + 1, (len(x),), device=x.device)
        error, kept = torch.randn_like(x), self.kept[times][:, None, None, None]
        noisy = kept.sqrt() * x + (1 - kept).sqrt() * error
        loss = functional.mse_loss(self.network(noisy, times), error)
        update(self.optimisers["adam"], loss)
        update_average(self.average, self.network, self.config.average, batch.step)
        return {"error": loss.detach()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        x = noise.unflatten(1, self.shape)
        for now, after in pairwise(sampling_times(self.sampling_steps)):
            x = self.denoise(x, now, after)
        return to_uint8(x)

    def denoise(self, x: Tensor, now: int, after: int) -> Tensor:
        """x_s of x_t [b, c, h, w], by the time t `now` and the time s `after`."""
        share, next_share = self.kept[now], self.kept[after]
        error = self.average(x, torch.full((len(x),), now, device=x.device))
        clean = ((x - (1 - share).sqrt() * error) / share.sqrt()).clamp(-1, 1)
        error = (x - share.sqrt() * clean) / (1 - share).sqrt()
        return next_share.sqrt() * clean + (1 - next_share).sqrt() * error


def build(config: DdpmConfig, shape: ImageShape, classes: int) -> Ddpm:
    return Ddpm(config, shape)


PAPER = DdpmConfig()
SMALL = replace(  # for a CPU
    PAPER,
    width=32,
    multipliers=(1, 2),
    level_blocks=1,
    attention=4,
    patch=2,
    dropout=0.0,
    average=0.995,
    lr=1e-3,
    batch_size=32,
    sampling_steps=25,
)

MODEL = ModelSpec(
    name="ddpm",
    title="Denoising diffusion",
    source="Ho, Jain and Abbeel 2020, arXiv 2006.11239; Song, Meng and Ermon 2021, arXiv 2010.02502",
    task="generate",
    recipes={
        "cifar10": PAPER,
        "digits": replace(SMALL, epochs=75),  # 3,040 steps, about six minutes of one core
        # first guesses: none of these three was trained to its end yet
        "mnist": replace(SMALL, epochs=2),  # 3,750 steps
        "fashion-mnist": replace(SMALL, epochs=2),
        "shapes": replace(SMALL, patch=4, epochs=1),  # 3,125 steps
        "default": PAPER,
        "tiny": DdpmConfig(
            width=4, multipliers=(1, 2), level_blocks=1, average=0.9, batch_size=4, epochs=1, sampling_steps=2
        ),
    },
    build=build,
    figures={"error of the noise": ("error",)},
)
