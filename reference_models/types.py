"""The values that describe a reference model, its data and what one training step sees.

A model is one module of this package with one constant `MODEL`. Images are uint8 [b, c, h, w] at every boundary; a
model turns them into floats and back with `loop.images` only. Everything that training changes stands in the
model's parameters, its buffers (also moving averages, image pools, adaptive weights) or its optimisers, so that a
checkpoint holds all of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from reference_models.errors import ModelError

if TYPE_CHECKING:
    from reference_models.loop.noise import Noise

Task = Literal["reconstruct", "generate", "class-conditional", "paired", "unpaired"]
Direction = Literal["x-to-y", "y-to-x"]


class ImageShape(NamedTuple):
    """Shape of one image; a plain (channels, height, width) tuple compares equal."""

    channels: int
    height: int
    width: int


class Images(Protocol):
    """A set of images in a fixed order, such as one split of a data set.

    `take(indices)` returns these rows as uint8 [b, c, h, w]; `labels` are int64 [n] or None.
    """

    @property
    def count(self) -> int: ...
    @property
    def labels(self) -> np.ndarray | None: ...
    def take(self, indices: np.ndarray, /) -> np.ndarray: ...


@dataclass(frozen=True)
class Data:
    """What a model is trained on: one set of images, or one per domain (X, then Y).

    `test` has as many entries as `train`, or none; only pictures are made from it. `paired` says that row i of X
    belongs to row i of Y. `classes` are the names of the labels. `split` names the images of `train` where they are
    not those that the data set has for training.
    """

    name: str
    shape: ImageShape
    train: tuple[Images, ...]
    test: tuple[Images, ...] = ()
    domains: tuple[str, ...] = ()
    paired: bool = False
    classes: tuple[str, ...] = ()
    split: str = ""


@dataclass(frozen=True)
class Batch:
    """One step's share of the data, on the model's device.

    `x` and `y` are uint8 [b, c, h, w] (`y` with two domains only), `labels` int64 [b] of `x` or None; `step` counts
    from 0 and is there for schedules.
    """

    x: Tensor
    y: Tensor | None = None
    labels: Tensor | None = None
    step: int = 0


class Model(nn.Module):
    """A generator with all that its training needs. Subclasses implement what their task asks for.

    `noise_dim` is the length of a noise row (0: the model takes none), `classes` the number of labels it is given,
    `directions` the translations that it knows, `code_dim` the length of an image's code (0: it encodes none),
    `embedding_dim` the length of what stands for a label in the generator (0: labels go in otherwise, or not at all).
    `truncation` bounds the noise that is sampled from; `truncate` sets it. `sampling_steps` is how often the network is
    asked for one image, where that can be chosen, also after the training (0: it cannot). `training_only` are the
    names of networks that no image is made by, where there are such: an exported model is without them.
    """

    noise_dim: int = 0
    classes: int = 0
    directions: tuple[Direction, ...] = ()
    code_dim: int = 0
    embedding_dim: int = 0
    truncation: float = inf
    sampling_steps: int = 0
    training_only: tuple[str, ...] = ("discriminator", "D_X", "D_Y", "pools")
    optimisers: dict[str, Optimizer]

    def train_step(self, batch: Batch) -> Mapping[str, Tensor | float]:
        """One update; the losses by name, each one detached number.

        Step 0 returns all of them (and other numbers that belong into the curves), later ones may leave out what they
        did not compute.
        """
        raise NotImplementedError(f"{type(self).__name__} has no train_step")

    def sample(self, noise: Tensor, labels: Tensor | None = None) -> Tensor:
        """uint8 images [b, c, h, w] for float32 noise [b, noise_dim] and int64 labels [b]; in eval mode row by row."""
        raise NotImplementedError(f"{type(self).__name__} does not sample from noise")

    def truncate(self, bound: float) -> None:
        """From now on sample from noise within [-bound, bound], inf for all of it: images nearer to the typical ones,
        and less varied (Brock et al. 2019, section 3.1). ModelError for a bound that the model does not know."""
        if not bound > 0:
            raise ModelError(f"truncation {bound}; expected a number above 0, such as 0.5, or inf for none")
        self.truncation = bound

    def draw(self, rows: "Noise") -> Tensor:
        """These rows of noise as the model is to be given them, float32 [n, noise_dim], truncated."""
        return rows.truncated(self.noise_dim, self.truncation)

    def class_embeddings(self) -> Tensor:
        """float32 [classes, embedding_dim]: what the generator is given for each label."""
        raise NotImplementedError(f"{type(self).__name__} has no class embeddings")

    def sample_embedded(self, noise: Tensor, embeddings: Tensor) -> Tensor:
        """As `sample`, with embeddings float32 [b, embedding_dim] instead of labels: `sample(noise, labels)` is
        `sample_embedded(noise, class_embeddings()[labels])`, and any point between two classes is a class too."""
        raise NotImplementedError(f"{type(self).__name__} does not sample from class embeddings")

    def encode(self, images: Tensor) -> Tensor:
        """float32 codes [b, code_dim] of uint8 images [b, c, h, w]; of a distribution its mean, nothing is drawn."""
        raise NotImplementedError(f"{type(self).__name__} does not encode")

    def decode(self, codes: Tensor) -> Tensor:
        """uint8 images [b, c, h, w] for float32 codes [b, code_dim]."""
        raise NotImplementedError(f"{type(self).__name__} does not decode")

    def reconstruct(self, images: Tensor) -> Tensor:
        """uint8 reconstructions [b, c, h, w] of uint8 images [b, c, h, w]; draws nothing at random."""
        return self.decode(self.encode(images))

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """uint8 images [b, c, h, w] of the other domain for uint8 images [b, c, h, w]."""
        raise NotImplementedError(f"{type(self).__name__} does not translate")


@dataclass(frozen=True)
class ModelSpec:
    """A reference model: what it is for, where it comes from, its settings per data set, and how to build it.

    `recipes` maps data set names to configurations of one class. "default" serves every other data set of a fitting
    shape; "tiny" is the smallest network that runs every line, for tests and for a first try. `build(config, shape,
    classes)` raises ModelError where the shape does not fit. `figures` says which losses share a figure (a loss that
    stands in none gets the last one); without it all share one. `grid_every` holds the steps between two rounds of
    pictures for data sets whose source names them.
    """

    name: str
    title: str
    source: str
    task: Task
    recipes: Mapping[str, Any]
    build: Callable[[Any, ImageShape, int], Model]
    figures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grid_every: Mapping[str, int] = field(default_factory=dict)

    def recipe(self, dataset: str) -> Any:
        """The configuration for a data set."""
        return self.recipes.get(dataset, self.recipes["default"])
