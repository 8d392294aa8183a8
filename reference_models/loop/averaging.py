"""A running mean of the generator's weights, for every GAN (`--set average=0.999`); images are made by the mean.

    average <- decay average + (1 - decay) weights          after every training step

Karras et al. 2018 (arXiv 1710.10196, section 7) and Yazici et al. 2019 (arXiv 1806.04498, equation 2). The last weights
of a GAN circle around where they should be, and their mean is nearer to it. The decay starts low, as `blocks.averages`
has it: early weights are forgotten however few steps follow.

Every model with a generator has it without a line in its file: `built` puts the networks of the mean into the model, so
that checkpoints, exports and processes that share a training have them, and does the rest around the model's own
methods. The training itself stays what it is, bit by bit: nothing that is done here draws from its random numbers or
moves its weights. Batch norm of the mean has statistics of its own, since those of other weights do not fit it: after
each step the mean makes as many images as the batch has, in training mode (as in `biggan`); so do the vectors of the
power iteration follow where the generator has spectral norm.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from reference_models.blocks.averages import start_average, update_average
from reference_models.errors import ModelError
from reference_models.loop.settings import averaged_with
from reference_models.types import Batch, Direction, ImageShape, Model, ModelSpec

GENERATORS = ("generator", "G", "F")  # what GANs call the networks that make their images


def built(spec: ModelSpec, config: Any, shape: ImageShape, classes: int) -> Model:
    """The model of these settings, with running means of its generators where they ask for them.

    ModelError where a model without a generator is asked for it, and for what the model itself refuses.
    """
    model, decay = spec.build(config, shape, classes), averaged_with(config)
    if not decay:
        return model
    networks = {name: deepcopy(network) for name, network in model.named_children() if name in GENERATORS}
    if not networks:
        raise ModelError(
            f"no setting 'average' in {type(config).__name__}: {spec.name} has no generator that learns against a "
            "discriminator; leave it out"
        )
    for name, network in networks.items():
        start_average(network, getattr(model, name))
    model.averages = nn.ModuleDict(networks)
    own = type(model)
    ways = {"decay": decay, "training_only": (*model.training_only, *networks)}
    model.__class__ = type(own.__name__, (_Averaging, own), ways)
    return model


class _Averaging(Model):
    """What stands before a model's own class where its images are made by means."""

    averages: nn.ModuleDict
    decay: float

    def train_step(self, batch: Batch) -> Mapping[str, Tensor | float]:
        losses = super().train_step(batch)
        for name, average in self.averages.items():
            update_average(average, getattr(self, name), self.decay, batch.step)
        if any(True for _ in self.averages.buffers()):
            self._follow(batch)
        return losses

    @torch.no_grad()
    def _follow(self, batch: Batch) -> None:
        """Statistics and power iterations of the means, by the images that they make for this batch."""
        with torch.random.fork_rng([batch.x.device] if batch.x.is_cuda else []):
            if not self.directions:
                noise = torch.randn(len(batch.x), self.noise_dim, device=batch.x.device)
                self.sample(noise, batch.labels if self.classes else None)
            for direction in self.directions:
                images = batch.x if direction == "x-to-y" else batch.y
                assert images is not None
                self.translate(images, direction)

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """The means stand where the generators do."""
        own = {name: getattr(self, name) for name in self.averages}
        for name, average in self.averages.items():
            setattr(self, name, average)
        try:
            yield
        finally:
            for name, network in own.items():
                setattr(self, name, network)

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        with self._in_place():
            return super().sample(noise, labels)

    def class_embeddings(self) -> Tensor:
        with self._in_place():
            return super().class_embeddings()

    def sample_embedded(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        with self._in_place():
            return super().sample_embedded(noise, embeddings)

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        with self._in_place():
            return super().translate(images, direction)
