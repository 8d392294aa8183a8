"""Networks of torchvision and timm with their published weights, cut open at the last linear layer."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from genbench.errors import one_line
from genbench.names import did_you_mean
from genbench.surroundings import torch_defaults
from metrics.errors import InputError
from metrics.extractors._engine import torch_network
from metrics.extractors.needed import require
from metrics.extractors.own_networks import SCALINGS, USUAL, VERSION, preprocessings, runner
from metrics.extractors.state import load_network, planned
from metrics.extractors.types import Extract, Extractor, Needed, WeightFile

TIMM = Needed("timm", "1.0", "timm")
OTHERWISE = ("densenet", "googlenet", "inception")  # their files have other names than their layers, or other layers


class CutOpen(nn.Module):
    """A network of torchvision: images -> {"pool": what its last linear layer reads, "logits": what that gives}."""

    def __init__(self, network: nn.Module, last: str) -> None:
        super().__init__()
        layer: Any = network.get_submodule(last)
        self.width = layer.in_features
        network.set_submodule(last, Both(layer))
        self.network = network

    def forward(self, images: Any) -> Any:
        both = self.network(images)
        return {"pool": both[..., : self.width], "logits": both[..., self.width :]}


class Both(nn.Module):
    """What a layer reads, and what it gives behind that."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Any) -> Any:
        return torch.cat((features, self.layer(features)), -1)


class OfTimm(nn.Module):
    """A network of timm: images -> the same; it says itself what comes before its classifier, of which it may have
    none."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.classifies = not isinstance(network.get_classifier(), nn.Identity)

    def forward(self, images: Any) -> Any:
        pool = self.network.forward_head(self.network.forward_features(images), pre_logits=True)
        return {"pool": pool, "logits": self.network.get_classifier()(pool)} if self.classifies else {"pool": pool}


def of_torchvision(name: str, rest: str) -> Extractor:
    """A classifier of torchvision that ends in a linear layer."""
    from torchvision import models

    known = [one for one in models.list_models(module=models) if not one.startswith(OTHERWISE)]
    if rest not in known:
        raise InputError(f"torchvision has no classifier {rest!r} that ends in a linear layer. {_meant(rest, known)}")
    choices = models.get_model_weights(rest)
    size = _size(choices.DEFAULT)
    settings = {"image_size": size} if rest.startswith("vit_") else {}

    def make() -> nn.Module:
        return models.get_model(rest, weights=None, **settings)

    linear = [layer for layer, module in planned(make).named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise InputError(f"{name} has no linear layer, so there is nothing to read its features before")
    urls = dict.fromkeys(one.url for one in (choices.DEFAULT, *choices) if _size(one) == size)
    files = tuple(_public(url, "BSD-3-Clause") for url in urls)
    names = tuple(choices.DEFAULT.meta["categories"])
    return _extractor(name, make, lambda network: CutOpen(network, linear[-1]), size, USUAL, files, names=names)


def of_timm(name: str, rest: str) -> Extractor:
    """A network of timm, `NAME` or `NAME.TAG`."""
    require(TIMM, name)
    import timm

    if not timm.is_model(rest.partition(".")[0]):
        raise InputError(f"timm has no network {rest!r}. {_meant(rest, timm.list_models())}")
    with torch.device("meta"):
        try:
            about = timm.create_model(rest).pretrained_cfg
        except RuntimeError as error:
            tags = [one for one in timm.list_pretrained() if one.startswith(rest.partition(".")[0] + ".")]
            raise InputError(f"timm has no weights {rest!r}. {_meant(rest, tags)}") from error
    _, size, columns = about["input_size"]
    scaling = next((one for one, means in SCALINGS.items() if means == (about["mean"], about["std"])), "")
    if not scaling or size != columns:
        raise InputError(
            f"{name} was trained on images of {about['input_size']} with mean {about['mean']} and deviation "
            f"{about['std']}; there is no named preprocessing for that"
        )
    hub, url, licence = about.get("hf_hub_id"), about.get("url"), about.get("license") or "see timm"
    if hub:
        address = f"https://huggingface.co/{hub}/resolve/main/model.safetensors"
        files = (WeightFile(f"{hub.replace('/', '-')}.safetensors", address, "", 0, licence, hub),)
    elif url:
        files = (_public(url, licence),)
    else:
        raise InputError(f"timm knows of no weights for {rest!r}; choose another: timm.list_pretrained() has them")
    return _extractor(name, lambda: timm.create_model(rest), OfTimm, size, scaling, files, TIMM)


def _extractor(
    name: str,
    make: Callable[[], nn.Module],
    cut: Callable[[nn.Module], nn.Module],
    size: int,
    scaling: str,
    files: tuple[WeightFile, ...],
    needed: Needed | None = None,
    names: tuple[str, ...] = (),
) -> Extractor:
    taps = _widths(name, make, cut, size)

    def build(weights: Path | None, resize: str, device: str, asked: tuple[str, ...]) -> Extract:
        if weights is None:
            raise InputError(f"extractor {name!r} needs its weights file. Get it with: bench weights fetch {name}")
        path = weights
        run = torch_network(lambda: cut(load_network(make, path)), asked, device)
        return runner(name, run, resize, size, taps)

    return Extractor(
        name=name,
        title=name,
        source=f"the library {name.partition(':')[0]}",
        family=name,
        taps=taps,
        pool="pool",
        resize=preprocessings(scaling),
        build=build,
        logits="logits" if "logits" in taps else "",
        classes=taps.get("logits", 0),
        class_names=partial(tuple, names),
        weights=files,
        needed=needed,
        version=VERSION,
    )


def _widths(name: str, make: Callable[[], nn.Module], cut: Callable[[nn.Module], nn.Module], size: int) -> Any:
    """How wide each output is, from a pass without numbers; InputError where one is no [b, d]."""
    network = planned(make).eval()
    device = next(network.parameters()).device
    try:
        with torch_defaults("cpu"), device, torch.no_grad():
            found = cut(network)(torch.zeros(2, 3, size, size))
    except Exception as error:
        raise InputError(f"{name} cannot be cut open at its classifier ({one_line(error)}); choose another") from error
    for values in found.values():
        if not isinstance(values, torch.Tensor) or values.ndim != 2:
            shape = list(getattr(values, "shape", []))
            raise InputError(f"{name} gives {shape} for 2 images before its last layer; expected [2, d]")
    return {tap: values.shape[1] for tap, values in found.items()}


def _size(weights: Any) -> int:
    """The side of the images that these weights of torchvision were made for."""
    size = weights.transforms.keywords["crop_size"]
    return int(size if isinstance(size, int) else size[0])


def _public(url: str, licence: str) -> WeightFile:
    """A public file whose name ends in the beginning of its sha256, as torch's and timm's do."""
    name = url.rpartition("/")[2]
    prefix = re.search(r"-([0-9a-f]{8})\.", name)
    return WeightFile(name, url, prefix[1] if prefix else "", 0, licence)


def _meant(name: str, known: list[str]) -> str:
    return did_you_mean(name, known, f"It has {len(known)} others, such as {', '.join(known[:3])}.")
