"""Trains the network behind `digits-layout`, whose weights ship in metrics/extractors/weights/.

    OMP_NUM_THREADS=1 python scripts/train_digits_layout.py -o digits_layout.safetensors

One thread and one seed: the same bytes come out again on the same machine and torch. Training sees the 1,297 training
digits only and stops after a fixed number of epochs. metrics/extractors/digits_layout.py says what is learnt and why.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from train_small_cnn import BATCH, BLOCKS, PEAK_RATE, WEIGHT_DECAY, blocks, moved, rgb, test_accuracy

from bench.datasets import digits
from bench.sanity_checks.damages import blur
from metrics.extractors import digits_layout
from metrics.extractors._engine import file_sha256

EPOCHS, SHIFT = 30, 3
DAMAGED = 24  # of each kind in a batch
READOUT, OUTLIER, KINDS = 3.0, 0.15, 1.0  # weights beside the cross-entropy of the classes
BLUR, GRAIN, CUT = (1.0, 3.0), (10.0, 40.0), (11, 21)  # pixels; levels; the line at which two digits are joined
PALER, HAZIER, GRAINIER = 0.15, 16.0, 4.0  # what a person does not mind: a share, levels, levels
VIEWS = 4  # of each image, over which the features are whitened
LEAST_VARIANCE = 1e-3  # of the largest, in a direction that is made as large as all others
Draw = np.random.Generator

# ----- damage: images [n, 1, h, w] and labels [n] as float images


def joined(images: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    """Each digit up to a random row or column, and one of another class from there on."""
    others = draw.permutation(len(images))
    others = np.where(labels[others] == labels, np.roll(others, 1), others)
    line = draw.integers(*CUT, (len(images), 1, 1, 1), endpoint=True)
    rows, columns = np.indices(images.shape[2:])
    across = draw.random((len(images), 1, 1, 1)) < 0.5
    return np.where(np.where(across, rows, columns) < line, images, images[others])


def blurred(images: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    return np.stack([blur(image, draw.uniform(*BLUR), np.random.RandomState(0)) for image in images])


def grainy(images: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
    return images + draw.normal(size=images.shape) * draw.uniform(*GRAIN, (len(images), 1, 1, 1))


def blobs_of(images: np.ndarray) -> Callable[[np.ndarray, np.ndarray, Draw], np.ndarray]:
    """Draws from the Gaussian over pixels with mean and covariance of these images."""
    flat = images.reshape(len(images), -1).astype(float)
    mean, spread = flat.mean(0), (flat - flat.mean(0)) / np.sqrt(len(flat))

    def blobs(given: np.ndarray, labels: np.ndarray, draw: Draw) -> np.ndarray:
        drawn = draw.normal(size=(len(given), len(spread))) @ spread + mean
        return moved(drawn.clip(0, 255).reshape(given.shape), SHIFT, draw)

    return blobs


def varied(images: np.ndarray, draw: Draw) -> torch.Tensor:
    """Paler, hazier and grainier by chance, in [0, 255]."""
    shape = (len(images), 1, 1, 1)
    seen = images * (1 - draw.uniform(0, PALER, shape))
    seen = seen + draw.uniform(0, HAZIER, shape) * (1 - seen / 255)
    seen = seen + draw.normal(size=images.shape) * draw.uniform(0, GRAINIER, shape)
    return torch.from_numpy(seen.clip(0, 255).astype(np.float32))


# ----- training


def train(images: np.ndarray, labels: np.ndarray, seed: int) -> nn.Module:
    """The network after all epochs, its readout whitened."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    damages = (joined, blobs_of(images), blurred, grainy)
    network = digits_layout.network().to(memory_format=torch.channels_last).train()
    # While it is learnt, the classes are read off the features, which are neither whitened nor cut off.
    classes = nn.Linear(digits_layout.FEATURES, digits_layout.CLASSES)
    readout = nn.Linear(digits_layout.FEATURES, BLOCKS**2)
    kinds = nn.Linear(digits_layout.FEATURES, 1 + len(damages))
    variance = blocks(torch.from_numpy(images[:1_000].astype(np.float32))).var(0).mean()
    learnt = [value for one in (network, classes, readout, kinds) for value in one.parameters()]
    steps = len(images) // BATCH
    optimiser = torch.optim.AdamW(learnt, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=EPOCHS * steps)
    kind = torch.arange(1 + len(damages)).repeat_interleave(torch.tensor([BATCH] + [DAMAGED] * len(damages)))
    for epoch in range(EPOCHS):
        for rows in draw.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH):
            batch = [moved(images[rows], SHIFT, draw)]
            for damage in damages:
                some = draw.integers(len(images), size=DAMAGED)
                batch.append(damage(moved(images[some], SHIFT, draw), labels[some], draw))
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
        print(f"epoch {epoch + 1}/{EPOCHS} loss {loss.item():.4f}", flush=True)
    return whitened(network.eval(), classes, images, draw)


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
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    split = digits.load("train", Path())
    assert split.labels is not None

    started = time.process_time()
    network = train(split.read(0, split.count), split.labels, given.seed)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file({name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}, given.output)
    accuracy = test_accuracy(digits_layout.EXTRACTOR, given.output, digits.load("test", Path()))
    print(f"trained in {time.process_time() - started:.0f} s of one core")
    print(f"test accuracy {accuracy:.4f}")
    print(f"{given.output.stat().st_size} bytes, sha256 {file_sha256(given.output)}")


if __name__ == "__main__":
    main()
