"""The only place where images become floats and floats become images.

uint8 -> float32: x / 127.5 - 1 in [-1, 1], or x / 255 in [0, 1]. Back: floor(clamp(x * 127.5 + 128, 0, 255)) of
x in [-1, 1], the rule of EDM and StyleGAN; it is rounding to the nearest value, and back and forth is exact. A value
that is not finite has no byte (NaN would come out as black) and is refused.
"""

from typing import Literal

import torch
from torch import Tensor

from reference_models.errors import ModelError

Range = Literal["-1..1", "0..1"]


def to_float(images: Tensor, span: Range = "-1..1") -> Tensor:
    """float32 images of the given range for uint8 ones, any shape, same memory layout."""
    unit = images.to(torch.float32)
    return unit / 127.5 - 1 if span == "-1..1" else unit / 255


def to_uint8(images: Tensor, span: Range = "-1..1") -> Tensor:
    """uint8 images for floats of the given range; what lies outside is clipped. ModelError where one is not finite."""
    broken = int(images.numel() - images.isfinite().sum())
    if broken:
        raise ModelError(
            f"the model gives {broken} of {images.numel()} values that are not finite, so there is no image of them; "
            "its weights are broken: use an earlier checkpoint, or train again with a lower learning rate"
        )
    signed = images.to(torch.float32) if span == "-1..1" else images.to(torch.float32) * 2 - 1
    return (signed * 127.5 + 128).clamp(0, 255).to(torch.uint8)
