"""The pixels themselves as features: no network, no weights, instant.

The image at 32 x 32 (Pillow's bicubic, antialiased, so that a large image is averaged and not sampled), flattened,
in [0, 1]. A distance in this space sees colours and layout and nothing of what is shown: it serves smoke tests, tiny
data sets such as the 8 x 8 digits, and as the baseline that any learned feature has to beat.
"""

from pathlib import Path

import numpy as np

from metrics.errors import InputError
from metrics.extractors.resizing import resize
from metrics.extractors.types import Extract, Extractor, Features, Images

SIZE = 32


def build(weights: Path | None, mode: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The extractor as a function; it has no weights, and runs on the CPU whatever the device."""
    if weights is not None:
        raise InputError(f"extractor 'pixels' has no weights, got {weights.name}; leave --weights out")

    def extract(images: Images) -> Features:
        flat = resize(images, mode, SIZE).reshape(len(images), -1)
        return {tap: flat / np.float32(255) for tap in taps}

    return extract


EXTRACTOR = Extractor(
    name="pixels",
    title="Pixels at 32 x 32, no network",
    source="the images themselves, Pillow's bicubic reduction",
    family="pixels",
    taps={"pool": 3 * SIZE * SIZE},
    pool="pool",
    resize=("clean", "torch", "tf1", "antialias"),
    build=build,
)
