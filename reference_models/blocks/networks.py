"""One pair of networks like DCGAN's, after the guidelines of CIS 680 (2017) assignment 3, for the GANs that differ in
their objective only.

For 64 x 64 and width 16:

    generator       100   128 x 4 x 4   64 x 8 x 8   32 x 16 x 16   16 x 32 x 32   1 x 64 x 64
    discriminator   1 x 64 x 64   16 x 32 x 32   32 x 16 x 16   64 x 8 x 8   128 x 4 x 4   1

Generator: a matrix, then transposed convolutions with stride 2 that halve the channels; batch norm and ReLU before each
of them, tanh at the end. Discriminator: convolutions with kernel 3 and stride 2 that double the channels; LeakyReLU 0.2
after each, batch norm after each but the first; one linear layer at the end.

The guidelines ask for batch norm after each convolution. The first one of the discriminator goes without, as in Radford
et al. 2016 (section 3): behind it the brightness and contrast of a batch could not be seen any more. The upsampling is
`doubling`, kernel 4 to even sides. Width 16 has the 128 channels at most that they allow for CUFS, width 128 the 1024
for CelebA. Other sides than 64 are halved until 4, 5 or 6 is left.
"""

from itertools import pairwise

from torch import nn

from reference_models.blocks.sides import doubling, halved
from reference_models.types import ImageShape

SLOPE = 0.2  # guidelines: leaky ReLU in discriminators


def expanding(latent: int, width: int, shape: ImageShape, model: str) -> list[nn.Module]:
    """Layers from rows [b, latent] to images [b, c, h, w] before the last activation."""
    sides = halved(shape, model)[::-1]
    channels = [width * 2**level for level in reversed(range(len(sides) - 1))]
    start = (channels[0], sides[0], sides[0])
    first = nn.Linear(latent, channels[0] * sides[0] ** 2, bias=False)
    layers: list[nn.Module] = [first, nn.Unflatten(1, start)]
    for place, (before, after) in enumerate(pairwise([*channels, shape.channels])):
        layers += [nn.BatchNorm2d(before), nn.ReLU(), doubling(before, after, sides[place + 1])]
    return layers


def generator(latent: int, width: int, shape: ImageShape, model: str) -> nn.Sequential:
    """Noise [b, latent] to images [b, c, h, w] in [-1, 1]."""
    return nn.Sequential(*expanding(latent, width, shape, model), nn.Tanh())


def features(width: int, shape: ImageShape, model: str, batch_norm: bool = True) -> list[nn.Module]:
    """Layers from images [b, c, h, w] to the discriminator's last features, [b, `feature_count`]."""
    sides = halved(shape, model)
    channels = [width * 2**level for level in range(len(sides) - 1)]
    layers: list[nn.Module] = [nn.Conv2d(shape.channels, width, 3, 2, 1), nn.LeakyReLU(SLOPE)]
    for before, after in pairwise(channels):
        norm = [nn.BatchNorm2d(after)] if batch_norm else []
        layers += [nn.Conv2d(before, after, 3, 2, 1, bias=not batch_norm), *norm, nn.LeakyReLU(SLOPE)]
    return [*layers, nn.Flatten()]


def feature_count(width: int, shape: ImageShape, model: str) -> int:
    """How many features `features` ends with."""
    sides = halved(shape, model)
    return width * 2 ** (len(sides) - 2) * sides[-1] ** 2


def discriminator(width: int, shape: ImageShape, model: str, batch_norm: bool = True) -> nn.Sequential:
    """Images [b, c, h, w] in [-1, 1] to one number each, [b]."""
    last = nn.Linear(feature_count(width, shape, model), 1)
    return nn.Sequential(*features(width, shape, model, batch_norm), last, nn.Flatten(0))
