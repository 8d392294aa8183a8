"""The network behind `digits-layout`, `mnist-layout` and `fashion-layout`: it keeps where things are, grey.

A plain classifier whose features are a mean over all places takes an image of two halves for a whole one, and its
features vary most between classes. Here each feature reads a map of 4 x 4 places.

- `pool` [b, 48]: a linear readout of the map, whitened over real images, cut off at 3 standard deviations. Whitened:
  which class an image has moves no feature more than anything else does, so that a missing class weighs no more than
  its share, and faults that are small beside the classes are seen. Cut off: a few images that are far from everything
  do not hide the rest.
- `logits` [b, 10]: another linear readout of the map.

Both are trained together: to name the class of a real image, to be sure of none where an image is damaged, to tell
which damage it is, and to give the image back as 8x8 blocks. The damages are two images joined at a random line, draws
from a Gaussian over pixels ("blobs"), blur and grain (scripts/train_layout.py has the recipes). The readout is
whitened over real images that are moved by a pixel, a bit paler, hazier and grainier, because a person does not mind
that, and a direction in which real images hardly vary would be made large otherwise.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from metrics.extractors import _small_cnn

if TYPE_CHECKING:
    from torch import nn

VERSION = 1  # of the layers below: goes up when they change
WIDTHS, STRIDES = (24, 48, 48, 48), (2, 2, 1, 1)
PLACES = 4  # along each side of the map
FEATURES, CLASSES = 48, 10
FARTHEST = 3.0  # standard deviations


@dataclass(frozen=True)
class Design:
    """What differs between them: the side of the square input."""

    size: int
    taps: ClassVar = {"pool": FEATURES, "logits": CLASSES}

    @property
    def key(self) -> str:
        return f"layout {VERSION} {self}"

    def network(self) -> "nn.Module":
        """The untrained network: float32 RGB [b, 3, size, size] in [0, 255] -> {"pool": [b, 48], "logits": [b, 10]}."""
        return _network(self.size)


def _network(size: int) -> "nn.Module":
    import torch
    from torch import nn

    class LayoutNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = _small_cnn.scaling(colour=False)
            self.first = _small_cnn.layer(1, WIDTHS[0], 5, STRIDES[0])
            self.second = _small_cnn.layer(WIDTHS[0], WIDTHS[1], 3, STRIDES[1])
            self.third = _small_cnn.layer(WIDTHS[1], WIDTHS[2], 3, STRIDES[2])
            self.fourth = _small_cnn.layer(WIDTHS[2], WIDTHS[3], 3, STRIDES[3])
            self.down = nn.AvgPool2d(2, padding=size // 4 % 2)  # 8 x 8 or, with a border, 7 x 7 places to 4 x 4
            self.read = nn.Linear(WIDTHS[3] * PLACES**2, FEATURES)
            self.cut = nn.Hardtanh(-FARTHEST, FARTHEST)
            self.classify = nn.Linear(WIDTHS[3] * PLACES**2, CLASSES)

        def forward(self, images: Any) -> Any:
            x = self.second(self.first(self.scale(images)))
            x = self.down(self.fourth(self.third(x)))  # [b, 48, 4, 4]
            places = torch.flatten(x, 1)
            return {"pool": self.cut(self.read(places)), "logits": self.classify(places)}

    return LayoutNetwork()
