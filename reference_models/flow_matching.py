"""Flow matching on straight lines from noise to images (Lipman et al. 2023, arXiv 2210.02747; Liu, Gong and Liu 2023).

    x_t = (1 - t) z + t x,   z ~ N(0, I),   t uniform over 0 ... 1
    loss = mean |x - z - v(x_t, t)|^2

Lipman et al., equation 23 with sigma_min = 0, which is the first rectified flow of Liu et al. (equation 1). The network
is that of `blocks.unet`, the same as that of `ddpm`; sampled is from a moving average of its weights. Lipman et al.
have a U-Net twice as wide (Dhariwal and Nichol 2021), warm the learning rate up and let it fall; here this is left out.

A sample is where dx/dt = v(x, t) leads from x_0 = z, the row of noise, by Euler's method in `sampling_steps` equal
steps. Lipman et al. use a solver that chooses its steps by itself, at about 140 of them; Liu et al. use Euler's too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from reference_models.blocks.averages import start_average, update_average
from reference_models.blocks.steps import update
from reference_models.blocks.unet import UNet, UNetConfig
from reference_models.loop.images import to_float, to_uint8
from reference_models.loop.settings import require_positive
from reference_models.types import Batch, ImageShape, Model, ModelSpec

TIMES = 1_000  # the network is told times from 0 to this: its sinusoids are made for them


@dataclass(frozen=True)
class FlowMatchingConfig(UNetConfig):
    dropout: float = 0.0  # Lipman et al. 2023, appendix E, for CIFAR-10
    lr: float = 5e-4  # the same
    batch_size: int = 256  # the same
    epochs: float = 1_000  # the same; on CIFAR-10 195,313 steps
    sampling_steps: int = 100  # of Euler's method

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self, "sampling_steps")


class FlowMatching(Model):
    def __init__(self, config: FlowMatchingConfig, shape: ImageShape) -> None:
        super().__init__()
        self.config, self.shape = config, shape
        self.noise_dim, self.sampling_steps = shape.channels * shape.height * shape.width, config.sampling_steps
        self.network = UNet(config, shape, "flow-matching")
        self.average = UNet(config, shape, "flow-matching")
        start_average(self.average, self.network)
        self.optimisers = {"adam": torch.optim.Adam(self.network.parameters(), lr=config.lr, fused=True)}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        x = to_float(batch.x)
        noise, times = torch.randn_like(x), torch.rand(len(x), device=x.device)
        on_line = torch.lerp(noise, x, times[:, None, None, None])
        loss = functional.mse_loss(self.network(on_line, TIMES * times), x - noise)
        update(self.optimisers["adam"], loss)
        update_average(self.average, self.network, self.config.average, batch.step)
        return {"error": loss.detach()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        x, steps = noise.unflatten(1, self.shape), self.sampling_steps
        for step in range(steps):
            x = x + self.average(x, torch.full((len(x),), TIMES * step / steps, device=x.device)) / steps
        return to_uint8(x)


def build(config: FlowMatchingConfig, shape: ImageShape, classes: int) -> FlowMatching:
    return FlowMatching(config, shape)


PAPER = FlowMatchingConfig()
SMALL = replace(  # for a CPU
    PAPER,
    width=32,
    multipliers=(1, 2),
    level_blocks=1,
    attention=4,
    patch=2,
    average=0.995,
    lr=1e-3,
    batch_size=32,
    sampling_steps=25,
)

MODEL = ModelSpec(
    name="flow-matching",
    title="Flow matching on straight lines",
    source="Lipman, Chen, Ben-Hamu, Nickel and Le 2023, arXiv 2210.02747; Liu, Gong and Liu 2023, arXiv 2209.03003",
    task="generate",
    recipes={
        "cifar10": PAPER,
        "digits": replace(SMALL, epochs=75),  # 3,040 steps, about six minutes of one core
        # first guesses: only that of mnist was trained to its end yet
        "mnist": replace(SMALL, epochs=2),  # 3,750 steps
        "fashion-mnist": replace(SMALL, epochs=2),
        "shapes": replace(SMALL, patch=4, epochs=1),  # 3,125 steps
        "default": PAPER,
        "tiny": FlowMatchingConfig(
            width=4, multipliers=(1, 2), level_blocks=1, average=0.9, batch_size=4, epochs=1, sampling_steps=2
        ),
    },
    build=build,
    figures={"error of the velocity": ("error",)},
)
