"""A small network of Fashion-MNIST that keeps where things are, 28x28 grey; `_layout` says how and why.

Trained on the 60,000 training images (`python scripts/train_layout.py fashion --data-root DIR`, two and a half minutes
of one core). Accuracy on the 10,000 test images: 88.6 %. docs/extractors.md says which damage it tells from none.
"""

from metrics.extractors._layout import Design
from metrics.extractors._small_cnn import extractor

DESIGN = Design(size=28)
SHA256 = "4f6824ad19787dc94b6027069ec112cbb48c101be11e860002f06bf6acdeacde"

EXTRACTOR = extractor(
    DESIGN,
    name="fashion-layout",
    title="Small network of Fashion-MNIST that keeps the layout, 28x28 grey",
    source="https://github.com/zalandoresearch/fashion-mnist",
    family="fashion-layout",
    pool="pool",
    logits="logits",
    shipped="fashion_layout.safetensors",
    names=("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
