"""BigGAN for images without labels: all of them have one label, the same.

What Lucic, Tschannen, Ritter, Zhai, Bachem and Gelly ("High-Fidelity Image Generation With Fewer Labels", ICML 2019,
arXiv 1903.02271) call SINGLE LABEL: networks, losses and settings are those of `biggan`, the embedding has one row, and
so has the projection of the discriminator. What is left of the conditional batch norm is scale and shift by the chunk
of the noise and a learned constant.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from reference_models.biggan import SEED, SMALL, STATISTICS_BATCH, STATISTICS_SEED, Biggan, BigganConfig
from reference_models.loop.noise import Noise
from reference_models.types import Batch, ImageShape, ModelSpec


class BigganUnlabelled(Biggan):
    def __init__(self, config: BigganConfig, shape: ImageShape) -> None:
        super().__init__(config, shape, classes=1)
        self.classes = self.embedding_dim = 0  # what it is asked for

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        return super().train_step(replace(batch, labels=_one_label(batch.x)))

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().sample(noise, _one_label(noise))

    def _statistics_run(self, run: int) -> tuple[Tensor, Tensor]:
        rows = Noise(STATISTICS_SEED, run * STATISTICS_BATCH, (run + 1) * STATISTICS_BATCH)
        only = self.class_embeddings()
        return self.draw(rows).to(only.device), only.expand(STATISTICS_BATCH, -1)


def _one_label(rows: Tensor) -> Tensor:
    return torch.zeros(len(rows), dtype=torch.int64, device=rows.device)


def build(config: BigganConfig, shape: ImageShape, classes: int) -> BigganUnlabelled:
    return BigganUnlabelled(config, shape)


MODEL = ModelSpec(
    name="biggan-unlabelled",
    title="BigGAN without labels, hinge loss",
    source="Brock, Donahue and Simonyan 2019, arXiv 1809.11096; Lucic et al. 2019, arXiv 1903.02271, SINGLE LABEL",
    task="generate",
    recipes={
        "digits": replace(SMALL, width=8, batch_size=32, epochs=30),  # as `biggan`: 1,216 steps
        "default": SEED,
        "tiny": BigganConfig(width=2, embedding=3, chunk=2, batch_size=4, epochs=1),
    },
    build=build,
    figures={"losses": ("generator", "discriminator")},
)
