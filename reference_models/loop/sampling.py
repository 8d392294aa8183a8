"""Images out of a trained model, in numbers that do not depend on the batch size.

A model is used in evaluation mode: batch norm takes its running statistics, so that an image depends on its own noise
row only.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from genbench.surroundings import torch_defaults
from reference_models.errors import ModelError
from reference_models.loop.noise import Noise
from reference_models.types import Direction, Model


def sample(
    model: Model, seed: int, start: int, stop: int, *, batch_size: int = 250, labels: np.ndarray | None = None
) -> np.ndarray:
    """uint8 [stop - start, c, h, w] for the rows start..stop of `Noise(seed, ...)`, within the model's truncation.

    A model with classes is given `labels` int64 [stop - start]; without them, those that `Noise` draws for these rows.
    ModelError where the model samples from no noise.
    """
    if not model.noise_dim:
        raise ModelError(f"{type(model).__name__} makes images from images only; use reconstruct or translate")
    if labels is None and model.classes:
        labels = Noise(seed, start, stop).labels(model.classes)

    def one(first: int, last: int) -> Tensor:  # a row can be as long as an image: noise of one batch at a time
        rows = model.draw(Noise(seed, start + first, start + last)).numpy()
        return model.sample(_given(model, rows), _labels(model, labels, first, last))

    return _in_batches(model, one, stop - start, batch_size)


def sample_from(
    model: Model, noise: np.ndarray, *, batch_size: int = 250, labels: np.ndarray | None = None
) -> np.ndarray:
    """uint8 [n, c, h, w] for noise float32 [n, noise_dim]; `labels` int64 [n] where the model has classes."""
    return _in_batches(
        model,
        lambda a, b: model.sample(_given(model, noise[a:b]), _labels(model, labels, a, b)),
        len(noise),
        batch_size,
    )


def sample_embedded(model: Model, noise: np.ndarray, embeddings: np.ndarray, *, batch_size: int = 250) -> np.ndarray:
    """uint8 [n, c, h, w] for noise float32 [n, noise_dim] and class embeddings float32 [n, embedding_dim]."""
    return _in_batches(
        model,
        lambda a, b: model.sample_embedded(_given(model, noise[a:b]), _given(model, embeddings[a:b])),
        len(noise),
        batch_size,
    )


def class_embeddings(model: Model) -> np.ndarray:
    """float32 [classes, embedding_dim]."""
    with evaluating(model):
        return model.class_embeddings().cpu().numpy()


def encode(model: Model, images: np.ndarray, *, batch_size: int = 250) -> np.ndarray:
    """float32 codes [n, code_dim] of uint8 images [n, c, h, w]."""
    return _in_batches(model, lambda a, b: model.encode(_given(model, images[a:b])), len(images), batch_size)


def decode(model: Model, codes: np.ndarray, *, batch_size: int = 250) -> np.ndarray:
    """uint8 images [n, c, h, w] for float32 codes [n, code_dim]."""
    return _in_batches(model, lambda a, b: model.decode(_given(model, codes[a:b])), len(codes), batch_size)


def reconstruct(model: Model, images: np.ndarray, *, batch_size: int = 250) -> np.ndarray:
    """uint8 reconstructions [n, c, h, w] of uint8 images [n, c, h, w]."""
    return _in_batches(model, lambda a, b: model.reconstruct(_given(model, images[a:b])), len(images), batch_size)


def translate(model: Model, images: np.ndarray, direction: Direction, *, batch_size: int = 16) -> np.ndarray:
    """uint8 images [n, c, h, w] of the other domain for uint8 images [n, c, h, w]."""
    if direction not in model.directions:
        known = ", ".join(model.directions) or "none"
        raise ModelError(f"{type(model).__name__} does not translate {direction!r}; its directions: {known}")
    return _in_batches(
        model, lambda a, b: model.translate(_given(model, images[a:b]), direction), len(images), batch_size
    )


@contextmanager
def evaluating(model: Model) -> Iterator[None]:
    """Evaluation mode without gradients, in float32 whatever the caller has set; mode, settings and random generators
    are afterwards what they were before."""
    was_training = model.training
    with torch_defaults(device_of(model)):
        model.eval()
        try:
            yield
        finally:
            model.train(was_training)


def device_of(model: Model) -> torch.device:
    """Where the model's weights are; the CPU for a model without any."""
    return next((tensor.device for tensor in model.state_dict().values()), torch.device("cpu"))


def _given(model: Model, values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values).copy()).to(device_of(model))


def _labels(model: Model, labels: np.ndarray | None, first: int, last: int) -> Tensor | None:
    return None if labels is None else _given(model, np.asarray(labels[first:last], np.int64))


def _in_batches(model: Model, make: Callable[[int, int], Tensor], count: int, batch_size: int) -> np.ndarray:
    with evaluating(model):
        parts = [make(first, min(first + batch_size, count)).cpu() for first in range(0, count, batch_size)]
    made = torch.cat(parts).contiguous()
    if made.is_floating_point() and not bool(made.isfinite().all()):  # codes; images were looked at as they were made
        raise ModelError("the model gives codes that are not finite; its weights are broken: use another checkpoint")
    return made.numpy()
