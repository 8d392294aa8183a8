"""What tests of the training share: images that show their index, tiny models, a run of a few steps."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tiny_runs import undrawn

from reference_models import dcgan
from reference_models.loop import Budget, train
from reference_models.loop.checkpoints import FILE_NAME
from reference_models.types import Data, ImageShape, Model, ModelSpec


@dataclass(frozen=True)
class ArrayImages:
    array: np.ndarray
    labels: np.ndarray | None = None

    @property
    def count(self):
        return len(self.array)

    def take(self, indices):
        return self.array[indices]


def numbered(count, side=16, channels=1):
    """Images that show their own index in every pixel."""
    pixels = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return ArrayImages(np.broadcast_to(pixels, (count, channels, side, side)).copy())


DATA = Data("numbered", ImageShape(1, 16, 16), (numbered(10),))
TINY = dcgan.MODEL.recipes["tiny"]


def run(folder, steps, spec=dcgan.MODEL, config=TINY, data=DATA, *, drawn=False, **options):
    """A training; without pictures and curves of losses as PNG unless they are to be `drawn`."""
    options = {"progress": False, "device": "cpu", "grid_every": 1000, **options}
    with pytest.MonkeyPatch.context() as patch:
        if not drawn:
            undrawn(patch)
        return train(spec, config, data, folder=folder, budget=Budget(steps=steps), **options)


def tensors(folder):
    from safetensors.torch import load_file

    return load_file(folder / FILE_NAME)


def states_differ(a, b):
    """Names of the tensors (weights, moments, generators) that differ."""
    one, two = tensors(a), tensors(b)
    assert set(one) == set(two)
    return {name for name in one if not torch.equal(one[name], two[name])}


class Exploding(Model):
    """Its loss is what the script says; its weight turns infinite where the script says so."""

    script: tuple[float, ...] = ()

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.optimisers = {}

    def train_step(self, batch):
        value = self.script[batch.step]
        if value == -1:
            self.weight.data.fill_(torch.inf)
        return {"fine": 1.0, "bad": value}


def exploding(*script):
    def build(config, shape, classes):
        model = Exploding()
        model.script = script
        return model

    return ModelSpec("exploding", "Exploding", "none", "generate", {"default": TINY}, build)


class Painted(Model):
    """Paints a label (times 80), or the negative of an image: enough to see what goes where."""

    def __init__(self, noise_dim=0, classes=0, directions=()):
        super().__init__()
        self.noise_dim, self.classes, self.directions, self.optimisers = noise_dim, classes, directions, {}

    def train_step(self, batch):
        return {}

    def sample(self, noise, labels=None):
        return (labels * 80).to(torch.uint8)[:, None, None, None].expand(-1, 1, 16, 16)

    def translate(self, images, direction):
        return 255 - images
