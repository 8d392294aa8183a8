"""The network behind `digits-cnn`, `fashion-cnn` and `shapes-cnn`: four convolutions, a spatial mean, ten logits.

A plain classifier made for this project, so there is no paper and no reference implementation. It is read in the way
of Heusel et al. 2017 (arXiv 1706.08500): the layer before the logits is the feature of the Fréchet distance.

- `pool` [b, 96]: the spatial mean of the last rectified convolution, as in Inception's `pool`. A mean over all
  positions changes little and smoothly with the image, and no channel is dead. The maximum would follow single pixels,
  and the flattened map would be of far more dimensions than a small set has images.
- `logits` [b, 10]: one linear layer on `pool`, bias included.

Trained on the classes (plain cross-entropy, short, no label smoothing: longer training and smoothing both pull a class
together into one point) and on a linear readout of the image from `pool`, which keeps the spread inside a class that a
distance between image sets has to see; scripts/train_small_cnn.py has the recipe and the figures. The layers are those
that the CPU engine translates itself; batch norm is folded there. Pixels are float32 in [0, 255], scaled to [-1, 1] by
the first layer, which also mixes colours to grey where the network is a grey one (ITU-R BT.601: 0.299, 0.587, 0.114).
The resize mode is `clean` by default: antialiased where images are larger, smooth where they are smaller.

The numbers are comparable within one family only (same extractor, same resize): 96 features of a network that has seen
ten kinds of small pictures have nothing in common with Inception's 2048.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from metrics.errors import InputError
from metrics.extractors._engine import compile_network, file_sha256
from metrics.extractors.resizing import resize as resized
from metrics.extractors.types import Extract, Extractor, Images

if TYPE_CHECKING:
    from torch import nn

VERSION = 1  # of the layers below: goes up when they change
WIDTHS = (32, 64, 64, 96)
CLASSES = 10
TAPS = {"pool": WIDTHS[-1], "logits": CLASSES}
RESIZE = ("clean", "tf1", "torch", "antialias")
ITU_R_601 = (0.299, 0.587, 0.114)
WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Design:
    """What differs between the three: the side of the square input, colour or grey, the stride of each convolution."""

    size: int
    colour: bool
    strides: tuple[int, int, int, int]
    taps: ClassVar = TAPS

    @property
    def key(self) -> str:
        return f"small-cnn {VERSION} {self}"

    def network(self) -> "nn.Module":
        """The untrained network: float32 RGB [b, 3, size, size] in [0, 255] -> {"pool": [b, 96], "logits": [b, 10]}."""
        return _network(self)


@runtime_checkable
class Designed(Protocol):
    """A network of this kind: the side of its square input, the width of each tap, and what makes it. `key` names what
    it depends on, beside its weights."""

    @property
    def size(self) -> int: ...
    @property
    def taps(self) -> dict[str, int]: ...
    @property
    def key(self) -> str: ...
    def network(self) -> "nn.Module": ...


def extractor(
    design: Designed,
    *,
    name: str,
    title: str,
    source: str,
    family: str,
    pool: str,
    logits: str,
    shipped: str,
    names: tuple[str, ...],
) -> Extractor:
    """The extractor of this design, whose classes have these names; the weights that ship unless a file of the same
    layout is given.

    The texts stand in each call, where `bench list` reads them without an import.
    """

    return Extractor(
        name=name,
        title=title,
        source=source,
        family=family,
        taps=design.taps,
        pool=pool,
        resize=RESIZE,
        build=partial(_build_shipped, design, shipped),
        logits=logits,
        classes=CLASSES,
        class_names=partial(tuple, names),
        shipped=shipped,
    )


def _build_shipped(
    design: Designed, shipped: str, given: Path | None, resize: str, device: str, taps: tuple[str, ...]
) -> Extract:
    """The function from uint8 RGB images of any size to the named taps; InputError where the weights do not fit."""
    weights = given or WEIGHTS / shipped
    if not weights.is_file():
        raise InputError(f"no weights file {weights}; it ships with the project: install it again or restore the file")

    def loaded() -> "nn.Module":
        from metrics.extractors.state import load_network

        return load_network(design.network, weights)

    run = compile_network(loaded, f"{design.key} {file_sha256(weights)}", (3, design.size, design.size), taps, device)

    def extract(images: Images) -> dict[str, np.ndarray]:
        return run(resized(images, resize, design.size))

    return extract


def _network(design: Design) -> "nn.Module":
    import torch
    from torch import nn

    class SmallCnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = scaling(design.colour)
            self.first = layer(self.scale.out_channels, WIDTHS[0], 5, design.strides[0])
            self.second = layer(WIDTHS[0], WIDTHS[1], 3, design.strides[1])
            self.third = layer(WIDTHS[1], WIDTHS[2], 3, design.strides[2])
            self.fourth = layer(WIDTHS[2], WIDTHS[3], 3, design.strides[3])
            self.mean = nn.AdaptiveAvgPool2d(1)
            self.classify = nn.Linear(WIDTHS[3], CLASSES)

        def forward(self, images: Any) -> Any:
            x = self.first(self.scale(images))
            x = self.fourth(self.third(self.second(x)))  # [b, 96, h, w]
            pool = torch.flatten(self.mean(x), 1)
            return {"pool": pool, "logits": self.classify(pool)}

    return SmallCnn()


def scaling(colour: bool) -> "nn.Conv2d":
    """[0, 255] to [-1, 1], and to grey by the luma weights; fixed, and kept in the file with the rest."""
    import torch
    from torch import nn

    mixing = torch.eye(3) if colour else torch.tensor([ITU_R_601])
    made = nn.Conv2d(3, len(mixing), 1)
    made.weight = nn.Parameter(mixing[:, :, None, None] / 127.5, requires_grad=False)
    made.bias = nn.Parameter(torch.full((len(mixing),), -1.0), requires_grad=False)
    return made


def layer(n_in: int, n_out: int, kernel: int, stride: int) -> "nn.Sequential":
    """A convolution, batch norm and ReLU."""
    from torch import nn

    convolution = nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU())
