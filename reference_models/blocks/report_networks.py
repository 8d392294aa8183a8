"""The convolutional networks of the DTU report on GANs (Hu and Wu), its Figure 2, which three models share.

For 28 x 28 and width 128:

    generator       rows   1024 x 4 x 4   512 x 7 x 7   256 x 14 x 14   128 x 28 x 28   image
    discriminator   image   128 x 14 x 14   256 x 7 x 7   512 x 3 x 3   1

Batch norm in the generator only, LeakyReLU in both, dropout after the first three convolutions of the discriminator.
"""

from torch import nn

from reference_models.blocks.sides import doubling, halved
from reference_models.types import ImageShape


def normalised(convolution: nn.Conv2d | nn.ConvTranspose2d, slope: float) -> list[nn.Module]:
    """A convolution with what follows it in the generators."""
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.LeakyReLU(slope)]


def enlarging(inputs: int, width: int, slope: float, shape: ImageShape, model: str) -> list[nn.Module]:
    """Layers from rows [b, inputs, 1, 1] to images [b, c, h, w] in [-1, 1]: Figure 2, right."""
    sides = halved(shape, model, 3)
    return [
        *normalised(nn.ConvTranspose2d(inputs, 8 * width, sides[3], bias=False), slope),
        *normalised(doubling(8 * width, 4 * width, sides[2]), slope),
        *normalised(doubling(4 * width, 2 * width, sides[1]), slope),
        *normalised(doubling(2 * width, width, sides[0]), slope),
        *(nn.Conv2d(width, shape.channels, 3, padding=1), nn.Tanh()),
    ]


def judging(inputs: int, width: int, slope: float, dropout: float, shape: ImageShape, model: str) -> nn.Sequential:
    """Maps [b, inputs, h, w] of this shape's sides to one number each, [b]: Figure 2, left."""
    halved(shape, model, 3)  # images that are too small are refused here too
    return nn.Sequential(
        *(nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(slope), nn.Dropout(dropout)),
        *(nn.Conv2d(width, 2 * width, 4, 2, 1), nn.LeakyReLU(slope), nn.Dropout(dropout)),
        *(nn.Conv2d(2 * width, 4 * width, 4, 2, 1), nn.LeakyReLU(slope), nn.Dropout(dropout)),
        *(nn.Conv2d(4 * width, 1, shape.height // 8), nn.Flatten(0)),
    )
