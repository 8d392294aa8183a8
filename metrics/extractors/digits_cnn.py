"""A small classifier of scikit-learn's handwritten digits, 32x32 grey. `digits` itself is measured by `digits-layout`.

Trained on the 1,297 training images of the data set `digits` (`python scripts/train_small_cnn.py digits`, 20 s of one
core). Accuracy on its 500 test images, through `build` with the file that ships: 99.0 %. Fréchet distance of 250 test
images to 250 others: 0.32 unchanged, 0.38 / 1.5 / 5.3 blurred with sigma 1 / 2 / 3 pixels, 0.34 / 0.70 / 2.7 with noise
of sigma 10 / 20 / 40, 0.58 for 50 images repeated five times each, 18 for pure noise. It knows these digits only: of
MNIST's it recognises 28 %.
"""

from metrics.extractors._small_cnn import Design, extractor

DESIGN = Design(size=32, colour=False, strides=(2, 2, 1, 1))
SHA256 = "18c78fc47ff399e3c5fb5f915f1ace39125d0f7aecd2a69c29e8da90737511b4"

EXTRACTOR = extractor(
    DESIGN,
    name="digits-cnn",
    title="Small classifier of scikit-learn's digits, 32x32 grey",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    family="digits",
    pool="pool",
    logits="logits",
    shipped="digits_cnn.safetensors",
    names=tuple("0123456789"),
)
