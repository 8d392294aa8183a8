"""A small classifier of scikit-learn's handwritten digits, 32x32 grey: the offline extractor of `digits`.

Trained on the 1,297 training images of the data set `digits` (`python scripts/train_small_cnn.py digits`, 20 s of one
core). Accuracy on its 500 test images, through `build` with the file that ships: 99.0 %. Fréchet distance of 250 test
images to 250 others: 0.32 unchanged, 0.38 / 1.5 / 5.3 blurred with sigma 1 / 2 / 3 pixels, 0.34 / 0.70 / 2.7 with noise
of sigma 10 / 20 / 40, 0.58 for 50 images repeated five times each, 18 for pure noise. It knows these digits only: of
MNIST's it recognises 28 %.
"""

from pathlib import Path

from metrics.extractors import _small_cnn
from metrics.extractors._small_cnn import Design
from metrics.extractors.types import Extract, Extractor

DESIGN = Design(size=32, colour=False, strides=(2, 2, 1, 1))
SHA256 = "18c78fc47ff399e3c5fb5f915f1ace39125d0f7aecd2a69c29e8da90737511b4"


def build(weights: Path | None, resize: str, device: str, taps: tuple[str, ...]) -> Extract:
    """The function from uint8 RGB images to the taps; the shipped weights unless a file of the same layout is given."""
    return _small_cnn.build(DESIGN, weights or _small_cnn.WEIGHTS / EXTRACTOR.shipped, resize, device, taps)


EXTRACTOR = Extractor(
    name="digits-cnn",
    title="Small classifier of scikit-learn's digits, 32x32 grey",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    family="digits",
    taps=_small_cnn.TAPS,
    pool="pool",
    resize=_small_cnn.RESIZE,
    build=build,
    logits="logits",
    classes=_small_cnn.CLASSES,
    shipped="digits_cnn.safetensors",
)
