"""A control: it returns training images. The best distances that can be had, and the worst generator.

Each step writes its batch into a store until that is full; noise picks one of the stored images, image number
floor(Phi(z) n) for the one noise value z ~ N(0, 1) and n stored images, so that each is drawn equally often and one
noise row always gives the same image. FID, KID, precision and recall reward it; only a measure that looks for nearest
training neighbours can tell it from a model that learned (Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675).

The store is part of the checkpoint, so it is bounded: `images` of them, or as many as fit into `megabytes`. The images
come in the shuffled order of training and are a random sample of the training set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor

from reference_models.errors import ModelError
from reference_models.types import Batch, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class TrainCopiesConfig:
    images: int = 10_000  # ten times the images that most protocols ask for: few copies are drawn twice
    megabytes: float = 64.0  # size of the store: 85,598 images of 28x28, 5,461 of 64x64 in colour
    batch_size: int = 500  # images stored per step
    epochs: float = 1.0  # every training image passes once

    def __post_init__(self) -> None:
        if self.images < 1 or self.megabytes <= 0:
            raise ModelError(f"images and megabytes must be positive; got {self}")


class TrainCopies(Model):
    noise_dim = 1

    def __init__(self, config: TrainCopiesConfig, shape: ImageShape) -> None:
        super().__init__()
        room = max(1, min(config.images, int(config.megabytes * 2**20) // prod(shape)))
        self.store: Tensor
        self.stored: Tensor
        self.register_buffer("store", torch.zeros(room, *shape, dtype=torch.uint8))
        self.register_buffer("stored", torch.zeros((), dtype=torch.int64))
        self.optimisers = {}

    def train_step(self, batch: Batch) -> Mapping[str, Tensor]:
        start = int(self.stored)
        kept = batch.x[: len(self.store) - start]
        self.store[start : start + len(kept)] = kept
        self.stored += len(kept)
        return {"stored images": self.stored.clone()}

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        """The stored images that the noise picks; a black one before the first step."""
        place = torch.special.ndtr(noise[:, 0].double()) * self.stored
        return self.store[place.long().clamp(max=len(self.store) - 1)]


def build(config: TrainCopiesConfig, shape: ImageShape, classes: int) -> TrainCopies:
    return TrainCopies(config, shape)


ALL = TrainCopiesConfig()

MODEL = ModelSpec(
    name="train-copies",
    title="Control: copies of training images",
    source="Meehan, Chaudhuri and Dasgupta 2020, arXiv 2004.05675, for the test that it must fail",
    task="generate",
    recipes={
        "digits": replace(ALL, images=1_297, batch_size=1_297),  # the training set in one step, each image once
        "cufs-sketches": replace(ALL, images=88, batch_size=88),  # likewise
        "mnist": replace(ALL, epochs=1 / 6),  # 10,000 of 60,000 images in 20 steps
        "fashion-mnist": replace(ALL, epochs=1 / 6),
        "fashion-mnist-24": replace(ALL, epochs=1 / 6),
        "cifar10": replace(ALL, epochs=1 / 5),  # 10,000 of 50,000
        "shapes": replace(ALL, epochs=0.055),  # 5,461 of 100,000 images fit
        "celeba": replace(ALL, epochs=0.034),  # 5,461 of 162,770
        "default": ALL,
        "tiny": TrainCopiesConfig(images=8, batch_size=4, epochs=1),
    },
    build=build,
    figures={"stored images": ("stored images",)},
)
