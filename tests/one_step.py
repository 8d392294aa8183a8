"""One training step of a tiny model, and the same step written out by hand, straight down the gradient."""

import copy
from dataclasses import replace

import pytest
import torch

from reference_models.types import Batch, ImageShape

SHAPE, CLASSES, COUNT = ImageShape(1, 32, 32), 3, 4
PIXELS = 32 * 32
RATE = 0.1  # the generator meets a discriminator that has moved, and no number runs away


def a_batch():
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randint(0, 256, (2, COUNT, *SHAPE), dtype=torch.uint8, generator=draw)
    return Batch(x, y, labels=torch.tensor([0, 1, 2, 1]))


def twin_models(module, **settings):
    """A tiny model, its optimisers changed for the bare gradient, and a copy of it."""
    torch.manual_seed(0)
    model = module.MODEL.build(replace(module.MODEL.recipes["tiny"], **settings), SHAPE, CLASSES)
    groups = {name: optimiser.param_groups[0]["params"] for name, optimiser in model.optimisers.items()}
    model.optimisers = {name: torch.optim.SGD(weights, lr=RATE) for name, weights in groups.items()}
    return model, copy.deepcopy(model)


def down(loss, network):
    """Move a network down the gradient of a loss."""
    weights = list(network.parameters())
    with torch.no_grad():
        for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight -= RATE * slope


def agree(twins, written):
    """A step of the first twin is what `written` makes of the second one: the losses, and how the networks move."""
    model, by_hand = twins
    before = copy.deepcopy(model)
    torch.manual_seed(1)
    losses = model.train_step(a_batch())
    torch.manual_seed(1)
    expected = written(by_hand)
    assert _numbers(losses) == pytest.approx(_numbers(expected), rel=1e-4, abs=1e-6)  # float32, other order of sums
    for name in ("generator", "discriminator", "encoder", "decoder", "prior", "network", "G", "F", "D_X", "D_Y"):
        if getattr(model, name, None) is not None:
            start, ours, theirs = (_weights(getattr(each, name)) for each in (before, model, by_hand))
            assert (theirs - start).norm() > 0, name
            assert (ours - theirs).norm() < 1e-3 * (theirs - start).norm(), name  # float32


def _numbers(losses):
    return {name: loss.item() for name, loss in losses.items()}


def _weights(network):
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def signed(images):
    """Images in [-1, 1]."""
    return images / 127.5 - 1
