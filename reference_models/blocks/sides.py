"""Square images that are halved and doubled by strided convolutions: the sides on the way, and a layer that hits them.

Half of an odd side is rounded up (28, 14, 7, 4), which is what a convolution with kernel 3, stride 2 and padding 1
gives, so that 24, 28, 32 and 64 all have a path.
"""

from torch import nn

from reference_models.errors import ModelError
from reference_models.types import ImageShape

LEAST = 3


def halved(shape: ImageShape, model: str, times: int | None = None) -> list[int]:
    """The side of the images and of its halves, large to small: `times` halves, or as many as end at 4, 5 or 6.

    ModelError, naming the model, for images that are not square or too small.
    """
    sides = [shape.height]
    while sides[-1] > 6 if times is None else len(sides) <= times:
        sides.append((sides[-1] + 1) // 2)
    if shape.height != shape.width or sides[-1] < LEAST or len(sides) < 2:
        least = 7 if times is None else (LEAST - 1) * 2**times + 1
        raise ModelError(
            f"{model} cannot work on {shape.height}x{shape.width} images; it needs squares with a side of {least} or "
            "more; prepare the data set at such a size"
        )
    return sides


def doubling(before: int, after: int, target: int, bias: bool = False) -> nn.ConvTranspose2d:
    """Transposed convolution with stride 2, to the side `target` from half of it, rounded up.

    Kernel 4 for an even target, where every output sees equally many inputs, so that no checkerboard is built in
    (Odena et al. 2016); kernel 3 for an odd one.
    """
    return nn.ConvTranspose2d(before, after, 3 if target % 2 else 4, stride=2, padding=1, bias=bias)
