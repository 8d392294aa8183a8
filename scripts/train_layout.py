"""Trains the networks behind `digits-layout`, `mnist-layout` and `fashion-layout`, whose weights ship in
metrics/extractors/weights/.

    OMP_NUM_THREADS=1 python scripts/train_layout.py digits -o digits_layout.safetensors
    OMP_NUM_THREADS=1 python scripts/train_layout.py mnist --data-root DIR -o mnist_layout.safetensors
    OMP_NUM_THREADS=1 python scripts/train_layout.py fashion --data-root DIR -o fashion_layout.safetensors

One thread and one seed: the same bytes come out again on the same machine and torch. Training sees the train split
only and stops after a fixed number of epochs. metrics/extractors/_layout.py says what is learnt and why.
"""

import argparse
import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from train_small_cnn import BATCH, BLOCKS, PEAK_RATE, WEIGHT_DECAY, blocks, moved, rgb, test_accuracy

from bench import registry
from bench.sanity_checks.damages import blur
from metrics.extractors._engine import file_sha256
from metrics.extractors._layout import CLASSES, FEATURES, Design

DAMAGED = 24  # of each kind in a batch, if no recipe says otherwise
READOUT, OUTLIER, KINDS = 3.0, 0.15, 1.0  # weights beside the cross-entropy of the classes
BLUR, GRAIN = (1.0, 3.0), (10.0, 40.0)  # pixels; levels
CUT = (11 / 32, 21 / 32)  # of the side: the line at which two images are joined
PALER, HAZIER, GRAINIER = 0.15, 16.0, 4.0  # what a person does not mind: a share, levels, levels
VIEWS = 4  # of each image, over which the features are whitened
LEAST_VARIANCE = 1e-3  # of the largest, in a direction that is made as large as all others
ENOUGH = 2_000  # images of the training split: for blobs, and for whitening
Draw = np.random.Generator


@dataclass(frozen=True)
class Recipe:
    """A data set and how long it is learnt, each image moved by up to `shift` pixels, with so many `joined` ones in a
    batch: the harder they are to see, the more of them."""

    data_set: str
    epochs: int
    shift: int
    joined: int = DAMAGED


RECIPES = {
    "digits": Recipe("digits", epochs=30, shift=3),
    "mnist": Recipe("mnist", epochs=2, shift=2, joined=64),
    "fashion": Recipe("fashion-mnist", epochs=2, shift=1),
}

# ----- damage: images [n, 1, h, w] and labels [n] as float images


