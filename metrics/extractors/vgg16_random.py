"""A randomly initialised VGG16 with a 64-d embedding: features for images that ImageNet knows nothing of, offline.

Naeem et al. 2020 (arXiv 2002.09797) propose random embeddings, 64-d instead of VGG16's 4096-d, for data far from
ImageNet. The layers are VGG16's (Simonyan and Zisserman 2015, arXiv 1409.1556, configuration D) up to that embedding,
which is taken before its ReLU so that no dimension is dead.

What differs: the input is 64 x 64 instead of 224 x 224, 12 times less arithmetic (measured: 25 ms of one core per
image), so that a laptop without a GPU measures a thousand images in seconds. Weights are He-uniform (He et al. 2015,
arXiv 1502.01852) without biases, which keeps the scale of activations from layer to layer; they are drawn layer by
layer from `numpy.random.RandomState`, whose uniform doubles are the same bits on every machine (its normals depend on
the system's logarithm).
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metrics.errors import InputError
from metrics.extractors._engine import compile_network
from metrics.extractors.resizing import normalise, resize
from metrics.extractors.types import Extract, Extractor, Features, Images

if TYPE_CHECKING:
    from torch import nn

SIZE = 64
SEED = 2020
VERSION = 1
WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # max pooling after each group
HIDDEN, EMBEDDING = 4096, 64
EMBEDDING_GAIN = 25  # a feature then varies by about 1 over photographs, and distances are no tiny fractions


def random_weights() -> Iterator[np.ndarray]:
    """The float32 weights of every layer in order: 13 convolutions [out, in, 3, 3], two linear layers [out, in]."""
    random = np.random.RandomState(SEED)  # its stream is frozen for good, Generator's is not
    shapes: list[tuple[int, ...]] = []
    n_in = 3
    for width in (width for group in WIDTHS for width in group):
        shapes.append((width, n_in, 3, 3))
        n_in = width
    flat = n_in * (SIZE // 2 ** len(WIDTHS)) ** 2
    shapes += [(HIDDEN, flat), (EMBEDDING, HIDDEN)]
    for shape in shapes:
        gain = EMBEDDING_GAIN if shape == (EMBEDDING, HIDDEN) else 2
        bound = math.sqrt(3 * gain / math.prod(shape[1:]))
        yield ((2 * random.random_sample(shape) - 1) * bound).astype(np.float32)


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; its weights come from the seed, so a weights file is an InputError."""
    if weights is not None:
        raise InputError(f"extractor 'vgg16-random' makes its own weights, got {weights.name}; leave --weights out")
    network = compile_network(_network, f"vgg16-random {VERSION}", (3, SIZE, SIZE), taps, device)

    def extract(images: Images) -> Features:
        return network(normalise(resize(images, mode, SIZE), mode))

    return extract


def _network() -> "nn.Module":
    import torch
    from torch import nn

    class RandomVGG(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            drawn = (nn.Parameter(torch.from_numpy(weight), requires_grad=False) for weight in random_weights())
            layers: list[nn.Module] = []
            for group in WIDTHS:
                for _ in group:
                    layers += [_filled(nn.Conv2d, next(drawn), padding=1), nn.ReLU()]
                layers.append(nn.MaxPool2d(2))
            layers += [nn.Flatten(), _filled(nn.Linear, next(drawn)), nn.ReLU(), _filled(nn.Linear, next(drawn))]
            self.layers = nn.Sequential(*layers)

        def forward(self, x: Any) -> Any:
            return {"pool": self.layers(x)}

    def _filled(kind: Any, weight: Any, **options: Any) -> nn.Module:
        n_out, n_in, *kernel = weight.shape
        with torch.device("meta"):
            layer = kind(n_in, n_out, *kernel[:1], bias=False, **options)
        layer.weight = weight
        return layer

    return RandomVGG()


EXTRACTOR = Extractor(
    name="vgg16-random",
    title="Random VGG16, 64-d embedding",
    source="Naeem et al. 2020, arXiv 2002.09797; Simonyan and Zisserman 2015, arXiv 1409.1556",
    family="vgg16-random",
    taps={"pool": EMBEDDING},
    pool="pool",
    resize=("clean", "torch", "tf1", "antialias"),  # antialiased first: photographs shrink to 64 x 64
    build=build,
    version=VERSION,
)
