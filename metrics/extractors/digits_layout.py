"""A small network of scikit-learn's digits that keeps where strokes are, 32x32 grey.

`digits-cnn` is a classifier whose features are a mean over all places, so an image of two half digits looks like a
digit to it. Here each feature reads a map of 4 x 4 places.

- `pool` [b, 48]: a linear readout of the map, whitened over real digits, cut off at 3 standard deviations. Whitened:
  which class an image has moves no feature more than anything else does, so that a missing class weighs no more than
  its share, and faults that are small beside the classes are seen. Cut off: a few images that are far from everything
  do not hide the rest.
- `logits` [b, 10]: another linear readout of the map.

Both are trained together: to name the class of a real digit, to be sure of none where an image is damaged, to tell
which damage it is, and to give the image back as 8x8 blocks. The damages are two digits joined at a random line, draws
from a Gaussian over pixels ("blobs"), blur and grain (scripts/train_digits_layout.py has the recipe). The readout is
whitened over real digits that are moved by a pixel, a bit paler, hazier and grainier, because a person does not mind
that, and a direction in which real digits hardly vary would be made large otherwise.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metrics.extractors import _small_cnn
from metrics.extractors.types import Extract, Extractor

if TYPE_CHECKING:
    from torch import nn

VERSION = 1  # of the layers below: goes up when they change
SIZE = 32
WIDTHS, STRIDES = (24, 48, 48, 48), (2, 2, 1, 1)
PLACES = 4  # along each side of the map
FEATURES, CLASSES = 48, 10
FARTHEST = 3.0  # standard deviations
SHIPPED = "digits_layout.safetensors"
SHA256 = "ee65a470f097953d41d6111979e1786d5e50e8be5b18db356b7fa4fcf8d679a8"


def network() -> "nn.Module":
    """The untrained network: float32 RGB [b, 3, 32, 32] in [0, 255] -> {"pool": [b, 48], "logits": [b, 10]}."""
    import torch
    from torch import nn

    class Layout(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = _small_cnn.scaling(colour=False)
            self.first = _small_cnn.layer(1, WIDTHS[0], 5, STRIDES[0])
            self.second = _small_cnn.layer(WIDTHS[0], WIDTHS[1], 3, STRIDES[1])
            self.third = _small_cnn.layer(WIDTHS[1], WIDTHS[2], 3, STRIDES[2])
            self.fourth = _small_cnn.layer(WIDTHS[2], WIDTHS[3], 3, STRIDES[3])
            self.down = nn.AvgPool2d(2)
            self.read = nn.Linear(WIDTHS[3] * PLACES**2, FEATURES)
            self.cut = nn.Hardtanh(-FARTHEST, FARTHEST)
            self.classify = nn.Linear(WIDTHS[3] * PLACES**2, CLASSES)

        def forward(self, images: Any) -> Any:
            x = self.second(self.first(self.scale(images)))
            x = self.down(self.fourth(self.third(x)))  # [b, 48, 4, 4]
            places = torch.flatten(x, 1)
            return {"pool": self.cut(self.read(places)), "logits": self.classify(places)}

    return Layout()


def build(weights: Path | None, resize: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The function from uint8 RGB images of any size to the named taps; InputError where the weights do not fit."""
    key = f"digits-layout {VERSION}"
    return _small_cnn.build(network, key, SIZE, weights or _small_cnn.WEIGHTS / SHIPPED, resize, device, taps)


EXTRACTOR = Extractor(
    name="digits-layout",
    title="Small network of scikit-learn's digits that keeps the layout, 32x32 grey",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    family="digits-layout",
    taps={"pool": FEATURES, "logits": CLASSES},
    pool="pool",
    resize=_small_cnn.RESIZE,
    build=build,
    logits="logits",
    classes=CLASSES,
    class_names=partial(tuple, "0123456789"),
    shipped=SHIPPED,
)
