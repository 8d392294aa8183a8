"""What the extractors of vision transformers share: their dimensions, and how one becomes a function.

The networks are those of the package transformers, made from the dimensions that stand in our files; no configuration
is read, nothing is asked of the Hub, and no code of a weight file runs. On the CPU they run in torch (see `_engine`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genbench.shapes import Float32
from metrics.errors import InputError
from metrics.extractors._engine import torch_network
from metrics.extractors.needed import require
from metrics.extractors.types import Extract, Features, Images, Needed

if TYPE_CHECKING:
    from torch import nn

TRANSFORMERS = Needed("transformers", "5.24", "vit")  # older ones call the same layers by other names


@dataclass(frozen=True)
class Dimensions:
    """Of a vision transformer: `side` of its images and of a `patch` in pixels; `projection` is 0 where it has none."""

    width: int
    layers: int
    heads: int
    patch: int
    side: int
    projection: int = 0

    @property
    def positions(self) -> int:
        """How many tokens there are: one of each patch, and the one of the whole."""
        return (self.side // self.patch) ** 2 + 1


def extractor_of(
    name: str,
    weights: Path | None,
    device: str,
    taps: tuple[str, ...],
    load: "Callable[[Path], nn.Module]",
    prepare: Callable[[Images], Float32[np.ndarray, "b 3 _ _"]],
) -> Extract:
    """The extractor as a function: `prepare` turns images into the input of the network that `load` reads from a file.

    Raises InputError where the package or the weights are missing, and where they are those of something else.
    """
    require(TRANSFORMERS, name)
    if weights is None:
        raise InputError(f"extractor {name!r} needs its weights file. Get it with: bench weights fetch {name}")
    path = weights
    network = torch_network(lambda: load(path), taps, device)

    def extract(images: Images) -> Features:
        return network(prepare(images))

    return extract
