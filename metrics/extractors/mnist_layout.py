"""A small network of MNIST's digits that keeps where strokes are, 28x28 grey; `_layout` says how and why.

Trained on the 60,000 training images (`python scripts/train_layout.py mnist --data-root DIR`, three minutes of one
core). Accuracy on the 10,000 test images: 98.8 %. docs/extractors.md says which damage it tells from none.
"""

from metrics.extractors._layout import Design
from metrics.extractors._small_cnn import extractor

DESIGN = Design(size=28)
SHA256 = "2e0409da74fcd8150b4daa78f95374a59848969d599af8bae94e6674a5434e78"

EXTRACTOR = extractor(
    DESIGN,
    name="mnist-layout",
    title="Small network of MNIST's digits that keeps the layout, 28x28 grey",
    source="http://yann.lecun.com/exdb/mnist/",
    family="mnist-layout",
    pool="pool",
    logits="logits",
    shipped="mnist_layout.safetensors",
    names=tuple("0123456789"),
)