def joined(images: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Each image up to a random row or column, and one of another class from there on."""
    others = draw.permutation(len(images))
    others = np.where(labels[others] == labels, np.roll(others, 1), others)
    least, most = (round(share * images.shape[-1]) for share in CUT)
    line = draw.integers(least, most, (len(images), 1, 1, 1), endpoint=True)
    rows, columns = np.indices(images.shape[2:])
    across = draw.random((len(images), 1, 1, 1)) < 0.5
    return np.where(np.where(across, rows, columns) < line, images, images[others])


def blurred(images: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    return np.stack([blur(image, draw.uniform(*BLUR), np.random.RandomState(0)) for image in images])


def grainy(images: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    return images + draw.normal(size=images.shape) * draw.uniform(*GRAIN, (len(images), 1, 1, 1))


def blobs_of(images: np.ndarray, shift: int) -> Callable[[np.ndarray, np.ndarray, Draw], np.ndarray]:
    """Draws from the Gaussian over pixels with mean and covariance of these images."""
    flat = images.reshape(len(images), -1).astype(float)
    mean, spread = flat.mean(0), (flat - flat.mean(0)) / np.sqrt(len(flat))

    def blobs(given: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
        drawn = draw.normal(size=(len(given), len(spread))) @ spread + mean
        return moved(drawn.clip(0, 255).reshape(given.shape), shift, draw)

    return blobs


def varied(images: np.ndarray, draw: Draw) -> torch.Tensor:
    """Paler, hazier and grainier by chance, in [0, 255]."""
    shape = (len(images), 1, 1, 1)
    seen = images * (1 - draw.uniform(0, PALER, shape))
    seen = seen + draw.uniform(0, HAZIER, shape) * (1 - seen / 255)
    seen = seen + draw.normal(size=images.shape) * draw.uniform(0, GRAINIER, shape)
    return torch.from_numpy(seen.clip(0, 255).astype(np.float32))


# ----- training


def train(design: Design, images: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int) -> nn.Module:
    """The network after all epochs, its readout whitened."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    damages = {joined: recipe.joined}
    damages |= dict.fromkeys((blobs_of(images[:ENOUGH], recipe.shift), blurred, grainy), DAMAGED)
    network = design.network().to(memory_format=torch.channels_last).train()
    # While it is learnt, the classes are read off the features, which are neither whitened nor cut off.
    classes = nn.Linear(FEATURES, CLASSES)
    readout = nn.Linear(FEATURES, BLOCKS**2)
    kinds = nn.Linear(FEATURES, 1 + len(damages))
    variance = blocks(torch.from_numpy(images[:1_000].astype(np.float32))).var(0).mean()
    learnt = [value for one in (network, classes, readout, kinds) for value in one.parameters()]
    steps = len(images) // BATCH
    optimiser = torch.optim.AdamW(learnt, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=recipe.epochs * steps)
    kind = torch.arange(1 + len(damages)).repeat_interleave(torch.tensor([BATCH, *damages.values()]))
    for epoch in range(recipe.epochs):
        for rows in draw.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH):
            batch = [moved(images[rows], recipe.shift, draw)]
            for damage, count in damages.items():
                some = draw.integers(len(images), size=count)
                batch.append(damage(moved(images[some], recipe.shift, draw), labels[some], draw))
            pixels = varied(np.concatenate(batch), draw)
            features = read(network, pixels)
            logits = classes(features)
            loss = F.cross_entropy(logits[:BATCH], torch.from_numpy(labels[rows]))
            loss = loss - OUTLIER * F.log_softmax(logits[BATCH:], 1).mean()
            loss = loss + KINDS * F.cross_entropy(kinds(features), kind)
            loss = loss + READOUT * F.mse_loss(readout(features), blocks(pixels)) / variance
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{recipe.epochs} loss {loss.item():.4f}", flush=True)
    return whitened(network.eval(), classes, images[:ENOUGH], draw)


def read(network: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """The features [b, d] before they are cut off."""
    x = network.second(network.first(network.scale(rgb(pixels))))
    return network.read(torch.flatten(network.down(network.fourth(network.third(x))), 1))


@torch.no_grad()
def whitened(network: nn.Module, classes: nn.Linear, images: np.ndarray, draw: Draw) -> nn.Module:
    """The network with both of its readouts made of what was learnt: whitened features, and classes."""
    views = torch.cat([read(network, varied(moved(images, 1, draw), draw)) for _ in range(VIEWS)]).double()
    variances, directions = torch.linalg.eigh(torch.cov(views.T))
    white = (directions * variances.clamp(min=LEAST_VARIANCE * variances.max()) ** -0.5).T
    weight, bias = network.read.weight.double(), network.read.bias.double()
    network.classify.weight.copy_(classes.weight.double() @ weight)
    network.classify.bias.copy_(classes.weight.double() @ bias + classes.bias)
    network.read.weight.copy_(white @ weight)
    network.read.bias.copy_(white @ (bias - views.mean(0)))
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--data-root", type=Path, default=Path("data"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    recipe = RECIPES[given.name]
    module = importlib.import_module(f"metrics.extractors.{given.name}_layout")
    load = partial(registry.load("datasets", recipe.data_set).load, root=given.data_root)
    split = load("train")
    assert split.labels is not None

    started = time.process_time()
    network = train(module.DESIGN, split.read(0, split.count), split.labels, recipe, given.seed)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file({name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}, given.output)
    accuracy = test_accuracy(module.EXTRACTOR, given.output, load("test"))
    print(f"trained in {time.process_time() - started:.0f} s of one core")
    print(f"test accuracy {accuracy:.4f}")
    print(f"{given.output.stat().st_size} bytes, sha256 {file_sha256(given.output)}")


if __name__ == "__main__":
    main()
