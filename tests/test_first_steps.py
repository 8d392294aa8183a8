"""The first two steps of every model, with every switch in each position, stand in first_steps.txt.

A loss there moves where a layer, an initial value, an optimiser or a loss becomes another one: a change of training, to
be read as a diff. Another torch may draw other numbers from one seed. To renew the file:

    python tests/test_first_steps.py
"""

from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import torch

from bench import registry
from reference_models.errors import ModelError
from reference_models.loop import Noise, with_settings
from reference_models.loop.settings import _kinds
from reference_models.types import Batch, ImageShape

FILE = Path(__file__).with_name("first_steps.txt")
SHAPE = ImageShape(3, 32, 32)
NAMES = registry.names("models")


def switches(config):
    """No change, and each other position of each setting that has a few."""
    yield ""
    kinds = _kinds(type(config))
    for name in (one.name for one in fields(config)):
        kind, value = kinds[name], getattr(config, name)
        choices = (True, False) if kind is bool else get_args(kind) if get_origin(kind) is Literal else ()
        yield from (f"{name}={str(choice).lower()}" for choice in choices if choice != value)


def images(seed):
    return torch.randint(0, 256, (4, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def made(model):
    """The mean value of what a model makes of noise or of images."""
    if model.directions:
        return torch.stack([model.translate(images(5), way).float().mean() for way in model.directions]).mean()
    if model.code_dim:
        return model.reconstruct(images(5)).float().mean()
    labels = torch.tensor([0, 1, 2, 0]) if model.classes else None
    return model.sample(Noise(0, 0, 4).normal(model.noise_dim), labels).float().mean()


def first_steps(name, change):
    """Losses by step and name, and `made`."""
    spec = registry.load("models", name)
    torch.manual_seed(0)
    try:
        model = spec.build(with_settings(spec.recipes["tiny"], [change] * bool(change)), SHAPE, 3).train()
    except ModelError:
        return {"refused": 1.0}
    labels = torch.tensor([0, 1, 2, 0])
    found = {}
    for step in range(2):
        losses = model.train_step(Batch(images(2 * step), images(2 * step + 1), labels, step))
        found |= {f"{step + 1} {loss.replace(' ', '_')}": float(value) for loss, value in losses.items()}
    with torch.no_grad():
        found["image"] = float(made(model.eval()))
    return found


def cases():
    return [(name, change) for name in NAMES for change in switches(registry.load("models", name).recipes["tiny"])]


def read():
    lines = [line.split(": ") for line in FILE.read_text(encoding="utf-8").splitlines()]
    return {who: dict(pair.rsplit(" ", 1) for pair in values.split(", ")) for who, values in lines}


@pytest.mark.parametrize(("name", "change"), cases())
def test_the_first_steps_are_those_that_were_written_down(name, change):
    expected = {key: float(value) for key, value in read()[f"{name} {change}".strip()].items()}
    found = first_steps(name, change)
    assert found == pytest.approx(expected, rel=2e-3, abs=1e-5), (  # rounding, which two steps make larger
        "if training was meant to change, renew the file: python tests/test_first_steps.py"
    )


def test_every_line_is_of_a_model_and_its_switches():
    assert set(read()) == {f"{name} {change}".strip() for name, change in cases()}


if __name__ == "__main__":
    with FILE.open("w", encoding="utf-8") as file:
        for name, change in cases():
            values = ", ".join(f"{key} {value:.6g}" for key, value in first_steps(name, change).items())
            file.write(f"{name} {change}".strip() + f": {values}\n")
