"""The layers of a model, with the shape of what each puts out and its parameters, found by one step of training.

One step goes through all networks, also through those that never make an image. Its batch is random pixels, so no data
set has to be there; nothing of it is kept.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from bench.tables.table import Cell, Column, Table
from genbench.surroundings import torch_defaults
from reference_models.types import Batch, ImageShape, ModelSpec

BATCH = 2  # batch norm needs two images
SPLIT = re.compile(r", (?![^(]*\))")  # between arguments
USUAL = {  # arguments of torch's layers that every model leaves as they are
    *("eps=1e-05", "momentum=0.1", "affine=True", "track_running_stats=True", "track_running_stats=False", "bias=True"),
    *("inplace=True", "inplace=False", "start_dim=1", "start_dim=0", "end_dim=-1", "mode='nearest'"),
}
BY = "\u00a0×\u00a0"  # does not break at the end of a line
COLUMNS = (
    Column("name", "Name"),
    Column("layer", "Layer"),
    Column("output", "Output", shown="fills"),
    Column("parameters", "Parameters"),
)


@dataclass(frozen=True)
class Layer:
    """A layer: its place in the network, what it is, the shape of its output without the batch (() where it was not
    used), and its parameters; `times` of equal blocks one after the other, of which the first is shown."""

    name: str
    layer: str
    shape: tuple[int, ...]
    parameters: int

    @property
    def like(self) -> tuple[str, tuple[int, ...], int]:
        return self.layer, self.shape, self.parameters


def architecture(spec: ModelSpec, config: Any, shape: ImageShape, classes: int) -> tuple[Table, ...]:
    """A table per network; networks of the same layers share one."""
    import torch
    from torch import nn

    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def note(module: nn.Module, given: Any, out: Any) -> None:
        if isinstance(out, torch.Tensor):
            shapes.setdefault(module, tuple(out.shape[1:]))

    with torch_defaults("cpu", training=True):
        model = spec.build(config, shape, classes)
        hooks = [one.register_forward_hook(note) for one in model.modules()]
        model.train().train_step(_batch(spec, shape, classes))
        for hook in hooks:
            hook.remove()
        networks = {name: _layers(child, name, shapes) for name, child in model.named_children()}
        own = sum(one.numel() for one in model.parameters(recurse=False))
    named = {name: layers for name, layers in networks.items() if layers}
    if own:
        named["the model itself"] = [Layer("", "single numbers", (), own)]
    return _tables(spec.name, named)


def _batch(spec: ModelSpec, shape: ImageShape, classes: int) -> Batch:
    import torch

    pixels = torch.randint(0, 256, (2, BATCH, *shape), dtype=torch.uint8)
    labels = torch.arange(BATCH) % classes if classes and spec.task == "class-conditional" else None
    return Batch(pixels[0], pixels[1] if spec.task in ("paired", "unpaired") else None, labels)


def _layers(module: Any, name: str, shapes: dict[Any, tuple[int, ...]]) -> list[Layer]:
    """The layers of a network from its input to its output."""
    children = [(key, child) for key, child in module.named_children() if key != "parametrizations"]
    if not children or type(module).__module__.startswith("torch.nn"):
        children = children if type(module).__name__ in ("Sequential", "ModuleList", "ModuleDict") else []
    if not children:
        count = sum(one.numel() for one in module.parameters())
        shown = _shown(module)
        return [Layer(name, shown, shapes.get(module, ()), count)] if shown else []
    found: list[Layer] = []
    before: list[Layer] = []
    repeated = 0
    for key, child in children:
        layers = _layers(child, f"{name}.{key}", shapes)
        if len(layers) > 1 and [one.like for one in layers] == [one.like for one in before]:
            repeated += 1
            found[-len(layers) :] = [_again(one, repeated + 1) for one in before]
            continue
        found += layers
        before, repeated = layers, 0
    own = sum(one.numel() for one in module.parameters(recurse=False))
    return [*found, *([Layer(name, "single numbers", (), own)] if own else [])]


def _again(layer: Layer, times: int) -> Layer:
    """The layer of a block that comes so many times."""
    return replace(layer, layer=f"{layer.layer}, {times} times", parameters=layer.parameters * times)


def _shown(module: Any) -> str:
    """What a layer is called; "" of one that does nothing."""
    kind = type(module).__name__
    if kind == "Identity":
        return ""
    norm = ", spectral norm" if kind.startswith("Parametrized") else ""
    told = [one for one in SPLIT.split(module.extra_repr()) if one and one not in USUAL]
    return f"{kind.removeprefix('Parametrized')}({', '.join(told)}){norm}"


def _tables(model: str, networks: dict[str, list[Layer]]) -> tuple[Table, ...]:
    alike: dict[tuple[Any, ...], list[str]] = {}
    for name, layers in networks.items():
        key = tuple((one.layer, one.parameters) for one in layers)
        alike.setdefault(key, []).append(name)
    return tuple(_table(model, names, max((networks[one] for one in names), key=_known)) for names in alike.values())


def _known(layers: list[Layer]) -> int:
    return sum(bool(one.shape) for one in layers)


def _table(model: str, names: list[str], layers: list[Layer]) -> Table:
    total = sum(one.parameters for one in layers)
    each = " each" if len(names) > 1 else ""
    rows = tuple(
        (
            Cell(one.name.partition(".")[2] or one.name),
            Cell(one.layer),
            Cell(BY.join(map(str, one.shape)) or None),
            Cell(one.parameters),
        )
        for one in layers
    )
    title = f"{model}: {' and '.join(names)}, {total:,} parameters{each}"
    return Table(f"architecture-{'-'.join(names).replace(' ', '-').lower()}", title, COLUMNS, rows)
